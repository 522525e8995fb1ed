//! Strings for people (ISO 32000-2, 7.9.2.2).

/// A text string (7.9.2.2): UTF-16 or UTF-8 with a byte order mark, else PDFDocEncoding.
pub(crate) fn text_string(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => encoding_rs::UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        [0xff, 0xfe, rest @ ..] => encoding_rs::UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => bytes.iter().map(|byte| pdf_doc_character(*byte)).collect(),
    }
}

/// PDFDocEncoding (ISO 32000-2, annex D.2): Latin-1 but for two stretches.
fn pdf_doc_character(byte: u8) -> char {
    const FROM_18: [char; 8] = ['˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'];
    const FROM_80: [char; 33] = [
        '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ',
        'ﬂ', 'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{fffd}', '€',
    ];
    match byte {
        0x18..=0x1f => FROM_18[usize::from(byte - 0x18)],
        0x80..=0xa0 => FROM_80[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_strings_come_in_three_encodings() {
        assert_eq!(text_string(b"\xfe\xff\0G\0r\0\xf6\0\xdf\0e"), "Größe");
        assert_eq!(text_string("\u{feff}Größe".as_bytes()), "Größe");
        assert_eq!(text_string(b"Gr\xf6\xdfe \x84 \xa0 5"), "Größe — € 5");
    }
}
