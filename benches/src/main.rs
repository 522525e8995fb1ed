//! `quire-load`: puts load on a whole Quire and prints what it measured.
//!
//! Every scenario starts what it needs on loopback, in a directory of its own, is bounded in
//! count and time, and leaves nothing behind. Build the programs in release mode first:
//! `make bench` does.
#![allow(clippy::print_stdout, reason = "tables on the terminal are what this program is for")]

mod client;
mod database;
mod machine;
mod memory;
mod report;
mod scenario;
mod service;
mod workplace;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::workplace::Workplace;

/// Whatever went wrong, as a sentence for the person at the terminal.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

/// Measure a whole Quire under load.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The directory with the programs quire, quire-gateway and quire-processor; by default the one of
    /// this program.
    #[arg(long, global = true)]
    programs: Option<PathBuf>,
    /// A directory on the disk to measure on; by default the temporary one.
    #[arg(long, global = true)]
    directory: Option<PathBuf>,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Submissions per second, the time to 202, and tasks per second with the work included.
    Submit(scenario::submit::Options),
    /// From a terminal state to the message on a socket, and the memory of idle sockets.
    Events(scenario::events::Options),
    /// Tasks that do nothing, per second, through the real queue.
    Queue(scenario::queue::Options),
    /// Memory and throughput while a large file passes through both services.
    Upload(scenario::upload::Options),
    /// The time from the start of the all-in-one program until it is ready.
    Start(scenario::start::Options),
    /// The list of a user's tasks in a table with many rows.
    List(scenario::list::Options),
    /// Full-text search in a library with many pages.
    Search(scenario::search::Options),
    /// The default set: all of them, one after another, but for the list and the search.
    All,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let measured = tokio::select! {
        measured = measure(arguments) => measured,
        // Dropping the scenario stops what it has started.
        interrupted = interrupted() => Err(interrupted),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report_failure(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// Completes when somebody wants this program to end.
async fn interrupted() -> Error {
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => return error.into(),
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    "interrupted".into()
}

async fn measure(arguments: Arguments) -> Result<()> {
    let workplace = Workplace::new(arguments.programs, arguments.directory)?;
    println!("{}\n", machine::describe());
    match arguments.scenario {
        Scenario::Submit(options) => scenario::submit::run(&workplace, &options).await,
        Scenario::Events(options) => scenario::events::run(&workplace, &options).await,
        Scenario::Queue(options) => scenario::queue::run(&workplace, &options).await,
        Scenario::Upload(options) => scenario::upload::run(&workplace, &options).await,
        Scenario::Start(options) => scenario::start::run(&workplace, &options).await,
        Scenario::List(options) => scenario::list::run(&workplace, &options).await,
        Scenario::Search(options) => scenario::search::run(&workplace, &options).await,
        Scenario::All => scenario::all(&workplace).await,
    }
}

#[expect(clippy::print_stderr, reason = "the person at the terminal reads it")]
fn report_failure(error: &dyn std::error::Error) {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let chain: Vec<String> = sources.map(ToString::to_string).collect();
    eprintln!("quire-load: {}", chain.join(": "));
}
