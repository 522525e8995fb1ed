//! The valence of a remark by VADER (Hutto and Gilbert, 2014): a lexicon of words that people have rated,
//! and rules for what stands around them. The lexicon, and the word lists below, are those of the authors'
//! program (MIT licence); the rules follow its version 3.3, which knows more of "no" than the crate that
//! brings the lexicon.

use std::{collections::HashMap, sync::LazyLock};

use vader_sentiment::{EMOJI_LEXICON, LEXICON};

/// What a word of degree adds ("very good") or takes ("barely good").
const DEGREE: f64 = 0.293;
/// What capitals add where not all is in capitals.
const SHOUTED: f64 = 0.733;
/// What a negation makes of a valence.
const NEGATED: f64 = -0.74;
/// What "never so good" and "the hotel is so good" make of it.
const EXALTED: f64 = 1.25;
/// How much of a word of degree is felt one, two and three words later.
const NEARNESS: [f64; 3] = [1.0, 0.95, 0.9];
/// What "but" leaves of what was said before it, and makes of what is said after it.
const BEFORE_BUT: f64 = 0.5;
const AFTER_BUT: f64 = 1.5;
const EXCLAMATION: f64 = 0.292;
const MOST_EXCLAMATIONS: usize = 4;
const QUESTION: f64 = 0.18;
const MANY_QUESTIONS: f64 = 0.96;
/// The square of a sum that scores 0.7.
const NORMAL: f64 = 15.0;

/// By word in lower case.
static VALENCES: LazyLock<HashMap<String, f64>> = LazyLock::new(|| {
    let lexicon = LEXICON.iter().map(|(word, valence)| (word.to_lowercase(), *valence));
    lexicon.chain(REVISED.iter().map(|(word, valence)| ((*word).to_owned(), *valence))).collect()
});

/// What version 3.3 of the lexicon has and the crate's has not, or has otherwise.
const REVISED: &[(&str, f64)] = &[("heart", 3.2), ("hearts", 3.3), (":p", 1.0)];

const NEGATIONS: &[&str] = &[
    "aint", "arent", "cannot", "cant", "couldnt", "darent", "despite", "didnt", "doesnt", "dont", "hadnt",
    "hasnt", "havent", "isnt", "mightnt", "mustnt", "neednt", "neither", "never", "none", "nope", "nor",
    "not", "nothing", "nowhere", "oughtnt", "rarely", "seldom", "shant", "shouldnt", "uh-uh", "uhuh",
    "wasnt", "werent", "without", "wont", "wouldnt",
];
const RAISING: &[&str] = &[
    "absolutely",
    "amazingly",
    "awfully",
    "completely",
    "considerable",
    "considerably",
    "decidedly",
    "deeply",
    "effing",
    "enormous",
    "enormously",
    "entirely",
    "especially",
    "exceptional",
    "exceptionally",
    "extreme",
    "extremely",
    "fabulously",
    "flippin",
    "flipping",
    "frackin",
    "fracking",
    "frickin",
    "fricking",
    "friggin",
    "frigging",
    "fuckin",
    "fucking",
    "fuggin",
    "fugging",
    "fully",
    "greatly",
    "hella",
    "highly",
    "hugely",
    "incredible",
    "incredibly",
    "intensely",
    "major",
    "majorly",
    "more",
    "most",
    "particularly",
    "purely",
    "quite",
    "really",
    "remarkably",
    "so",
    "substantially",
    "thoroughly",
    "total",
    "totally",
    "tremendous",
    "tremendously",
    "uber",
    "unbelievably",
    "unusually",
    "utter",
    "utterly",
    "very",
];
const LOWERING: &[&str] = &[
    "almost",
    "barely",
    "hardly",
    "kind-of",
    "kinda",
    "kindof",
    "less",
    "little",
    "marginal",
    "marginally",
    "occasional",
    "occasionally",
    "partly",
    "scarce",
    "scarcely",
    "slight",
    "slightly",
    "somewhat",
    "sort-of",
    "sorta",
    "sortof",
];
const LOWERING_PAIRS: &[&str] = &["just enough", "kind of", "sort of"];
/// Phrases with a valence of their own.
const IDIOMS: &[(&str, f64)] = &[
    ("the shit", 3.0),
    ("the bomb", 3.0),
    ("bad ass", 1.5),
    ("bus stop", 0.0),
    ("yeah right", -2.0),
    ("kiss of death", -1.5),
    ("to die for", 3.0),
    ("beating heart", 3.1),
    ("broken heart", -2.9),
];

/// The valence of a remark, -1 to 1; 0 if nothing in it is rated.
pub(crate) fn of(text: &str) -> f64 {
    let text = with_emoji_described(text);
    let tokens = Tokens::of(&text);
    let mut valences: Vec<f64> = (0..tokens.0.len()).map(|place| tokens.valence(place)).collect();
    if let Some(but) = tokens.0.iter().position(|token| token.word == "but") {
        valences[..but].iter_mut().for_each(|valence| *valence *= BEFORE_BUT);
        valences[but + 1..].iter_mut().for_each(|valence| *valence *= AFTER_BUT);
    }
    let sum: f64 = valences.iter().sum();
    if sum == 0.0 {
        return 0.0;
    }
    let emphatic = sum + sum.signum() * emphasis(&text);
    emphatic / (emphatic * emphatic + NORMAL).sqrt()
}

/// Emoji as words: "grinning face".
fn with_emoji_described(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars() {
        match EMOJI_LEXICON.get(&*c.encode_utf8(&mut buffer)) {
            Some(description) => out.extend([" ", description, " "]),
            None if c == '’' => out.push('\''),
            None => out.push(c),
        }
    }
    out
}

/// What marks of exclamation and question add.
fn emphasis(text: &str) -> f64 {
    let count = |mark: u8| text.bytes().filter(|byte| *byte == mark).take(5).count();
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let questions = match count(b'?') {
        0 | 1 => 0.0,
        few @ 2..=3 => float(few) * QUESTION,
        _ => MANY_QUESTIONS,
    };
    float(count(b'!').min(MOST_EXCLAMATIONS)) * EXCLAMATION + questions
}

struct Token {
    /// In lower case.
    word: String,
    /// As the lexicon has it.
    valence: Option<f64>,
    /// In capitals, while others are not.
    shouted: bool,
}

impl Token {
    fn new(raw: &str) -> Self {
        let bare = raw.trim_matches(|c: char| c.is_ascii_punctuation() || matches!(c, '“' | '”' | '…'));
        // What is so short without its punctuation may be an emoticon, or a "no" at the end.
        let is_word = bare.chars().nth(2).is_some()
            || (!VALENCES.contains_key(&raw.to_lowercase()) && VALENCES.contains_key(&bare.to_lowercase()));
        let kept = if is_word { bare } else { raw };
        let word = kept.to_lowercase();
        let shouted = kept.chars().any(char::is_uppercase) && !kept.chars().any(char::is_lowercase);
        Self { valence: VALENCES.get(&word).copied(), word, shouted }
    }

    fn negates(&self) -> bool {
        NEGATIONS.binary_search(&self.word.as_str()).is_ok() || self.word.contains("n't")
    }

    /// What the word adds to the strength of a later one.
    fn degree(&self) -> f64 {
        if RAISING.binary_search(&self.word.as_str()).is_ok() {
            DEGREE
        } else if LOWERING.binary_search(&self.word.as_str()).is_ok() {
            -DEGREE
        } else {
            0.0
        }
    }
}

struct Tokens(Vec<Token>);

impl Tokens {
    fn of(text: &str) -> Self {
        let mut tokens: Vec<_> = text.split_whitespace().map(Token::new).collect();
        if tokens.iter().all(|token| token.shouted) {
            tokens.iter_mut().for_each(|token| token.shouted = false);
        }
        Self(tokens)
    }

    /// The word `back` places before `place`.
    fn word(&self, place: usize, back: usize) -> Option<&str> {
        Some(self.0.get(place.checked_sub(back)?)?.word.as_str())
    }

    /// What the word at `place` contributes, with what stands around it.
    fn valence(&self, place: usize) -> f64 {
        let token = &self.0[place];
        let kind_of = token.word == "kind" && self.0.get(place + 1).is_some_and(|next| next.word == "of");
        let Some(mut valence) = token.valence.filter(|_| token.degree() == 0.0 && !kind_of) else {
            return 0.0;
        };
        if token.word == "no" && self.0.get(place + 1).is_some_and(|next| next.valence.is_some()) {
            valence = 0.0;
        }
        if self.follows_no(place) {
            valence = token.valence.unwrap_or_default() * NEGATED;
        }
        if token.shouted {
            valence += SHOUTED.copysign(valence);
        }
        for back in 1..=NEARNESS.len().min(place) {
            let before = &self.0[place - back];
            if before.valence.is_some() {
                continue;
            }
            valence += degree(before, valence) * NEARNESS[back - 1];
            valence = self.negated(place, back, valence);
            if back == NEARNESS.len() {
                valence = self.in_idiom(place, valence);
            }
        }
        self.least(place, valence)
    }

    /// Whether a "no" shortly before negates the word.
    fn follows_no(&self, place: usize) -> bool {
        let no = |back| self.word(place, back) == Some("no");
        no(1) || no(2) || (no(3) && matches!(self.word(place, 1), Some("or" | "nor")))
    }

    /// What the word `back` places before makes of a valence, if it is a negation.
    fn negated(&self, place: usize, back: usize, valence: f64) -> f64 {
        let between = || (1..back).filter_map(|nearer| self.word(place, nearer));
        let exalts = |word| matches!(word, Some("so" | "this"));
        match self.word(place, back) {
            Some("never") if between().any(|word| exalts(Some(word))) => valence * EXALTED,
            // Once, although each of the three words before comes by here.
            _ if back == NEARNESS.len() && exalts(self.word(place, 1)) => valence * EXALTED,
            Some("without") if between().any(|word| word == "doubt") => valence,
            _ if self.0[place - back].negates() => valence * NEGATED,
            _ => valence,
        }
    }

    /// "The least happy" is not happy; "at least happy" is.
    fn least(&self, place: usize, valence: f64) -> f64 {
        let least =
            self.word(place, 1) == Some("least") && !matches!(self.word(place, 2), Some("at" | "very"));
        if least { valence * NEGATED } else { valence }
    }

    /// The valence of an idiom in which the word stands, or that stands before it, else the given one; less
    /// where "kind of" stands before it.
    fn in_idiom(&self, place: usize, valence: f64) -> f64 {
        let mut valence = valence;
        for (first, last) in [(1, 0), (2, 0), (2, 1), (3, 1), (3, 2)] {
            if let Some(of_idiom) = self.idiom(place - first, place - last) {
                valence = of_idiom;
                break;
            }
        }
        for length in [1, 2] {
            valence = self.idiom(place, place + length).unwrap_or(valence);
        }
        for (first, last) in [(3, 2), (2, 1)] {
            if LOWERING_PAIRS.contains(&self.phrase(place - first, place - last).as_str()) {
                valence -= DEGREE;
            }
        }
        valence
    }

    fn idiom(&self, first: usize, last: usize) -> Option<f64> {
        let phrase = self.phrase(first, last);
        IDIOMS.iter().find(|(idiom, _)| *idiom == phrase).map(|(_, valence)| *valence)
    }

    fn phrase(&self, first: usize, last: usize) -> String {
        let words = self.0.get(first..=last).unwrap_or_default();
        words.iter().map(|token| token.word.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// What a word of degree adds to a valence.
fn degree(word: &Token, valence: f64) -> f64 {
    let degree = word.degree() * valence.signum();
    if degree != 0.0 && word.shouted { degree + SHOUTED.copysign(valence) } else { degree }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [NEGATIONS, RAISING, LOWERING] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }

    #[test]
    fn what_stands_around_a_word_changes_its_valence() {
        // Each is stronger than the one before.
        let rising = [
            "The food is not good.",
            "The food is sort of good.",
            "The food is good.",
            "The food is very good.",
            "The food is VERY GOOD!",
            "The food is VERY GOOD!!!",
        ];
        assert!(rising.is_sorted_by(|less, more| of(less) < of(more)), "{:?}", rising.map(of));
    }

    #[test]
    fn what_comes_after_but_weighs_more() {
        assert!(of("The room was nice, but the food was awful.") < 0.0);
        assert!(
            of("The food was awful, but the room was nice.")
                > of("The room was nice, but the food was awful.")
        );
    }

    #[test]
    fn no_negates_what_follows_and_stands_for_itself() {
        assert!(of("There was no problem.") > 0.0);
        assert!(of("They said no.") < 0.0);
        assert!(of("No fun or joy.") < 0.0);
    }

    #[test]
    fn idioms_and_doubled_words_have_a_meaning_of_their_own() {
        assert!(of("That was one bad ass ride.") > 0.0);
        assert!(of("It is without doubt good.") > 0.0);
        assert!(of("It was never so good.") > of("It was good."));
        assert!(of("He is the least happy man.") < 0.0);
    }

    #[test]
    fn emoji_and_emoticons_count() {
        assert!(of("See you 😀") > 0.0);
        assert!(of("See you :)") > 0.0);
        assert_eq!(of("See you"), 0.0);
        assert_eq!(of(""), 0.0);
    }
}
