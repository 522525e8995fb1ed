//! Bytes in, pages of text out.
//!
//! Documents come from strangers, and every parser has inputs that make it hang, eat memory or
//! abort. So the services read documents only through [`child::ChildReader`]: one process per
//! document, with limits on time, memory and output, in which the parsers of this crate run.
//! Only [`media_type::detect`] runs in the service's own process.
//!
//! Adding a format is one file in `readers/` and one line in the registry of `reader.rs`.

pub mod child;
pub mod document;
mod encoding;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod limits;
pub mod media_type;
pub mod options;
mod reader;
mod readers;

pub use error::{Excess, ExtractError};
