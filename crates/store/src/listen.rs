//! Waking and telling each other: one tiny notification for "something was written" on one channel, and
//! messages that are stored nowhere on another.
//!
//! `NOTIFY` is never sent inside a business transaction: PostgreSQL lets such transactions
//! commit one at a time only.

use diesel::sql_types::{Array, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::StreamExt;
use quire_domain::Result;

use crate::{Pool, error::Context};

/// The longest message, in bytes: PostgreSQL takes less than 8000.
pub const MESSAGE_MAX: usize = 7_999;

const MESSAGES: &str = "quire_messages";

/// Wakes every process that listens, this one included.
///
/// # Errors
/// When the database does not answer.
pub async fn notify(connection: &mut AsyncPgConnection) -> Result<()> {
    connection.batch_execute("notify quire_events").await.context("notifying")
}

/// Tells every process that listens, this one included, in this order. Of messages that are the same,
/// one may arrive.
///
/// # Errors
/// When the database does not answer, or a message is longer than [`MESSAGE_MAX`]; then none is told.
pub async fn tell(connection: &mut AsyncPgConnection, messages: &[String]) -> Result<()> {
    diesel::sql_query(
        "select pg_notify($1, message) from unnest($2) with ordinality as new (message, place) order by place",
    )
    .bind::<Text, _>(MESSAGES)
    .bind::<Array<Text>, _>(messages)
    .execute(connection)
    .await
    .context("telling the others")?;
    Ok(())
}

/// Calls `wake` once when listening has begun (what came before may have been missed), then
/// for every notification, and `hear` for every message, on a connection of its own.
///
/// # Errors
/// When the connection cannot be made, or ends. Call again after a pause.
pub async fn listen(pool: &Pool, wake: impl Fn(), hear: impl Fn(&str)) -> Result<()> {
    let mut connection = pool.dedicated().await?;
    let begin = format!("listen quire_events; listen {MESSAGES}");
    connection.batch_execute(&begin).await.context("listening")?;
    wake();
    let mut notifications = std::pin::pin!(connection.notifications_stream());
    while let Some(notification) = notifications.next().await {
        let notification = notification.context("listening")?;
        if notification.channel == MESSAGES { hear(&notification.payload) } else { wake() }
    }
    Ok(())
}
