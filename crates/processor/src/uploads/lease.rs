//! Which request receives an upload: one at a time, on all replicas.
//!
//! The row of an upload says who holds it and until when; the holder renews that while it works. A
//! process that is lost lets go by itself when its time is up. A newer request asks the holder to let
//! go, which it does when nothing comes in any more: the connection of a client that has come back is
//! most often dead, without anybody having said so to the server.

use std::time::Duration;

use chrono::{DateTime, Utc};
use quire_domain::{Error, ErrorCode, Result, UserId, error::chain, ids::uuid_v7};
use quire_store::{
    Pool,
    uploads::{self, Holder, Upload},
};
use tokio::{sync::watch, task::AbortHandle, time::Instant};
use uuid::Uuid;

/// How long a request holds an upload without a sign of life.
const LEASE: Duration = Duration::from_secs(8);
/// How often it gives one.
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How long a request waits for another one to let go, and how often it looks. Longer than a holder
/// takes to find out that nothing comes, and that somebody waits.
const PATIENCE: Duration = Duration::from_millis(3_500);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How a holder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody else wants it.
    Held,
    /// Another request waits for it.
    Wanted,
    /// It is not held any more: nothing must be written.
    Lost,
}

/// An upload is held, as long as this value lives.
#[derive(Debug)]
pub(super) struct Lease {
    pool: Pool,
    upload: Uuid,
    holder: Holder,
    standing: watch::Receiver<Standing>,
    heartbeat: AbortHandle,
}

impl Lease {
    /// Takes an upload, as soon as whoever holds it has let go.
    ///
    /// # Errors
    /// [`ErrorCode::UploadLocked`] when the holder goes on.
    pub(super) async fn acquire(pool: &Pool, now: DateTime<Utc>, upload: Uuid) -> Result<(Self, Upload)> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(taken) = Self::try_acquire(pool, now, upload).await? {
                return Ok(taken);
            }
            if Instant::now() >= deadline {
                return Err(locked());
            }
            uploads::request_release(&mut *pool.get().await?, upload).await?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Takes an upload that nobody holds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn try_acquire(
        pool: &Pool,
        now: DateTime<Utc>,
        upload: Uuid,
    ) -> Result<Option<(Self, Upload)>> {
        let holder = Holder { id: uuid_v7(now), lease: LEASE };
        let Some(row) = uploads::claim(&mut *pool.get().await?, upload, holder).await? else {
            return Ok(None);
        };
        let (tell, standing) = watch::channel(Standing::Held);
        let heartbeat = tokio::spawn(keep(pool.clone(), upload, holder, tell)).abort_handle();
        Ok(Some((Self { pool: pool.clone(), upload, holder, standing, heartbeat }, row)))
    }

    /// Who holds it, for what is written.
    pub(super) fn holder(&self) -> Holder {
        self.holder
    }

    /// How things stand now.
    pub(super) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// Lets go. When the database does not hear of it, the lease runs out.
    pub(super) async fn release(self) {
        let released =
            async { uploads::release(&mut *self.pool.get().await?, self.upload, self.holder).await };
        if let Err(error) = released.await {
            tracing::warn!(upload.id = %self.upload, error = chain(&error), "an upload was not let go of");
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

/// Renews a lease until it is lost, and tells how it stands.
async fn keep(pool: Pool, upload: Uuid, holder: Holder, tell: watch::Sender<Standing>) {
    let mut renewed = Instant::now();
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let attempt = Instant::now();
        let outcome = async { uploads::renew(&mut *pool.get().await?, upload, holder).await }.await;
        let standing = match outcome {
            Ok(Some(wanted)) => {
                renewed = attempt;
                if wanted { Standing::Wanted } else { Standing::Held }
            }
            Ok(None) => Standing::Lost,
            Err(_) if renewed.elapsed() < holder.lease => continue,
            Err(_) => Standing::Lost,
        };
        tell.send_replace(standing);
        if standing == Standing::Lost {
            return;
        }
    }
}

/// Waits until nobody holds an upload, or for as long as it takes a holder that gets nothing any more
/// to let go.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn wait_until_free(pool: &Pool, owner: UserId, upload: Uuid) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let mut connection = pool.get().await?;
        uploads::request_release(&mut connection, upload).await?;
        let held = uploads::find(&mut connection, owner, upload).await?.is_some_and(|found| found.is_held());
        drop(connection);
        if !held {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Another request receives the upload.
pub(super) fn locked() -> Error {
    Error::new(ErrorCode::UploadLocked, "Another request is sending a piece of this upload right now.")
        .with_retry_after(Duration::from_secs(1))
}
