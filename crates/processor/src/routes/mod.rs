//! Routes: they take requests apart, call a use case, and put answers together.

pub mod docs;
pub mod live;
pub mod submit;
mod submission;
pub mod tasks;
mod view;
