//! The processor from outside: its routes over real HTTP, on a real database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod api;
mod documents;
mod engines;
mod export;
mod files;
mod housekeeping;
mod live;
mod program;
mod raw;
mod submit;
mod support;
mod tasks;
mod worker;
