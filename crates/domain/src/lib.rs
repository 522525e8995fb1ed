//! What Quire *is*: ids, entities, state machines, events, errors, and the ports
//! (traits) for what lies outside. No I/O, no web framework, no SQL.
//!
//! Every other crate knows this one; it knows none of them.

pub mod details;
pub mod document;
pub mod error;
pub mod event;
pub mod failure;
pub mod ids;
pub mod ports;
pub mod random;
pub mod search;
pub mod task;
pub mod throttle;
pub mod user;

pub use error::{Error, ErrorCode, FieldErrors, Result};
pub use ids::{DocumentId, EventId, TaskId, UserId};
pub use ports::clock;
