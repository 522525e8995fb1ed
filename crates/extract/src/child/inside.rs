//! The side of the child: gives up what it does not need, then does one job after the other.

use std::{
    env,
    fs::File,
    io::{self, BufWriter, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
    panic::{self, AssertUnwindSafe},
    process, thread,
};

use rustix::event::{PollFd, PollFlags, poll};
use serde::Serialize;

use super::{
    SUBCOMMAND,
    protocol::{Answer, HEADER, Job, MAX_JOB, Reply},
    sandbox, transport,
};
use crate::{
    error::{Excess, ExtractError},
    limits::Limits,
    registry::read_document,
};

/// Parsers recurse, and some inputs are made to make them recurse.
const STACK_SIZE: usize = 16 << 20;

/// A page of memory, in bytes, as `statm` counts them.
#[cfg(target_os = "linux")]
const MEMORY_PAGE: u64 = 4096;

/// Ends of a child (sysexits.h): wrong arguments, and failed input or output.
const EX_USAGE: i32 = 64;
const EX_IOERR: i32 = 74;

/// Reads documents and ends the process, if it was started as a child; else does nothing. Call it
/// first in `main`, before there are threads or a runtime.
pub fn run_if_child() {
    let mut arguments = env::args().skip(1);
    if arguments.next().is_none_or(|argument| argument != SUBCOMMAND) {
        return;
    }
    let Some(limits) = arguments.next().and_then(|json| serde_json::from_str::<Limits>(&json).ok()) else {
        process::exit(EX_USAGE);
    };
    // The message of a panic may quote the document.
    panic::set_hook(Box::new(|_| {}));
    let Ok(child) = Child::begin(limits) else { process::exit(EX_IOERR) };
    let Ok(socket) = child.socket.try_clone() else { process::exit(EX_IOERR) };
    let working = move || process::exit(if child.work().is_ok() { 0 } else { EX_IOERR });
    if thread::Builder::new().stack_size(STACK_SIZE).spawn(working).is_err() {
        process::exit(EX_IOERR);
    }
    wait_until_nobody_listens(&socket);
    process::exit(EX_IOERR);
}

struct Child {
    socket: UnixStream,
    limits: Limits,
    memory: MemoryGauge,
}

impl Child {
    /// Takes the socket, and gives up everything else.
    fn begin(limits: Limits) -> io::Result<Self> {
        let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let memory = MemoryGauge::open();
        sandbox::limit_resources(&limits)?;
        let greeting = sandbox::confine();
        write_frame(&mut socket, &greeting)?;
        Ok(Self { socket, limits, memory })
    }

    /// Does jobs until there are no more, or until it is time for another process.
    fn work(mut self) -> io::Result<()> {
        let mut done = 0;
        while let Some((job, files)) = self.next_job()? {
            sandbox::allow_processor_time(self.limits.cpu.as_secs())?;
            let answer = panic::catch_unwind(AssertUnwindSafe(|| perform(job, files, &self.limits)));
            let is_sound = answer.is_ok();
            let answer = match answer {
                Ok(Ok(answer)) => answer,
                Ok(Err(verdict)) => Answer::Verdict(verdict),
                Err(_) => Answer::Verdict(ExtractError::TooComplex(Excess::Crash)),
            };
            done += 1;
            let retires =
                !is_sound || done >= self.limits.reuse || self.memory.resident() > self.limits.resident;
            self.reply(Reply { answer, retires })?;
            if retires {
                break;
            }
        }
        Ok(())
    }

    fn next_job(&mut self) -> io::Result<Option<(Job, Vec<File>)>> {
        let Some((header, files)) = transport::receive_header(&self.socket)? else { return Ok(None) };
        let length = u32::from_le_bytes(header) as usize;
        if length > MAX_JOB {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut json = vec![0; length];
        self.socket.read_exact(&mut json)?;
        Ok(Some((serde_json::from_slice(&json)?, files)))
    }

    fn reply(&mut self, reply: Reply) -> io::Result<()> {
        let frame = frame(&reply)?;
        if (frame.len() - HEADER) as u64 <= self.limits.output {
            return self.socket.write_all(&frame);
        }
        let answer = Answer::Verdict(ExtractError::TooComplex(Excess::Output));
        write_frame(&mut self.socket, &Reply { answer, ..reply })
    }
}

/// Does a job with its files: the one to read, and the one to write where bytes come out.
fn perform(job: Job, files: Vec<File>, limits: &Limits) -> Result<Answer, ExtractError> {
    let mut files = files.into_iter();
    let bytes = read_input(files.next(), limits)?;
    let mut output = BufWriter::new(
        files.next().map_or_else(|| Box::new(io::sink()) as Box<dyn Write>, |file| Box::new(file)),
    );
    let answer = match job {
        Job::Read(options) => Answer::Document(Box::new(read_document(bytes, &options, limits)?)),
        Job::Render(options) => Answer::Picture(crate::render::render(bytes, &options, limits, &mut output)?),
        Job::Split(options) => Answer::Parts(crate::split::split(bytes, &options, limits, &mut output)?),
    };
    output.flush().map_err(ExtractError::Unavailable)?;
    Ok(answer)
}

fn read_input(file: Option<File>, limits: &Limits) -> Result<Vec<u8>, ExtractError> {
    let file = file.ok_or_else(|| ExtractError::Unavailable(io::ErrorKind::NotFound.into()))?;
    let size = file.metadata().map_err(ExtractError::Unavailable)?.len();
    // The size may be a lie or change: it is only where the buffer begins.
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limits.input)).unwrap_or(0) + 1);
    file.take(limits.input + 1).read_to_end(&mut bytes).map_err(ExtractError::Unavailable)?;
    if bytes.len() as u64 > limits.input {
        return Err(ExtractError::TooComplex(Excess::Input));
    }
    Ok(bytes)
}

/// A value as JSON, after its length.
fn frame(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; HEADER];
    serde_json::to_writer(&mut frame, value)?;
    let length = u32::try_from(frame.len() - HEADER).map_err(|_| io::ErrorKind::FileTooLarge)?;
    frame[..HEADER].copy_from_slice(&length.to_le_bytes());
    Ok(frame)
}

fn write_frame(socket: &mut UnixStream, value: &impl Serialize) -> io::Result<()> {
    socket.write_all(&frame(value)?)
}

/// How much memory this process holds.
struct MemoryGauge(#[cfg(target_os = "linux")] Option<File>);

#[cfg(target_os = "linux")]
impl MemoryGauge {
    /// Opened before the file system is taken away.
    fn open() -> Self {
        Self(File::open("/proc/self/statm").ok())
    }

    /// In bytes; 0 if the system does not tell.
    fn resident(&self) -> u64 {
        use std::os::unix::fs::FileExt;

        let mut line = [0; 128];
        let length = self.0.as_ref().and_then(|statm| statm.read_at(&mut line, 0).ok()).unwrap_or(0);
        let line = String::from_utf8_lossy(&line[..length]);
        // proc_pid_statm(5): size, resident, ...
        line.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * MEMORY_PAGE
    }
}

#[cfg(not(target_os = "linux"))]
impl MemoryGauge {
    fn open() -> Self {
        Self()
    }

    fn resident(&self) -> u64 {
        0
    }
}

/// Returns when the other end of the socket is closed: the parent gave up, or is gone. (A signal at
/// the parent's death would come at the death of the thread that started the child, and only on some
/// systems.)
fn wait_until_nobody_listens(socket: &UnixStream) {
    let mut listener = [PollFd::new(socket, PollFlags::empty())];
    loop {
        match poll(&mut listener, None) {
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
            Ok(_) if listener[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) => {
                return;
            }
            Ok(_) => {}
        }
    }
}
