//! Service 2, the processor: documents come in, tasks are done, events go out.
//!
//! Three thin layers: a route takes a request apart, a use case decides, and `quire_store`
//! runs the SQL. The worker runs beside the server, or in a process of its own.

pub mod accounts;
mod admission;
pub mod announced;
pub mod config;
mod cv;
pub mod documents;
pub mod exports;
pub mod files;
pub mod housekeeping;
pub mod intake;
pub mod inventory;
pub mod library;
pub mod live;
mod load;
mod openness;
mod order;
mod parts;
mod preflight;
mod processor;
pub mod records;
mod routes;
pub mod serve;
pub mod signed_blobs;
mod surroundings;
mod task_type;
pub mod tasks;
mod unclaimed;
pub mod uploads;
pub mod worker;

pub use processor::{Processor, Running};
pub use routes::{docs, openapi, routes};
pub use surroundings::{Surroundings, open_storage, signed_links};
