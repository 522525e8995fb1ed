//! Answers that were given: the same question of the same user is answered by them.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{Result, UserId, task::TaskStatus};
use serde_json::Value;

use crate::{error::Context, schema::tasks};

/// What a completed task answered.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = tasks, check_for_backend(diesel::pg::Pg))]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct GivenAnswer {
    pub result: Option<String>,
    pub output: Option<Value>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
}

/// The newest answer that this user has under a key.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    key: &[u8; 32],
) -> Result<Option<GivenAnswer>> {
    tasks::table
        .filter(tasks::user_id.eq(owner.0).and(tasks::answer_key.eq(key.as_slice())))
        .filter(tasks::status.eq(TaskStatus::Completed.as_str()))
        .order(tasks::finished_at.desc())
        .select(GivenAnswer::as_select())
        .first(connection)
        .await
        .optional()
        .context("looking for an answer")
}
