//! Pictures of pages.
use crate::{
    error::ExtractError,
    limits::Limits,
    options::{RenderOptions, Rendered},
};
use std::io::Write;
pub(crate) fn render(
    _: Vec<u8>,
    _: &RenderOptions,
    _: &Limits,
    _: &mut dyn Write,
) -> Result<Rendered, ExtractError> {
    Err(ExtractError::Corrupt)
}
