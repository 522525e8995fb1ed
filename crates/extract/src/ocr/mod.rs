//! Recognising the characters in pictures of pages, with the program `tesseract`.
//!
//! The program never sees what a stranger uploaded: its input is a PGM file that [`crate::render`]
//! made, which leaves it no format to parse. It runs with limits, without an environment, and its
//! command line holds nothing but numbers and names of languages that were checked.

mod command;
mod error;
mod languages;
mod recognizer;
mod tsv;

pub use self::{
    error::OcrError,
    languages::Languages,
    recognizer::{RecognizeLimits, Recognized, Recognizer},
};
