//! A feed over a WebSocket.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web::Payload};
use actix_ws::{CloseCode, CloseReason, Closed, Message, MessageStream, ProtocolError, Session};
use quire_domain::{ErrorCode, EventId, UserId, error::chain};
use quire_web::problem::Problem;
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    Live, Timing,
    access::{Access, BEARER_PROTOCOL, Credentials},
    feed::Feed,
    message::{EventMessage, Outgoing, SharedOutgoing},
};

/// The largest frame taken from a client, in bytes: `ping` is all it has to say.
const MAX_FRAME: usize = 4 * 1024;

/// The closing frame can wait this long for a client that does not read. Nothing but the
/// frame is kept for it by then.
const CLOSE_LIMIT: Duration = Duration::from_secs(60);

/// After the closing frame, the connection is kept this long for the client's own: closing
/// at once could destroy ours on its way.
const LINGER: Duration = Duration::from_secs(5);

/// A connection from the handshake on.
pub(crate) struct Connection {
    session: Session,
    incoming: MessageStream,
}

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum Ending {
    /// No credentials, bad ones, or ones that have expired by now.
    Unauthenticated(String),
    /// The path names another user.
    WrongUser,
    /// Something this needs does not answer.
    Unavailable,
    /// The client does not take its messages.
    TooSlow,
    /// Nothing was heard of the client.
    Silent,
    /// The server stops.
    GoingAway,
    /// A frame that is too large.
    TooLarge,
    /// Something that is not the WebSocket protocol.
    Protocol,
    /// The client closes.
    ByClient(Option<CloseReason>),
    /// The connection is gone.
    Gone,
}

impl From<Closed> for Ending {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}

impl Ending {
    /// The closing frame; `None` when nobody would read it. `last` is what the client has.
    fn reason(self, last: Option<EventId>) -> Option<CloseReason> {
        let resume = |why: &str| match last {
            Some(id) => format!("{why}; reconnect with after={id}"),
            None => why.to_owned(),
        };
        let (code, text) = match self {
            Self::Unauthenticated(detail) => (CloseCode::Other(4001), detail),
            Self::WrongUser => (CloseCode::Other(4003), "the token is for another user".to_owned()),
            Self::TooSlow => (CloseCode::Other(4008), resume("too slow")),
            Self::Silent => (CloseCode::Other(4009), resume("no sign of life")),
            Self::Unavailable => (CloseCode::Again, resume("not available right now")),
            Self::GoingAway => (CloseCode::Away, resume("the server stops")),
            Self::TooLarge => (CloseCode::Size, format!("frames have {MAX_FRAME} bytes at most")),
            Self::Protocol => (CloseCode::Protocol, "not the WebSocket protocol".to_owned()),
            Self::ByClient(reason) => return Some(reason.unwrap_or(CloseCode::Normal.into())),
            Self::Gone => return None,
        };
        Some((code, text).into())
    }
}

impl Connection {
    /// Accepts the handshake; whoever it turns out to be, browsers can read a closing frame,
    /// and nothing of a response.
    ///
    /// # Errors
    /// When the request is no handshake.
    pub(crate) fn accept(request: &HttpRequest, body: Payload) -> Result<(HttpResponse, Self), Problem> {
        let (response, session, incoming) = actix_ws::handle_with_protocols(
            request,
            body,
            &[BEARER_PROTOCOL],
        )
        .map_err(|_| {
            Problem::new(
                ErrorCode::MalformedRequest,
                "This address takes WebSocket connections. `GET /process/events` gives the same as a stream.",
            )
        })?;
        Ok((response, Self { session, incoming: incoming.max_frame_size(MAX_FRAME) }))
    }

    /// Closes, and waits a moment for the client to do the same.
    pub(crate) async fn close(self, ending: Ending, last: Option<EventId>) {
        let Self { session, mut incoming } = self;
        let both_closed = matches!(ending, Ending::ByClient(_));
        let Some(reason) = ending.reason(last) else { return };
        let sent = timeout(CLOSE_LIMIT, session.close(Some(reason))).await;
        if both_closed || !matches!(sent, Ok(Ok(()))) {
            return;
        }
        let closed = async { while !matches!(incoming.recv().await, Some(Ok(Message::Close(_))) | None) {} };
        let _ = timeout(LINGER, closed).await;
    }
}

impl Live {
    /// Finds out who wants to listen to `user`.
    pub(crate) async fn admit_to(
        &self,
        user: UserId,
        credentials: quire_domain::Result<Credentials<'_>>,
    ) -> Result<Access, Ending> {
        let admitted = match credentials {
            Ok(credentials) => self.admit(credentials).await,
            Err(error) => Err(error),
        };
        match admitted {
            Ok(access) if access.user_id == user => Ok(access),
            Ok(_) => Err(Ending::WrongUser),
            Err(error) if error.code.status() == 401 => {
                Err(Ending::Unauthenticated(error.detail.into_owned()))
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "a socket could not be opened");
                Err(Ending::Unavailable)
            }
        }
    }

    /// Serves a socket until it ends.
    pub(crate) async fn serve_socket(self, connection: Connection, access: Access, after: Option<EventId>) {
        match self.follow(access.user_id, after) {
            Err(_) => connection.close(Ending::Unavailable, after).await,
            Ok(feed) => {
                let end = Instant::now() + self.time_left(access);
                Socket::new(self, connection, feed, end).run().await;
            }
        }
    }
}

struct Socket {
    live: Live,
    timing: Timing,
    connection: Connection,
    feed: Feed,
    /// The last stored event that was handed over.
    last: EventId,
    /// When the token expires.
    end: Instant,
    heard: Instant,
    pinged: Instant,
}

/// What a socket does next.
enum Turn {
    Event(Option<quire_domain::Result<SharedOutgoing>>),
    Incoming(Option<Result<Message, ProtocolError>>),
    Timer,
    Stop,
}

impl Socket {
    fn new(live: Live, connection: Connection, feed: Feed, end: Instant) -> Self {
        let (timing, last, now) = (live.timing, feed.start(), Instant::now());
        Self { live, timing, connection, feed, last, end, heard: now, pinged: now }
    }

    async fn run(mut self) {
        let ending = self.serve().await;
        let Self { connection, feed, last, .. } = self;
        // Its buffer and place are not needed while a slow client makes up its mind.
        drop(feed);
        connection.close(ending, Some(last)).await;
    }

    async fn serve(&mut self) -> Ending {
        if let Err(ending) = self.send_own(EventMessage::connected(self.last, self.live.clock.now())).await {
            return ending;
        }
        loop {
            let done = match self.turn().await {
                Turn::Event(item) => self.pass_on(item).await,
                Turn::Incoming(message) => self.answer(message).await,
                Turn::Timer => self.check_time().await,
                Turn::Stop => Err(Ending::GoingAway),
            };
            if let Err(ending) = done {
                return ending;
            }
        }
    }

    async fn turn(&mut self) -> Turn {
        let timer =
            self.end.min(self.heard + self.timing.silent_after).min(self.pinged + self.timing.ping_every);
        tokio::select! {
            item = self.feed.next() => Turn::Event(item),
            message = self.connection.incoming.recv() => Turn::Incoming(message),
            () = sleep_until(timer) => Turn::Timer,
            () = self.live.shutdown.soft.cancelled() => Turn::Stop,
        }
    }

    async fn pass_on(&mut self, item: Option<quire_domain::Result<SharedOutgoing>>) -> Result<(), Ending> {
        match item {
            Some(Ok(message)) => {
                self.send(&message).await?;
                self.last = message.id.unwrap_or(self.last);
                Ok(())
            }
            Some(Err(error)) => {
                tracing::warn!(error = chain(&error), "a socket is closed: its events could not be read");
                Err(Ending::Unavailable)
            }
            None => Err(Ending::Unavailable),
        }
    }

    async fn answer(&mut self, message: Option<Result<Message, ProtocolError>>) -> Result<(), Ending> {
        self.heard = Instant::now();
        match message {
            Some(Ok(Message::Text(text))) if text.trim() == "ping" => {
                self.send_own(EventMessage::ping(self.live.clock.now())).await
            }
            Some(Ok(Message::Ping(payload))) => {
                limited(self.timing.send_limit, self.connection.session.pong(&payload)).await
            }
            Some(Ok(Message::Close(reason))) => Err(Ending::ByClient(reason)),
            Some(Ok(_)) => Ok(()),
            Some(Err(ProtocolError::Overflow)) => Err(Ending::TooLarge),
            Some(Err(ProtocolError::Io(_))) | None => Err(Ending::Gone),
            Some(Err(_)) => Err(Ending::Protocol),
        }
    }

    async fn check_time(&mut self) -> Result<(), Ending> {
        let now = Instant::now();
        if now >= self.end {
            return Err(Ending::Unauthenticated("the token has expired".to_owned()));
        }
        if now >= self.heard + self.timing.silent_after {
            return Err(Ending::Silent);
        }
        if now >= self.pinged + self.timing.ping_every {
            self.pinged = now;
            limited(self.timing.send_limit, self.connection.session.ping(b"")).await?;
        }
        Ok(())
    }

    async fn send_own(&mut self, message: EventMessage) -> Result<(), Ending> {
        self.send(&Outgoing::from(message)).await
    }

    async fn send(&mut self, message: &Outgoing) -> Result<(), Ending> {
        limited(self.timing.send_limit, self.connection.session.text(message.json.as_str())).await
    }
}

async fn limited(limit: Duration, sending: impl Future<Output = Result<(), Closed>>) -> Result<(), Ending> {
    match timeout(limit, sending).await {
        Ok(sent) => Ok(sent?),
        Err(_) => Err(Ending::TooSlow),
    }
}
