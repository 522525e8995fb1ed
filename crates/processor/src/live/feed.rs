//! What one connection follows: the log up to where the hub takes over, then the hub.
//!
//! The hub hands out a cursor together with a place among its subscribers: everything up to
//! the cursor is settled in the log, everything behind it comes through the place. So nothing
//! is missed at the border and nothing comes twice. Who falls behind the hub's buffer while
//! still taking messages (a thousand events in one transaction are enough) goes back to the
//! log in the same way.

use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use quire_domain::{EventId, Result, UserId, event::Event};
use quire_store::{Pool, events};

use super::{
    hub::{Hub, Subscription},
    message::{EventMessage, Outgoing, SharedOutgoing},
};

/// Stored events read at a time.
const PAGE: i64 = 500;

/// The events of one user, each once and in order.
pub struct Feed {
    start: EventId,
    messages: Pin<Box<dyn Stream<Item = Result<SharedOutgoing>> + Send>>,
}

impl Feed {
    /// Events after `after`, or from now on when it is not given; `None` while the hub has
    /// not begun.
    pub fn open(pool: Pool, hub: Hub, user: UserId, after: Option<EventId>) -> Option<Self> {
        let subscription = hub.subscribe(user)?;
        let start = after.unwrap_or(subscription.from);
        let source = Source { pool, hub, user };
        Some(Self { start, messages: Box::pin(source.follow(subscription, start)) })
    }

    /// The place in the log after which events follow.
    pub fn start(&self) -> EventId {
        self.start
    }

    /// The next message. Fails when the log cannot be read; ends after that. Nothing is lost
    /// when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<SharedOutgoing>> {
        self.messages.next().await
    }
}

struct Source {
    pool: Pool,
    hub: Hub,
    user: UserId,
}

impl Source {
    fn follow(
        self,
        first: Subscription,
        start: EventId,
    ) -> impl Stream<Item = Result<SharedOutgoing>> + Send {
        async_stream::try_stream! {
            let mut last = start;
            let mut next = Some(first);
            while let Some(mut subscription) = next.take() {
                loop {
                    let page = self.stored(last, subscription.from).await?;
                    let Some(newest) = page.last().map(|event| event.id) else { break };
                    for event in page {
                        yield SharedOutgoing::new(Outgoing::from(EventMessage::from(event)));
                    }
                    last = newest;
                }
                last = last.max(subscription.from);
                while let Some(message) = subscription.recv().await {
                    // A client can be ahead of this process, when it comes from another one.
                    if message.id.is_none_or(|id| id > last) {
                        last = message.id.unwrap_or(last);
                        yield message;
                    }
                }
                drop(subscription);
                next = self.hub.subscribe(self.user);
            }
        }
    }

    async fn stored(&self, after: EventId, upto: EventId) -> Result<Vec<Event>> {
        if after >= upto {
            return Ok(Vec::new());
        }
        let mut connection = self.pool.get().await?;
        events::replay(&mut connection, self.user, after, upto, PAGE).await
    }
}
