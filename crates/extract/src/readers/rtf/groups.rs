//! What holds within a group, and ends with it.

use encoding_rs::Encoding;

/// Where the text of a group goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    Text,
    /// A note, a comment, a header: it follows the text.
    Aside,
    /// The number or bullet of a list item.
    Label,
    /// Text in two forms, of which the second, with Unicode, is read.
    TwoForms,
    Fonts,
    /// What the document says about itself.
    Info,
    Property(Property),
    Nowhere,
}

/// One thing that a document says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    Title,
    Author,
    Subject,
    Keywords,
    Created,
    Modified,
}

/// A group of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) destination: Destination,
    /// Whether the group itself began an aside.
    pub(super) owns_aside: bool,
    /// The encoding of its font; `None` for that of the document.
    pub(super) encoding: Option<&'static Encoding>,
    /// Characters that follow one in Unicode, for readers that do not know it.
    pub(super) fallback_len: usize,
    pub(super) is_hidden: bool,
    /// Whether `\*` came: if the next word is unknown, the group is left out.
    pub(super) is_optional: bool,
}

impl Group {
    /// The whole document.
    pub(super) const fn outermost() -> Self {
        Self {
            destination: Destination::Text,
            owns_aside: false,
            encoding: None,
            fallback_len: 1,
            is_hidden: false,
            is_optional: false,
        }
    }

    /// A group within this one.
    pub(super) fn inner(self) -> Self {
        let destination = match self.destination {
            Destination::TwoForms => Destination::Nowhere,
            destination => destination,
        };
        Self { destination, owns_aside: false, is_optional: false, ..self }
    }

    /// Whether its text is read as text of the document.
    pub(super) fn is_text(self) -> bool {
        !self.is_hidden
            && matches!(self.destination, Destination::Text | Destination::Aside | Destination::Label)
    }
}
