//! Which pages go into which part.

use std::collections::BTreeMap;

use super::{
    copy,
    outline::Bookmark,
    source::Source,
    writer::{Stop, Target},
};
use crate::{
    error::{Excess, ExtractError},
    options::SplitPlan,
    readers::pdf::text_string,
};

/// Parts of one document.
pub const MAX_PARTS: usize = 10_000;

/// Why a document cannot be split like that. Lists and parts are counted from 1, pages from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No list of pages at all.
    #[error("No part is asked for: give at least one list of pages.")]
    NoParts,
    /// A list without a page.
    #[error("List {list} has no pages. Leave it out, or name the pages of that part.")]
    EmptyPart {
        /// Which list; the first is 1.
        list: usize,
    },
    /// A page that the document does not have.
    #[error(
        "List {list} asks for page {page}, but the document has {pages} page{}, counted from 0.",
        if *pages == 1 { "" } else { "s" }
    )]
    NoSuchPage {
        /// Which list; the first is 1.
        list: usize,
        /// The page; the first is 0.
        page: u32,
        /// How many the document has.
        pages: u32,
    },
    /// Parts of no pages, or of no bytes.
    #[error("Parts of size 0 hold nothing. Give a size of at least 1.")]
    NoSize,
    /// More parts than [`MAX_PARTS`].
    #[error("That would be {parts} parts; at most {MAX_PARTS} can be made at a time.")]
    TooManyParts {
        /// How many.
        parts: usize,
    },
}

impl SplitPlan {
    /// Whether a document of so many pages can be split like that, as far as that can be said
    /// without the document.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, as a sentence for the person who asks.
    pub fn check(&self, pages: u32) -> Result<(), PlanError> {
        let parts = match self {
            Self::Pages(lists) => {
                check_lists(lists, pages)?;
                lists.len()
            }
            Self::Every(0) | Self::MaxSize(0) => return Err(PlanError::NoSize),
            Self::Every(every) => pages.div_ceil(*every) as usize,
            Self::MaxSize(_) | Self::Bookmarks => 1,
        };
        if parts > MAX_PARTS { Err(PlanError::TooManyParts { parts }) } else { Ok(()) }
    }
}

fn check_lists(lists: &[Vec<u32>], pages: u32) -> Result<(), PlanError> {
    if lists.is_empty() {
        return Err(PlanError::NoParts);
    }
    for (list, wanted) in (1..).zip(lists) {
        if wanted.is_empty() {
            return Err(PlanError::EmptyPart { list });
        }
        if let Some(page) = wanted.iter().copied().find(|page| *page >= pages) {
            return Err(PlanError::NoSuchPage { list, page, pages });
        }
    }
    Ok(())
}

/// A part that is to be made.
pub(super) struct Planned {
    pub(super) pages: Vec<u32>,
    pub(super) title: Option<String>,
}

impl From<Vec<u32>> for Planned {
    fn from(pages: Vec<u32>) -> Self {
        Self { pages, title: None }
    }
}

/// The parts of a document by a plan that was checked.
pub(super) fn parts<'a>(
    plan: &SplitPlan,
    source: &Source<'a>,
    bookmarks: &[Bookmark<'a>],
) -> Result<Vec<Planned>, ExtractError> {
    let all: Vec<u32> = (0..source.page_count()).collect();
    let parts = match plan {
        SplitPlan::Pages(lists) => lists.iter().cloned().map(Planned::from).collect(),
        SplitPlan::Every(every) => all.chunks(*every as usize).map(|pages| pages.to_vec().into()).collect(),
        SplitPlan::MaxSize(size) => by_size(source, bookmarks, *size, &all)?,
        SplitPlan::Bookmarks => by_bookmark(source, bookmarks),
    };
    if parts.len() > MAX_PARTS { Err(ExtractError::TooComplex(Excess::Output)) } else { Ok(parts) }
}

/// A part from each page that a bookmark leads to until the next such page. The first of several
/// bookmarks to a page gives the title. A document without bookmarks is one part.
fn by_bookmark(source: &Source<'_>, bookmarks: &[Bookmark<'_>]) -> Vec<Planned> {
    let mut starts = BTreeMap::new();
    for bookmark in bookmarks {
        if let Some(target) = &bookmark.target {
            starts
                .entry(target.page)
                .or_insert_with(|| crate::registry::one_line(&text_string(&bookmark.title)));
        }
    }
    starts.entry(0).or_insert(None);
    let ends = starts.keys().copied().skip(1).chain([source.page_count()]).collect::<Vec<_>>();
    starts
        .into_iter()
        .zip(ends)
        .map(|((start, title), end)| Planned { pages: (start..end).collect(), title })
        .collect()
}

/// As many pages as fit, part by part. A trial stops as soon as it is too long.
fn by_size<'a>(
    source: &Source<'a>,
    bookmarks: &[Bookmark<'a>],
    size: u64,
    all: &[u32],
) -> Result<Vec<Planned>, ExtractError> {
    let mut parts = Vec::new();
    let (mut rest, mut guess) = (all, 1);
    while !rest.is_empty() {
        let fits =
            |pages: usize| match copy::write_part(source, bookmarks, &rest[..pages], Target::Measure, size) {
                Ok(_) => Ok(true),
                Err(Stop::Full) => Ok(false),
                Err(Stop::Verdict(verdict)) => Err(verdict),
            };
        // Parts tend to have as many pages as the one before.
        guess = largest_that_fits(guess, rest.len(), fits)?.max(1);
        let (part, remaining) = rest.split_at(guess);
        parts.push(part.to_vec().into());
        if parts.len() > MAX_PARTS {
            break;
        }
        rest = remaining;
    }
    Ok(parts)
}

/// The largest number up to `most` that fits, if all below it fit: in steps that double from the
/// guess, then by halves. 0 if not even 1 fits.
fn largest_that_fits<E>(
    guess: usize,
    most: usize,
    fits: impl Fn(usize) -> Result<bool, E>,
) -> Result<usize, E> {
    // What fits, and what does not.
    let (mut low, mut high) = (0, most + 1);
    let mut trial = guess.clamp(1, most);
    let mut step = 1;
    loop {
        if fits(trial)? {
            low = trial;
        } else {
            high = trial;
        }
        if high - low <= 1 {
            return Ok(low);
        }
        trial = match (low, high) {
            (_, high) if high > most => (trial + step).min(most),
            (0, _) => trial.saturating_sub(step).max(1),
            (low, high) => low + (high - low) / 2,
        };
        step *= 2;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let message = |plan: SplitPlan| plan.check(3).unwrap_err().to_string();
        assert!(message(SplitPlan::Pages(vec![])).contains("at least one list"));
        assert!(message(SplitPlan::Pages(vec![vec![0], vec![]])).contains("List 2 has no pages"));
        let wrong = message(SplitPlan::Pages(vec![vec![0, 2], vec![1, 3]]));
        assert!(wrong.contains("List 2 asks for page 3") && wrong.contains("3 pages"), "{wrong}");
        assert!(message(SplitPlan::Every(0)).contains("size"));
        assert!(message(SplitPlan::MaxSize(0)).contains("size"));
        assert!(message(SplitPlan::Pages(vec![vec![0]; 10_001])).contains("10001 parts"));
        assert_eq!(SplitPlan::Every(1).check(10_001), Err(PlanError::TooManyParts { parts: 10_001 }));
        for plan in [
            SplitPlan::Pages(vec![vec![2, 0, 0]]),
            SplitPlan::Every(9),
            SplitPlan::MaxSize(1),
            SplitPlan::Bookmarks,
        ] {
            assert_eq!(plan.check(3), Ok(()), "{plan:?}");
        }
    }

    #[test]
    fn the_largest_that_fits_is_found_in_few_trials() {
        for most in [1, 2, 3, 10, 1000] {
            for limit in 0..=most {
                for guess in [1, limit.max(1), most] {
                    let trials = Cell::new(0);
                    let found = largest_that_fits(guess, most, |number| {
                        trials.set(trials.get() + 1);
                        Ok::<_, ()>(number <= limit)
                    });
                    assert_eq!(found, Ok(limit), "{guess} of {most}");
                    assert!(trials.get() <= 2 + 2 * most.ilog2() + 1, "{} trials", trials.get());
                }
            }
        }
    }
}
