//! The side of the service: starts a child, waits for its answer, judges its end.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    path::{self, Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use rustix::process::Signal;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};

use super::{Answer, SUBCOMMAND};
use crate::{
    document::Extracted,
    error::{Excess, ExtractError},
    limits::Limits,
    options::ReadOptions,
};

/// Bytes of the child's standard error that are counted.
const MAX_STDERR: u64 = 64 << 10;

/// Reads documents, each in a process of its own.
#[derive(Debug, Clone)]
pub struct ChildReader {
    program: PathBuf,
    limits: Limits,
}

impl ChildReader {
    /// A reader whose children run `program`: one that calls [`super::run_if_child`] first in `main`.
    pub fn new(program: PathBuf, limits: Limits) -> Self {
        // Children start in another directory.
        let program = path::absolute(&program).unwrap_or(program);
        Self { program, limits }
    }

    /// A reader whose children run the program that is running. It has to call
    /// [`super::run_if_child`] first in `main`.
    pub fn of_this_program(limits: Limits) -> io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?, limits))
    }

    /// Reads the document at `path`. Dropping the future kills the child.
    ///
    /// # Errors
    ///
    /// The verdict on the document, or [`ExtractError::Unavailable`] if there is none.
    pub async fn read(&self, path: &Path, options: &ReadOptions) -> Result<Extracted, ExtractError> {
        let file = tokio::fs::File::open(path).await.map_err(ExtractError::Unavailable)?;
        let size = file.metadata().await.map_err(ExtractError::Unavailable)?.len();
        if size > self.limits.input {
            return Err(ExtractError::TooComplex(Excess::Input));
        }
        let mut child = self.start(file.into_std().await, options).map_err(ExtractError::Unavailable)?;
        let ended = timeout(self.limits.wall, collect(&mut child, self.limits.output)).await;
        match ended {
            Ok(Ok(Ended { status, stdout })) => answer(status, &stdout),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ExtractError::TooComplex(Excess::Time)),
        }
        // A child that still runs is killed when it goes out of scope.
    }

    fn start(&self, document: std::fs::File, options: &ReadOptions) -> io::Result<Child> {
        Command::new(&self.program)
            .arg(SUBCOMMAND)
            .arg(serde_json::to_string(&self.limits)?)
            .arg(serde_json::to_string(options)?)
            .stdin(Stdio::from(document))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env_clear()
            .current_dir("/")
            // Ctrl-C in the terminal of the service is not meant for it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }
}

/// How a child ended.
struct Ended {
    status: ExitStatus,
    stdout: Vec<u8>,
}

async fn collect(child: &mut Child, max_output: u64) -> Result<Ended, ExtractError> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let output = async {
        let stdout = read_up_to(stdout, max_output + 1).await.map_err(ExtractError::Unavailable)?;
        if stdout.len() as u64 > max_output {
            return Err(ExtractError::TooComplex(Excess::Output));
        }
        Ok(stdout)
    };
    let complaints = async { Ok(read_up_to(stderr, MAX_STDERR).await.unwrap_or_default().len()) };
    let (stdout, complaints) = tokio::try_join!(output, complaints)?;
    let status = child.wait().await.map_err(ExtractError::Unavailable)?;
    if complaints > 0 {
        // What it says may quote the document.
        tracing::debug!(stderr.bytes = complaints, %status, "the document reader complained");
    }
    Ok(Ended { status, stdout })
}

/// Reads up to `limit` bytes and closes the pipe.
async fn read_up_to(pipe: Option<impl AsyncRead + Unpin>, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(limit).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// The answer of a child that ended.
fn answer(status: ExitStatus, stdout: &[u8]) -> Result<Extracted, ExtractError> {
    if let Some(signal) = status.signal() {
        return Err(killed_by(signal));
    }
    let lost = |reason: String| ExtractError::Unavailable(io::Error::other(reason));
    if !status.success() {
        return Err(lost(format!("the document reader ended with {status}")));
    }
    match serde_json::from_slice(stdout) {
        Ok(Answer::Document(document)) => Ok(document),
        Ok(Answer::Verdict(verdict)) => Err(verdict),
        // The position alone: the value may quote the document.
        Err(error) => {
            Err(lost(format!("the answer of the document reader makes no sense at byte {}", error.column())))
        }
    }
}

fn killed_by(signal: i32) -> ExtractError {
    let is = |known: Signal| signal == known.as_raw();
    if is(Signal::XCPU) {
        ExtractError::TooComplex(Excess::Cpu)
    } else if is(Signal::TERM) || is(Signal::INT) || is(Signal::HUP) {
        // Somebody stops the service, or the machine.
        ExtractError::Unavailable(io::Error::other("the document reader was told to stop"))
    } else {
        // Out of memory or stack, or worse; or the system found that it takes too much.
        ExtractError::TooComplex(Excess::Crash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exited(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    #[test]
    fn a_signal_is_a_verdict_unless_somebody_stops_the_service() {
        let ended_by = |signal: Signal| answer(ExitStatus::from_raw(signal.as_raw()), b"");
        assert!(matches!(ended_by(Signal::XCPU), Err(ExtractError::TooComplex(Excess::Cpu))));
        for signal in [Signal::ABORT, Signal::SEGV, Signal::KILL, Signal::BUS] {
            assert!(matches!(ended_by(signal), Err(ExtractError::TooComplex(Excess::Crash))));
        }
        assert!(matches!(ended_by(Signal::TERM), Err(ExtractError::Unavailable(_))));
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_a_fault_and_not_repeated() {
        for (status, stdout) in
            [(exited(0), &b"{\"document\":\"secret\"}"[..]), (exited(2), b""), (exited(0), b"")]
        {
            let Err(ExtractError::Unavailable(error)) = answer(status, stdout) else { panic!("a verdict") };
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn a_verdict_travels() {
        let verdict = Answer::Verdict(ExtractError::Unsupported { media_type: "audio/wav".into() });
        let json = serde_json::to_vec(&verdict).unwrap();
        let Err(ExtractError::Unsupported { media_type }) = answer(exited(0), &json) else {
            panic!("another verdict")
        };
        assert_eq!(media_type, "audio/wav");
    }
}
