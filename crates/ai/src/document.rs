//! A document as the methods and prompts see it: cleaned pages in a known language.

use crate::{
    answer::PageText,
    clean::{clean, fold_whitespace},
    error::AiError,
    languages::{self, Detected},
};

/// One cleaned page.
pub(crate) struct Page {
    pub(crate) number: u32,
    pub(crate) text: String,
    /// Lower case with single spaces, for finding quotes.
    folded: String,
}

/// A document's text, cleaned, with its language.
pub struct Document {
    pages: Vec<Page>,
    language: Detected,
}

impl Document {
    /// Cleans the pages and finds the language.
    ///
    /// # Errors
    /// [`AiError::NoText`] when no page holds a letter or a digit.
    pub(crate) fn read(pages: &[PageText]) -> Result<Self, AiError> {
        let pages: Vec<_> = pages
            .iter()
            .map(|page| {
                let text = clean(&page.text);
                Page { number: page.number, folded: fold(&text), text }
            })
            .filter(|page| page.text.chars().any(char::is_alphanumeric))
            .collect();
        if pages.is_empty() {
            return Err(AiError::NoText);
        }
        let language = languages::detect(pages.iter().map(|page| page.text.as_str()));
        Ok(Self { pages, language })
    }

    pub(crate) fn pages(&self) -> &[Page] {
        &self.pages
    }

    pub(crate) fn language(&self) -> Detected {
        self.language
    }

    /// All pages as one text, a blank line between two.
    pub(crate) fn text(&self) -> String {
        let texts: Vec<_> = self.pages.iter().map(|page| page.text.trim()).collect();
        texts.join("\n\n")
    }

    /// The number of the first page that holds `quote`, whitespace and case aside; a quote that
    /// runs over a page break is found on the page where it begins.
    pub(crate) fn page_of(&self, quote: &str) -> Option<u32> {
        let quote = fold(&clean(quote));
        if quote.is_empty() {
            return None;
        }
        let within = self.pages.iter().find(|page| page.folded.contains(&quote));
        within.map(|page| page.number).or_else(|| {
            let over =
                self.pages.windows(2).find(|pair| crosses(&pair[0].folded, &pair[1].folded, &quote))?;
            over.first().map(|page| page.number)
        })
    }
}

fn fold(text: &str) -> String {
    fold_whitespace(text).to_lowercase()
}

/// Whether `quote` begins at the end of `first` and goes on at the start of `second`.
fn crosses(first: &str, second: &str, quote: &str) -> bool {
    quote.match_indices(' ').any(|(at, _)| {
        let (head, tail) = (&quote[..at], &quote[at + 1..]);
        first.ends_with(head) && second.starts_with(tail)
    })
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
        assert_eq!(document.page_of("the total is 42 EUROS"), Some(2));
        assert_eq!(document.page_of("42 euros and nothing more."), Some(2));
        assert_eq!(document.page_of("43 euros"), None);
        assert_eq!(document.page_of("  "), None);
    }

    #[test]
    fn pages_without_letters_are_no_text() {
        assert!(matches!(document(&["", " \u{200B}\n", "-- * --"]), Err(AiError::NoText)));
    }
}
