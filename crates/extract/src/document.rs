//! What comes out of a document.

use serde::{Deserialize, Serialize};

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extracted {
    /// What the file is, judged by its content.
    pub media_type: String,
    /// The pages that could be read, in order. At least one of them has text.
    pub pages: Vec<Page>,
    /// What the document says about itself.
    pub metadata: Metadata,
    /// What went wrong without spoiling the whole.
    pub warnings: Vec<Warning>,
}

/// A page of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its position in the document; the first is 1.
    pub number: u32,
    /// Lines end with `\n`, blocks are separated by an empty line, cells of a row by a tab. No other
    /// control characters.
    pub text: String,
    /// How the text was won.
    pub method: Method,
}

impl Page {
    /// A page whose text was in the document.
    pub(crate) fn text(number: u32, text: String) -> Self {
        Self { number, text, method: Method::Text }
    }
}

/// How the text of a page was won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// It was in the document.
    Text,
    /// It was recognised in a picture of the page.
    Ocr,
}

/// What a document says about itself. Absent where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Pages in the document, where its format has pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_count: Option<u32>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Whether it is encrypted (and opens without a password).
    pub encrypted: bool,
    /// The character encoding of a text file, by its WHATWG name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
}

/// Something that went wrong without spoiling the whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable name.
    pub code: String,
    /// A sentence for the person who uploaded the document.
    pub message: String,
}

impl Warning {
    /// A warning with its stable name and a sentence.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}
