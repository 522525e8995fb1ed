//! Adapters for [`quire_domain::ports::scanner::Scanner`].

pub mod clamd;
