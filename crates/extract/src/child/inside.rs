//! The side of the child: gives itself limits, reads, answers, ends.

use std::{
    env,
    io::{self, Read, Write},
    panic, process, thread,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

use super::{Answer, SUBCOMMAND};
use crate::{
    error::{Excess, ExtractError},
    limits::Limits,
    options::ReadOptions,
    reader::read_document,
};

/// Parsers recurse, and some inputs are made to make them recurse.
const STACK_SIZE: usize = 16 << 20;

/// File descriptors: the standard three, and some for the runtime.
const MAX_FILES: u64 = 16;

/// Ends of a child without an answer (sysexits.h): wrong arguments, and failed input or output.
const EX_USAGE: i32 = 64;
const EX_IOERR: i32 = 74;

/// Reads one document and ends the process, if it was started as a child; else does nothing. Call it
/// first in `main`, before there are threads or a runtime.
pub fn run_if_child() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_none_or(|argument| argument != SUBCOMMAND) {
        return;
    }
    let argument = |value: Option<std::ffi::OsString>| value.and_then(|value| value.into_string().ok());
    let limits = argument(arguments.next()).and_then(|json| serde_json::from_str::<Limits>(&json).ok());
    let options = argument(arguments.next()).and_then(|json| serde_json::from_str::<ReadOptions>(&json).ok());
    let (Some(limits), Some(options)) = (limits, options) else {
        process::exit(EX_USAGE);
    };
    // The message of a panic may quote the document.
    panic::set_hook(Box::new(|_| {}));
    if restrict(&limits).is_err() {
        process::exit(EX_IOERR);
    }
    let reading = move || process::exit(read_and_answer(&options, &limits));
    if thread::Builder::new().stack_size(STACK_SIZE).spawn(reading).is_err() {
        process::exit(EX_IOERR);
    }
    wait_until_nobody_listens();
    process::exit(EX_IOERR);
}

/// Sets limits that the process cannot lift again.
fn restrict(limits: &Limits) -> io::Result<()> {
    let seconds = limits.cpu.as_secs().max(1);
    // SIGXCPU at the first limit says why it ended; SIGKILL comes at the second.
    limit(Resource::Cpu, seconds, seconds + 1)?;
    limit(Resource::Core, 0, 0)?;
    limit(Resource::Nofile, MAX_FILES, MAX_FILES)?;
    limit(Resource::Fsize, 0, 0)?;
    // macOS refuses limits below what the process has mapped already, which is a lot.
    #[cfg(not(target_vendor = "apple"))]
    limit(Resource::As, limits.memory, limits.memory)?;
    Ok(())
}

/// Sets a limit, at most to what is allowed to this process.
fn limit(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let allowed = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    setrlimit(resource, Rlimit { current: Some(soft.min(allowed)), maximum: Some(hard.min(allowed)) })?;
    Ok(())
}

/// Reads the document from standard input, writes the answer to standard output; the exit code.
fn read_and_answer(options: &ReadOptions, limits: &Limits) -> i32 {
    let mut bytes = Vec::new();
    if io::stdin().lock().take(limits.input + 1).read_to_end(&mut bytes).is_err() {
        return EX_IOERR;
    }
    let answer = if bytes.len() as u64 > limits.input {
        Answer::Verdict(ExtractError::TooComplex(Excess::Input))
    } else {
        match panic::catch_unwind(|| read_document(bytes, options, limits)) {
            Ok(Ok(document)) => Answer::Document(document),
            Ok(Err(verdict)) => Answer::Verdict(verdict),
            Err(_) => Answer::Verdict(ExtractError::TooComplex(Excess::Crash)),
        }
    };
    match write_answer(&answer, limits.output) {
        Ok(()) => 0,
        Err(_) => EX_IOERR,
    }
}

fn write_answer(answer: &Answer, max_output: u64) -> io::Result<()> {
    let mut json = serde_json::to_vec(answer)?;
    if json.len() as u64 > max_output {
        json = serde_json::to_vec(&Answer::Verdict(ExtractError::TooComplex(Excess::Output)))?;
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(&json)?;
    stdout.flush()
}

/// Returns when the reading end of standard output is closed: the parent gave up, or is gone. (A
/// signal at the parent's death would come at the death of the thread that started the child, and
/// only on some systems.)
fn wait_until_nobody_listens() {
    let stdout = io::stdout();
    let mut listener = [PollFd::new(&stdout, PollFlags::empty())];
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
