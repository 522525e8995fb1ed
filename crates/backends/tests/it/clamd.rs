//! clamd's client, against the real one and against servers that misbehave.

use std::{io, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use quire_backends::scanner::clamd::{Clamd, ClamdAddress};
use quire_domain::ports::{
    blobs::ByteStream,
    scanner::{ScanError, Scanner, Verdict},
};
use quire_testkit::{Clamd as Server, listener};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Far more than anything here takes.
const LONG: Duration = Duration::from_secs(60);

fn client(server: &Server) -> Clamd {
    Clamd::new(ClamdAddress::Unix(server.socket()), LONG)
}

/// The bytes, in pieces of a length that divides nothing, with empty ones between.
fn pieces(bytes: &[u8]) -> ByteStream {
    let pieces: Vec<_> = bytes
        .chunks(70_001)
        .flat_map(|piece| [Ok(Bytes::copy_from_slice(piece)), Ok(Bytes::new())])
        .collect();
    stream::iter(pieces).boxed()
}

async fn scan(client: &Clamd, bytes: &[u8]) -> Result<Verdict, ScanError> {
    client.scan(pieces(bytes)).await
}

/// A ZIP archive with one file.
fn zipped(content: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    zip.start_file("inside", zip::write::SimpleFileOptions::default()).unwrap();
    io::Write::write_all(&mut zip, content).unwrap();
    zip.finish().unwrap().into_inner()
}

fn nested(content: Vec<u8>, depth: usize) -> Vec<u8> {
    (0..depth).fold(content, |content, _| zipped(&content))
}

#[tokio::test]
async fn viruses_are_found_wherever_they_are() {
    let server = Server::running().await;
    let client = client(&server);
    client.check().await.unwrap();
    let virus = Server::virus();
    let inside = [&[b'a'; 300_000], virus.as_slice(), &[b'b'; 300_000]].concat();
    for (name, bytes) in [("plain", virus.clone()), ("inside", inside), ("zipped", zipped(&virus))] {
        let found = scan(&client, &bytes).await.unwrap();
        assert_eq!(found, Verdict::Infected { signature: Server::SIGNATURE.into() }, "{name}");
    }
    for (name, bytes) in [("text", b"hello".to_vec()), ("zip", zipped(b"hello")), ("empty", Vec::new())] {
        assert_eq!(scan(&client, &bytes).await.unwrap(), Verdict::Clean, "{name}");
    }
}

#[tokio::test]
async fn what_goes_over_a_limit_is_not_scanned() {
    let server = Server::running().await;
    let client = client(&server);
    let most = vec![b'a'; Server::MAX_LENGTH];
    assert_eq!(scan(&client, &most).await.unwrap(), Verdict::Clean);
    // One byte too many, and so many that clamd closes long before the end: each time, and not by luck.
    for length in [Server::MAX_LENGTH + 1, 8 * Server::MAX_LENGTH] {
        let bytes = vec![b'a'; length];
        for _ in 0..5 {
            let error = scan(&client, &bytes).await.unwrap_err();
            assert!(matches!(error, ScanError::TooLarge), "{length}: {error:?}");
        }
    }
    let deep = nested(Server::virus(), Server::MAX_RECURSION + 2);
    match scan(&client, &deep).await {
        Err(ScanError::LimitExceeded(limit)) => assert_eq!(limit, "MaxRecursion"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn bytes_that_stop_coming_are_told() {
    let server = Server::running().await;
    let broken = stream::iter([Ok(Bytes::from_static(b"the beginning")), Err(io::Error::other("gone"))]);
    let error = client(&server).scan(broken.boxed()).await.unwrap_err();
    assert!(matches!(error, ScanError::Unreadable(_)), "{error:?}");
}

#[tokio::test]
async fn a_scanner_that_is_not_there_is_unavailable_until_it_is() {
    let mut server = Server::stopped();
    let client = client(&server);
    assert!(matches!(client.check().await, Err(ScanError::Unavailable(_))));
    assert!(matches!(scan(&client, b"hello").await, Err(ScanError::Unavailable(_))));
    server.start().await;
    assert_eq!(scan(&client, b"hello").await.unwrap(), Verdict::Clean);
    server.stop();
    assert!(matches!(scan(&client, b"hello").await, Err(ScanError::Unavailable(_))));
}

#[tokio::test]
async fn nobody_at_a_port_is_unavailable() {
    let address = listener().local_addr().unwrap();
    let client = Clamd::new(ClamdAddress::Tcp(address.to_string()), LONG);
    assert!(matches!(scan(&client, b"hello").await, Err(ScanError::Unavailable(_))));
}

/// A server that does this with each connection.
fn stand_in<F>(serve: impl Fn(TcpStream) -> F + Send + 'static, time_limit: Duration) -> Clamd
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = listener();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection));
        }
    });
    Clamd::new(ClamdAddress::Tcp(address.to_string()), time_limit)
}

/// Reads to the end of the file, and answers.
async fn answer(mut connection: TcpStream, answer: &[u8]) -> io::Result<()> {
    let mut command = [0; 10];
    connection.read_exact(&mut command).await?;
    assert_eq!(&command, b"zINSTREAM\0");
    loop {
        let length = connection.read_u32().await?;
        let mut chunk = vec![0; length as usize];
        connection.read_exact(&mut chunk).await?;
        if length == 0 {
            return connection.write_all(answer).await;
        }
    }
}

async fn no_verdict(client: &Clamd, bytes: &[u8]) -> io::ErrorKind {
    match scan(client, bytes).await {
        Err(ScanError::NoVerdict(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_scanner_that_hangs_is_left() {
    let hangs = stand_in(
        async |connection| {
            let _kept = connection;
            std::future::pending().await
        },
        Duration::from_millis(50),
    );
    // It takes a little, and then nothing more.
    assert_eq!(no_verdict(&hangs, b"hello").await, io::ErrorKind::TimedOut);
    assert_eq!(no_verdict(&hangs, &vec![0; 64 << 20]).await, io::ErrorKind::TimedOut);
}

/// What clamd does when bytes are too many, over TCP: it leaves some of them unread, so that the client
/// learns of a broken connection while the answer waits to be read.
#[tokio::test]
async fn the_last_words_are_read_from_a_broken_connection() {
    let client = stand_in(
        async |mut connection| {
            let mut some = [0; 1000];
            connection.read_exact(&mut some).await?;
            connection.write_all(b"INSTREAM size limit exceeded. ERROR\0").await
        },
        LONG,
    );
    for _ in 0..20 {
        let error = scan(&client, &vec![0; 4 << 20]).await.unwrap_err();
        assert!(matches!(error, ScanError::TooLarge), "{error:?}");
    }
}

#[tokio::test]
async fn rubbish_is_no_verdict() {
    for (said, kind) in [
        (b"stream: OK\0".as_slice(), None),
        (b"stream: OK", Some(io::ErrorKind::UnexpectedEof)),
        (b"", Some(io::ErrorKind::UnexpectedEof)),
        (b"HTTP/1.1 200 OK\r\n\r\n\0", Some(io::ErrorKind::InvalidData)),
        (b"\xff\xff\xff\0", Some(io::ErrorKind::InvalidData)),
        (&[b'x'; 100_000], Some(io::ErrorKind::InvalidData)),
        (b"stream: Can't allocate memory ERROR\0", Some(io::ErrorKind::InvalidData)),
    ] {
        let client = stand_in(move |connection| answer(connection, said), LONG);
        match kind {
            Some(kind) => assert_eq!(no_verdict(&client, b"hello").await, kind, "{:?}", said.get(..20)),
            None => assert_eq!(scan(&client, b"hello").await.unwrap(), Verdict::Clean),
        }
    }
}

/// Whoever says that bytes are clean before they have come has not seen them.
#[tokio::test]
async fn clean_before_the_end_is_no_verdict() {
    let hasty = stand_in(
        async |mut connection| {
            connection.write_all(b"stream: OK\0").await?;
            let mut rest = Vec::new();
            connection.read_to_end(&mut rest).await.map(drop)
        },
        LONG,
    );
    let endless = stream::repeat_with(|| Ok(Bytes::from_static(&[0; 1000]))).boxed();
    let error = hasty.scan(endless).await.unwrap_err();
    assert!(matches!(error, ScanError::NoVerdict(_)), "{error:?}");
}

#[tokio::test]
async fn a_scanner_that_breaks_off_gave_no_verdict() {
    let breaks = stand_in(
        async |mut connection| {
            let mut some = [0; 1000];
            connection.read_exact(&mut some).await.map(drop)
        },
        LONG,
    );
    let error = scan(&breaks, &vec![0; 16 << 20]).await.unwrap_err();
    assert!(matches!(error, ScanError::NoVerdict(_)), "{error:?}");
}
