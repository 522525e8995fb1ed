//! What can be asked of a document.

use std::{fmt, ops::RangeInclusive};

use serde::{Deserialize, Serialize};

/// The password of a document. It is shown nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// A password, as a person typed it.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// What is to be read of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// The extension of the file name: a hint where content leaves a choice.
    pub extension: String,
    /// What opens the document, if it is locked.
    pub password: Option<Password>,
    /// The pages whose text is wanted: all if absent, none if empty (then metadata alone is read).
    pub pages: Option<Vec<RangeInclusive<u32>>>,
    /// Whether the places of words are wanted.
    pub words: bool,
    /// Whether it is wanted where a picture was taken.
    pub location: bool,
}

impl ReadOptions {
    /// All text of a document with this file name.
    pub fn of_file(filename: &str) -> Self {
        Self { extension: crate::media_type::extension(filename), ..Self::default() }
    }

    /// Whether the text of a page is wanted.
    pub(crate) fn wants_page(&self, number: u32) -> bool {
        self.pages.as_ref().is_none_or(|ranges| ranges.iter().any(|range| range.contains(&number)))
    }
}

/// What picture of a document is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderOptions {
    /// The extension of the file name: a hint where content leaves a choice.
    pub extension: String,
    /// What opens the document, if it is locked.
    pub password: Option<Password>,
    /// The page, or the frame of a picture; the first is 1.
    pub page: u32,
    /// What the picture is for.
    pub purpose: Purpose,
}

/// What a picture of a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To be looked at: WebP, the longest side that many pixels, never larger than a picture is.
    Thumbnail(u32),
    /// To have its characters recognised: a binary PGM, upright and without skew, with that many
    /// pixels to the inch if the page has a size in inches.
    Recognition(u32),
}

/// A picture of a page that was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Takes a place in the picture, in pixels from its top left, to its place on the page as it is
    /// shown, in points from there: `x' = a x + c y + e`, `y' = b x + d y + f`.
    pub to_page: [f64; 6],
}

/// How a PDF document is to be split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitOptions {
    /// What opens the document, if it is locked.
    pub password: Option<Password>,
    /// Which pages go into which part.
    pub plan: SplitPlan,
}

/// Which pages go into which part of a split document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitPlan {
    /// The pages of each part, in their order; the first page of the document is 0.
    Pages(Vec<Vec<u32>>),
    /// Parts of so many pages; the last may have fewer.
    Every(u32),
    /// As many pages to a part as fit into so many bytes; a page that alone is larger is a part.
    MaxSize(u64),
    /// A part for each bookmark of the first level; what precedes the first is a part.
    Bookmarks,
}

/// A part of a split document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its pages, as in [`SplitPlan::Pages`].
    pub pages: Vec<u32>,
    /// The bookmark it is named after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where its bytes begin in the output.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
}
