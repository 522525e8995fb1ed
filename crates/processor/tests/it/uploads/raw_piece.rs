//! A piece written byte by byte, for connections that break off or fall silent.

use quire_testkit::{DEADLINE, HttpClient};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::PIECE;

/// A piece on its way. Dropped, the connection ends.
pub(super) struct RawPiece(TcpStream);

impl RawPiece {
    /// Sends the head of a piece that is to have `length` bytes.
    pub(super) async fn begin(
        client: &HttpClient,
        token: &str,
        upload: &str,
        offset: usize,
        length: usize,
        more: &str,
    ) -> Self {
        let address = client.base_url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "PATCH {upload} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             tus-resumable: 1.0.0\r\nupload-offset: {offset}\r\ncontent-type: {PIECE}\r\n\
             content-length: {length}\r\n{more}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self(stream)
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The status of the answer.
    pub(super) async fn status(mut self) -> u16 {
        let mut received = Vec::new();
        let answered = async {
            while !received.windows(4).any(|window| window == b"\r\n\r\n") {
                let mut buffer = [0; 1024];
                let count = self.0.read(&mut buffer).await.unwrap();
                assert!(count > 0, "the connection ended without an answer");
                received.extend_from_slice(&buffer[..count]);
            }
            String::from_utf8_lossy(&received).split(' ').nth(1).unwrap().parse().unwrap()
        };
        timeout(DEADLINE, answered).await.expect("an answer in time")
    }
}
