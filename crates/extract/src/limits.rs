//! What reading one document may cost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What reading one document may cost. Going over one ends the reading with
/// [`crate::ExtractError::TooComplex`], except for `pages`: the pages after it are left out, with
/// a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Time on the clock, from the question to the last byte of the answer.
    pub wall: Duration,
    /// Processor time of the child; counted in whole seconds, at least one.
    pub cpu: Duration,
    /// Address space of the child, in bytes. Not enforced by macOS.
    pub memory: u64,
    /// The document itself, in bytes: it is held in memory while it is read.
    pub input: u64,
    /// The answer of the child (JSON), in bytes.
    pub output: u64,
    /// What the child writes into a file (a picture, the parts of a split document), in bytes.
    pub written: u64,
    /// Pages that are read.
    pub pages: u32,
    /// Children at work at the same time.
    pub children: u32,
    /// Documents that a child reads before another one takes its place.
    pub reuse: u32,
    /// Memory that a child may hold, in bytes, to be given another document.
    pub resident: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(120),
            cpu: Duration::from_secs(60),
            memory: 1 << 30,
            input: 512 << 20,
            output: 64 << 20,
            written: 4 << 30,
            pages: 10_000,
            children: 2,
            reuse: 100,
            resident: 256 << 20,
        }
    }
}
