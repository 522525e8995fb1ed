//! The readers without their child process, for the fuzzer alone. No service reads so: the feature
//! `fuzzing` is off in everything that is shipped.

use crate::{
    document::Extracted, error::ExtractError, limits::Limits, options::ReadOptions, reader::read_document,
};

/// Reads a document, named with this extension, in the process that asks.
///
/// # Errors
///
/// The verdict on the document.
pub fn read(bytes: &[u8], extension: &str) -> Result<Extracted, ExtractError> {
    let options = ReadOptions { extension: extension.into(), words: true, ..ReadOptions::default() };
    read_document(bytes.to_vec(), &options, &Limits::default())
}
