//! A user's tasks, as the gateway shows them.

use quire_domain::{
    Error, Result, TaskId, UserId,
    task::{Task, TaskFilter},
};
use quire_store::tasks;
use quire_web::tasks::TaskPage;

use crate::Gateway;

/// Tasks of this user.
pub(crate) async fn list_tasks(
    gateway: &Gateway,
    owner: UserId,
    filter: &TaskFilter,
    limit: u8,
) -> Result<TaskPage> {
    let mut connection = gateway.pool().get().await?;
    let tasks = tasks::list(&mut connection, owner, filter, i64::from(limit) + 1).await?;
    Ok(TaskPage::of(tasks, limit))
}

/// One task of this user.
///
/// # Errors
/// [`quire_domain::ErrorCode::NotFound`], also when it is somebody else's.
pub(crate) async fn get_task(gateway: &Gateway, owner: UserId, id: TaskId) -> Result<Task> {
    let mut connection = gateway.pool().get().await?;
    tasks::find(&mut connection, owner, id).await?.ok_or_else(|| Error::not_found("task"))
}
