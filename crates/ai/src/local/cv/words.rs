//! Words by which employers, schools, occupations and degrees are known.

use std::{collections::HashSet, sync::LazyLock};

use super::{table::phrases, text::key};

const FILE: &str = include_str!("data/words.txt");

/// Words and ends of words that make a text look like one thing.
struct Looks {
    words: HashSet<&'static str>,
    ends: Vec<&'static str>,
}

impl Looks {
    fn read(words: &str, ends: &str) -> Self {
        Self { words: phrases(FILE, words).collect(), ends: phrases(FILE, ends).collect() }
    }

    /// How many words of a key look like it, up to four.
    fn score(&self, key: &str) -> u32 {
        let is_compound =
            |word: &str| self.ends.iter().any(|end| word.len() > end.len() + 2 && word.ends_with(end));
        let hits = key.split(' ').filter(|word| self.words.contains(word) || is_compound(word));
        u32::try_from(hits.take(4).count()).unwrap_or(4)
    }
}

static ORGANISATION: LazyLock<Looks> = LazyLock::new(|| Looks::read("organisation", "organisation ends"));
static TITLE: LazyLock<Looks> = LazyLock::new(|| Looks::read("title", "title ends"));
static DEGREE: LazyLock<HashSet<&str>> = LazyLock::new(|| phrases(FILE, "degree").collect());

/// How much a text looks like an organisation.
pub(super) fn organisation(text: &str) -> u32 {
    ORGANISATION.score(&key(text)) + u32::from(has_initials(text))
}

/// How much a text looks like an occupation.
pub(super) fn title(text: &str) -> u32 {
    TITLE.score(&key(text))
}

/// How much a text looks like a degree: most where it begins like one.
pub(super) fn degree(text: &str) -> u32 {
    let key = key(text);
    let begins =
        |name: &&str| key.strip_prefix(*name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let compound = ["diplom", "master", "bachelor", "magister"].iter().any(|start| key.starts_with(start));
    if DEGREE.iter().any(begins) {
        3
    } else if compound && !key.contains("mann") {
        2
    } else {
        u32::from(key.split(' ').any(|word| DEGREE.contains(word)))
    }
}

/// Whether a text names an organisation rather than anything else.
pub(super) fn is_organisation(text: &str) -> bool {
    organisation(text) > title(text)
}

/// Whether a text names an occupation.
pub(super) fn is_title(text: &str) -> bool {
    title(text) > 0
}

/// Legal forms written with points: "B.V.", "S.A.", "e.V.".
fn has_initials(text: &str) -> bool {
    ["B.V.", "N.V.", "S.A.", "S.L.", "S.r.l.", "S.p.A.", "e.V.", "e.G.", "S.A.S."]
        .iter()
        .any(|form| text.contains(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn employers_and_occupations_are_told_apart() {
        for text in
            ["Elbtal Automotive AG", "Stadtspital Limmat", "Bloemen & Zoon B.V.", "University of Leeds"]
        {
            assert!(is_organisation(text) && !is_title(text), "{text}");
        }
        for text in ["Senior Software Engineer", "Qualitätsingenieur", "Buchhalterin", "Jefe de cocina"] {
            assert!(is_title(text) && !is_organisation(text), "{text}");
        }
        for text in [
            "BSc (Hons) Physics",
            "M.Sc. Informatik",
            "Ausbildung zum Koch",
            "Diplom-Ingenieur (FH)",
            "Ph.D. in Law",
        ] {
            assert!(degree(text) >= 2, "{text}");
        }
        assert_eq!(degree("Universität Passau"), 0);
    }
}
