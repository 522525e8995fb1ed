//! How many tasks wait, counted as far as it matters.

use diesel::{prelude::*, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{Result, UserId};

use crate::error::Context;

/// How many tasks of this user are not done yet, counted up to `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn count_open(connection: &mut AsyncPgConnection, owner: UserId, limit: i64) -> Result<i64> {
    count_up_to(
        connection,
        "select count(*) as count from \
         (select 1 from tasks where user_id = $1 and status = 'pending' limit $2) as open",
        owner.0,
        limit,
    )
    .await
}

/// How many tasks of all users wait, counted up to `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn count_pending(connection: &mut AsyncPgConnection, limit: i64) -> Result<i64> {
    count_up_to(
        connection,
        "select count(*) as count from \
         (select 1 from tasks where user_id >= $1 and status = 'pending' limit $2) as open",
        i64::MIN,
        limit,
    )
    .await
}

async fn count_up_to(
    connection: &mut AsyncPgConnection,
    query: &str,
    user_id: i64,
    limit: i64,
) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = diesel::sql_query(query)
        .bind::<BigInt, _>(user_id)
        .bind::<BigInt, _>(limit)
        .get_result(connection)
        .await
        .context("counting tasks")?;
    Ok(row.count)
}
