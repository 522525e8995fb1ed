//! XML of no particular kind: the characters of its elements.

use super::{
    broken_off,
    flow::Flow,
    single_page,
    xml_walk::{self, Element, Ending, Step, Visitor, declared_encoding},
};
use crate::{
    document::Metadata,
    encoding,
    error::ExtractError,
    media_type,
    reader::{Content, Reader, Source},
};

/// Reads the characters of XML, without tags, attributes and comments.
pub(crate) struct XmlReader;

impl Reader for XmlReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[media_type::XML]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let declared = declared_encoding(&source.bytes);
        let Some((xml, encoding)) = encoding::decode_as(&source.bytes, declared) else {
            return Err(ExtractError::Corrupt);
        };
        let (text, ending) = text_of(&xml, source.limits.output)?;
        let metadata = Metadata { encoding: Some(encoding.name().to_owned()), ..Metadata::default() };
        let pages = single_page(text, source.options);
        let content = Content { pages, metadata, ..Content::default() };
        if ending == Ending::BrokenOff { broken_off(content) } else { Ok(content) }
    }
}

/// The characters of the elements. Elements that follow each other, with nothing or a new line between
/// them, are lines; within a sentence they are not.
fn text_of(xml: &str, limit: u64) -> Result<(String, Ending), ExtractError> {
    let mut walk = Walk { flow: Flow::new(limit), is_behind_end: false, has_break: false };
    let ending = xml_walk::walk(xml, &mut walk)?;
    Ok((walk.flow.finish(), ending))
}

struct Walk {
    flow: Flow,
    /// Whether nothing came since the end of an element.
    is_behind_end: bool,
    /// Whether white space with an end of line came last.
    has_break: bool,
}

impl Visitor for Walk {
    fn enter(&mut self, _element: &Element<'_>) -> Result<Step, ExtractError> {
        if self.is_behind_end || self.has_break {
            self.flow.break_line();
        }
        self.is_behind_end = false;
        Ok(Step::Into)
    }

    fn leave(&mut self, _name: &str) -> Result<(), ExtractError> {
        self.is_behind_end = true;
        Ok(())
    }

    fn characters(&mut self, text: &str) -> Result<(), ExtractError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            self.has_break |= text.contains('\n');
            if !self.has_break && self.flow.is_inside_line() {
                self.flow.push(" ")?;
                self.is_behind_end = false;
            }
            return Ok(());
        }
        if std::mem::take(&mut self.has_break) {
            self.flow.break_line();
        }
        self.is_behind_end = false;
        // The indentation of a text belongs to the markup, its lines to the text.
        let inside = text.trim_matches(['\n', '\r', '\t']);
        let mut lines = inside.lines();
        if let Some(first) = lines.next() {
            let first = if self.flow.is_inside_line() { first } else { first.trim_start() };
            self.flow.push(first)?;
        }
        for line in lines {
            self.flow.break_line();
            self.flow.push(line.trim())?;
        }
        self.has_break = text.trim_end_matches([' ', '\t']).ends_with('\n');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::office::testing::{read, survives_truncation};

    fn text(xml: &str) -> String {
        text_of(xml, 10_000).unwrap().0
    }

    #[test]
    fn elements_are_lines_but_not_within_a_sentence() {
        assert_eq!(text("<a><b>one</b><b>two</b></a>"), "one\ntwo");
        assert_eq!(text("<a>\n  <b>one</b>\n  <b>two &amp; more</b>\n</a>"), "one\ntwo & more");
        assert_eq!(
            text("<p>one <i>two</i>three <i>four</i> <i>five</i>.</p>"),
            "one two".to_owned() + "three four five."
        );
        assert_eq!(text("<p>\n   first\n   second\n  </p><p>third</p>"), "first\nsecond\nthird");
        assert_eq!(text("<a x='attribute'><!-- comment --><![CDATA[<data>]]></a>"), "<data>");
    }

    #[test]
    fn the_declared_encoding_is_used() {
        let xml = b"<?xml version='1.0' encoding='iso-8859-15'?><a>\xa4</a>".to_vec();
        let content = read(&XmlReader, xml).unwrap();
        assert_eq!(content.pages[0].text, "\u{20ac}");
        assert_eq!(content.metadata.encoding.as_deref(), Some("ISO-8859-15"));
    }

    #[test]
    fn xml_may_end_anywhere() {
        let whole = "<?xml version='1.0'?><a b='c'>one<d>two &amp; <![CDATA[three]]></d><!-- four --></a>";
        survives_truncation(&XmlReader, whole.as_bytes());
    }

    #[test]
    fn xml_that_breaks_off_says_so() {
        let content = read(&XmlReader, b"<?xml version='1.0'?><a>text".to_vec()).unwrap();
        assert_eq!(content.warnings[0].code, "document_truncated");
        assert!(matches!(read(&XmlReader, b"<?xml version='1.0'?><a>".to_vec()), Err(ExtractError::Corrupt)));
    }
}
