//! `quire-processor`: the processor as a process of its own.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use quire_domain::error::chain;
use quire_processor::{config::ProcessorConfig, serve};
use quire_web::{
    config::{Environment, HttpConfig, Reader, Variable, help_text},
    telemetry,
};

const HTTP: &[Variable] = &HttpConfig::variables(ProcessorConfig::DEFAULT_PORT);

#[derive(Parser)]
#[command(version, about = "Quire's processor: documents in, answers out", after_help = help_text(&serve::sections(HTTP)))]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, Subcommand)]
enum Command {
    /// Do background work only, without an HTTP server.
    Worker,
    /// Ask the server on this machine whether it is alive; exit code 0 if so.
    Healthcheck,
}

fn main() -> ExitCode {
    quire_extract::child::run_if_child();
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            #[expect(clippy::print_stderr, reason = "the person who started the program reads it")]
            {
                eprintln!("quire-processor: {message}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Option<Command>) -> Result<(), String> {
    let environment = Environment::from_process().map_err(|e| e.to_string())?;
    let mut reader = Reader::new(&environment);
    if matches!(command, Some(Command::Healthcheck)) {
        let http = HttpConfig::read(&mut reader, ProcessorConfig::DEFAULT_PORT);
        reader.finish().map_err(|e| e.to_string())?;
        return quire_web::health::ask(&http);
    }
    let config = ProcessorConfig::read(&mut reader);
    reader.finish().map_err(|e| e.to_string())?;
    telemetry::init(&config.log).map_err(|e| e.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    let result = runtime.block_on(async {
        match command {
            Some(Command::Worker) => serve::run_worker(config).await,
            _ => serve::run_server(config).await,
        }
    });
    result.map_err(|e| chain(&e))
}
