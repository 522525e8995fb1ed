//! DOCX files: whole ones, and the XML of their main part.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quire_extract::fuzzing;
use quire_fuzz::{abort_at_our_own_panics, contained, package};

const RELATIONS: &[u8] = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="word/document.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>"#;

fuzz_target!(init: abort_at_our_own_panics(), |bytes: &[u8]| {
    contained(|| {
        if bytes.starts_with(b"PK") {
            fuzzing::read(bytes, "docx")
        } else {
            fuzzing::read(&package(&[("_rels/.rels", RELATIONS), ("word/document.xml", bytes)]), "docx")
        }
    });
});
