//! Packages made for tests.

use std::io::{Cursor, Write};

use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    error::ExtractError,
    limits::Limits,
    options::ReadOptions,
    reader::{Content, Reader, Source},
};

/// A ZIP archive of these files.
pub(crate) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What a reader makes of a document with default options and limits.
pub(crate) fn read(reader: &impl Reader, bytes: Vec<u8>) -> Result<Content, ExtractError> {
    let source = Source {
        bytes,
        media_type: reader.media_types()[0],
        options: &ReadOptions::default(),
        limits: &Limits::default(),
    };
    reader.read(source)
}
