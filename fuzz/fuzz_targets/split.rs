//! Splitting PDF documents, and reading what comes out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quire_extract::{fuzzing, options::SplitPlan};
use quire_fuzz::{abort_at_our_own_panics, contained};

fuzz_target!(init: abort_at_our_own_panics(), |bytes: &[u8]| {
    contained(|| fuzzing::split(bytes, SplitPlan::Every(1)));
    contained(|| fuzzing::split(bytes, SplitPlan::Bookmarks));
});
