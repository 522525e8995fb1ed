//! An upload written byte by byte, for what a well-behaved client does not do.

use std::io;

use quire_testkit::DEADLINE;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

use crate::support::{Quire, User};

const BOUNDARY: &str = "quire-test-boundary";

/// How the length of a body is told.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    Known(usize),
    Chunked,
}

pub(crate) struct RawUpload {
    reading: OwnedReadHalf,
    writing: OwnedWriteHalf,
    length: Length,
}

impl RawUpload {
    /// Sends the head of a submission.
    pub(crate) async fn begin(quire: &Quire, user: &User, length: Length) -> Self {
        Self::begin_at("/process/submit", quire, user, length).await
    }

    /// Sends the head of a form to that path.
    pub(crate) async fn begin_at(path: &str, quire: &Quire, user: &User, length: Length) -> Self {
        let address = quire.client.base_url().strip_prefix("http://").unwrap();
        let (reading, writing) = TcpStream::connect(address).await.unwrap().into_split();
        let mut upload = Self { reading, writing, length };
        let length = match length {
            Length::Known(bytes) => format!("content-length: {bytes}"),
            Length::Chunked => "transfer-encoding: chunked".to_owned(),
        };
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
             content-type: multipart/form-data; boundary={BOUNDARY}\r\n{length}\r\n\r\n",
            user.token
        );
        upload.writing.write_all(head.as_bytes()).await.unwrap();
        upload
    }

    /// Sends a piece of the body; fails once the server has closed the connection.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.length {
            Length::Known(_) => self.writing.write_all(bytes).await,
            Length::Chunked => {
                let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                chunk.extend_from_slice(bytes);
                chunk.extend_from_slice(b"\r\n");
                self.writing.write_all(&chunk).await
            }
        }
    }

    /// Sends what comes before the bytes of a file.
    pub(crate) async fn begin_file(&mut self) {
        self.send(&before_file()).await.unwrap();
    }

    /// Says that the body is complete.
    pub(crate) async fn end(&mut self) {
        if matches!(self.length, Length::Chunked) {
            self.writing.write_all(b"0\r\n\r\n").await.unwrap();
        }
    }

    /// Sends `piece` again and again until there is an answer, and gives it.
    pub(crate) async fn send_until_answered(self, piece: &[u8]) -> RawAnswer {
        let Self { reading, writing, length } = self;
        let mut sender = Self { reading, writing, length };
        let answered = async {
            loop {
                tokio::select! {
                    ready = sender.reading.readable() => {
                        ready.unwrap();
                        break;
                    }
                    sent = sender.writing.writable() => {
                        sent.unwrap();
                        if sender.send(piece).await.is_err() {
                            break;
                        }
                    }
                }
            }
            sender.answer().await
        };
        timeout(DEADLINE, answered).await.expect("an answer while sending")
    }

    /// Reads the answer; the connection stays open for writing.
    pub(crate) async fn answer(&mut self) -> RawAnswer {
        let answered = timeout(DEADLINE, read_answer(&mut self.reading));
        answered.await.expect("an answer in time")
    }
}

/// Sends this as it is, with the user's token among its headers, and reads the answer.
pub(crate) async fn exchange(
    quire: &Quire,
    user: &User,
    line: &str,
    headers: &str,
    body: &[u8],
) -> RawAnswer {
    let address = quire.client.base_url().strip_prefix("http://").unwrap();
    let (mut reading, mut writing) = TcpStream::connect(address).await.unwrap().into_split();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n{headers}\r\n\r\n",
        user.token
    );
    writing.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let answered = timeout(DEADLINE, read_answer(&mut reading));
    answered.await.expect("an answer in time")
}

/// A part's head for a file.
pub(crate) fn before_file() -> Vec<u8> {
    format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"big.txt\"\r\n\
         content-type: text/plain\r\n\r\n"
    )
    .into_bytes()
}

/// Another part begins: the file is whole, the form is not.
pub(crate) fn next_part() -> Vec<u8> {
    format!("\r\n--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"task_type\"\r\n\r\nsumm").into_bytes()
}

pub(crate) fn end_of_form() -> Vec<u8> {
    format!("\r\n--{BOUNDARY}--\r\n").into_bytes()
}

#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

async fn read_answer(reading: &mut OwnedReadHalf) -> RawAnswer {
    let mut received = Vec::new();
    loop {
        if let Some(answer) = parse(&received) {
            return answer;
        }
        let mut buffer = [0; 4096];
        let count = reading.read(&mut buffer).await.expect("an answer, not a reset");
        assert!(count > 0, "the connection was closed after {:?}", String::from_utf8_lossy(&received));
        received.extend_from_slice(&buffer[..count]);
    }
}

/// The answer, once its JSON body is whole.
fn parse(received: &[u8]) -> Option<RawAnswer> {
    let text = std::str::from_utf8(received).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    // What follows is an answer to what was left of a broken request.
    let body = serde_json::Deserializer::from_str(body).into_iter().next()?.ok()?;
    Some(RawAnswer { status, body })
}
