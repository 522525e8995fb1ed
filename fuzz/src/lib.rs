//! What the fuzz targets share.
//!
//! Documents are read in a child process that may die, so not everything that goes wrong in a parser
//! is a finding. Findings are: whatever the address sanitizer objects to, a stack that overflows, and
//! a panic in Quire's own code. A panic in the code of a library is caught, as the child catches it.

use std::{
    io::{Cursor, Write},
    panic::{self, PanicHookInfo},
    process,
};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// What the path of a source file of ours contains.
const OUR_CODE: &str = "crates/extract/src";

/// Lets panics in libraries unwind, and makes those in our own code end the process, which libFuzzer
/// takes for a crash. Call it once, before the first input.
pub fn abort_at_our_own_panics() {
    panic::set_hook(Box::new(|panic| {
        if is_ours(panic) {
            eprintln!("{panic}");
            process::abort();
        }
    }));
}

fn is_ours(panic: &PanicHookInfo<'_>) -> bool {
    panic.location().is_none_or(|location| location.file().contains(OUR_CODE))
}

/// Runs a reader on one input; what it answers does not matter.
pub fn contained<T>(read: impl FnOnce() -> T + panic::UnwindSafe) {
    let _ = panic::catch_unwind(read);
}

/// A ZIP file of these parts, not compressed. Mutations of a compressed file seldom get past its
/// checksums; those of its parts reach the reader.
pub fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in parts {
        zip.start_file(*name, stored).expect("a name of ours");
        zip.write_all(content).expect("memory takes what it is given");
    }
    zip.finish().expect("memory takes what it is given").into_inner()
}
