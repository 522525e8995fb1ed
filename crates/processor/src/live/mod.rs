//! Live events: from the stored log to open sockets and streams.
//!
//! The [`relay`] of a process reads the log and hands every event to the [`hub`], which
//! passes it to the user's subscribers. A [`feed`] is what one connection follows: first the
//! log, then the hub, each event exactly once. [`socket`] and [`stream`] carry a feed over
//! WebSocket and SSE. [`deltas`] go past the log, from the worker that
//! hears an answer being written to the hubs.

pub mod access;
pub mod deltas;
pub mod feed;
pub mod hub;
pub mod message;
pub mod relay;
pub mod socket;
pub mod stream;
pub mod ticket;

use std::time::Duration;

use quire_domain::{Error, ErrorCode, EventId, Result, UserId, clock::SharedClock};
use quire_store::Pool;
use quire_web::{shutdown::Shutdown, token::Tokens};

use self::{access::Access, feed::Feed, hub::Hub};

/// What connections wait for, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// A WebSocket is sent a protocol ping this often.
    pub ping_every: Duration,
    /// A WebSocket from which nothing was heard for this long is closed.
    pub silent_after: Duration,
    /// A WebSocket that does not take a message for this long is too slow, and closed.
    pub send_limit: Duration,
    /// A stream is sent a comment this often.
    pub heartbeat_every: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            ping_every: Duration::from_secs(30),
            silent_after: Duration::from_secs(75),
            send_limit: Duration::from_secs(10),
            heartbeat_every: Duration::from_secs(15),
        }
    }
}

/// What the live routes need. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {
    pool: Pool,
    hub: Hub,
    tokens: Tokens,
    clock: SharedClock,
    shutdown: Shutdown,
    timing: Timing,
}

impl Live {
    /// Live events out of this hub, for the holders of these tokens.
    pub fn new(pool: Pool, hub: Hub, tokens: Tokens, clock: SharedClock, shutdown: Shutdown) -> Self {
        Self { pool, hub, tokens, clock, shutdown, timing: Timing::default() }
    }

    /// The same with other times.
    #[must_use]
    pub fn with_timing(self, timing: Timing) -> Self {
        Self { timing, ..self }
    }

    /// What a user sees from now on, after the stored events behind `after` if it is given.
    ///
    /// # Errors
    /// [`ErrorCode::DatabaseUnavailable`] while the relay has not found the end of the log yet.
    pub(crate) fn follow(&self, user: UserId, after: Option<EventId>) -> Result<Feed> {
        Feed::open(self.pool.clone(), self.hub.clone(), user, after).ok_or_else(|| {
            Error::new(
                ErrorCode::DatabaseUnavailable,
                "Live events are not ready yet. Please try again in a moment.",
            )
            .with_retry_after(Duration::from_secs(2))
        })
    }

    /// How long this access is still good for.
    fn time_left(&self, access: Access) -> Duration {
        (access.expires_at - self.clock.now()).to_std().unwrap_or_default()
    }
}
