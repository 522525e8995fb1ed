//! Answers out as documents.
//!
//! A [`Report`] is built from the result of a task, whatever its type, and written as Markdown
//! ([`to_markdown`]), DOCX ([`to_docx`]) or PDF ([`to_pdf`]). [`json_resume()`] writes a profile of a person. Nothing here reads files but the fonts
//! of the system, or knows of tasks, documents or storage.
//!
//! Results come from models and documents, so from strangers: text is cleaned and escaped, nesting
//! is bounded, and what no font can show is shown as a box. Writers take time with long texts: they
//! are to be called where blocking is allowed.

mod clean;
mod docx;
mod json_resume;
mod markdown;
mod pdf;
mod report;
mod result;
mod words;

pub use self::{
    docx::to_docx,
    json_resume::json_resume,
    markdown::to_markdown,
    pdf::to_pdf,
    report::{Block, Report, Section},
};

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the report could not be written as {format}")]
pub struct ExportError {
    /// The format.
    pub format: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl ExportError {
    pub(crate) fn new(
        format: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { format, source: source.into() }
    }
}

/// Pages of text as one text file, separated by form feeds, which the reader of text files takes for
/// ends of pages again.
pub fn text_as_txt<'a>(pages: impl IntoIterator<Item = &'a str>) -> String {
    let mut text =
        pages.into_iter().map(|page| page.trim_end_matches('\n')).collect::<Vec<_>>().join("\n\u{c}");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_separated_by_form_feeds() {
        assert_eq!(text_as_txt(["one\n", "", "three"]), "one\n\u{c}\n\u{c}three\n");
        assert_eq!(text_as_txt([]), "\n");
    }
}
