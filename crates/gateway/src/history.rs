//! A user's tasks, as the gateway shows them.

use quire_domain::{Error, Result, TaskId, UserId};
use quire_store::tasks::{self, Task, TaskFilter};

use crate::Gateway;

/// A page of tasks, newest first.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) tasks: Vec<Task>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<TaskId>,
}

/// Tasks of this user.
pub(crate) async fn list_tasks(
    gateway: &Gateway,
    owner: UserId,
    filter: &TaskFilter,
    limit: u8,
) -> Result<Page> {
    let mut connection = gateway.pool().get().await?;
    // One more than asked for tells whether there is a next page.
    let mut tasks = tasks::list(&mut connection, owner, filter, i64::from(limit) + 1).await?;
    let more = tasks.len() > usize::from(limit);
    tasks.truncate(usize::from(limit));
    let next = tasks.last().filter(|_| more).map(Task::id);
    Ok(Page { tasks, next })
}

/// One task of this user.
///
/// # Errors
/// [`quire_domain::ErrorCode::NotFound`], also when it is somebody else's.
pub(crate) async fn get_task(gateway: &Gateway, owner: UserId, id: TaskId) -> Result<Task> {
    let mut connection = gateway.pool().get().await?;
    tasks::find(&mut connection, owner, id).await?.ok_or_else(|| Error::not_found("task"))
}
