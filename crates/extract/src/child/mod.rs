//! Reading a document in a process of its own: the only way in for the services.
//!
//! The child is the same program, started again with a hidden subcommand. It gets the document as
//! standard input, already open, and answers with one JSON value on standard output: the document
//! or the verdict on it. It has no environment, no current directory of interest, no files to open and
//! limits on time, memory and output; it dies when nobody waits for its answer any more.

mod inside;
mod outside;

use serde::{Deserialize, Serialize};

pub use self::{inside::run_if_child, outside::ChildReader};
use crate::{document::Extracted, error::ExtractError};

/// The hidden subcommand. Its arguments are the limits as JSON and the extension of the file name
/// (the name itself may be private, and other users of the machine see arguments).
const SUBCOMMAND: &str = "read-document";

/// What the child answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Document(Extracted),
    Verdict(ExtractError),
}
