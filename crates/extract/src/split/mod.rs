//! Parts of PDF documents.
use crate::{
    error::ExtractError,
    limits::Limits,
    options::{Part, SplitOptions},
};
use std::io::Write;
pub(crate) fn split(
    _: Vec<u8>,
    _: &SplitOptions,
    _: &Limits,
    _: &mut dyn Write,
) -> Result<Vec<Part>, ExtractError> {
    Err(ExtractError::Corrupt)
}
