//! Every adapter runs the contract of its port; what only one adapter has is tested apart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod blob_contract;
mod local_blobs;
mod memory_blobs;
mod resumable_contract;
