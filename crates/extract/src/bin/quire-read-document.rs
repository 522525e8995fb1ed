//! Reads one document as the services do, in a child process, and prints what came out as JSON; or
//! draws its first page, and prints the picture's size.

use std::{
    env,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use quire_extract::{
    child::{self, ChildPool},
    limits::Limits,
    options::{Purpose, ReadOptions, RenderOptions},
};
use serde_json::{Value, json};

const USAGE: &str = "usage: quire-read-document [--draw] FILE";

fn main() -> io::Result<ExitCode> {
    child::run_if_child();
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--draw", path] => print(path, true),
        [path] => print(path, false),
        _ => {
            writeln!(io::stderr(), "{USAGE}")?;
            Ok(ExitCode::from(64))
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn print(path: &str, draw: bool) -> io::Result<ExitCode> {
    let children = ChildPool::of_this_program(Limits::default())?;
    let options = ReadOptions::of_file(path);
    let told: Result<Value, _> = if draw {
        let options = RenderOptions {
            extension: options.extension,
            password: None,
            page: 1,
            purpose: Purpose::Thumbnail(400),
        };
        children.render(Path::new(path), &options, &tempfile::tempfile()?).await.map(|picture| json!(picture))
    } else {
        children.read(Path::new(path), &options).await.map(|document| json!(document))
    };
    match told {
        Ok(told) => {
            let mut stdout = io::stdout().lock();
            serde_json::to_writer_pretty(&mut stdout, &told)?;
            writeln!(stdout)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            writeln!(io::stderr(), "{path}: {error}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
