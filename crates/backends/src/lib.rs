//! Adapters for the ports of the domain: the world outside, behind the traits of
//! [`quire_domain::ports`]. Each port has one contract suite (`tests/it`) that every
//! adapter runs.

pub mod blobs;
pub mod scanner;
