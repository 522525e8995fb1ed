//! Splits a PDF document into files, to try or to measure it without the service:
//!
//! `split FILE DIRECTORY every N | size BYTES | bookmarks | pages 0,1,2 [3,4 …]`
//!
//! It runs without the limits of the child process.

#![allow(clippy::print_stdout, reason = "a program for the command line")]

use std::{
    error::Error,
    fs::File,
    io::{self, BufWriter, Read, Seek, SeekFrom},
    path::Path,
};

use quire_extract::{
    limits::Limits,
    options::{SplitOptions, SplitPlan},
    split::{part_name, split},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, directory, plan @ ..] = &arguments[..] else {
        return Err("usage: split FILE DIRECTORY every N | size BYTES | bookmarks | pages 0,1,2 …".into());
    };
    let plan = match plan.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["every", pages] => SplitPlan::Every(pages.parse()?),
        ["size", bytes] => SplitPlan::MaxSize(bytes.parse()?),
        ["bookmarks"] => SplitPlan::Bookmarks,
        ["pages", ref lists @ ..] => SplitPlan::Pages(
            lists.iter().map(|list| list.split(',').map(str::parse).collect()).collect::<Result<_, _>>()?,
        ),
        _ => return Err("a plan is: every N | size BYTES | bookmarks | pages 0,1,2 …".into()),
    };
    let limits = Limits { input: u64::MAX, ..Limits::default() };
    let all = Path::new(directory).join("parts");
    let mut out = BufWriter::new(File::create_new(&all)?);
    let parts = split(std::fs::read(file)?, &SplitOptions { password: None, plan }, &limits, &mut out)?;
    drop(out);

    let root = Path::new(file).file_name().unwrap_or_default().to_string_lossy();
    let mut written = File::open(&all)?;
    for (index, part) in (1..).zip(&parts) {
        let name = part_name("", &root, part.title.as_deref().unwrap_or_default(), index);
        written.seek(SeekFrom::Start(part.offset))?;
        io::copy(&mut (&written).take(part.length), &mut File::create(Path::new(directory).join(&name))?)?;
        println!("{name}\t{} pages\t{} bytes", part.pages.len(), part.length);
    }
    std::fs::remove_file(all)?;
    Ok(())
}
