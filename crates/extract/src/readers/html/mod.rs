//! Web pages: what a person would see of them.

mod walk;

use encoding_rs::Encoding;
use html5gum::{DefaultEmitter, Token, Tokenizer};

pub(super) use self::walk::text_of;
use super::{single_page, xml_walk::declared_encoding};
use crate::{
    encoding,
    error::ExtractError,
    media_type,
    reader::{Content, Reader, Source},
};

/// Bytes in which a page declares its encoding; the standard asks for 1024.
const DECLARATION_WINDOW: usize = 8 << 10;

/// Reads the visible text of a web page.
pub(crate) struct HtmlReader;

impl Reader for HtmlReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[media_type::HTML, media_type::XHTML]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let declared = declared_encoding(&source.bytes).or_else(|| meta_encoding(&source.bytes));
        let Some((html, encoding)) = encoding::decode_as(&source.bytes, declared) else {
            return Err(ExtractError::Corrupt);
        };
        let (text, mut metadata) = text_of(&html, source.limits.output)?;
        metadata.encoding = Some(encoding.name().to_owned());
        Ok(Content { pages: single_page(text, source.options), metadata, warnings: Vec::new() })
    }
}

/// The encoding that a `meta` element declares.
fn meta_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_WINDOW)]);
    let label = tokens(&start).find_map(|token| {
        let Token::StartTag(tag) = token else { return None };
        if tag.name.as_slice() != b"meta" {
            return None;
        }
        let value = |name: &[u8]| {
            tag.attributes.get(name).map(|value| String::from_utf8_lossy(&value.value).into_owned())
        };
        value(b"charset").or_else(|| {
            let content = value(b"content")?.to_ascii_lowercase();
            let label = content.split_once("charset")?.1.trim_start().strip_prefix('=')?.trim();
            Some(label.split([';', ' ']).next().unwrap_or(label).trim_matches(['"', '\'']).to_owned())
        })
    })?;
    Encoding::for_label(label.trim().as_bytes())
}

/// The tokens of a page.
fn tokens(html: &str) -> impl Iterator<Item = Token> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(html, emitter).map(|token| match token {
        Ok(token) => token,
        // Reading from memory cannot fail.
        Err(never) => match never {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::office::testing::read;

    fn encoding_of(page: &[u8]) -> (String, String) {
        let content = read(&HtmlReader, page.to_vec()).unwrap();
        (content.pages[0].text.clone(), content.metadata.encoding.unwrap())
    }

    #[test]
    fn the_declared_encoding_is_used_unless_it_is_wrong() {
        for (page, encoding) in [
            (&b"<meta charset=iso-8859-2><p>\xe6"[..], "ISO-8859-2"),
            (
                b"<META http-equiv='Content-Type' content='text/html; charset=iso-8859-2'><p>\xe6",
                "ISO-8859-2",
            ),
            (b"<meta charset=iso-8859-2><p>\xc4\x87", "UTF-8"),
            (b"<?xml version='1.0' encoding='iso-8859-2'?><html><p>\xe6</p></html>", "ISO-8859-2"),
            (b"\xef\xbb\xbf<meta charset=iso-8859-2><p>\xc4\x87", "UTF-8"),
        ] {
            assert_eq!(encoding_of(page), ("\u{107}".to_owned(), encoding.to_owned()));
        }
        let utf16: Vec<u8> = "\u{feff}<p>\u{107}".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(encoding_of(&utf16), ("\u{107}".to_owned(), "UTF-16BE".to_owned()));
    }
}
