//! What a file is, by its content and its name. This runs in the process of the service.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quire_extract::media_type;
use quire_fuzz::abort_at_our_own_panics;

// Not contained: a panic that leaves the function is a finding, whoever's it is.
fuzz_target!(init: abort_at_our_own_panics(), |bytes: &[u8]| {
    // The first line stands for the file name.
    let line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (name, content) = bytes.split_at(line);
    let _ = media_type::detect(content, &String::from_utf8_lossy(name));
});
