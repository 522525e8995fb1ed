//! The gateway as its clients see it: a real server on a real database, with a clock that
//! stands still and a processor that does what the test says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod auth_matrix;
mod command;
mod harness;
mod history;
mod login;
mod password;
mod profile;
mod register;
mod service;
mod sessions;
mod submit;
mod submit_flow;
mod upstream;
mod validate_token;
