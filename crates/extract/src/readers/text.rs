//! Plain text and what is written as plain text: CSV, Markdown, JSON.

use crate::{
    document::{Metadata, Page},
    encoding,
    error::ExtractError,
    media_type,
    reader::{Content, Reader, Source},
};

/// Reads text in any common encoding. A form feed begins a new page.
pub(crate) struct TextReader;

impl Reader for TextReader {
    fn media_types(&self) -> &'static [&'static str] {
        media_type::PLAIN_TEXT
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let Some((text, encoding)) = encoding::decode(&source.bytes) else {
            return Err(ExtractError::Unsupported { media_type: media_type::BINARY.into() });
        };
        let page_count =
            u32::try_from(text.trim_end_matches('\x0c').split('\x0c').count()).unwrap_or(u32::MAX);
        let pages = text
            .split('\x0c')
            .zip(1..=page_count.min(source.limits.pages))
            .filter(|(_, number)| source.options.wants_page(*number))
            .map(|(text, number)| Page::text(number, text.to_owned()))
            .collect();
        let metadata = Metadata {
            pages: Some(page_count),
            encoding: Some(encoding.name().to_owned()),
            ..Metadata::default()
        };
        Ok(Content { pages, metadata, warnings: Vec::new() })
    }
}
