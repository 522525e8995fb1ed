//! Word documents (Office Open XML, ECMA-376): body, headers, footers, notes and comments.

mod numbering;
mod walk;

use self::numbering::Numbering;
use super::{
    broken_off,
    office::{
        package::Package,
        properties,
        relations::{Relation, relations_of, target},
    },
    single_page,
    xml_walk::Ending,
};
use crate::{
    document::Warning,
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
        let mut package = Package::open(source.bytes)?;
        let roots = relations_of(&mut package, "")?;
        let main = main_part(&package, &roots).ok_or(ExtractError::Corrupt)?;
        let relations = relations_of(&mut package, &main)?;
        let mut reading = Reading {
            numbering: numbering(&mut package, &relations)?,
            texts: Vec::new(),
            limit: source.limits.output,
            warnings: Vec::new(),
        };

        let body = package.part(&main)?.unwrap_or_default();
        let (text, ending) = walk::text_of(&body, &mut reading.numbering, reading.limit)?;
        drop(body);
        reading.texts.push(text);
        for kind in SIDE_PARTS {
            for part in side_parts(&package, &relations, kind) {
                reading.side_part(&mut package, kind, &part)?;
            }
        }

        let mut texts = reading.texts;
        texts.retain(|text| !text.trim().is_empty());
        let content = Content {
            pages: single_page(texts.join("\n\n"), source.options),
            metadata: properties::read(&mut package, &roots),
            warnings: reading.warnings,
        };
        if ending == Ending::BrokenOff || package.is_broken_off() { broken_off(content) } else { Ok(content) }
    }
}

/// The part with the body: where the relations say, where it is by convention, or what else there is.
fn main_part(package: &Package, roots: &[Relation]) -> Option<String> {
    let related = target(roots, "officeDocument").filter(|part| package.contains(part));
    let known = related.or_else(|| Some("word/document.xml").filter(|part| package.contains(part)));
    known.map(str::to_owned).or_else(|| package.names("word/document", ".xml").into_iter().next())
}

/// The parts of a kind; if the relations are lost, those that are named after it.
fn side_parts(package: &Package, relations: &[Relation], kind: &str) -> Vec<String> {
    if relations.is_empty() {
        return package.names(&format!("word/{kind}"), ".xml");
    }
    let parts = relations.iter().filter(|relation| relation.kind == kind);
    parts.map(|relation| relation.target.clone()).collect()
}

fn numbering(package: &mut Package, relations: &[Relation]) -> Result<Numbering, ExtractError> {
    let mut part = |kind, default| match package.part(target(relations, kind).unwrap_or(default)) {
        // Numbers that cannot be told are no reason to refuse the text.
        Ok(None) | Err(ExtractError::Corrupt) => Ok(String::new()),
        Ok(Some(xml)) => Ok(xml),
        Err(error) => Err(error),
    };
    let numbering = part("numbering", "word/numbering.xml")?;
    if numbering.is_empty() {
        return Ok(Numbering::default());
    }
    Ok(Numbering::new(&numbering, &part("styles", "word/styles.xml")?))
}

struct Reading {
    numbering: Numbering,
    texts: Vec<String>,
    limit: u64,
    warnings: Vec<Warning>,
}

impl Reading {
    /// Adds the text of a header, a footer, notes or comments. A damaged one costs a warning, not the
    /// document; headers that say the same (first page, even pages) are told once.
    fn side_part(&mut self, package: &mut Package, kind: &str, part: &str) -> Result<(), ExtractError> {
        let ending = match package.part(part) {
            Ok(None) => Ending::Whole,
            Ok(Some(xml)) => {
                let (text, ending) = walk::text_of(&xml, &mut self.numbering, self.limit)?;
                if !self.texts.contains(&text) {
                    self.texts.push(text);
                }
                ending
            }
            Err(ExtractError::Corrupt) => Ending::BrokenOff,
            Err(error) => return Err(error),
        };
        if ending == Ending::BrokenOff {
            self.warnings.push(Warning::new(
                "part_unreadable",
                format!("A part of the document ({kind}) is damaged; text of it is missing."),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        limits::Limits,
        options::ReadOptions,
        readers::office::testing::{archive, read, survives_truncation},
    };

    fn document(text: &str) -> String {
        format!("<w:document><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>")
    }

    #[test]
    fn a_document_without_relations_is_read_by_convention() {
        let files = [
            ("word/document.xml", document("body")),
            ("word/footer1.xml", document("foot")),
            ("word/header1.xml", document("head")),
        ];
        let files: Vec<_> = files.iter().map(|(name, xml)| (*name, xml.as_str())).collect();
        let content = read(&DocxReader, archive(&files)).unwrap();
        assert_eq!(content.pages[0].text, "body\n\nhead\n\nfoot");
        assert!(content.warnings.is_empty());
        let content = read(&DocxReader, archive(&[("word/document2.xml", &document("odd"))])).unwrap();
        assert_eq!(content.pages[0].text, "odd");
    }

    #[test]
    fn a_document_that_breaks_off_says_so() {
        let cut = document("words").replace("</w:body></w:document>", "<w:p>");
        let content = read(&DocxReader, archive(&[("word/document.xml", &cut)])).unwrap();
        assert_eq!(content.pages[0].text, "words");
        assert_eq!(content.warnings[0].code, "document_truncated");
        let nothing = read(&DocxReader, archive(&[("word/document.xml", "<w:document>")]));
        assert!(matches!(nothing, Err(ExtractError::Corrupt)));
    }

    #[test]
    fn a_document_may_end_anywhere() {
        let body = document("body");
        let files = [("word/document.xml", body.as_str()), ("word/header1.xml", &document("head"))];
        survives_truncation(&DocxReader, &archive(&files));
    }

    #[test]
    fn a_damaged_header_costs_a_warning() {
        let body = document("body");
        let files = [("word/document.xml", body.as_str()), ("word/header1.xml", "<w:hdr><w:p>")];
        let content = read(&DocxReader, archive(&files)).unwrap();
        assert_eq!(content.warnings[0].code, "part_unreadable");
    }

    #[test]
    fn only_metadata_is_read_if_no_page_is_wanted() {
        let options = ReadOptions { pages: Some(Vec::new()), ..ReadOptions::default() };
        let bytes = archive(&[("word/document.xml", &document("body"))]);
        let limits = Limits::default();
        let source = Source { bytes, media_type: media_type::DOCX, options: &options, limits: &limits };
        assert!(DocxReader.read(source).unwrap().pages.is_empty());
    }
}
