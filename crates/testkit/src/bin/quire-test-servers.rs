//! Starts the PostgreSQL that the tests share, and stops all servers that they share.

use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;

use quire_testkit::{postgres, seaweed};

const USAGE: &str = "usage: quire-test-servers start | stop | url";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["start"] => {
            postgres::url().await;
            Ok(())
        }
        ["url"] => writeln!(stdout(), "{}", postgres::url().await).map_err(|error| error.to_string()),
        ["stop"] => {
            seaweed::stop().await;
            postgres::stop().await.map_err(|error| error.to_string())
        }
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}
