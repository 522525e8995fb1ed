//! Reads one document as the services do, in a child process, and prints what came out as JSON.

use std::{
    env,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use quire_extract::{child, limits::Limits, options::ReadOptions};

#[tokio::main(flavor = "current_thread")]
async fn print(path: &str) -> io::Result<ExitCode> {
    let reader = child::ChildPool::of_this_program(Limits::default())?;
    match reader.read(Path::new(path), &ReadOptions::of_file(path)).await {
        Ok(document) => {
            let mut stdout = io::stdout().lock();
            serde_json::to_writer_pretty(&mut stdout, &document)?;
            writeln!(stdout)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            writeln!(io::stderr(), "{path}: {error}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn main() -> io::Result<ExitCode> {
    child::run_if_child();
    match env::args().nth(1) {
        Some(path) => print(&path),
        None => {
            writeln!(io::stderr(), "usage: quire-read-document FILE")?;
            Ok(ExitCode::from(64))
        }
    }
}
