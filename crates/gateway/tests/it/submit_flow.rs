//! Uploads that do not go straight: refused half-way, broken off, held up.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use quire_gateway::GatewayConfig;
use reqwest::{Body, Method};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

use crate::{
    harness::{Person, TestGateway},
    upstream::Upstream,
};

const MIB: usize = 1024 * 1024;
const REFUSED: &str = r#"{"status":413,"code":"payload_too_large"}"#;

async fn gateway_to(upstream: &Upstream, change: impl FnOnce(&mut GatewayConfig)) -> TestGateway {
    let url = upstream.url();
    TestGateway::with(move |config: &mut GatewayConfig| {
        config.proxy.processor_url = url.parse().unwrap();
        config.proxy.max_upload_size = 1024 * MIB as u64;
        change(config);
    })
    .await
}

/// A client that sends its body byte by byte, over a connection of its own.
struct Uploader {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
}

impl Uploader {
    /// Sends the head of an upload; `framing` is `content-length: n` or `transfer-encoding: chunked`.
    async fn begin(gateway: &TestGateway, person: &Person, framing: &str) -> Self {
        let stream = TcpStream::connect(gateway.address).await.unwrap();
        let head = format!(
            "POST /auth/files/submit HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: multipart/form-data; boundary=b\r\n{framing}\r\n\r\n",
            person.access
        );
        let (read, mut write) = stream.into_split();
        write.write_all(head.as_bytes()).await.unwrap();
        Self { read, write }
    }
}

/// What the server answers, until it ends the connection or `enough` of it is there.
async fn answer(read: &mut OwnedReadHalf, enough: &str) -> String {
    let mut answer = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let length = read.read(&mut buffer).await.unwrap();
        answer.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&answer);
        if length == 0 || text.contains(enough) {
            return text.into_owned();
        }
    }
}

/// The processor refuses after the first bytes and closes at once, with the rest of the body
/// unread, so that the system resets the connection. The answer must reach the client every
/// time, whatever the client and the gateway are writing at that moment.
#[tokio::test]
async fn an_early_refusal_reaches_a_client_that_is_still_sending() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream, |_| {}).await;
    let ada = gateway.person("ada").await;
    for round in 0..40 {
        let processor = async {
            let mut request = upstream.request().await;
            request.take(round * 20_000 + 1).await.unwrap();
            let headers = "content-type: application/problem+json\r\nconnection: close\r\n";
            request.answer("413 Payload Too Large", headers, REFUSED).await;
        };
        let client = async {
            let mut uploader = Uploader::begin(&gateway, &ada, "content-length: 500000000").await;
            let mut write = uploader.write;
            let sending = tokio::spawn(async move {
                let piece = vec![b'x'; 64 * 1024];
                while write.write_all(&piece).await.is_ok() {}
            });
            let answer = answer(&mut uploader.read, REFUSED).await;
            sending.abort();
            answer
        };
        let ((), answer) = tokio::join!(processor, client);
        assert!(answer.starts_with("HTTP/1.1 413 "), "round {round}: {answer}");
        assert!(answer.ends_with(REFUSED), "round {round}: {answer}");
    }
}

#[tokio::test]
async fn an_early_refusal_reaches_a_client_that_reads_only_at_the_end() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream, |_| {}).await;
    let ada = gateway.person("ada").await;
    let processor = async {
        let mut request = upstream.request().await;
        request.answer("413 Payload Too Large", "connection: close\r\n", REFUSED).await;
    };
    let body = vec![b'x'; 20 * MIB];
    let length = format!("content-length: {}", body.len());
    let client = async {
        let mut uploader = Uploader::begin(&gateway, &ada, &length).await;
        uploader.write.write_all(&body).await.unwrap();
        answer(&mut uploader.read, REFUSED).await
    };
    let ((), answer) = tokio::join!(processor, client);
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with(REFUSED), "{answer}");
}

#[tokio::test]
async fn a_length_that_is_too_large_is_refused_before_the_body() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream, |_| {}).await;
    let ada = gateway.person("ada").await;
    let mut uploader = Uploader::begin(&gateway, &ada, "content-length: 5000000000").await;
    let answer = answer(&mut uploader.read, "payload_too_large").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_grows_too_large_is_broken_off() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream, |config| config.proxy.max_upload_size = 1000).await;
    let ada = gateway.person("ada").await;
    let pieces = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 10_000]));
    let body = Body::wrap_stream(futures_util::StreamExt::take(pieces, 200));
    let call = ada.client.call(Method::POST, "/auth/files/submit");
    let call = call.header("content-type", "multipart/form-data; boundary=b").body(body);
    let processor = async {
        let mut request = upstream.request().await;
        request.body().await.unwrap_err().kind()
    };
    let (answer, ended) = tokio::join!(call.send(), processor);
    answer.assert_problem(413, "payload_too_large");
    assert_eq!(ended, ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn when_the_client_hangs_up_the_processor_sees_an_incomplete_body() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream, |_| {}).await;
    let ada = gateway.person("ada").await;
    for framing in ["content-length: 1000", "transfer-encoding: chunked"] {
        let mut uploader = Uploader::begin(&gateway, &ada, framing).await;
        uploader.write.write_all(b"5\r\n--b\r\n\r\n").await.unwrap();
        let mut request = upstream.request().await;
        request.take(1).await.unwrap();
        drop(uploader);
        let ended = request.take(1_000_000).await.unwrap_err().kind();
        assert!(matches!(ended, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{framing}: {ended}");
    }
}

#[tokio::test]
async fn a_processor_that_does_not_answer_is_waited_for_only_so_long() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream, |config| {
        config.proxy.processor_timeout = Duration::from_millis(50);
    })
    .await;
    let ada = gateway.person("ada").await;
    let call = ada.client.call(Method::POST, "/auth/files/submit");
    let call = call.header("content-type", "multipart/form-data; boundary=b").body("--b--");
    let processor = async {
        let mut request = upstream.request().await;
        request.body().await.unwrap();
        request
    };
    let (answer, _request) = tokio::join!(call.send(), processor);
    answer.assert_problem(504, "upstream_timeout");
}

#[tokio::test]
async fn half_an_answer_is_waited_for_only_so_long() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream, |config| {
        config.proxy.processor_timeout = Duration::from_millis(50);
    })
    .await;
    let ada = gateway.person("ada").await;
    let call = ada.client.call(Method::POST, "/auth/files/submit");
    let call = call.header("content-type", "multipart/form-data; boundary=b").body("--b--");
    let processor = async {
        let mut request = upstream.request().await;
        request.body().await.unwrap();
        let half = b"HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{";
        request.stream.write_all(half).await.unwrap();
        request
    };
    let (answer, _request) = tokio::join!(call.send(), processor);
    answer.assert_problem(504, "upstream_timeout");
}

/// The gateway holds a few chunks and no more: while the processor does not read, the client
/// cannot send on. What it could send lies in the buffers of the system.
#[tokio::test]
async fn a_processor_that_does_not_read_holds_the_client_up() {
    const TOTAL: usize = 200 * MIB;
    /// Buffers of the system for two connections, and what the gateway holds.
    const HELD: usize = 96 * MIB;

    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream, |_| {}).await;
    let ada = gateway.person("ada").await;
    let mut uploader = Uploader::begin(&gateway, &ada, &format!("content-length: {TOTAL}")).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let (counter, mut write) = (sent.clone(), uploader.write);
    let (stalled, mut stall) = tokio::sync::mpsc::unbounded_channel();
    let sending = tokio::spawn(async move {
        let piece = vec![b'x'; 64 * 1024];
        while counter.load(Ordering::SeqCst) < TOTAL {
            let mut writing = std::pin::pin!(write.write_all(&piece));
            if timeout(Duration::from_millis(500), writing.as_mut()).await.is_err() {
                let _ = stalled.send(());
                writing.await.unwrap();
            }
            counter.fetch_add(piece.len(), Ordering::SeqCst);
        }
        write
    });

    let mut request = upstream.request().await;
    stall.recv().await.expect("the client was never held up");
    let ahead = sent.load(Ordering::SeqCst);
    assert!(ahead < HELD, "{ahead} bytes were taken while nothing was read");

    let mut received = 0;
    let mut buffer = vec![0_u8; 256 * 1024];
    received += request.take(1).await.unwrap().len();
    while received < TOTAL {
        let ahead = sent.load(Ordering::SeqCst).saturating_sub(received);
        assert!(ahead < HELD, "{ahead} bytes lie between the client and the processor");
        let read = request.read_some(&mut buffer).await;
        assert!(read > 0, "the upload broke off");
        received += read;
    }
    request.accept().await;
    let _write = sending.await.unwrap();
    uploader.read.readable().await.unwrap();
    let mut answer = [0_u8; 12];
    uploader.read.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 202");
}

#[tokio::test]
async fn a_broken_upload_leaves_no_connection_behind() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream, |_| {}).await;
    let ada = gateway.person("ada").await;
    for _ in 0..5 {
        let uploader = Uploader::begin(&gateway, &ada, "content-length: 1000").await;
        let mut connection = upstream.connection().await;
        drop(uploader);
        let mut received = Vec::new();
        // Ends when the gateway closes its side.
        let _ = connection.read_to_end(&mut received).await;
    }
}
