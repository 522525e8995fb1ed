//! What can be counted in text.

/// Characters that are looked at to find out a language.
const LANGUAGE_SAMPLE: usize = 4_000;

/// How sure the detection has to be of a language, from 0 to 1.
const LANGUAGE_CONFIDENCE: f64 = 0.5;

/// Words of a text: stretches with a letter or digit between white space. Chinese and Japanese, which
/// have no spaces, count by character.
pub(crate) fn words(text: &str) -> u64 {
    let mut words = 0;
    let mut in_word = false;
    for c in text.chars() {
        // Most characters are of these. Ends of words are hard to foretell, so nothing branches on them.
        if c.is_ascii() {
            let is_part = c.is_ascii_alphanumeric();
            words += u64::from(is_part & !in_word);
            in_word = !c.is_whitespace() & (in_word | is_part);
            continue;
        }
        let is_ideograph = is_ideograph(c);
        let is_word = is_ideograph || (c.is_alphanumeric() && !in_word);
        words += u64::from(is_word);
        in_word = !is_ideograph && !c.is_whitespace() && (in_word || c.is_alphanumeric());
    }
    words
}

/// Han, Hiragana and Katakana.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The language of a text as ISO 639-1; `None` if it cannot be told.
pub(crate) fn language<'a>(pages: impl Iterator<Item = &'a str>) -> Option<String> {
    let sample: String = pages.flat_map(|page| page.chars().chain(['\n'])).take(LANGUAGE_SAMPLE).collect();
    let found = whatlang::detect(&sample)?;
    if found.confidence() < LANGUAGE_CONFIDENCE {
        return None;
    }
    isolang::Language::from_639_3(found.lang().code())?.to_639_1().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_as_people_do() {
        for (text, count) in [
            ("", 0),
            (" \n - -- ", 0),
            ("Ada wrote notes.", 3),
            ("don't e-mail 3.14", 3),
            ("吾輩は猫である。", 7),
            ("第2章 Rust", 4),
        ] {
            assert_eq!(words(text), count, "{text:?}");
        }
    }

    #[test]
    fn the_language_is_told_where_it_can_be() {
        let told = |text: &str| language([text].into_iter());
        let german = "Alle Menschen sind frei und gleich an Würde und Rechten geboren.";
        assert_eq!(told(german).as_deref(), Some("de"));
        assert_eq!(
            told("The quick brown fox jumps over the lazy dog, as foxes will do.").as_deref(),
            Some("en")
        );
        assert_eq!(told("すべての人間は、生れながらにして自由である。").as_deref(), Some("ja"));
        assert_eq!(told("12345 67"), None);
    }
}
