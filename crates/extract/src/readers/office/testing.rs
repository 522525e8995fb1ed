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

/// Asserts that a document cut off at any byte is corrupt, or gives a part of its text and says so.
pub(crate) fn survives_truncation(reader: &impl Reader, whole: &[u8]) {
    assert!(read(reader, whole.to_vec()).unwrap().warnings.is_empty());
    let mut readable = 0;
    for len in 1..whole.len() {
        match read(reader, whole[..len].to_vec()) {
            Ok(content) => {
                let has_warning = content.warnings.iter().any(|warning| warning.code == "document_truncated");
                assert!(has_warning, "no warning at {len} bytes");
                readable += 1;
            }
            Err(error) => assert!(matches!(error, ExtractError::Corrupt), "{error} at {len} bytes"),
        }
    }
    assert!(readable > 0);
}
