//! Word documents (Office Open XML, ECMA-376): body, headers, footers, notes and comments.

mod package;
mod relations;
mod walk;

use quick_xml::{Reader as XmlReader, events::Event};

use self::{
    package::Package,
    relations::{Relation, relations_of},
};
use crate::{
    document::{Metadata, Page, Warning},
    error::ExtractError,
    media_type,
    reader::{Content, Reader, Source},
};

/// Parts beside the body, in the order in which their text follows it.
const SIDE_PARTS: &[&str] = &["header", "footnotes", "endnotes", "comments", "footer"];

/// Reads a Word document as one page: the format has no pages until it is laid out.
pub(crate) struct DocxReader;

impl Reader for DocxReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[media_type::DOCX]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        if media_type::is_compound_file(&source.bytes) {
            return Err(compound_file(&source.bytes));
        }
        let mut package = Package::open(source.bytes)?;
        let roots = relations_of(&mut package, "")?;
        let main = target(&roots, "officeDocument").unwrap_or("word/document.xml").to_owned();
        let Some(xml) = package.part(&main)? else {
            return Err(ExtractError::Corrupt);
        };

        let mut content = Content { metadata: metadata(&mut package, &roots), ..Content::default() };
        let mut texts = vec![walk::text_of(&xml)?];
        drop(xml);
        let relations = relations_of(&mut package, &main)?;
        for kind in SIDE_PARTS {
            for relation in relations.iter().filter(|relation| relation.kind == *kind) {
                side_part(&mut package, relation, &mut texts, &mut content.warnings)?;
            }
        }
        texts.retain(|text| !text.trim().is_empty());
        content.pages.push(Page::text(1, texts.join("\n\n")));
        Ok(content)
    }
}

/// A compound file under the name of a Word document is an encrypted one, or an old one.
fn compound_file(bytes: &[u8]) -> ExtractError {
    if media_type::has_encrypted_package(bytes) {
        ExtractError::Encrypted
    } else {
        ExtractError::Unsupported { media_type: "application/msword".into() }
    }
}

fn target<'a>(relations: &'a [Relation], kind: &str) -> Option<&'a str> {
    relations.iter().find(|relation| relation.kind == kind).map(|relation| relation.target.as_str())
}

/// Adds the text of a header, a footer, notes or comments. A damaged one costs a warning, not the
/// document; headers that say the same (first page, even pages) are told once.
fn side_part(
    package: &mut Package,
    relation: &Relation,
    texts: &mut Vec<String>,
    warnings: &mut Vec<Warning>,
) -> Result<(), ExtractError> {
    let text = match package.part(&relation.target) {
        Ok(Some(xml)) => walk::text_of(&xml),
        Ok(None) => return Ok(()),
        Err(error) => Err(error),
    };
    match text {
        Ok(text) if texts.contains(&text) => {}
        Ok(text) => texts.push(text),
        Err(ExtractError::Corrupt) => warnings.push(Warning::new(
            "part_unreadable",
            format!("A part of the document ({}) is damaged and was left out.", relation.kind),
        )),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Title and author of the core properties (ECMA-376 part 2, clause 11). Damage here is no matter.
fn metadata(package: &mut Package, roots: &[Relation]) -> Metadata {
    let part = target(roots, "core-properties").unwrap_or("docProps/core.xml");
    let xml = package.part(part).ok().flatten().unwrap_or_default();
    Metadata {
        title: element_text(&xml, "title"),
        author: element_text(&xml, "creator"),
        ..Metadata::default()
    }
}

/// The characters of the first element of this name.
fn element_text(xml: &str, name: &str) -> Option<String> {
    let mut reader = XmlReader::from_str(xml);
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) if element.local_name().as_ref() == name => {
                let text = reader.read_text(element.name()).ok()?;
                let text = quick_xml::escape::unescape(&text).ok()?.trim().to_owned();
                return (!text.is_empty()).then_some(text);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}
