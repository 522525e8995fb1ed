//! Which bytes are text, and in which encoding.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that the search for an encoding looks at.
const SAMPLE: usize = 64 << 10;

const ESCAPE: u8 = 0x1b;

/// The encoding of a text; `None` if the bytes are not text. The bytes may be the beginning of a
/// longer text, cut anywhere.
pub(crate) fn detect(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    if let Some((encoding, mark_len)) = Encoding::for_bom(sample) {
        let (text, _) = encoding.decode_without_bom_handling(&sample[mark_len..]);
        return is_readable(&text).then_some(encoding);
    }
    if let Some(encoding) = utf16_without_mark(sample) {
        let (text, _) = encoding.decode_without_bom_handling(sample);
        return is_readable(&text).then_some(encoding);
    }
    // No 8-bit encoding has use for NUL, and few binary files lack it.
    if sample.contains(&0) {
        return None;
    }
    let encoding = if is_utf8_so_far(sample) && !sample.contains(&ESCAPE) {
        UTF_8
    } else {
        match guess(sample) {
            // Its escapes are all that tells it from plain ASCII.
            encoding if encoding == ISO_2022_JP => ISO_2022_JP,
            _ if is_utf8_so_far(sample) => UTF_8,
            encoding => encoding,
        }
    };
    let (text, _) = encoding.decode_without_bom_handling(sample);
    is_readable(&text).then_some(encoding)
}

/// Decodes text, in the encoding that [`detect`] finds; `None` if the bytes are not text. What is
/// malformed becomes U+FFFD.
pub(crate) fn decode(bytes: &[u8]) -> Option<(String, &'static Encoding)> {
    let encoding = detect(bytes)?;
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    Some((text.into_owned(), encoding))
}

/// Decodes text whose encoding is declared within it. The declaration yields to a byte order mark, to
/// UTF-16, and to what can only be UTF-8: tools that convert files forget to change it.
pub(crate) fn decode_as(
    bytes: &[u8],
    declared: Option<&'static Encoding>,
) -> Option<(String, &'static Encoding)> {
    let found = detect(bytes);
    let is_wide = |encoding: &'static Encoding| !encoding.is_ascii_compatible();
    let encoding = match (found, declared) {
        (Some(found), _) if Encoding::for_bom(bytes).is_some() || is_wide(found) => found,
        (Some(found), _) if found == UTF_8 && !bytes.is_ascii() => UTF_8,
        (_, Some(declared)) if !is_wide(declared) => declared,
        (found, _) => found?,
    };
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    Some((text.into_owned(), encoding))
}

/// The characters of UTF-8, without a byte order mark; without a copy where it is well formed.
pub(crate) fn utf8(bytes: Vec<u8>) -> String {
    if bytes.starts_with(b"\xef\xbb\xbf") || bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
    {
        return UTF_8.decode(&bytes).0.into_owned();
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn is_utf8_so_far(sample: &[u8]) -> bool {
    match std::str::from_utf8(sample) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

/// Latin letters, digits, spaces and ends of lines in UTF-16 have a zero in one half of the unit,
/// always the same one; few other characters have one at all.
fn utf16_without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    let units = sample.len() / 2;
    if units == 0 {
        return None;
    }
    let zeros = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let (few, many) = (units / 50, units.div_ceil(3));
    if second >= many && first <= few {
        Some(UTF_16LE)
    } else if first >= many && second <= few {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn guess(sample: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// Whether decoded characters look like text: at most one in a hundred is a control character
/// without a meaning in text, or malformed.
fn is_readable(text: &str) -> bool {
    let means_nothing = |c: char| {
        c == '\u{fffd}'
            || (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0b' | '\x0c' | '\x1b' | '\u{85}'))
    };
    let odd = text.chars().filter(|c| means_nothing(*c)).count();
    odd * 100 <= text.chars().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_in_utf16_needs_no_mark() {
        for encoding in [UTF_16LE, UTF_16BE] {
            let bytes: Vec<u8> = "Größe und Maß, 12 km"
                .encode_utf16()
                .flat_map(|unit| if encoding == UTF_16LE { unit.to_le_bytes() } else { unit.to_be_bytes() })
                .collect();
            assert_eq!(decode(&bytes), Some(("Größe und Maß, 12 km".into(), encoding)));
        }
    }

    #[test]
    fn a_character_cut_in_half_at_the_end_is_no_reason_for_doubt() {
        let text = "naïve façade ".repeat(20_000);
        for len in SAMPLE - 3..SAMPLE + 3 {
            assert_eq!(detect(&text.as_bytes()[..len]), Some(UTF_8), "{len}");
        }
    }

    #[test]
    fn an_encoding_of_ascii_characters_is_told_by_its_escapes() {
        let (bytes, encoding, _) = ISO_2022_JP.encode("1990 年ごろから開始");
        assert_eq!(decode(&bytes), Some(("1990 年ごろから開始".into(), encoding)));
        assert_eq!(detect(b"\x1b[1mbold\x1b[0m from a terminal"), Some(UTF_8));
    }

    #[test]
    fn bytes_with_nul_or_many_controls_are_not_text() {
        assert_eq!(detect(b"text\0with a nul, and more text after it"), None);
        assert_eq!(detect(&[1, 2, 3, 4, b'a', b'b']), None);
    }

    #[test]
    fn common_encodings_of_texts_are_told() {
        let german = "Die Pr\u{fc}fung gr\u{f6}\u{df}erer Dateien dauert l\u{e4}nger, als man f\u{fc}r m\u{f6}glich h\u{e4}lt.";
        let polish = "Za\u{17c}\u{f3}\u{142}\u{107} g\u{119}\u{15b}l\u{105} ja\u{17a}\u{144}. \u{141}\u{f3}d\u{17a} i \u{17b}yrard\u{f3}w s\u{105} pi\u{119}kne.";
        let russian = "\u{412}\u{441}\u{44f}\u{43a}\u{438}\u{439} \u{447}\u{435}\u{43b}\u{43e}\u{432}\u{435}\u{43a} \u{438}\u{43c}\u{435}\u{435}\u{442} \u{43f}\u{440}\u{430}\u{432}\u{43e} \u{43d}\u{430} \u{436}\u{438}\u{437}\u{43d}\u{44c}.";
        let greek = "\u{39a}\u{3b1}\u{3bb}\u{3b7}\u{3bc}\u{3ad}\u{3c1}\u{3b1} \u{3c3}\u{3b5} \u{3cc}\u{3bb}\u{3bf}\u{3c5}\u{3c2} \u{3c4}\u{3bf}\u{3c5}\u{3c2} \u{3b1}\u{3bd}\u{3b8}\u{3c1}\u{3ce}\u{3c0}\u{3bf}\u{3c5}\u{3c2}.";
        let hebrew = "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{5dc}\u{5db}\u{5dc} \u{5d4}\u{5d0}\u{5e0}\u{5e9}\u{5d9}\u{5dd} \u{5d1}\u{5e2}\u{5d5}\u{5dc}\u{5dd}";
        let japanese = "\u{65e5}\u{672c}\u{8a9e}\u{306e}\u{6587}\u{5b57}\u{30b3}\u{30fc}\u{30c9}\u{3092}\u{5224}\u{5225}\u{3059}\u{308b}\u{305f}\u{3081}\u{306e}\u{6587}\u{7ae0}\u{3067}\u{3059}\u{3002}";
        let korean = "\u{d55c}\u{ad6d}\u{c5b4} \u{bb38}\u{c790} \u{c778}\u{cf54}\u{b529}\u{c744} \u{c2dc}\u{d5d8}\u{d569}\u{b2c8}\u{b2e4}.";
        let chinese = "\u{6587}\u{4ef6}\u{7684}\u{5b57}\u{7b26}\u{7f16}\u{7801}\u{5e94}\u{8be5}\u{88ab}\u{6b63}\u{786e}\u{5730}\u{8bc6}\u{522b}\u{51fa}\u{6765}\u{3002}";
        for (label, text) in [
            ("windows-1252", german),
            ("iso-8859-1", german),
            ("windows-1250", polish),
            ("iso-8859-2", polish),
            ("windows-1251", russian),
            ("koi8-r", russian),
            ("iso-8859-5", russian),
            ("windows-1253", greek),
            ("iso-8859-7", greek),
            ("windows-1255", hebrew),
            ("shift_jis", japanese),
            ("euc-jp", japanese),
            ("euc-kr", korean),
            ("gb18030", chinese),
        ] {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let (bytes, _, has_unmappable) = encoding.encode(text);
            assert!(!has_unmappable, "{label}");
            assert_eq!(decode(&bytes).unwrap().0, text, "{label}");
        }
    }

    #[test]
    fn a_declaration_yields_to_what_the_bytes_say() {
        let utf8 = "Gr\u{f6}\u{df}e".as_bytes();
        assert_eq!(decode_as(utf8, Some(encoding_rs::WINDOWS_1252)).unwrap().1, UTF_8);
        let (latin, _, _) = encoding_rs::ISO_8859_2.encode("\u{107}");
        assert_eq!(decode_as(&latin, Some(encoding_rs::ISO_8859_2)).unwrap().0, "\u{107}");
        assert_eq!(decode_as(b"plain", Some(encoding_rs::KOI8_R)).unwrap().1, encoding_rs::KOI8_R);
        assert_eq!(decode_as(b"plain", Some(UTF_16LE)).unwrap().1, UTF_8);
        assert_eq!(decode_as(b"\0\x01\x02", None), None);
    }

    proptest! {
        #[test]
        fn decoding_is_total(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Some((text, encoding)) = decode(&bytes) {
                prop_assert_eq!(detect(&bytes), Some(encoding));
                prop_assert!(text.len() <= bytes.len() * 3);
            }
        }

        #[test]
        fn utf8_text_survives(text in "[ -~äöüßéèçñ€漢字кириллица\n]{1,200}") {
            prop_assert_eq!(decode(text.as_bytes()), Some((text.clone(), UTF_8)));
        }
    }
}
