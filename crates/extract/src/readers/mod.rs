//! One module per format.

pub(crate) mod docx;
pub(crate) mod image;
pub(crate) mod media;
pub(crate) mod pdf;
pub(crate) mod text;
