//! Rich Text Format documents (RTF 1.9.1).

mod charset;
mod document;
mod groups;
mod tokens;
mod words;

use self::document::Document;
use super::{broken_off, single_page};
use crate::{
    error::ExtractError,
    media_type,
    reader::{Content, Reader, Source},
};

/// Reads a Rich Text Format document as one page; headers, footers, notes and comments follow the text.
pub(crate) struct RtfReader;

impl Reader for RtfReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[media_type::RTF]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let mut document = Document::new(source.limits.output);
        let mut tokens = tokens::Tokens::new(&source.bytes);
        while !document.has_ended()
            && let Some(token) = tokens.next()
        {
            document.take(token)?;
        }
        let is_broken_off = !document.has_ended();
        let (text, metadata) = document.finish()?;
        let content = Content { pages: single_page(text, source.options), metadata, warnings: Vec::new() };
        if is_broken_off { broken_off(content) } else { Ok(content) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        document::Metadata,
        error::Excess,
        readers::office::testing::{read, survives_truncation},
    };

    fn document(rtf: &str) -> Content {
        read(&RtfReader, rtf.as_bytes().to_vec()).unwrap()
    }

    fn text(body: &str) -> String {
        let content = document(&format!("{{\\rtf1\\ansi\\ansicpg1252\\deff0 {body}}}"));
        assert!(content.warnings.is_empty());
        content.pages[0].text.clone()
    }

    #[test]
    fn paragraphs_are_lines_and_rows_have_tabs() {
        let table = r"\trowd\cellx1\cellx2\pard\intbl a\cell\cell c\cell\trowd\cellx1\row\trowd\intbl\cell d\cell\row\pard";
        assert_eq!(
            text(&format!(r"one\par two\line three\tab four\par\par\par {table} five")),
            "one\ntwo\nthree\tfour\n\na\t\tc\n\td\nfive"
        );
    }

    #[test]
    fn characters_come_in_many_ways() {
        assert_eq!(
            text(r"\'fc\u8364 ?\u-10179 ?\u-8704 ?\uc2\u960 xyz\emdash\~\{\\\}\bullet\_\-"),
            "\u{fc}\u{20ac}\u{1f600}\u{3c0}z\u{2014}\u{a0}{\\}\u{2022}-"
        );
        assert_eq!(text(r"{\uc1\u228\'e4}{\uc0\u228 a}\uc1\u228{b}"), "\u{e4}\u{e4}a\u{e4}b");
        assert_eq!(text("a\r\nb\\\nc\\\r\nd"), "ab\nc\nd");
    }

    #[test]
    fn fonts_bring_their_encoding() {
        let fonts = r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 Mincho;}}";
        assert_eq!(
            text(&format!(r"{fonts}\f1\'cf\'f0{{\f0\'fc}}\'e8\f2\'93\'fa\plain\'fc")),
            "\u{41f}\u{440}\u{fc}\u{438}\u{65e5}\u{fc}"
        );
    }

    #[test]
    fn what_is_not_text_is_left_out() {
        let body = r"{\colortbl;\red0;}{\stylesheet{\s1 Heading;}}{\*\generator X;}{\pict\wmetafile8 0a0b}a{\*\unknown b}\
            {\field{\*\fldinst HYPERLINK x}{\fldrslt c}}{\v hidden}{\*\bkmkstart m}\bin3 {}}d{\upr{e}{\*\ud{\u101 ?}}}";
        assert_eq!(text(&body.replace("\\\n            ", "")), "acde");
    }

    #[test]
    fn notes_and_headers_follow_the_text() {
        assert_eq!(text(r"{\header head\par}a{\footnote note}b\par"), "ab\n\nhead\n\nnote");
        assert_eq!(text(r"{\listtext\f1 1.\tab}one\par{\listtext 2.\tab}two"), "1. one\n2. two");
    }

    #[test]
    fn a_document_tells_about_itself() {
        let info =
            r"{\info{\title T\'e4st}{\author {Ada}}{\subject}{\creatim\yr2024\mo2\dy3\hr4\min5}{\nofpages7}}";
        let content = document(&format!(r"{{\rtf1 {info} x}}"));
        let expected = Metadata {
            title: Some("T\u{e4}st".into()),
            author: Some("Ada".into()),
            created: Some("2024-02-03T04:05:00".into()),
            pages: Some(7),
            ..Metadata::default()
        };
        assert_eq!(content.metadata, expected);
        assert_eq!(content.pages[0].text, " x");
    }

    #[test]
    fn a_document_that_breaks_off_says_so() {
        let content = document(r"{\rtf1 some {\b text");
        assert_eq!(content.pages[0].text, "some text");
        assert_eq!(content.warnings[0].code, "document_truncated");
        assert!(matches!(read(&RtfReader, b"{\\rtf1 ".to_vec()), Err(ExtractError::Corrupt)));
    }

    #[test]
    fn a_document_may_end_anywhere() {
        let whole = r"{\rtf1\ansi{\fonttbl{\f0\fcharset128 M;}}\f0\'93\'fa\u-10179 ?\u-8704 ?{\footnote n}\trowd a\cell\row}";
        survives_truncation(&RtfReader, whole.as_bytes());
    }

    #[test]
    fn deep_groups_are_refused_and_hostile_numbers_are_not_trusted() {
        let deep = format!("{{\\rtf1 {}", "{".repeat(50_000));
        assert!(matches!(
            read(&RtfReader, deep.into_bytes()),
            Err(ExtractError::TooComplex(Excess::Nesting))
        ));
        assert_eq!(text(r"\u99999999999 ?\uc99999999 a\u65 b"), "\u{ffff}aA");
        assert_eq!(document(r"{\rtf1 a\bin4000000000 b}").pages[0].text, "a");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(parts in proptest::collection::vec(prop_oneof![
            r"\\(par|u-?[0-9]{1,6}|uc[0-9]|'[0-9a-f]{2}|f[0-9]|fonttbl|cell|row|bin[0-9]|upr|\*|info|footnote|[a-z]{1,4}) ?",
            "[{}a-z;]{0,4}",
        ], 0..80)) {
            match read(&RtfReader, format!("{{\\rtf1 {}", parts.concat()).into_bytes()) {
                Ok(content) => prop_assert_eq!(content.pages.len(), 1),
                Err(error) => prop_assert!(matches!(error, ExtractError::Corrupt)),
            }
        }
    }
}
