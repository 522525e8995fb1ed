//! One bounded pass over the elements of XML, for every format that is written in it.

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event, attributes::Attribute},
};

use crate::{
    encoding,
    error::{Excess, ExtractError},
};

/// Elements within elements. Word itself gives up at a few hundred.
pub(crate) const MAX_DEPTH: usize = 1000;

/// Bytes in which an XML declaration has room.
const DECLARATION_WINDOW: usize = 256;

/// Whether to look into an element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Its content is visited, then its end.
    Into,
    /// Its content and its end are not visited.
    Over,
}

/// How the XML ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As it should.
    Whole,
    /// Within an element, or with something that is not XML.
    BrokenOff,
}

/// What happens at the elements and characters of a document. Names are without their prefixes.
pub(crate) trait Visitor {
    /// At the start of an element.
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError>;

    /// At the end of an element that was looked into.
    fn leave(&mut self, name: &str) -> Result<(), ExtractError>;

    /// At characters between tags; a run of them may come in pieces.
    fn characters(&mut self, text: &str) -> Result<(), ExtractError>;
}

/// The start of an element.
pub(crate) struct Element<'a>(&'a BytesStart<'a>);

impl Element<'_> {
    /// Its name without a prefix.
    pub(crate) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of the first attribute with this name, whatever its prefix.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        self.find(|attribute| attribute.key.local_name().as_ref() == name)
    }

    /// The value of the attribute with this name and any prefix: `r:id` beside a plain `id`.
    pub(crate) fn prefixed_attribute(&self, name: &str) -> Option<String> {
        self.find(|attribute| attribute.key.prefix().is_some() && attribute.key.local_name().as_ref() == name)
    }

    fn find(&self, is_wanted: impl Fn(&Attribute<'_>) -> bool) -> Option<String> {
        let mut attributes = self.0.attributes();
        // The check for doubles costs more than it tells.
        let attribute = attributes.with_checks(false).filter_map(Result::ok).find(is_wanted)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        Some(value.unwrap_or_else(|_| attribute.value.clone()).into_owned())
    }
}

/// Visits the elements and characters of `xml`. Only the five entities of XML itself and characters by
/// number are resolved: what a document declares can neither grow nor refer to a file.
pub(crate) fn walk(xml: &str, visitor: &mut impl Visitor) -> Result<Ending, ExtractError> {
    let mut reader = Reader::from_str(xml);
    // A lone `&` is a slip of the program that wrote it, not damage.
    reader.config_mut().allow_dangling_amp = true;
    let mut depth = 0_usize;
    let mut over_since = None;
    let mut has_root = false;
    loop {
        let Ok(event) = reader.read_event() else {
            return Ok(Ending::BrokenOff);
        };
        match event {
            Event::Start(start) => {
                has_root = true;
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(ExtractError::TooComplex(Excess::Nesting));
                }
                if over_since.is_none() && visitor.enter(&Element(&start))? == Step::Over {
                    over_since = Some(depth);
                }
            }
            Event::End(end) => {
                match over_since {
                    None => visitor.leave(end.local_name().as_ref())?,
                    Some(since) if since == depth => over_since = None,
                    Some(_) => {}
                }
                depth = depth.saturating_sub(1);
            }
            Event::Eof if depth == 0 && has_root => return Ok(Ending::Whole),
            Event::Eof => return Ok(Ending::BrokenOff),
            _ if over_since.is_some() => {}
            Event::Empty(start) => {
                has_root = true;
                let element = Element(&start);
                if visitor.enter(&element)? == Step::Into {
                    visitor.leave(element.name())?;
                }
            }
            Event::Text(text) => visitor.characters(&text.xml10_content())?,
            Event::CData(text) => visitor.characters(&text.xml10_content())?,
            Event::GeneralRef(reference) => visit_reference(&reference, visitor)?,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn visit_reference(reference: &BytesRef<'_>, visitor: &mut impl Visitor) -> Result<(), ExtractError> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        visitor.characters(c.encode_utf8(&mut [0; 4]))
    } else if let Some(text) = resolve_predefined_entity(reference) {
        visitor.characters(text)
    } else {
        Ok(())
    }
}

/// Calls `tell` with the name and the characters of every element that holds nothing but characters.
/// Damage, or elements nested too deep, end the telling.
pub(crate) fn for_each_leaf(xml: &str, tell: impl FnMut(&str, &str)) {
    match walk(xml, &mut Leaves { tell, text: String::new(), is_leaf: false }) {
        Ok(_) | Err(_) => {}
    }
}

struct Leaves<F> {
    tell: F,
    text: String,
    is_leaf: bool,
}

impl<F: FnMut(&str, &str)> Visitor for Leaves<F> {
    fn enter(&mut self, _element: &Element<'_>) -> Result<Step, ExtractError> {
        self.text.clear();
        self.is_leaf = true;
        Ok(Step::Into)
    }

    fn leave(&mut self, name: &str) -> Result<(), ExtractError> {
        if std::mem::take(&mut self.is_leaf) {
            (self.tell)(name, self.text.trim());
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) -> Result<(), ExtractError> {
        if self.is_leaf {
            self.text.push_str(text);
        }
        Ok(())
    }
}

/// The characters of XML. It is UTF-8 unless a byte order mark or its declaration says otherwise
/// (XML 1.0, appendix F).
pub(crate) fn decode(bytes: Vec<u8>) -> String {
    let declared = match bytes.as_slice() {
        [b'<', 0, ..] => Some(encoding_rs::UTF_16LE),
        [0, b'<', ..] => Some(encoding_rs::UTF_16BE),
        _ => declared_encoding(&bytes),
    };
    let encoding = declared.unwrap_or(encoding_rs::UTF_8);
    if encoding == encoding_rs::UTF_8 {
        return encoding::utf8(bytes);
    }
    encoding.decode(&bytes).0.into_owned()
}

/// The encoding that an XML declaration names.
pub(crate) fn declared_encoding(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_WINDOW)]);
    let declaration = start.strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    encoding_rs::Encoding::for_label(value[1..].split(quote).next()?.as_bytes())
        // What could be read as ASCII so far is not UTF-16, whatever it says.
        .filter(|encoding| encoding.is_ascii_compatible())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(xml: &str) -> Vec<(String, String)> {
        let mut leaves = Vec::new();
        for_each_leaf(xml, |name, text| leaves.push((name.to_owned(), text.to_owned())));
        leaves
    }

    #[test]
    fn names_lose_their_prefix_and_references_are_resolved() {
        let xml = "<x:a><dc:title> A &amp; B&#33; &own;</dc:title><e/></x:a>";
        let expected = [("title".to_owned(), "A & B!".to_owned()), ("e".to_owned(), String::new())];
        assert_eq!(leaves(xml), expected);
    }

    #[test]
    fn declared_entities_do_not_grow() {
        let xml = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
        assert_eq!(leaves(xml), [("a".to_owned(), String::new())]);
    }

    #[test]
    fn an_early_end_is_told_and_depth_is_bounded() {
        let visit = |xml: &str| {
            walk(xml, &mut Leaves { tell: |_: &str, _: &str| {}, text: String::new(), is_leaf: false })
        };
        assert_eq!(visit("<a><b/></a>").unwrap(), Ending::Whole);
        for xml in ["", "<?xml version='1.0'?>", "<a><b>", "<a><b>text", "<a", "<a></b>", "<a>text</"] {
            assert_eq!(visit(xml).unwrap(), Ending::BrokenOff, "{xml}");
        }
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        assert!(matches!(visit(&deep), Err(ExtractError::TooComplex(Excess::Nesting))));
    }

    #[test]
    fn xml_is_decoded_as_declared() {
        let decode = |bytes: &[u8]| super::decode(bytes.to_vec());
        assert!(decode(b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xfc</a>").ends_with("<a>\u{fc}</a>"));
        let utf16: Vec<u8> = "\u{feff}<a>\u{fc}</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16), "<a>\u{fc}</a>");
        assert_eq!(decode(&utf16[2..]), "<a>\u{fc}</a>");
        let lie = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>\u{fc}</a>";
        assert_eq!(decode(lie.as_bytes()).matches('\u{fc}').count(), 1);
        assert_eq!(decode(b"\xef\xbb\xbf<a>\xff</a>"), "<a>\u{fffd}</a>");
    }
}
