//! Why characters cannot be recognised, as is known before any work begins.

use std::{io, path::PathBuf};

/// Why characters cannot be recognised on this machine, or not in these languages.
#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    /// The program is not there.
    #[error(
        "the program `tesseract` was not found{}. Install it: `apt-get install tesseract-ocr`, \
         `dnf install tesseract` or `brew install tesseract`",
        .searched.as_ref().map(|path| format!(" at {}", path.display())).unwrap_or_default()
    )]
    ProgramMissing {
        /// Where it was expected; absent if it was searched for in `PATH`.
        searched: Option<PathBuf>,
    },
    /// The program is there and cannot be used.
    #[error("the program `tesseract` does not work")]
    ProgramBroken(#[source] io::Error),
    /// Names of languages that are none.
    #[error(
        "languages are named as tesseract names them, such as `eng`, `deu` or `chi_sim`, \
         several joined by `+`, at most {}",
        super::languages::MAX_LANGUAGES
    )]
    InvalidLanguages,
    /// There is no data for a language.
    #[error(
        "tesseract cannot read the language `{language}`; it can read: {}. Install its data: \
         `apt-get install tesseract-ocr-{}`, `dnf install tesseract-langpack-{language}` or \
         `brew install tesseract-lang`",
        .installed.join(", "), .language.replace('_', "-").to_lowercase()
    )]
    LanguageMissing {
        /// The language.
        language: String,
        /// The languages that it has data for.
        installed: Vec<String>,
    },
}
