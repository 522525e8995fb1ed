//! What every reader does.

use crate::{
    document::{Metadata, Page, Warning},
    error::ExtractError,
    limits::Limits,
    options::ReadOptions,
};

/// A document to be read.
pub(crate) struct Source<'a> {
    /// All of it.
    pub(crate) bytes: Vec<u8>,
    /// What its content says it is: one of the reader's types.
    pub(crate) media_type: &'a str,
    /// What is wanted of it.
    pub(crate) options: &'a ReadOptions,
    /// What reading it may cost.
    pub(crate) limits: &'a Limits,
}

/// What a reader found in a document.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) pages: Vec<Page>,
    pub(crate) metadata: Metadata,
    pub(crate) warnings: Vec<Warning>,
}

/// Reads documents of one format. It may trust nothing: its input is hostile until shown otherwise.
/// It may hang, abort or exhaust memory on some inputs, for it runs in a process of its own.
pub(crate) trait Reader: Sync {
    /// The media types it reads.
    fn media_types(&self) -> &'static [&'static str];

    /// Reads a document of one of these types.
    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError>;
}
