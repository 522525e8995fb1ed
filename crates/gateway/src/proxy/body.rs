//! The body of the request to the processor: fed through a small channel, because the body of
//! the client may not leave its thread.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

#[derive(Debug)]
enum Piece {
    Chunk(Bytes),
    End,
}

/// Where chunks go in. Dropped without [`end`](Self::end), it breaks the body off: the other
/// side sees an incomplete body, never a short one that looks whole.
#[derive(Debug)]
pub(super) struct Feed(mpsc::Sender<Piece>);

impl Feed {
    /// Hands a chunk on, once there is room; `false` when nobody takes it any more.
    pub(super) async fn chunk(&self, chunk: Bytes) -> bool {
        self.0.send(Piece::Chunk(chunk)).await.is_ok()
    }

    /// Says that the body is complete. That nobody listens is no error: the answer tells.
    pub(super) async fn end(self) {
        let _ = self.0.send(Piece::End).await;
    }
}

/// Where chunks come out.
#[derive(Debug)]
pub(super) struct UploadBody {
    pieces: mpsc::Receiver<Piece>,
    ended: bool,
}

/// A body that holds at most so many chunks.
pub(super) fn channel(chunks: usize) -> (Feed, UploadBody) {
    let (sender, pieces) = mpsc::channel(chunks);
    (Feed(sender), UploadBody { pieces, ended: false })
}

impl Body for UploadBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = match ready!(self.pieces.poll_recv(cx)) {
            Some(Piece::Chunk(chunk)) => Some(Ok(Frame::data(chunk))),
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            None => Some(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the upload was broken off"))),
        };
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_body_that_was_ended_is_whole() {
        let (feed, body) = channel(2);
        assert!(feed.chunk(Bytes::from_static(b"ab")).await);
        let sending = async {
            assert!(feed.chunk(Bytes::from_static(b"cd")).await);
            feed.end().await;
        };
        let (whole, ()) = tokio::join!(body.collect(), sending);
        assert_eq!(whole.unwrap().to_bytes(), "abcd");
    }

    #[tokio::test]
    async fn a_body_that_was_dropped_is_an_error() {
        let (feed, body) = channel(2);
        assert!(feed.chunk(Bytes::from_static(b"ab")).await);
        drop(feed);
        assert_eq!(body.collect().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn it_holds_no_more_chunks_than_it_may() {
        let (feed, mut body) = channel(2);
        for _ in 0..2 {
            assert!(feed.chunk(Bytes::from_static(b"x")).await);
        }
        let mut third = std::pin::pin!(feed.chunk(Bytes::from_static(b"x")));
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        assert!(body.frame().await.is_some());
        assert!(third.await);
        drop(body);
        assert!(!feed.chunk(Bytes::from_static(b"x")).await);
    }
}
