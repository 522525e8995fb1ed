//! A document as the methods and prompts see it: cleaned pages in a known language.

use crate::{
    clean::clean,
    error::AiError,
    languages::{self, Detected},
    quote::Pages,
};

/// One page of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageText {
    /// Its number in the document, from 1.
    pub number: u32,
    /// Its text, as extracted.
    pub text: String,
}

/// A document's text, cleaned, with its language.
pub struct Document {
    pages: Pages,
    language: Detected,
}

impl Document {
    /// Cleans the pages and finds the language.
    ///
    /// # Errors
    /// [`AiError::NoText`] when no page holds a letter or a digit.
    pub(crate) fn read(pages: &[PageText]) -> Result<Self, AiError> {
        let pages = pages.iter().map(|page| (page.number, clean(&page.text)));
        let pages: Vec<_> = pages.filter(|(_, text)| text.chars().any(char::is_alphanumeric)).collect();
        if pages.is_empty() {
            return Err(AiError::NoText);
        }
        let language = languages::detect(pages.iter().map(|(_, text)| text.as_str()));
        Ok(Self { pages: Pages::new(pages), language })
    }

    pub(crate) fn pages(&self) -> &Pages {
        &self.pages
    }

    pub(crate) fn language(&self) -> Detected {
        self.language
    }

    /// All pages as one text, a blank line between two.
    pub(crate) fn text(&self) -> String {
        let texts: Vec<_> = self.pages.iter().map(|(_, text)| text.trim()).collect();
        texts.join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(pages: &[&str]) -> Result<Document, AiError> {
        let pages: Vec<_> =
            (1..).zip(pages).map(|(number, text)| PageText { number, text: (*text).into() }).collect();
        Document::read(&pages)
    }

    #[test]
    fn quotes_are_found_on_their_page() {
        let document = document(&["First page.", "The total\n is  42 euros and", "nothing more."]).unwrap();
        let page_of = |quote| document.pages().find(quote).map(|found| found.page);
        assert_eq!(page_of("the total is 42 EUROS"), Some(2));
        assert_eq!(page_of("42 euros and nothing more."), Some(2));
        assert_eq!(page_of("43 euros"), None);
        assert_eq!(page_of("  "), None);
    }

    #[test]
    fn pages_without_letters_are_no_text() {
        assert!(matches!(document(&["", " \u{200B}\n", "-- * --"]), Err(AiError::NoText)));
    }
}
