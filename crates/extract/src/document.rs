//! What comes out of a document.

use serde::{Deserialize, Serialize};

use crate::{error::ExtractError, statistics};

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extracted {
    /// What the file is, judged by its content.
    pub media_type: String,
    /// The pages that were asked for and could be read, in order. None where a format has no text.
    pub pages: Vec<Page>,
    /// What the document says about itself.
    pub metadata: Metadata,
    /// What went wrong without spoiling the whole.
    pub warnings: Vec<Warning>,
}

impl Extracted {
    /// Whether a page has text.
    pub fn has_text(&self) -> bool {
        self.pages.iter().any(|page| !page.text.trim().is_empty())
    }

    /// Why there is no text in it; `None` if there is some.
    pub fn textless(&self) -> Option<ExtractError> {
        let is_media = ["audio/", "video/"].iter().any(|kind| self.media_type.starts_with(kind));
        let has_pictures = self.pages.iter().any(|page| page.is_picture && page.method == Method::Text);
        if self.has_text() {
            None
        } else if is_media {
            Some(ExtractError::Unsupported { media_type: self.media_type.clone() })
        } else if has_pictures {
            Some(ExtractError::ImageOnly)
        } else {
            Some(ExtractError::Empty)
        }
    }

    /// Counts the words of the text and finds out its language, for the metadata.
    pub fn measure_text(&mut self) {
        let words = self.pages.iter().map(|page| statistics::words(&page.text)).sum();
        self.metadata.words = self.has_text().then_some(words);
        self.metadata.language = statistics::language(self.pages.iter().map(|page| page.text.as_str()));
    }
}

/// A page of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Its position in the document; the first is 1.
    pub number: u32,
    /// Lines end with `\n`, blocks are separated by an empty line, cells of a row by a tab. No other
    /// control characters.
    pub text: String,
    /// How the text was won.
    pub method: Method,
    /// How sure the recognition of characters is of its text, from 0 to 1. Absent where nothing
    /// had to be recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// Its size as it is shown, where the format has pages with a size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// The words with their places, if they were asked for and the format has places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Word>,
    /// What went wrong on this page without spoiling it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Whether it shows pictures and (almost) no text, so that its characters want to be recognised.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_picture: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Page {
    /// A page whose text was in the document.
    pub(crate) fn text(number: u32, text: String) -> Self {
        Self {
            number,
            text,
            method: Method::Text,
            confidence: None,
            size: None,
            words: Vec::new(),
            warnings: Vec::new(),
            is_picture: false,
        }
    }
}

/// A width and a height, in points (1/72 inch).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// From left to right.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
}

/// A word and its place on the page as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// Its characters, in logical order.
    pub text: String,
    /// Left, top, right and bottom, in points from the top left corner of the page.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// How sure the recognition of characters is of it, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
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

/// What a document says about itself. Absent where it says nothing. Dates are RFC 3339, without an
/// offset where the document has none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Pages in the document, where its format has pages; slides, sheets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// Words in the text that was read. Chinese and Japanese count by character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<u64>,
    /// The language of the text that was read, as ISO 639-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its keywords, as they are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keywords: Option<String>,
    /// The program it was written with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// The program that made the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub producer: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// The sizes of its pages: runs of pages of one size.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub page_sizes: Vec<PageSizes>,
    /// Whether it is encrypted. It may still open without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// Whether it carries a digital signature (which nobody has verified).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<bool>,
    /// Whether it says what is a heading, a paragraph, a table (tagged PDF).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tagged: Option<bool>,
    /// The names of the files attached to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// The character encoding of a text file, by its WHATWG name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The width of a picture or film as it is shown, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Its height, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// How the camera was held: the orientation of EXIF, 1 (upright) to 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orientation: Option<u8>,
    /// When a picture was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<String>,
    /// Maker and model of the camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// Where a picture was taken, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// How long a sound or film is, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The container of a sound or film, such as `mp4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The codecs of its tracks, such as `h264`, `aac`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codecs: Vec<String>,
    /// All its tracks together, in bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_rate: Option<u64>,
}

/// Pages of one size that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PageSizes {
    /// How many.
    pub pages: u32,
    /// The size as it is shown.
    #[serde(flatten)]
    pub size: Size,
}

/// A place on the earth (WGS 84), in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// North is positive.
    pub latitude: f64,
    /// East is positive.
    pub longitude: f64,
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
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}
