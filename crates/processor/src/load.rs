//! How much work waits, and when to refuse more of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use quire_domain::{Error, ErrorCode, Result, UserId};
use quire_store::{AsyncPgConnection, tasks};

use crate::config::TaskLimits;

/// How long a count of all waiting tasks is good for: counting many rows costs time, most of
/// all when many are waiting.
const COUNT_FOR: Duration = Duration::from_secs(1);

/// Refuses work above the limits. Cheap to clone; clones share what they have counted.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    limits: TaskLimits,
    pending: Arc<Mutex<Option<Counted>>>,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    at: Instant,
    tasks: i64,
}

impl Load {
    /// Refuses above these limits.
    pub(crate) fn new(limits: TaskLimits) -> Self {
        Self { limits, pending: Arc::default() }
    }

    /// Refuses so many new tasks while too many wait, of this user or of all.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyTasks`], [`ErrorCode::Overloaded`].
    pub(crate) async fn check(
        &self,
        connection: &mut AsyncPgConnection,
        owner: UserId,
        new: usize,
    ) -> Result<()> {
        let new = i64::try_from(new).unwrap_or(i64::MAX);
        let limit = self.limits.pending_per_user;
        let waiting = tasks::count_open(connection, owner, limit).await?;
        if waiting.saturating_add(new) > limit {
            let detail = too_many(waiting, new, limit);
            let error = Error::new(ErrorCode::TooManyTasks, detail);
            return Err(error.with_retry_after(Duration::from_secs(30)));
        }
        if self.count_more(new) {
            return Ok(());
        }
        let limit = self.limits.pending;
        let tasks = tasks::count_pending(connection, limit).await?.saturating_add(new);
        *self.lock() = Some(Counted { at: Instant::now(), tasks });
        if tasks > limit {
            let error =
                Error::new(ErrorCode::Overloaded, "Too much work is waiting. Please try again later.");
            return Err(error.with_retry_after(Duration::from_secs(60)));
        }
        Ok(())
    }

    /// Counts so many more on top of a fresh count that leaves room for them; `false` when the rows
    /// have to be counted again.
    fn count_more(&self, new: i64) -> bool {
        match &mut *self.lock() {
            Some(counted)
                if counted.at.elapsed() < COUNT_FOR
                    && counted.tasks.saturating_add(new) <= self.limits.pending =>
            {
                counted.tasks += new;
                true
            }
            _ => false,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Counted>> {
        // Nothing in here can be left half done by a panic.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many(waiting: i64, new: i64, limit: i64) -> String {
    if new == 1 {
        return format!("{limit} of your tasks are waiting already. Please wait for some to finish.");
    }
    format!(
        "{waiting} of your tasks are waiting already, and with these {new} it were more than {limit}. \
         Please wait for some to finish, or ask for fewer."
    )
}
