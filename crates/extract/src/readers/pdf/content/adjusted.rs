//! The array of strings and adjustments that `TJ` shows (ISO 32000-2, 9.4.3).
//!
//! Nearly all text of a document comes in such arrays, and nearly all of them hold nothing but plain
//! strings and short numbers. These are read in place; the library reads the rest.

use hayro::hayro_syntax::object::{Array, FromBytes, Object, String as PdfString};

/// What stands in the array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Item<'b> {
    /// Codes to show.
    Codes(&'b [u8]),
    /// How far to go back before the next ones, in thousandths of an em.
    Adjustment(f64),
}

/// Digits of a number that is read here: all of them fit into an integer.
const MAX_DIGITS: usize = 18;

/// 1, 10, 100 and so on.
const POWERS: [f64; MAX_DIGITS + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

/// Calls `take` with each item of an array, until it fails.
pub(super) fn for_each<E>(
    array: &Array<'_>,
    mut take: impl FnMut(Item<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut rest = array.data().trim_ascii_start();
    let mut decoded = Vec::new();
    while !rest.is_empty() {
        let Some((item, behind)) = first(rest, &mut decoded) else { return for_each_uncommon(rest, take) };
        take(item)?;
        rest = behind.trim_ascii_start();
    }
    Ok(())
}

/// The first item, and what is behind it; `None` if it is an uncommon one.
fn first<'b, 'd: 'b>(bytes: &'d [u8], decoded: &'b mut Vec<u8>) -> Option<(Item<'b>, &'d [u8])> {
    decoded.clear();
    match bytes.first()? {
        b'(' => literal(bytes).or_else(|| escaped(bytes, decoded)),
        b'<' => hexadecimal(bytes, decoded),
        _ => number(bytes),
    }
}

/// The items of the end of an array, by the library.
fn for_each_uncommon<E>(rest: &[u8], mut take: impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
    let array = [b"[", rest, b"]"].concat();
    let Some(array) = Array::from_bytes(&array) else { return Ok(()) };
    for object in array.iter::<Object<'_>>() {
        match object {
            Object::Number(number) => take(Item::Adjustment(number.as_f64()))?,
            Object::String(string) => take(Item::Codes(string.as_bytes()))?,
            _ => {}
        }
    }
    Ok(())
}

/// A string in parentheses that means what it says.
fn literal(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let inside = bytes.get(1..)?;
    let end = inside.iter().position(|byte| matches!(byte, b')' | b'(' | b'\\' | b'\n' | b'\r'))?;
    (inside[end] == b')').then(|| (Item::Codes(&inside[..end]), &inside[end + 1..]))
}

/// A string with escapes or parentheses in it, decoded by the library.
fn escaped<'b, 'd>(bytes: &'d [u8], decoded: &'b mut Vec<u8>) -> Option<(Item<'b>, &'d [u8])> {
    let mut depth = 0usize;
    let mut end = 0;
    loop {
        match bytes.get(end)? {
            b'\\' => end += 1,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        end += 1;
        if depth == 0 {
            decoded.extend_from_slice(PdfString::from_bytes(&bytes[..end])?.as_bytes());
            return Some((Item::Codes(decoded), &bytes[end..]));
        }
    }
}

/// A string of pairs of hexadecimal digits.
fn hexadecimal<'b, 'd>(bytes: &'d [u8], decoded: &'b mut Vec<u8>) -> Option<(Item<'b>, &'d [u8])> {
    let mut rest = bytes.get(1..)?;
    loop {
        match rest {
            [b'>', behind @ ..] => return Some((Item::Codes(decoded), behind)),
            [high, low, behind @ ..] => {
                decoded.push(digit(*high)? << 4 | digit(*low)?);
                rest = behind;
            }
            _ => return None,
        }
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// A number.
fn number(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let (is_negative, mut rest) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    let mut mantissa = 0u64;
    let mut digits = 0;
    let mut point = None;
    while let [byte, behind @ ..] = rest {
        match byte {
            b'0'..=b'9' if digits < MAX_DIGITS => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                digits += 1;
            }
            b'.' if point.is_none() => point = Some(digits),
            b' ' | b'\t' | b'\r' | b'\n' | b'(' | b'<' => break,
            _ => return None,
        }
        rest = behind;
    }
    if digits == 0 {
        return None;
    }
    let value = mantissa as f64 / POWERS[point.map_or(0, |before| digits - before)];
    Some((Item::Adjustment(if is_negative { -value } else { value }), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Owned {
        Codes(Vec<u8>),
        Adjustment(f64),
    }

    fn items(array: &[u8]) -> Vec<Owned> {
        let mut items = Vec::new();
        let array = Array::from_bytes(array).unwrap();
        let taken: Result<(), ()> = for_each(&array, |item| {
            items.push(match item {
                Item::Codes(codes) => Owned::Codes(codes.to_vec()),
                Item::Adjustment(value) => Owned::Adjustment(value),
            });
            Ok(())
        });
        taken.unwrap();
        items
    }

    /// As the library reads them.
    fn expected(array: &[u8]) -> Vec<Owned> {
        let read = |object| match object {
            Object::Number(number) => Some(Owned::Adjustment(number.as_f64())),
            Object::String(string) => Some(Owned::Codes(string.as_bytes().to_vec())),
            _ => None,
        };
        Array::from_bytes(array).unwrap().iter::<Object<'_>>().filter_map(read).collect()
    }

    #[test]
    fn items_are_those_that_the_library_reads() {
        for array in [
            &b"[]"[..],
            b"[(Well)-20.5(known)]",
            b"[ (a) 12 (b)+.5(c)-0.125 (d) 3. ( e )]",
            b"[<0041>120<004200fF>-7<>]",
            b"[<00 41> 12 <004>(f)]",
            br"[(a\)b)1(c(d)e)2(\050\n\\)3(g)]",
            b"[(two\nlines)(two\r\nlines)]",
            b"[(a)%comment\n12(b)]",
            b"[(a)/Name 5 [1 2] null true(b)--3(c)-(d)]",
            b"[1234567890123456789012 0.1234567890123456789 (x)]",
            b"[(a)\x0012\x0c(b)]",
            b"[(a)1-2(b)12(c)]",
        ] {
            assert_eq!(items(array), expected(array), "{}", String::from_utf8_lossy(array));
        }
        assert_eq!(
            items(b"[(ab)-12.5<63>]"),
            [Owned::Codes(b"ab".to_vec()), Owned::Adjustment(-12.5), Owned::Codes(b"c".to_vec())]
        );
    }

    #[test]
    fn the_first_failure_ends_it() {
        let array = Array::from_bytes(b"[(a) 1 (b)]").unwrap();
        let mut taken = 0;
        let stopped = for_each(&array, |_| {
            taken += 1;
            if taken == 2 { Err("enough") } else { Ok(()) }
        });
        assert_eq!((stopped, taken), (Err("enough"), 2));
    }
}
