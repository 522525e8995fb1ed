//! `quire-gateway`: service 1 as a process of its own.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Accounts, tokens and uploads: the front of Quire.
#[derive(Debug, Parser)]
#[command(name = "quire-gateway", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask the gateway that runs here whether it lives; exits with 0 or 1.
    Healthcheck,
}

#[tokio::main]
async fn main() -> ExitCode {
    let matches = Arguments::command().after_long_help(quire_gateway::help()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let done = match arguments.command {
        None => quire_gateway::run().await,
        Some(Command::Healthcheck) => quire_gateway::check_health(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&*error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the person at the terminal, before there is a log")]
fn report(error: &dyn std::error::Error) {
    eprintln!("quire-gateway: {}", quire_domain::error::chain(error));
}
