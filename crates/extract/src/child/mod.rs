//! Processes that read documents: the only way in for the services.
//!
//! A child is the same program, started again with a hidden subcommand. Over a socket, which is its
//! standard input, it gets one job after the other, each with the open file to read and, where
//! bytes come out, an open file to write them to. It has no environment, no current directory of
//! interest, and limits on time, memory and output; where the kernel can, network and file system
//! are taken away from it. It dies when nobody waits for its answer any more.
//!
//! Children are kept warm for the next document, and replaced after a number of them, after they have
//! grown, and after anything odd. A child that dies over a document although it had read others
//! before is no verdict on the document: a fresh one tries it again.

mod inside;
mod outside;
mod pool;
mod protocol;
mod sandbox;
mod transport;

pub use self::{
    inside::run_if_child,
    pool::{ChildPool, Room},
};

/// The hidden subcommand. Its argument is the limits, as JSON.
const SUBCOMMAND: &str = "read-documents";
