//! How objects are written (ISO 32000-2, 7.3).

use hayro::hayro_syntax::object::Number;

/// `/name`, with what is not regular as `#xx`.
pub(super) fn name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for &byte in name {
        let regular = byte.is_ascii_graphic() && !b"()<>[]{}/%#".contains(&byte);
        if regular {
            out.push(byte);
        } else {
            out.push(b'#');
            hexadecimal(out, byte);
        }
    }
}

/// A literal string; a hexadecimal one where that is shorter.
pub(super) fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    let escaped = |byte: u8| matches!(byte, b'(' | b')' | b'\\' | b'\r');
    if bytes.iter().filter(|byte| escaped(**byte)).count() > bytes.len() {
        return hexadecimal_string(out, bytes);
    }
    out.push(b'(');
    for &byte in bytes {
        match byte {
            b'\r' => out.extend_from_slice(b"\\r"),
            byte if escaped(byte) => out.extend_from_slice(&[b'\\', byte]),
            byte => out.push(byte),
        }
    }
    out.push(b')');
}

/// A hexadecimal string.
pub(super) fn hexadecimal_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'<');
    bytes.iter().for_each(|byte| hexadecimal(out, *byte));
    out.push(b'>');
}

fn hexadecimal(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push(DIGITS[usize::from(byte >> 4)]);
    out.push(DIGITS[usize::from(byte & 15)]);
}

/// A number, as an integer where it is one. What is not finite is 0.
pub(super) fn number(out: &mut Vec<u8>, number: Number) {
    let (real, integer) = (number.as_f64(), number.as_i64());
    #[allow(clippy::cast_precision_loss, reason = "compares the very value that was rounded")]
    let is_integer = real == integer as f64;
    if is_integer {
        out.extend_from_slice(integer.to_string().as_bytes());
    } else if real.is_finite() {
        out.extend_from_slice(real.to_string().as_bytes());
    } else {
        out.push(b'0');
    }
}

/// `7 0 R`
pub(super) fn reference(out: &mut Vec<u8>, object: u32) {
    out.extend_from_slice(format!("{object} 0 R").as_bytes());
}

/// `/key 7 0 R`
pub(super) fn entry_reference(out: &mut Vec<u8>, key: &[u8], object: u32) {
    name(out, key);
    out.push(b' ');
    reference(out, object);
}

/// `/key 7`
pub(super) fn entry_integer(out: &mut Vec<u8>, key: &[u8], value: i64) {
    name(out, key);
    out.extend_from_slice(format!(" {value}").as_bytes());
}

/// Ends a token, so that the next one may begin with a regular character (7.2.3).
pub(super) fn separate(out: &mut Vec<u8>) {
    if out.last().is_some_and(|byte| !b"()<>[]{} \n".contains(byte)) {
        out.push(b' ');
    }
}

#[cfg(test)]
mod tests {
    use hayro::hayro_syntax::object::{FromBytes, Name, Object, String};

    use super::*;

    #[test]
    fn names_and_strings_are_read_back_as_they_were() {
        let every_byte: Vec<u8> = (1..=255).collect();
        let mut out = Vec::new();
        name(&mut out, &every_byte);
        assert_eq!(Name::from_bytes(&out).unwrap().as_ref(), every_byte);
        for bytes in [&every_byte[..], b"", b"((", b"a\r\nb\\", b"\\"] {
            let mut out = Vec::new();
            string(&mut out, bytes);
            assert_eq!(String::from_bytes(&out).unwrap().as_ref(), bytes);
        }
    }

    #[test]
    fn numbers_keep_their_value_and_have_no_exponent() {
        for text in ["0", "-7", "9007199254740993", "0.1", "-.25", "12345.678", "0.00000001"] {
            let Some(Object::Number(value)) = Object::from_bytes(text.as_bytes()) else { panic!("{text}") };
            let mut out = Vec::new();
            number(&mut out, value);
            let written = std::string::String::from_utf8(out).unwrap();
            assert_eq!(written.parse::<f64>().unwrap(), text.parse::<f64>().unwrap(), "{text}");
            assert!(!written.contains('e'), "{written}");
        }
    }
}
