//! A processor that does what the test says, byte by byte.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) const ACCEPTED: &str = r#"{"task_id":"0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01","status":"pending"}"#;

pub(crate) struct Upstream(TcpListener);

/// One request, of which the head has been read.
pub(crate) struct Exchange {
    pub(crate) stream: TcpStream,
    pub(crate) head: String,
    received: BytesMut,
}

impl Upstream {
    pub(crate) async fn listen() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// The next connection, as it is.
    pub(crate) async fn connection(&self) -> TcpStream {
        self.0.accept().await.unwrap().0
    }

    /// The first request on the next connection.
    pub(crate) async fn request(&self) -> Exchange {
        Exchange::read(self.connection().await).await
    }
}

impl Exchange {
    pub(crate) async fn read(mut stream: TcpStream) -> Self {
        let mut received = BytesMut::new();
        loop {
            if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = received.split_to(end + 4);
                let head = String::from_utf8(head.to_vec()).unwrap();
                return Self { stream, head, received };
            }
            assert!(stream.read_buf(&mut received).await.unwrap() > 0, "no request came");
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The whole body, or an error when the connection ends before it.
    pub(crate) async fn body(&mut self) -> io::Result<Vec<u8>> {
        match self.header("content-length") {
            Some(length) => self.take(length.parse().unwrap()).await,
            None => self.chunks().await,
        }
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        assert_eq!(self.header("transfer-encoding"), Some("chunked"));
        let mut body = Vec::new();
        loop {
            let size = self.line().await?;
            let size = usize::from_str_radix(&size, 16).unwrap();
            body.extend(self.take(size).await?);
            assert_eq!(self.line().await?, "");
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.received.windows(2).position(|window| window == b"\r\n") {
                let line = self.received.split_to(end);
                self.received.advance(2);
                return Ok(String::from_utf8(line.to_vec()).unwrap());
            }
            self.more().await?;
        }
    }

    /// So many bytes of what comes.
    pub(crate) async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.received.len() < length {
            self.more().await?;
        }
        Ok(self.received.split_to(length).to_vec())
    }

    /// Some bytes that have not been read yet; 0 at the end.
    pub(crate) async fn read_some(&mut self, buffer: &mut [u8]) -> usize {
        if self.received.is_empty() {
            return self.stream.read(buffer).await.unwrap();
        }
        let length = buffer.len().min(self.received.len());
        self.received.split_to(length).copy_to_slice(&mut buffer[..length]);
        length
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Sends an answer; `headers` are lines that end with `\r\n`.
    pub(crate) async fn answer(&mut self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
        self.stream.write_all(answer.as_bytes()).await.unwrap();
    }

    pub(crate) async fn accept(&mut self) {
        let headers = "content-type: application/json\r\n";
        self.answer("202 Accepted", headers, ACCEPTED).await;
    }
}
