//! The processor from outside: its routes over real HTTP, on a real database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod accounts;
mod api;
mod cv;
mod documents;
mod doors;
mod engines;
mod export;
mod files;
mod housekeeping;
mod inventory;
mod live;
mod program;
mod raw;
mod s3;
mod signed_links;
mod slow_model;
mod submit;
mod support;
mod tasks;
mod uploads;
mod worker;
