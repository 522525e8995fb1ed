use std::fs;

use quire_extract::media_type::{BINARY, DOCX, PDF, detect};

use crate::support::{fixture, fixtures_in};

#[test]
fn the_first_bytes_of_every_document_tell_its_type() {
    for (folder, expected) in [("pdf", PDF), ("docx", DOCX)] {
        for path in fixtures_in(folder) {
            let bytes = fs::read(&path).unwrap();
            for len in [bytes.len(), bytes.len().min(64 << 10), bytes.len().min(4 << 10)] {
                let name = path.file_name().unwrap().to_str().unwrap();
                assert_eq!(detect(&bytes[..len], name), expected, "{name}, {len} bytes");
            }
        }
    }
}

#[test]
fn the_name_of_a_document_does_not_matter() {
    let bytes = fs::read(fixture("docx/simple-list.docx")).unwrap();
    assert_eq!(detect(&bytes, "list.pdf"), DOCX);
    let bytes = fs::read(fixture("images/python.png")).unwrap();
    assert_eq!(detect(&bytes, "python.docx"), "image/png");
}

#[test]
fn text_in_any_encoding_is_text_and_junk_is_not() {
    for path in fixtures_in("txt") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let expected = if name == "binary-named.txt" { BINARY } else { "text/plain" };
        assert_eq!(detect(&fs::read(&path).unwrap(), name), expected, "{name}");
    }
}

#[test]
fn hostile_files_have_a_type_too() {
    for path in fixtures_in("hostile") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let expected = if name.ends_with(".pdf") { PDF } else { DOCX };
        assert_eq!(detect(&fs::read(&path).unwrap(), name), expected, "{name}");
    }
}
