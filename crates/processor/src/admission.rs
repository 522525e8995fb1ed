//! Who may send one more file, and how large.

use std::time::Duration;

use quire_domain::{Error, ErrorCode, Result, UserId, ports::clock::SharedClock};
use quire_store::{AsyncPgConnection, Pool, documents, limits};
use quire_web::rate_limit::RateLimit;

use crate::{
    config::{TaskLimits, UploadLimits},
    intake::human_size,
    load::Load,
};

/// The window in which uploads are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// Decides who may send one more file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission {
    pool: Pool,
    clock: SharedClock,
    load: Load,
    limits: UploadLimits,
}

impl Admission {
    /// With these limits; what is counted is shared by all replicas.
    pub fn new(pool: Pool, clock: SharedClock, limits: UploadLimits, tasks: TaskLimits) -> Self {
        Self { pool, clock, load: Load::new(tasks), limits }
    }

    /// Counts one more upload of this user. The window is to be told with every answer; an upload
    /// beyond it is to be refused by [`check_rate`]. `None` if uploads are not limited.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_upload(&self, owner: UserId) -> Result<Option<Counted>> {
        let Some(limit) = self.limits.per_hour else { return Ok(None) };
        let now = self.clock.now();
        let key = format!("uploads:{owner}");
        let window = limits::count(&mut *self.pool.get().await?, &key, WINDOW, now).await?;
        let count = window.count.unsigned_abs();
        let reset = u64::try_from((window.expires_at - now).num_seconds()).unwrap_or_default().max(1);
        let rate = RateLimit { limit, remaining: limit.saturating_sub(count), reset };
        Ok(Some(Counted { rate, exceeded: count > limit }))
    }

    /// Refuses new work while too much of it waits, of this user or of all, and a file of the
    /// announced size for which this user has no room.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyTasks`], [`ErrorCode::Overloaded`], [`ErrorCode::StorageQuotaExceeded`].
    pub async fn check(&self, owner: UserId, announced: u64) -> Result<()> {
        let mut connection = self.pool.get().await?;
        self.load.check(&mut connection, owner, 1).await?;
        self.check_quota(&mut connection, owner, announced).await
    }

    /// Refuses so many more waiting tasks alone.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyTasks`], [`ErrorCode::Overloaded`].
    pub async fn check_load(&self, owner: UserId, tasks: usize) -> Result<()> {
        self.load.check(&mut *self.pool.get().await?, owner, tasks).await
    }

    /// Refuses the tasks of a form that asks for several: one was let in before it was read.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyTasks`], [`ErrorCode::Overloaded`].
    pub async fn check_more(&self, owner: UserId, tasks: usize) -> Result<()> {
        if tasks > 1 { self.check_load(owner, tasks).await } else { Ok(()) }
    }

    /// Whether what a user has in storage is limited.
    pub(crate) fn has_quota(&self) -> bool {
        self.limits.bytes_per_user.is_some()
    }

    /// Refuses so many bytes more than this user has room for. Documents that share their bytes
    /// count each.
    ///
    /// # Errors
    /// [`ErrorCode::StorageQuotaExceeded`].
    pub(crate) async fn check_quota(
        &self,
        connection: &mut AsyncPgConnection,
        owner: UserId,
        more: u64,
    ) -> Result<()> {
        let Some(limit) = self.limits.bytes_per_user else { return Ok(()) };
        let stored = documents::stored_bytes(connection, owner).await?.unsigned_abs();
        if stored.saturating_add(more) <= limit {
            return Ok(());
        }
        let (stored, limit) = (human_size(stored), human_size(limit));
        Err(Error::new(
            ErrorCode::StorageQuotaExceeded,
            format!(
                "There is no room for this file: {stored} of your {limit} are used. Delete what you no longer need."
            ),
        ))
    }
}

/// One more upload, counted.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// The window, for the headers.
    pub rate: RateLimit,
    exceeded: bool,
}

impl Counted {
    /// Refuses an upload that is one too many.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyUploads`].
    pub fn check(self) -> Result<()> {
        if !self.exceeded {
            return Ok(());
        }
        let detail = format!("You have sent {} files within an hour; that is all you may.", self.rate.limit);
        let error = Error::new(ErrorCode::TooManyUploads, detail);
        Err(error.with_retry_after(Duration::from_secs(self.rate.reset)))
    }
}
