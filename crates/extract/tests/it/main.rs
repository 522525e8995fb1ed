//! Documents in, through the child process, text or verdicts out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod child;
mod docx;
mod exported;
mod hostile;
mod image;
mod media;
mod media_type;
mod ocr;
mod office;
mod pdf;
mod render;
mod split;
mod support;
mod text;
