//! One module per format, and what several of them share.

pub(crate) mod docx;
pub(crate) mod email;
pub(crate) mod html;
pub(crate) mod image;
pub(crate) mod media;
pub(crate) mod odf;
pub(crate) mod pdf;
pub(crate) mod pptx;
pub(crate) mod rtf;
pub(crate) mod text;
pub(crate) mod xlsx;
pub(crate) mod xml;

mod counting;
mod flow;
mod grid;
mod office;
mod xml_walk;

use crate::{
    document::{Page, Warning},
    error::ExtractError,
    options::ReadOptions,
    reader::Content,
};

/// The page of a format that has no pages until it is laid out, if it is wanted.
fn single_page(text: String, options: &ReadOptions) -> Vec<Page> {
    if options.wants_page(1) { vec![Page::text(1, text)] } else { Vec::new() }
}

/// What becomes of a document that ends early: what could be read, with a warning;
/// [`ExtractError::Corrupt`] if that is nothing.
fn broken_off(mut content: Content) -> Result<Content, ExtractError> {
    if content.pages.iter().all(|page| page.text.trim().is_empty()) {
        return Err(ExtractError::Corrupt);
    }
    content.warnings.push(Warning::new(
        "document_truncated",
        "The document breaks off: it is cut off or damaged, and a part of its text is missing.",
    ));
    Ok(content)
}
