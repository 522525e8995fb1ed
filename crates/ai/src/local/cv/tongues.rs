//! Languages by their names, and how well they are spoken.

use std::{collections::HashSet, sync::LazyLock};

use super::{table::phrases, text::key};

const FILE: &str = include_str!("data/languages.txt");

/// What levels in words come down to, in the order in which their phrases are looked for.
const LEVELS: [&str; 5] = ["native", "basic", "advanced", "fluent", "intermediate"];

static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| phrases(FILE, "names").collect());
static PHRASES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    LEVELS.iter().flat_map(|level| phrases(FILE, level).map(|phrase| (phrase, *level))).collect()
});

/// The name of a language at the beginning of a text, as long as it stands there; with what follows.
pub(super) fn name(text: &str) -> Option<(&str, &str)> {
    let ends = text.char_indices().filter(|(_, c)| !c.is_alphabetic()).map(|(at, _)| at).chain([text.len()]);
    let words = ends.filter(|end| text[..*end].ends_with(char::is_alphabetic)).take(3);
    let named = words.filter(|end| NAMES.contains(key(&text[..*end]).as_str())).last()?;
    let name = text[..named].trim();
    (!name.is_empty()).then(|| (name, &text[named..]))
}

/// A level in one of the words that are published: `A1` to `C2`, or a word of [`LEVELS`].
pub(crate) fn level(text: &str) -> Option<&'static str> {
    let key = key(text);
    let has = |phrase: &str| format!(" {key} ").contains(&format!(" {phrase} "));
    let cefr = ["A1", "A2", "B1", "B2", "C1", "C2"].into_iter().find(|level| has(&level.to_lowercase()));
    cefr.or_else(|| PHRASES.iter().find(|(phrase, _)| has(phrase)).map(|(_, level)| *level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_down_to_a_few_words() {
        for (text, expected) in [
            ("(Muttersprache)", Some("native")),
            ("C1 (Cambridge Advanced)", Some("C1")),
            ("fließend", Some("fluent")),
            ("sehr gute Kenntnisse", Some("advanced")),
            ("gute Kenntnisse", Some("intermediate")),
            ("seit der Schule", None),
        ] {
            assert_eq!(level(text), expected, "{text}");
        }
    }

    #[test]
    fn names_stand_first() {
        assert_eq!(name("Français : courant"), Some(("Français", " : courant")));
        assert_eq!(name("British Sign Language (basic)"), Some(("British Sign Language", " (basic)")));
        assert_eq!(name("Kenntnisse in Deutsch"), None);
        assert!(NAMES.iter().all(|name| key(name) == **name));
    }
}
