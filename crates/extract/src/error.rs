//! Why a document could not be read.

use std::{fmt, io};

use quire_domain::failure::{Failure, FailureCode};
use serde::{Deserialize, Serialize};

/// Why a document could not be read. All but [`ExtractError::Unavailable`] are verdicts on the
/// document: reading it again ends the same way.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtractError {
    /// It opens only with a password.
    #[error("the document is protected with a password")]
    Encrypted,
    /// It is well formed and holds nothing to read.
    #[error("the document is empty")]
    Empty,
    /// It shows something, but holds no text: a scan, or glyphs without characters.
    #[error("the document holds pictures of text, but no text")]
    ImageOnly,
    /// It is damaged.
    #[error("the document is damaged")]
    Corrupt,
    /// No reader for this type of file.
    #[error("no reader for {media_type}")]
    Unsupported {
        /// What the content turned out to be.
        media_type: String,
    },
    /// It has not as many pages as were asked for.
    #[error("the document has only {pages} pages")]
    NoSuchPage {
        /// How many it has.
        pages: u32,
    },
    /// Reading it went over a limit or killed the child.
    #[error("the document is too complex: {0}")]
    TooComplex(Excess),
    /// The child could not be started, or its answer was lost. Not the document's fault: worth a
    /// later try.
    #[error("the document reader is unavailable")]
    #[serde(skip)]
    Unavailable(#[source] io::Error),
}

/// The limit that reading a document went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excess {
    /// [`crate::limits::Limits::wall`].
    Time,
    /// [`crate::limits::Limits::cpu`].
    Cpu,
    /// [`crate::limits::Limits::input`].
    Input,
    /// [`crate::limits::Limits::output`].
    Output,
    /// The parts of a packed document unpack to more than a document needs.
    Unpacked,
    /// Elements of the document are nested too deep.
    Nesting,
    /// The parser panicked, ran out of memory or stack, or was killed.
    Crash,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "reading it took too long",
            Self::Cpu => "reading it took too much processor time",
            Self::Input => "the file is too large to be read",
            Self::Output => "it holds too much text",
            Self::Unpacked => "it unpacks to too much data",
            Self::Nesting => "its parts are nested too deep",
            Self::Crash => "it could not be processed safely",
        })
    }
}

impl ExtractError {
    /// The verdict as the reason of a failed task; `None` if the document is not to blame.
    pub fn failure(&self) -> Option<Failure> {
        Some(match self {
            Self::Encrypted => Failure::new(
                FailureCode::DocumentEncrypted,
                "The document is protected with a password. Send the right one as the parameter `password`, or \
                 upload a version without a password.",
            ),
            Self::Empty => Failure::new(
                FailureCode::DocumentEmpty,
                "There is no text in the document. Check that it is the right file and upload it again.",
            ),
            Self::ImageOnly => Failure::new(
                FailureCode::DocumentImageOnly,
                "The document holds pictures of text, such as a scan, but no text that can be read. \
                 Upload a version with a text layer.",
            ),
            Self::Corrupt => Failure::new(
                FailureCode::DocumentCorrupt,
                "The document is damaged and cannot be opened. Save or export it again and upload the new file.",
            ),
            Self::Unsupported { media_type } => {
                Failure::new(FailureCode::DocumentUnsupported, unsupported_message(media_type))
            }
            Self::TooComplex(excess) => Failure::new(
                FailureCode::DocumentTooComplex,
                format!(
                    "The document is too complex: {excess}. Save a simpler or shorter version and upload that."
                ),
            ),
            Self::NoSuchPage { pages } => Failure::new(
                FailureCode::PageNotFound,
                format!("The document has only {pages} pages. Ask for pages that it has."),
            ),
            Self::Unavailable(_) => return None,
        })
    }
}

/// Documents that a program of today can save in a form that can be read.
const OLD_OFFICE: &[&str] =
    &["application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"];

fn unsupported_message(media_type: &str) -> String {
    if media_type.starts_with("image/") {
        format!(
            "This is a picture ({media_type}), and text in pictures cannot be read. \
             Upload a PDF, DOCX or text file that holds the text itself."
        )
    } else if OLD_OFFICE.contains(&media_type) {
        format!(
            "Office files of before 2007 ({media_type}) cannot be read. \
             Save it as DOCX, XLSX, PPTX or PDF and upload that."
        )
    } else {
        format!(
            "Files of type {media_type} cannot be read. Upload a document instead: PDF, Word (DOCX), \
             Excel (XLSX), PowerPoint (PPTX), OpenDocument, RTF, HTML, e-mail (EML) or text."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_have_their_own_code_and_faults_have_none() {
        let code = |error: ExtractError| error.failure().map(|failure| failure.code);
        assert_eq!(code(ExtractError::Encrypted), Some(FailureCode::DocumentEncrypted));
        assert_eq!(code(ExtractError::Empty), Some(FailureCode::DocumentEmpty));
        assert_eq!(code(ExtractError::ImageOnly), Some(FailureCode::DocumentImageOnly));
        assert_eq!(code(ExtractError::Corrupt), Some(FailureCode::DocumentCorrupt));
        assert_eq!(
            code(ExtractError::Unsupported { media_type: "audio/wav".into() }),
            Some(FailureCode::DocumentUnsupported)
        );
        assert_eq!(code(ExtractError::TooComplex(Excess::Cpu)), Some(FailureCode::DocumentTooComplex));
        assert_eq!(code(ExtractError::Unavailable(io::Error::other("gone"))), None);
    }

    #[test]
    fn an_unsupported_file_is_named_by_its_type() {
        let failure = ExtractError::Unsupported { media_type: "image/png".into() }.failure().unwrap();
        assert!(failure.message.contains("image/png"));
        assert!(failure.message.contains("picture"));
        let failure =
            ExtractError::Unsupported { media_type: "application/msword".into() }.failure().unwrap();
        assert!(failure.message.contains("Save it as DOCX"));
    }
}
