//! The crate as a service sees it: whole apps, asked over (in-process) HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod app;
mod callers;
mod cors;
mod openapi;
mod problems;
mod requests;
mod server;
