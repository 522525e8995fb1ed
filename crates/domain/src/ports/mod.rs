//! What Quire needs from the world outside, as traits. Each port has one contract test
//! suite that every adapter runs.

pub mod blobs;
pub mod clock;
pub mod scanner;

pub use self::blobs::resumable;
