//! The `quire` command: everything in one process with a private PostgreSQL, and the
//! administration commands.

mod database;
mod doctor;
mod home;
mod read;
mod superuser;
mod up;
mod welcome;

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use quire_web::config::{Environment, HttpConfig, Reader, Section, Variable, env_example, help_text};

use crate::database::Database;

/// Documents in, answers out.
///
/// Without a command, everything runs in one process on one port, with a private PostgreSQL
/// in the data directory: no key, no cloud, no Docker.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything (the default).
    Up,
    /// Bring the database to the newest schema: the one at DATABASE_URL, else the private one.
    Migrate,
    /// Make an account that may do everything.
    Createsuperuser(superuser::Arguments),
    /// Look whether everything is there: the database, storage, and the bytes of every document.
    Doctor(doctor::Arguments),
    /// Read a document and print its text, without any service.
    Read(read::Arguments),
    /// Write the API descriptions of both services into a directory.
    Openapi {
        /// The directory.
        #[arg(default_value = "openapi")]
        directory: PathBuf,
    },
    /// Print every setting with its default, as a file to begin an `.env` from.
    EnvExample,
}

const HTTP: &[Variable] = &HttpConfig::variables(up::DEFAULT_PORT);

fn main() -> ExitCode {
    quire_extract::child::run_if_child();
    let matches = Arguments::command().after_help(help_text(&sections())).get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    match run(arguments.command.unwrap_or(Command::Up)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&format!("quire: {message}"));
            ExitCode::FAILURE
        }
    }
}

/// What all of Quire reads; a variable that both services read is listed once.
fn sections() -> Vec<Section<'static>> {
    let mut sections = vec![up::SECTION];
    sections.extend(quire_processor::serve::sections(HTTP));
    sections.extend(quire_gateway::GatewayConfig::SECTIONS);
    sections
}

fn run(command: Command) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    // Read when it is needed: what needs none works beside a broken one.
    let environment = || Environment::from_process().map_err(|e| e.to_string());
    runtime.block_on(async {
        match command {
            Command::Up => up::up(environment()?).await,
            Command::Read(arguments) => read::read(arguments).await,
            Command::Doctor(arguments) => doctor::examine(environment()?, arguments).await,
            Command::Migrate => migrate(&environment()?).await,
            Command::Createsuperuser(arguments) => superuser::create(&environment()?, arguments).await,
            Command::Openapi { directory } => write_openapi(&directory),
            Command::EnvExample => print_env_example(),
        }
    })
}

async fn migrate(environment: &Environment) -> Result<(), String> {
    let home = || up::open_home(&mut Reader::new(environment));
    let database = Database::for_admin(environment, home).await?;
    say("The database is up to date.");
    database.close().await
}

fn write_openapi(directory: &std::path::Path) -> Result<(), String> {
    std::fs::create_dir_all(directory).map_err(|e| e.to_string())?;
    for (name, api) in
        [("gateway.json", quire_gateway::openapi()), ("processor.json", quire_processor::openapi())]
    {
        let json = api.to_pretty_json().map_err(|e| e.to_string())?;
        std::fs::write(directory.join(name), json + "\n").map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the output of the command")]
fn print_env_example() -> Result<(), String> {
    print!("{ENV_EXAMPLE_HEAD}{}", env_example(&sections()));
    Ok(())
}

const ENV_EXAMPLE_HEAD: &str = "\
# Every setting of Quire. Copy this file to `.env` and change what you need; a line that stays
# commented out shows what applies without it. `make run` needs none of them. For containers set
# the two secrets JWT_SECRET_KEY and POSTGRES_PASSWORD.

";

/// Says something to the person at the terminal.
#[expect(clippy::print_stderr, reason = "the person who started the program reads it")]
fn say(text: &str) {
    eprintln!("{text}");
}
