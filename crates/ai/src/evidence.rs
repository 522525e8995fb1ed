//! Evidence for values that did not come from a task: what a person typed may stand in the document, too.

use crate::{
    clean::clean,
    document::PageText,
    quote::{Checked, Pages},
};

/// Looks each value up in the text of the pages, as a task looks up the quotes of its answer.
pub fn look_up(pages: &[PageText], values: &[String]) -> Vec<Checked> {
    let pages = Pages::new(pages.iter().map(|page| (page.number, clean(&page.text))));
    values.iter().map(|value| Checked::new(&pages, value, None)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::Check;

    #[test]
    fn what_stands_in_the_text_has_a_quote() {
        let pages = [PageText { number: 3, text: "Ada Love-\nlace, London".into() }];
        let found = look_up(&pages, &["ada lovelace".into(), "Ada Byron".into()]);
        assert_eq!((found[0].quote.as_deref(), found[0].page), (Some("Ada Love- lace"), Some(3)));
        assert_eq!((found[0].check, found[0].confidence), (Check::Verified, 1.0));
        assert_eq!((&found[1].quote, found[1].page, found[1].check), (&None, None, Check::Unverified));
    }
}
