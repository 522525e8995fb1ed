use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A WebSocket client that reads events.
#[derive(Debug)]
pub struct EventSocket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// The server answered the handshake with something else than a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl EventSocket {
    /// Connects to `url` (`ws://` or `http://`).
    ///
    /// # Errors
    /// When the server refuses the handshake.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn connect(url: &str) -> Result<Self, Refused> {
        Self::connect_with(url, &[]).await
    }

    /// Connects with further headers, such as `sec-websocket-protocol`.
    ///
    /// # Errors
    /// When the server refuses the handshake.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn connect_with(url: &str, headers: &[(&str, &str)]) -> Result<Self, Refused> {
        match connect_async(request(url, headers)).await {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                let body = String::from_utf8_lossy(body).into_owned();
                Err(Refused { status: response.status().as_u16(), body })
            }
            Err(error) => panic!("no WebSocket at {url}: {error}"),
        }
    }

    /// The next event. Pings of the protocol are answered and skipped.
    ///
    /// # Panics
    /// When none comes within `limit`, or the server closes.
    pub async fn next_event(&mut self, limit: Duration) -> Value {
        match self.next_message(limit).await {
            Message::Text(text) => {
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in the event: {text}"))
            }
            other => panic!("an event was expected, and this came: {other:?}"),
        }
    }

    /// The next event of that name; others before it are skipped.
    ///
    /// # Panics
    /// When none comes within `limit`, or the server closes.
    pub async fn next_named(&mut self, name: &str, limit: Duration) -> Value {
        let wanted = async {
            loop {
                let event = self.next_event(limit).await;
                if event["event"] == name {
                    return event;
                }
            }
        };
        let found = timeout(limit, wanted).await;
        found.unwrap_or_else(|_| panic!("no event {name} within {limit:?}"))
    }

    /// Whether the socket stays silent for `limit`. For proving that something is *not* sent;
    /// prefer to wait for an event that comes after it.
    pub async fn is_silent(&mut self, limit: Duration) -> bool {
        timeout(limit, self.stream.next()).await.is_err()
    }

    /// The code and reason with which the server closes; events before it are skipped.
    ///
    /// # Panics
    /// When it does not close within `limit`.
    pub async fn close_code(&mut self, limit: Duration) -> (u16, String) {
        let closed = async {
            loop {
                if let Message::Close(frame) = self.next_message(limit).await {
                    let frame = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                    return frame.unwrap_or_else(|| (CloseCode::Status.into(), String::new()));
                }
            }
        };
        timeout(limit, closed).await.unwrap_or_else(|_| panic!("not closed within {limit:?}"))
    }

    /// Sends a text message.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("an open WebSocket");
    }

    /// Closes from this side and waits for the server's answer.
    pub async fn close(mut self) {
        // The server may have closed first.
        let _ = self.stream.close(None).await;
        while let Some(Ok(_)) = self.stream.next().await {}
    }

    async fn next_message(&mut self, limit: Duration) -> Message {
        let message = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(message)) => return message,
                    Some(Err(error)) => panic!("the WebSocket broke: {error}"),
                    None => panic!("the WebSocket ended without a close frame"),
                }
            }
        };
        timeout(limit, message).await.unwrap_or_else(|_| panic!("no message within {limit:?}"))
    }
}

fn request(url: &str, headers: &[(&str, &str)]) -> Request {
    let url = match url.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => url.to_owned(),
    };
    let mut request = url.into_client_request().expect("the URL of a WebSocket");
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("the name of a header");
        request.headers_mut().insert(name, HeaderValue::from_str(value).expect("the value of a header"));
    }
    request
}
