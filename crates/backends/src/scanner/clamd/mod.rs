//! ClamAV's daemon `clamd`, over its socket: the commands `INSTREAM` and `PING` of clamd(8), each on a
//! connection of its own.

mod address;
mod reply;

use std::{io, pin::pin, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use quire_domain::ports::{
    blobs::ByteStream,
    scanner::{ScanError, Scanner, Verdict},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

pub use self::address::{AddressError, ClamdAddress};

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long a `PING` may take.
const PING_LIMIT: Duration = Duration::from_secs(5);

/// How long an answer is waited for when clamd takes no more bytes: it has said why before it closed.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(5);

/// The most bytes in one chunk of `INSTREAM`.
const CHUNK: usize = 1 << 20;

/// clamd at an address. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clamd {
    address: ClamdAddress,
    time_limit: Duration,
}

/// How sending the bytes of a document ended early.
enum Broken {
    /// They did not come.
    Source(io::Error),
    /// clamd did not take them.
    Socket(io::Error),
}

impl Clamd {
    /// clamd at that address; one scan, from the first byte to the answer, may take `time_limit`.
    pub fn new(address: ClamdAddress, time_limit: Duration) -> Self {
        Self { address, time_limit }
    }

    async fn connect(&self) -> Result<Box<dyn Connection>, ScanError> {
        let limit = CONNECT_LIMIT.min(self.time_limit);
        match timeout(limit, open(&self.address)).await {
            Ok(opened) => opened.map_err(ScanError::Unavailable),
            Err(_) => Err(ScanError::Unavailable(io::ErrorKind::TimedOut.into())),
        }
    }
}

#[async_trait]
impl Scanner for Clamd {
    async fn scan(&self, bytes: ByteStream) -> Result<Verdict, ScanError> {
        let connection = self.connect().await?;
        match timeout(self.time_limit, instream(connection, bytes)).await {
            Ok(verdict) => verdict,
            Err(_) => Err(ScanError::NoVerdict(io::ErrorKind::TimedOut.into())),
        }
    }

    async fn check(&self) -> Result<(), ScanError> {
        let connection = self.connect().await?;
        let answer = match timeout(PING_LIMIT, ping(connection)).await {
            Ok(answer) => answer.map_err(ScanError::Unavailable)?,
            Err(_) => return Err(ScanError::Unavailable(io::ErrorKind::TimedOut.into())),
        };
        if answer == "PONG" { Ok(()) } else { Err(reply::misunderstood(&answer)) }
    }
}

/// A socket of either kind.
trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

async fn open(address: &ClamdAddress) -> io::Result<Box<dyn Connection>> {
    Ok(match address {
        ClamdAddress::Tcp(address) => {
            let stream = TcpStream::connect(address.as_str()).await?;
            // The last chunk is small, and nothing follows it.
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
        ClamdAddress::Unix(path) => Box::new(UnixStream::connect(path).await?),
    })
}

async fn ping(mut connection: Box<dyn Connection>) -> io::Result<String> {
    connection.write_all(b"zPING\0").await?;
    reply::read(connection).await
}

/// Sends the bytes and reads the answer. clamd answers before it has all bytes when they are too many,
/// and closes: the answer is listened for all the time, and also when sending has failed.
async fn instream(connection: Box<dyn Connection>, bytes: ByteStream) -> Result<Verdict, ScanError> {
    let (reader, writer) = tokio::io::split(connection);
    let mut answer = pin!(reply::read(reader));
    let sent = tokio::select! {
        biased;
        answer = &mut answer => return reply::before_the_end(&answer.map_err(ScanError::NoVerdict)?),
        sent = send(writer, bytes) => sent,
    };
    match sent {
        Ok(()) => reply::verdict(&answer.await.map_err(ScanError::NoVerdict)?),
        Err(Broken::Source(error)) => Err(ScanError::Unreadable(error)),
        Err(Broken::Socket(error)) => match timeout(LAST_WORDS_LIMIT, answer).await {
            Ok(Ok(answer)) => reply::before_the_end(&answer),
            _ => Err(ScanError::NoVerdict(error)),
        },
    }
}

/// Chunks, each after its length in four bytes (big endian); one of length 0 is the end.
async fn send(mut writer: impl AsyncWrite + Unpin, mut bytes: ByteStream) -> Result<(), Broken> {
    writer.write_all(b"zINSTREAM\0").await.map_err(Broken::Socket)?;
    while let Some(piece) = bytes.next().await {
        // An empty piece makes no chunk: that would be the end.
        let mut piece: Bytes = piece.map_err(Broken::Source)?;
        while !piece.is_empty() {
            let chunk = piece.split_to(CHUNK.min(piece.len()));
            let length = u32::try_from(chunk.len()).unwrap_or_default();
            writer.write_u32(length).await.map_err(Broken::Socket)?;
            writer.write_all(&chunk).await.map_err(Broken::Socket)?;
        }
    }
    writer.write_u32(0).await.map_err(Broken::Socket)?;
    writer.flush().await.map_err(Broken::Socket)
}
