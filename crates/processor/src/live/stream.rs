//! A feed as server-sent events (the EventSource of browsers).

use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::Stream;
use quire_domain::{EventId, Result, error::chain};
use tokio::time::{Instant, sleep_until};

use super::{
    Live,
    access::Access,
    feed::Feed,
    message::{EventMessage, Outgoing},
};

/// After how many milliseconds a client is to come back.
const RETRY: &str = "retry: 2000\n\n";

const HEARTBEAT: &str = ": still here\n\n";

impl Live {
    /// The events of the caller, as an endless response.
    ///
    /// # Errors
    /// While the relay has not begun.
    pub(crate) fn stream_events(self, access: Access, after: Option<EventId>) -> Result<HttpResponse> {
        let feed = self.follow(access.user_id, after)?;
        let end = Instant::now() + self.time_left(access);
        Ok(HttpResponse::Ok()
            .content_type("text/event-stream")
            .insert_header(("cache-control", "no-store"))
            // nginx would collect events until its buffer is full.
            .insert_header(("x-accel-buffering", "no"))
            .streaming(self.written(feed, end)))
    }

    /// Ends when the token does, when the server stops, or when the log cannot be read: the
    /// client comes back by itself, and says where it was. A client that does not read is not
    /// asked again: the hub lets go of it, and it goes on from the log when it does read.
    fn written(self, mut feed: Feed, end: Instant) -> impl Stream<Item = std::io::Result<Bytes>> {
        async_stream::stream! {
            let connected = EventMessage::connected(feed.start(), self.clock.now());
            yield Ok(Bytes::from(RETRY.to_owned() + &write(&connected.into())));
            while let Some(text) = self.next_text(&mut feed, end).await {
                yield Ok(Bytes::from(text));
            }
        }
    }

    async fn next_text(&self, feed: &mut Feed, end: Instant) -> Option<String> {
        tokio::select! {
            item = feed.next() => match item? {
                Ok(message) => Some(write(&message)),
                Err(error) => {
                    tracing::warn!(error = chain(&error), "a stream ends: its events could not be read");
                    None
                }
            },
            () = tokio::time::sleep(self.timing.heartbeat_every) => Some(HEARTBEAT.to_owned()),
            () = sleep_until(end) => None,
            () = self.shutdown.soft.cancelled() => None,
        }
    }
}

fn write(message: &Outgoing) -> String {
    let id = message.id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {}\ndata: {}\n\n", message.event, message.json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_stored_moves_the_place_of_the_client() {
        let message = |id: Option<i64>| Outgoing { id: id.map(EventId), event: "ping", json: "{}".into() };
        assert_eq!(write(&message(Some(5))), "id: 5\nevent: ping\ndata: {}\n\n");
        assert_eq!(write(&message(None)), "event: ping\ndata: {}\n\n");
    }
}
