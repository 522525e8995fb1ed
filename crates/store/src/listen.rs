//! Waking each other: one tiny notification for "something was written", on one channel.
//!
//! `NOTIFY` is never sent inside a business transaction: PostgreSQL lets such transactions
//! commit one at a time only.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::StreamExt;
use quire_domain::Result;

use crate::{Pool, error::Context};

/// Wakes every process that listens, this one included.
///
/// # Errors
/// When the database does not answer.
pub async fn notify(connection: &mut AsyncPgConnection) -> Result<()> {
    connection.batch_execute("notify quire_events").await.context("notifying")
}

/// Calls `wake` once when listening has begun (what came before may have been missed), then
/// for every notification, on a connection of its own.
///
/// # Errors
/// When the connection cannot be made, or ends. Call again after a pause.
pub async fn listen(pool: &Pool, wake: impl Fn()) -> Result<()> {
    let mut connection = pool.dedicated().await?;
    connection.batch_execute("listen quire_events").await.context("listening")?;
    wake();
    let mut notifications = std::pin::pin!(connection.notifications_stream());
    while let Some(notification) = notifications.next().await {
        notification.context("listening")?;
        wake();
    }
    Ok(())
}
