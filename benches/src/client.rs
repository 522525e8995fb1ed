//! Quire's API, as the scenarios use it.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use quire_web::http_client::{self, ClientLimits};
use reqwest::{
    StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::Result;

/// Submits through the gateway.
pub(crate) const GATEWAY_SUBMIT: &str = "/auth/files/submit";
/// Submits to the processor itself.
pub(crate) const DIRECT_SUBMIT: &str = "/process/submit";

const LIMITS: ClientLimits =
    ClientLimits { connect: Duration::from_secs(5), read: Duration::from_secs(120), total: None };
const BOUNDARY: &str = "quire-load-7d1f0c2a9b";

/// One server. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    url: String,
}

/// Somebody who has just registered.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Account {
    #[serde(rename = "user")]
    user: User,
    access: String,
}

#[derive(Debug, Clone, Deserialize)]
struct User {
    id: i64,
}

impl Account {
    /// The account's number.
    pub(crate) fn id(&self) -> i64 {
        self.user.id
    }

    /// The path of its live channel.
    pub(crate) fn socket_path(&self) -> String {
        format!("/process/ws/{}?token={}", self.user.id, self.access)
    }
}

impl Api {
    /// The server at `url`.
    pub(crate) fn new(url: &str) -> Result<Self> {
        Ok(Self { client: http_client::client(LIMITS)?, url: url.trim_end_matches('/').to_owned() })
    }

    /// Whether it is ready to work.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.client.get(format!("{}/health/ready", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
    }

    /// Makes accounts with names that nobody has yet.
    pub(crate) async fn register(&self, count: usize) -> Result<Vec<Account>> {
        let mut accounts = Vec::new();
        for _ in 0..count {
            let unique = quire_domain::random::bytes::<8>()?;
            let name = format!("load-{:016x}", u64::from_le_bytes(unique));
            let form = json!({
                "username": name, "email": format!("{name}@example.com"), "password": "correct horse battery",
            });
            let answer = self.client.post(format!("{}/auth/register/", self.url)).json(&form).send().await?;
            accounts.push(answer.error_for_status()?.json().await?);
        }
        Ok(accounts)
    }

    /// Submits a file, and gives the status and the id of the task.
    pub(crate) async fn submit(
        &self,
        path: &str,
        account: &Account,
        form: Form,
    ) -> Result<(StatusCode, Option<String>)> {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&account.access);
        let request = match form.length {
            Some(length) => request.header(CONTENT_LENGTH, length),
            None => request,
        };
        let answer = request.header(CONTENT_TYPE, form.content_type).body(form.body).send().await?;
        let status = answer.status();
        let answer: Value = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        Ok((status, answer["task_id"].as_str().map(str::to_owned)))
    }

    /// Reads a path as that account, to the last byte.
    pub(crate) async fn get(&self, path: &str, account: &Account) -> Result<Bytes> {
        let answer =
            self.client.get(format!("{}{path}", self.url)).bearer_auth(&account.access).send().await?;
        Ok(answer.error_for_status()?.bytes().await?)
    }

    /// Opens the live channel of an account.
    pub(crate) async fn listen(&self, account: &Account) -> Result<Listener> {
        let url = format!("{}{}", self.url.replacen("http", "ws", 1), account.socket_path());
        let (stream, _) = connect_async(url).await?;
        let mut listener = Listener(stream);
        match listener.next().await? {
            Event { event, .. } if event == "connected" => Ok(listener),
            Event { event, .. } => Err(format!("the live channel began with {event}").into()),
        }
    }
}

/// A form with a file, ready to be sent.
#[derive(Debug)]
pub(crate) struct Form {
    content_type: String,
    /// Where the body does not know its length itself.
    length: Option<u64>,
    body: reqwest::Body,
}

impl Form {
    /// The whole form in memory, for [`Form::of`]: put together once, sent often without a copy.
    pub(crate) fn bytes(filename: &str, file: &[u8]) -> Bytes {
        [head(filename).as_bytes(), file, tail().as_bytes()].concat().into()
    }

    /// A form that was put together by [`Form::bytes`].
    pub(crate) fn of(bytes: Bytes) -> Self {
        Self { content_type: content_type(), length: None, body: bytes.into() }
    }

    /// A file of that many bytes, made up as it is sent: `block` again and again.
    pub(crate) fn repeated(filename: &str, block: Bytes, size: u64) -> Self {
        let (head, tail) = (Bytes::from(head(filename)), Bytes::from(tail()));
        let length = head.len() as u64 + size + tail.len() as u64;
        let full = size / block.len() as u64;
        let rest = usize::try_from(size % block.len() as u64).unwrap_or_default();
        let last = block.slice(..rest);
        let pieces = std::iter::once(head)
            .chain((0..full).map(move |_| block.clone()))
            .chain([last, tail])
            .map(Ok::<_, std::io::Error>);
        let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        Self { content_type: content_type(), length: Some(length), body }
    }
}

fn content_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

fn head(filename: &str) -> String {
    format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"task_type\"\r\n\r\nsummarize\r\n\
         --{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    )
}

fn tail() -> String {
    format!("\r\n--{BOUNDARY}--\r\n")
}

/// An open live channel.
pub(crate) struct Listener(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What a scenario needs to know of an event.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    /// Its name.
    pub(crate) event: String,
    /// The task it speaks of.
    pub(crate) task_id: Option<String>,
    /// When it happened, in the time of the database.
    pub(crate) timestamp: DateTime<Utc>,
}

impl Event {
    /// Whether it says that a task is over.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self.event.as_str(), "task_completed" | "task_failed" | "task_cancelled")
    }
}

impl Listener {
    /// The next event.
    pub(crate) async fn next(&mut self) -> Result<Event> {
        loop {
            match self.0.next().await.ok_or("the live channel ended")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => return Err(format!("the live channel was closed: {frame:?}").into()),
                _ => {}
            }
        }
    }
}
