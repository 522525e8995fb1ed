//! The store on a real PostgreSQL, each test on a database of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod announced;
mod claims;
mod cv;
mod endings;
mod events;
mod library;
mod limits;
mod listen;
mod migrations;
mod parts;
mod passwords;
mod plans;
mod pool;
mod removal;
mod replies;
mod scans;
mod schema;
mod search;
mod sessions;
mod spending;
mod states;
mod submissions;
mod support;
mod throttles;
mod uploads;
mod users;
