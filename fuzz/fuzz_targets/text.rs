//! Plain text in any encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quire_extract::fuzzing;
use quire_fuzz::{abort_at_our_own_panics, contained};

fuzz_target!(init: abort_at_our_own_panics(), |bytes: &[u8]| {
    contained(|| fuzzing::read(bytes, "txt"));
});
