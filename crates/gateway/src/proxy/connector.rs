//! Connections to the processor that let it have the last word.
//!
//! A server may refuse an upload before it has all arrived, answer, and close. The next write
//! then fails, and the HTTP client gives the whole connection up, the answer that waits to be
//! read included. So a failed write is not reported here: what is written from then on is
//! dropped, and the client goes on to read the answer, or the end of the connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use hyper::{
    Uri,
    rt::{Read, ReadBufCursor, Write},
};
use hyper_util::{
    client::legacy::connect::{Connected, Connection, HttpConnector},
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower_service::Service;

/// Makes such connections, over plain HTTP.
#[derive(Debug, Clone)]
pub(super) struct Connector(HttpConnector);

impl Connector {
    pub(super) fn new(timeout: Duration) -> Self {
        let mut inner = HttpConnector::new();
        inner.set_connect_timeout(Some(timeout));
        inner.set_nodelay(true);
        Self(inner)
    }
}

impl Service<Uri> for Connector {
    type Response = LastWord<TokioIo<TcpStream>>;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move { connecting.await.map(LastWord::new) })
    }
}

/// A connection whose failed writes are not reported.
#[derive(Debug)]
pub(super) struct LastWord<T> {
    inner: T,
    broken: bool,
}

impl<T> LastWord<T> {
    fn new(inner: T) -> Self {
        Self { inner, broken: false }
    }
}

impl<T: Unpin> LastWord<T> {
    /// Writes as long as that works; after that, everything counts as written.
    fn write_with<R>(
        mut self: Pin<&mut Self>,
        written: R,
        write: impl FnOnce(Pin<&mut T>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if !self.broken {
            match write(Pin::new(&mut self.inner)) {
                Poll::Ready(Err(_)) => self.broken = true,
                other => return other,
            }
        }
        Poll::Ready(Ok(written))
    }
}

impl<T: Read + Unpin> Read for LastWord<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<T: Write + Unpin> Write for LastWord<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write_with(bytes.len(), |inner| inner.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = slices.iter().map(|slice| slice.len()).sum();
        self.write_with(all, |inner| inner.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with((), |inner| inner.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with((), |inner| inner.poll_shutdown(cx))
    }
}

impl<T: Connection> Connection for LastWord<T> {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// Takes three bytes, then fails.
    struct Failing(usize);

    impl Write for Failing {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            self.0 += 1;
            match self.0 {
                1 => Poll::Ready(Ok(3)),
                2 => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                _ => panic!("written to after it failed"),
            }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            panic!("flushed after it failed")
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            panic!("shut down after it failed")
        }
    }

    #[tokio::test]
    async fn after_a_failed_write_everything_counts_as_written() {
        let mut io = LastWord::new(Failing(0));
        for expected in [3, 5, 5] {
            let written = poll_fn(|cx| Pin::new(&mut io).poll_write(cx, b"hello")).await;
            assert_eq!(written.unwrap(), expected);
        }
        poll_fn(|cx| Pin::new(&mut io).poll_flush(cx)).await.unwrap();
        poll_fn(|cx| Pin::new(&mut io).poll_shutdown(cx)).await.unwrap();
    }
}
