//! Every adapter runs the contract of its port; what only one adapter has is tested apart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod blob_contract;
mod local_blobs;
mod memory_blobs;
mod resumable_contract;
mod s3_blobs;

use std::sync::Arc;

use quire_backends::blobs::links::Links;
use quire_domain::clock::SystemClock;

/// Signs with a secret of the tests.
fn links() -> Links {
    Links::new(b"0123456789abcdef0123456789abcdef", [], Arc::new(SystemClock))
}
