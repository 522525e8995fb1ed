//! One child, seen from the service: started, asked, judged by its end.

use std::{
    fs::File,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream as Socket, process::ExitStatusExt},
    },
    path::Path,
    process::{ExitStatus, Stdio},
};

use rustix::process::Signal;
use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::UnixStream,
    process,
};

use super::{
    SUBCOMMAND,
    protocol::{Greeting, HEADER, Job, Reply},
    transport,
};
use crate::{
    error::{Excess, ExtractError},
    limits::Limits,
};

/// The longest greeting, in bytes.
const MAX_GREETING: u64 = 1000;

/// A process that reads documents. Dropping it kills it.
pub(super) struct Child {
    process: process::Child,
    socket: UnixStream,
    max_output: u64,
    /// Whether it has answered before.
    pub(super) is_warm: bool,
}

impl Child {
    /// Starts a child, which runs `program`.
    pub(super) fn start(program: &Path, limits: &Limits) -> io::Result<Self> {
        let (ours, theirs) = Socket::pair()?;
        ours.set_nonblocking(true)?;
        let process = process::Command::new(program)
            .arg(SUBCOMMAND)
            .arg(serde_json::to_string(limits)?)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            // What it says may quote the document.
            .stderr(Stdio::null())
            .env_clear()
            .current_dir("/")
            // Ctrl-C in the terminal of the service is not meant for it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let socket = UnixStream::from_std(ours)?;
        Ok(Self { process, socket, max_output: limits.output, is_warm: false })
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// What a child that was just started says about itself.
    pub(super) async fn greeting(&mut self) -> Result<Greeting, ExtractError> {
        self.receive(MAX_GREETING).await
    }

    /// Has a job done on an open file; what comes out goes into `output`.
    pub(super) async fn ask(
        &mut self,
        job: &Job,
        document: &File,
        output: Option<&File>,
    ) -> Result<Reply, ExtractError> {
        let json = serde_json::to_vec(job).map_err(|error| ExtractError::Unavailable(error.into()))?;
        if let Err(error) = self.send(&json, document, output).await {
            // Why it does not listen says more, if it has ended.
            return match self.process.try_wait() {
                Ok(Some(status)) => Err(ended(status)),
                _ => Err(ExtractError::Unavailable(error)),
            };
        }
        let reply = self.receive(self.max_output).await?;
        self.is_warm = true;
        Ok(reply)
    }

    async fn send(&mut self, json: &[u8], document: &File, output: Option<&File>) -> io::Result<()> {
        let length = u32::try_from(json.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let files = [Some(document), output];
        let files: Vec<_> = files.into_iter().flatten().map(AsFd::as_fd).collect();
        let send = || transport::send_header(&self.socket, length.to_le_bytes(), &files);
        self.socket.async_io(Interest::WRITABLE, send).await?;
        self.socket.write_all(json).await
    }

    /// The next frame; the verdict on a child that ends instead.
    async fn receive<T: DeserializeOwned>(&mut self, max_length: u64) -> Result<T, ExtractError> {
        let mut header = [0; HEADER];
        if self.socket.read_exact(&mut header).await.is_err() {
            return Err(self.end().await);
        }
        let length = u32::from_le_bytes(header);
        // A child that was taken over does not keep to its own limits.
        if u64::from(length) > max_length {
            return Err(ExtractError::TooComplex(Excess::Output));
        }
        let mut json = Vec::new();
        let read = (&mut self.socket).take(u64::from(length)).read_to_end(&mut json).await;
        if read.is_err() || json.len() < length as usize {
            return Err(self.end().await);
        }
        serde_json::from_slice(&json).map_err(|error| {
            // The position alone: the value may quote the document.
            lost(format!("the answer of the document reader makes no sense at byte {}", error.column()))
        })
    }

    /// What the end of a child says, which has closed its socket.
    async fn end(&mut self) -> ExtractError {
        match self.process.wait().await {
            Ok(status) => ended(status),
            Err(error) => ExtractError::Unavailable(error),
        }
    }
}

/// The verdict on a child that ended without an answer.
fn ended(status: ExitStatus) -> ExtractError {
    match status.signal() {
        Some(signal) => killed_by(signal),
        None => lost(format!("the document reader ended with {status}")),
    }
}

fn lost(reason: String) -> ExtractError {
    ExtractError::Unavailable(io::Error::other(reason))
}

fn killed_by(signal: i32) -> ExtractError {
    let is = |known: Signal| signal == known.as_raw();
    if is(Signal::XCPU) {
        ExtractError::TooComplex(Excess::Cpu)
    } else if is(Signal::XFSZ) {
        ExtractError::TooComplex(Excess::Output)
    } else if is(Signal::TERM) || is(Signal::INT) || is(Signal::HUP) {
        // Somebody stops the service, or the machine.
        lost("the document reader was told to stop".to_owned())
    } else {
        // Out of memory or stack, or worse; or the system found that it takes too much.
        ExtractError::TooComplex(Excess::Crash)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn exited(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    #[test]
    fn a_signal_is_a_verdict_unless_somebody_stops_the_service() {
        let ended_by = |signal: Signal| ended(ExitStatus::from_raw(signal.as_raw()));
        assert!(matches!(ended_by(Signal::XCPU), ExtractError::TooComplex(Excess::Cpu)));
        assert!(matches!(ended_by(Signal::XFSZ), ExtractError::TooComplex(Excess::Output)));
        for signal in [Signal::ABORT, Signal::SEGV, Signal::KILL, Signal::BUS] {
            assert!(matches!(ended_by(signal), ExtractError::TooComplex(Excess::Crash)));
        }
        assert!(matches!(ended_by(Signal::TERM), ExtractError::Unavailable(_)));
    }

    #[test]
    fn an_end_without_an_answer_is_a_fault() {
        for code in [0, 2, 74] {
            assert!(matches!(ended(exited(code)), ExtractError::Unavailable(_)));
        }
    }

    /// A process that sleeps, with a socket on which somebody else talks.
    fn talking(frames: &[u8]) -> Child {
        let (ours, mut theirs) = Socket::pair().unwrap();
        theirs.write_all(frames).unwrap();
        ours.set_nonblocking(true).unwrap();
        let process = process::Command::new("true").kill_on_drop(true).spawn().unwrap();
        Child { process, socket: UnixStream::from_std(ours).unwrap(), max_output: 1000, is_warm: false }
    }

    #[tokio::test]
    async fn an_answer_that_makes_no_sense_is_a_fault_and_not_repeated() {
        for frame in [&b"\x08\0\0\0\"secret\""[..], b"\x08\0\0\0\"sec", b"\x01", b""] {
            let answer = talking(frame).receive::<Reply>(1000).await;
            let Err(ExtractError::Unavailable(error)) = answer else { panic!("a verdict") };
            assert!(!error.to_string().contains("sec"));
        }
    }

    #[tokio::test]
    async fn a_child_that_wants_to_say_too_much_is_not_listened_to() {
        let answer = talking(b"\xff\xff\xff\xff{").receive::<Reply>(1000).await;
        assert!(matches!(answer, Err(ExtractError::TooComplex(Excess::Output))));
    }
}
