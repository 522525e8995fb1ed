//! What service and child say to each other: frames of JSON, each after its length.

use serde::{Deserialize, Serialize};

use crate::{
    document::Extracted,
    error::ExtractError,
    options::{Part, ReadOptions, RenderOptions, Rendered, SplitOptions},
};

/// Bytes of the length before a frame, little-endian.
pub(super) const HEADER: usize = 4;

/// The longest job, in bytes. Lists of pages make the long ones.
pub(super) const MAX_JOB: usize = 16 << 20;

/// What a child is to do with a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Job {
    /// Read it.
    Read(ReadOptions),
    /// Make a picture of one of its pages.
    Render(RenderOptions),
    /// Split it.
    Split(SplitOptions),
}

/// The first frame of a child: what it cannot reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Greeting {
    /// Whether the kernel keeps it from the file system.
    pub(super) files: bool,
    /// Whether the kernel keeps it from the network.
    pub(super) network: bool,
}

/// The frame that answers a job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reply {
    /// What came of it.
    pub(super) answer: Answer,
    /// Whether the child ends now, so that the next job wants another one.
    pub(super) retires: bool,
}

/// What came of a job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Document(Box<Extracted>),
    Picture(Rendered),
    Parts(Vec<Part>),
    Verdict(ExtractError),
}
