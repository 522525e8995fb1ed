//! Bytes in, pages of text out.
//!
//! Documents come from strangers, and every parser has inputs that make it hang, eat memory or
//! abort. So the services read documents only through [`DocumentReader`]: the parsers of this crate run in
//! child processes with limits on time, memory and output.
//! Only [`media_type::detect`] runs in the service's own process.
//!
//! Adding a format is one file in `readers/` and one line in `registry.rs`.

pub mod child;
pub mod document;
mod document_reader;
mod encoding;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod limits;
pub mod media_type;
pub mod ocr;
pub mod options;
mod pdf_file;
mod reader;
mod readers;
mod registry;
pub mod render;
pub mod split;
mod statistics;

pub use document_reader::{DocumentReader, Recognition, Split};
pub use error::{Excess, ExtractError};
