//! The programs as people start them: real processes, a real PostgreSQL, a real nginx.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod all_in_one;
mod command;
mod configuration;
mod doctor;
mod generated;
mod nginx;
mod person;
mod program;
mod read;
mod superuser;
mod walkthrough;
