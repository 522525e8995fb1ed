//! Pictures of the first page, and of pictures.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quire_extract::{fuzzing, options::Purpose};
use quire_fuzz::{abort_at_our_own_panics, contained};

fuzz_target!(init: abort_at_our_own_panics(), |bytes: &[u8]| {
    let extension = if bytes.starts_with(b"%PDF") { "pdf" } else { "png" };
    contained(|| fuzzing::render(bytes, extension, Purpose::Thumbnail(100)));
    contained(|| fuzzing::render(bytes, extension, Purpose::Recognition(20)));
});
