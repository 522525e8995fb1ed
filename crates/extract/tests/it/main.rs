//! Documents in, through the child process, text or verdicts out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod child;
mod docx;
mod hostile;
mod image;
mod media;
mod media_type;
mod ocr;
mod pdf;
mod render;
mod support;
mod text;
