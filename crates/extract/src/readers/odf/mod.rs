//! OpenDocument texts, spreadsheets and presentations (OASIS OpenDocument 1.3, part 3).

mod cells;
mod lists;
mod walk;

use self::walk::{Kind, Walked};
use super::{
    broken_off,
    office::{package::Package, properties::date},
    single_page,
    xml_walk::{Ending, for_each_leaf},
};
use crate::{
    document::{Metadata, Page},
    error::ExtractError,
    media_type::{ODP, ODS, ODT},
    reader::{Content, Reader, Source},
};

/// Reads a text as one page, a spreadsheet as one for each sheet, a presentation as one for each slide.
pub(crate) struct OdfReader;

impl Reader for OdfReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[ODT, ODS, ODP]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let kind = match source.media_type {
            ODS => Kind::Spreadsheet,
            ODP => Kind::Presentation,
            _ => Kind::Text,
        };
        let mut package = Package::open(source.bytes)?;
        let manifest = package.part("META-INF/manifest.xml")?.unwrap_or_default();
        if manifest.contains("encryption-data") {
            return Err(ExtractError::Encrypted);
        }
        let xml = package.part("content.xml")?.ok_or(ExtractError::Corrupt)?;
        let styles = package.part("styles.xml").ok().flatten().unwrap_or_default();
        let Walked { mut pages, ending } = walk::pages_of(&xml, &styles, kind, source.limits.output)?;
        drop(xml);

        let mut content = Content { metadata: metadata(&mut package), ..Content::default() };
        if kind == Kind::Text {
            pages.extend(walk::headers_and_footers(&styles, source.limits.output)?);
            pages.retain(|text| !text.trim().is_empty());
            content.pages = single_page(pages.join("\n\n"), source.options);
        } else {
            let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
            content.metadata.pages = Some(count);
            let wanted = (1..=count.min(source.limits.pages))
                .zip(pages)
                .filter(|(number, _)| source.options.wants_page(*number));
            content.pages = wanted.map(|(number, text)| Page::text(number, text)).collect();
        }
        if ending == Ending::BrokenOff || package.is_broken_off() { broken_off(content) } else { Ok(content) }
    }
}

/// What the document says about itself (part 3, chapter 4). Damage here is no matter.
fn metadata(package: &mut Package) -> Metadata {
    let xml = package.part("meta.xml").ok().flatten().unwrap_or_default();
    let mut metadata = Metadata::default();
    let mut keywords: Vec<String> = Vec::new();
    let mut last_author = None;
    for_each_leaf(&xml, |name, text| {
        if text.is_empty() {
            return;
        }
        let text = text.to_owned();
        match name {
            "title" => metadata.title = Some(text),
            "subject" => metadata.subject = Some(text),
            "initial-creator" => metadata.author = Some(text),
            "creator" => last_author = Some(text),
            "keyword" => keywords.push(text),
            "creation-date" => metadata.created = date(text),
            "date" => metadata.modified = date(text),
            "generator" => metadata.creator = Some(text),
            _ => {}
        }
    });
    metadata.author = metadata.author.or(last_author);
    metadata.keywords = (!keywords.is_empty()).then(|| keywords.join(", "));
    metadata.pages = walk::page_count(&xml);
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::office::testing::{archive, read, survives_truncation};

    const CONTENT: &str = "<office:document-content><office:body><office:text><text:p>body</text:p>\
        </office:text></office:body></office:document-content>";

    #[test]
    fn a_text_has_its_headers_and_properties() {
        let styles = "<x><style:style><style:header-style/></style:style><style:master-page>\
            <style:header><text:p>head</text:p></style:header><style:footer><text:p>foot</text:p></style:footer>\
            </style:master-page></x>";
        let meta = "<m><office:meta><dc:title>T</dc:title><dc:creator>Last</dc:creator>\
            <meta:initial-creator>First</meta:initial-creator><meta:keyword>a</meta:keyword>\
            <meta:keyword>b</meta:keyword><dc:date>2024-01-02T03:04:05</dc:date>\
            <meta:document-statistic meta:page-count=\"4\" meta:word-count=\"9\"/></office:meta></m>";
        let files = [("content.xml", CONTENT), ("styles.xml", styles), ("meta.xml", meta)];
        let content = read(&OdfReader, archive(&files)).unwrap();
        assert_eq!(content.pages[0].text, "body\n\nhead\n\nfoot");
        let expected = Metadata {
            title: Some("T".into()),
            author: Some("First".into()),
            keywords: Some("a, b".into()),
            modified: Some("2024-01-02T03:04:05".into()),
            pages: Some(4),
            ..Metadata::default()
        };
        assert_eq!(content.metadata, expected);
    }

    #[test]
    fn a_text_may_end_anywhere() {
        survives_truncation(
            &OdfReader,
            &archive(&[("mimetype", ODT), ("content.xml", CONTENT), ("styles.xml", "<a/>")]),
        );
    }

    #[test]
    fn an_encrypted_document_says_so() {
        let manifest = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>";
        let files = [("META-INF/manifest.xml", manifest), ("content.xml", "\u{1}\u{2}")];
        assert!(matches!(read(&OdfReader, archive(&files)), Err(ExtractError::Encrypted)));
    }

    #[test]
    fn a_text_that_breaks_off_says_so() {
        let cut = &CONTENT[..CONTENT.len() - 30];
        let content = read(&OdfReader, archive(&[("content.xml", cut)])).unwrap();
        assert_eq!(content.pages[0].text, "body");
        assert_eq!(content.warnings[0].code, "document_truncated");
        assert!(matches!(read(&OdfReader, archive(&[("a", "b")])), Err(ExtractError::Corrupt)));
    }
}
