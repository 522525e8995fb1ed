//! The processor from outside: its routes over real HTTP, on a real database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod live;
