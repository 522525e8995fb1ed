//! PostgreSQL, alone: schema, pool, migrations, and the queries, grouped by noun.
//!
//! Functions take a connection, so that they run alone or inside a transaction. Every query
//! that serves a user carries the owner's id. Rows never leave as responses: the services map
//! them to what clients read. Errors are the domain's: no answer from the database is
//! [`quire_domain::ErrorCode::DatabaseUnavailable`], anything unexpected is internal.

pub mod announced;
pub mod answers;
pub mod audit;
pub mod cv;
pub mod documents;
mod error;
pub mod events;
pub mod inventory;
pub mod library;
pub mod limits;
pub mod listen;
pub mod migrations;
pub mod parts;
mod pool;
pub mod private_server;
pub mod queue;
pub mod records;
pub mod removal;
pub mod replies;
pub mod scans;
pub mod schema;
pub mod search;
pub mod sessions;
pub mod spending;
pub mod tasks;
pub mod throttles;
mod transaction;
pub mod uploads;
pub mod users;
mod waiting;

pub use diesel_async::AsyncPgConnection;
pub use pool::{Connection, Pool, PoolOptions};
pub use transaction::{Rollback, Transaction};
