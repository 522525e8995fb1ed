//! The readers without their child process, for the fuzzer alone. No service reads so: the feature
//! `fuzzing` is off in everything that is shipped.

use crate::{
    document::Extracted,
    error::ExtractError,
    limits::Limits,
    options::{Part, Purpose, ReadOptions, RenderOptions, Rendered, SplitOptions, SplitPlan},
    registry, render, split,
};

/// Reads a document, named with this extension, in the process that asks.
///
/// # Errors
///
/// The verdict on the document.
pub fn read(bytes: &[u8], extension: &str) -> Result<Extracted, ExtractError> {
    let options =
        ReadOptions { extension: extension.into(), words: true, location: true, ..ReadOptions::default() };
    registry::read_document(bytes.to_vec(), &options, &Limits::default())
}

/// Draws the first page of a document, named with this extension, in the process that asks.
///
/// # Errors
///
/// The verdict on the document.
pub fn render(bytes: &[u8], extension: &str, purpose: Purpose) -> Result<Rendered, ExtractError> {
    let options = RenderOptions { extension: extension.into(), password: None, page: 1, purpose };
    render::render(bytes.to_vec(), &options, &Limits::default(), &mut Vec::new())
}

/// Splits a document in the process that asks.
///
/// # Errors
///
/// The verdict on the document.
pub fn split(bytes: &[u8], plan: SplitPlan) -> Result<Vec<Part>, ExtractError> {
    let options = SplitOptions { password: None, plan };
    split::split(bytes.to_vec(), &options, &Limits::default(), &mut Vec::new())
}
