//! What the pages show, or should, that is not in their text.

use super::content::Shown;
use crate::document::{Page, Warning};

/// A page with fewer characters than this, and pictures, wants to be recognised.
const FEW_CHARACTERS: usize = 20;

/// The part of a page from which on images are pictures, and no decoration.
const MIN_PICTURED: f64 = 0.2;

/// Glyphs without characters, or shapes with curves, that are as many as the letters of a text.
const MIN_SHAPES: usize = 40;

/// What the pages have in common.
#[derive(Default)]
pub(super) struct Tally {
    /// Pages that could not be read.
    pub(super) damaged: Vec<u32>,
    /// Characters of text.
    known: usize,
    /// Glyphs without characters.
    unknown: usize,
}

impl Tally {
    /// Says of a page whether its text is a picture, and whether something on it is hidden.
    pub(super) fn judge(&mut self, page: &mut Page, shown: &Shown) {
        // The white space of a page is made of these alone.
        let spaces = page.text.bytes().filter(|byte| matches!(byte, b' ' | b'\t' | b'\n')).count();
        let characters = page.text.chars().count() - spaces;
        let has_pictures =
            shown.pictured >= MIN_PICTURED || shown.unknown >= MIN_SHAPES || shown.curves >= MIN_SHAPES;
        page.is_picture = has_pictures && characters < FEW_CHARACTERS;
        if shown.hidden > 0 {
            page.warnings.push(Warning::new("hidden_text", hidden_message(shown.hidden)));
        }
        self.known += characters;
        self.unknown += shown.unknown;
    }

    pub(super) fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if !self.damaged.is_empty() {
            let message = format!("Damaged and left out: {}.", listed(&self.damaged));
            warnings.push(Warning::new("pages_unreadable", message));
        }
        if self.unknown * 10 > self.known {
            let message = "Some fonts of the document do not say which characters their glyphs stand for: \
                           parts of the text are missing.";
            warnings.push(Warning::new("characters_missing", message));
        }
        warnings
    }
}

fn hidden_message(count: usize) -> String {
    let characters = if count == 1 { "character" } else { "characters" };
    format!(
        "{count} {characters} that nobody can see on this page were left out: without colour, tiny, \
         covered, or beside the page."
    )
}

/// Page numbers for people, the first few of many.
fn listed(pages: &[u32]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = pages.iter().take(SHOWN).map(u32::to_string).collect();
    let more = match pages.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} {}{more}", if pages.len() == 1 { "page" } else { "pages" }, shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(shown: &Shown, text: &str) -> Page {
        let mut page = Page::text(1, text.into());
        Tally::default().judge(&mut page, shown);
        page
    }

    #[test]
    fn a_page_of_pictures_without_text_wants_to_be_recognised() {
        let scan = Shown { pictured: 0.9, ..Shown::default() };
        assert!(judged(&scan, "12").is_picture);
        assert!(!judged(&scan, "A page of text that was recognised before.").is_picture);
        assert!(!judged(&Shown { pictured: 0.1, ..Shown::default() }, "").is_picture);
        assert!(judged(&Shown { unknown: 100, ..Shown::default() }, "").is_picture);
        assert!(judged(&Shown { curves: 100, ..Shown::default() }, "").is_picture);
        assert!(!judged(&Shown::default(), "").is_picture);
    }

    #[test]
    fn hidden_text_is_told() {
        let page = judged(&Shown { hidden: 7, ..Shown::default() }, "text");
        assert_eq!(page.warnings[0].code, "hidden_text");
        assert!(page.warnings[0].message.starts_with("7 characters"));
    }

    #[test]
    fn what_is_missing_is_told() {
        let codes = |tally: Tally| -> Vec<String> {
            tally.warnings().into_iter().map(|warning| warning.code).collect()
        };
        assert_eq!(codes(Tally { damaged: vec![4], ..Tally::default() }), ["pages_unreadable"]);
        assert_eq!(codes(Tally { known: 50, unknown: 6, ..Tally::default() }), ["characters_missing"]);
        assert_eq!(codes(Tally { known: 50, unknown: 5, ..Tally::default() }), [""; 0]);
    }

    #[test]
    fn long_lists_of_pages_are_cut() {
        let pages: Vec<u32> = (1..=12).collect();
        assert_eq!(listed(&pages), "pages 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more");
        assert_eq!(listed(&[7]), "page 7");
    }
}
