//! Only for tests: throwaway databases on one shared PostgreSQL, clients for HTTP and
//! WebSocket, fixtures, and waiting without sleeping.
//!
//! What goes wrong here panics with a sentence: the caller is a test, and that is how a
//! test fails.
#![allow(clippy::expect_used, clippy::panic, reason = "only tests call this crate")]

mod database;
mod fixtures;
mod http;
mod network;
mod nginx;
pub mod postgres;
pub mod seaweed;
mod shared;
mod socket;
mod template;
mod wait;

pub use database::TestDatabase;
pub use fixtures::{data_directory, fixture, fixture_path};
pub use http::{Answer, Call, HttpClient};
pub use network::{free_port, listener};
pub use nginx::Nginx;
pub use seaweed::Seaweed;
pub use socket::{EventSocket, Refused};
pub use wait::{DEADLINE, wait_for, wait_until};
