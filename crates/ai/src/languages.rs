//! Languages: what they are called, which rules exist for them, and how one is recognised.

mod common;

use rust_stemmers::Algorithm;
use whatlang::{Detector, Lang};

/// A language that can be recognised.
#[derive(Debug)]
pub(crate) struct Language {
    /// ISO 639-1, else 639-3.
    pub(crate) code: &'static str,
    /// In English.
    pub(crate) name: &'static str,
    lang: Lang,
    /// The Snowball stemmer, where one exists.
    pub(crate) stemmer: Option<Algorithm>,
}

/// What the language of a document is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Detected {
    /// The language, where the recognition is reliable.
    pub(crate) reliable: Option<&'static Language>,
    /// The most likely language, reliable or not.
    pub(crate) likely: Option<&'static Language>,
}

/// ISO 639-2 for "undetermined".
pub(crate) const UNDETERMINED: &str = "und";

impl Detected {
    /// The code to publish: `und` unless the recognition is reliable.
    pub(crate) fn code(self) -> &'static str {
        self.reliable.map_or(UNDETERMINED, |language| language.code)
    }

    /// The code whose word lists and rules serve best: the likely one, else English.
    pub(crate) fn working_code(self) -> &'static str {
        self.likely.map_or("en", |language| language.code)
    }
}

macro_rules! languages {
    ($($lang:ident $code:literal $name:literal $($stemmer:ident)?;)*) => {
        static LANGUAGES: &[Language] = &[$(Language {
            code: $code, name: $name, lang: Lang::$lang, stemmer: languages!(@stemmer $($stemmer)?),
        },)*];
    };
    (@stemmer) => { None };
    (@stemmer $stemmer:ident) => { Some(Algorithm::$stemmer) };
}

languages! {
    Afr "af" "Afrikaans"; Aka "ak" "Akan"; Amh "am" "Amharic"; Ara "ar" "Arabic" Arabic; Aze "az" "Azerbaijani";
    Bel "be" "Belarusian"; Ben "bn" "Bengali"; Bul "bg" "Bulgarian"; Cat "ca" "Catalan"; Ces "cs" "Czech";
    Cmn "zh" "Chinese"; Cym "cy" "Welsh"; Dan "da" "Danish" Danish; Deu "de" "German" German;
    Ell "el" "Greek" Greek; Eng "en" "English" English; Epo "eo" "Esperanto"; Est "et" "Estonian";
    Fin "fi" "Finnish" Finnish; Fra "fr" "French" French; Guj "gu" "Gujarati"; Heb "he" "Hebrew";
    Hin "hi" "Hindi"; Hrv "hr" "Croatian"; Hun "hu" "Hungarian" Hungarian; Hye "hy" "Armenian";
    Ind "id" "Indonesian"; Ita "it" "Italian" Italian; Jav "jv" "Javanese"; Jpn "ja" "Japanese";
    Kan "kn" "Kannada"; Kat "ka" "Georgian"; Khm "km" "Khmer"; Kor "ko" "Korean"; Lat "la" "Latin";
    Lav "lv" "Latvian"; Lit "lt" "Lithuanian"; Mal "ml" "Malayalam"; Mar "mr" "Marathi"; Mkd "mk" "Macedonian";
    Mya "my" "Burmese"; Nep "ne" "Nepali"; Nld "nl" "Dutch" Dutch; Nob "no" "Norwegian" Norwegian;
    Ori "or" "Oriya"; Pan "pa" "Punjabi"; Pes "fa" "Persian"; Pol "pl" "Polish";
    Por "pt" "Portuguese" Portuguese; Ron "ro" "Romanian" Romanian; Rus "ru" "Russian" Russian;
    Sin "si" "Sinhala"; Slk "sk" "Slovak"; Slv "sl" "Slovenian"; Sna "sn" "Shona"; Spa "es" "Spanish" Spanish;
    Srp "sr" "Serbian"; Swe "sv" "Swedish" Swedish; Tam "ta" "Tamil" Tamil; Tel "te" "Telugu"; Tgl "tl" "Tagalog";
    Tha "th" "Thai"; Tuk "tk" "Turkmen"; Tur "tr" "Turkish" Turkish; Ukr "uk" "Ukrainian"; Urd "ur" "Urdu";
    Uzb "uz" "Uzbek"; Vie "vi" "Vietnamese"; Yid "yi" "Yiddish"; Zul "zu" "Zulu";
}

/// The language with this code or English name, case aside.
pub(crate) fn find(name_or_code: &str) -> Option<&'static Language> {
    let wanted = name_or_code.trim();
    LANGUAGES.iter().find(|language| {
        language.code.eq_ignore_ascii_case(wanted)
            || language.name.eq_ignore_ascii_case(wanted)
            || language.lang.code().eq_ignore_ascii_case(wanted)
    })
}

/// Letters looked at in one passage, and passages looked at in one document: enough to be sure,
/// and bounded for any length.
const PASSAGE_CHARS: usize = 1_000;
const PASSAGES: usize = 24;

/// Languages that a doubtful text is not taken for: seldom written, and close to others.
const UNLIKELY: &[Lang] = &[
    Lang::Afr,
    Lang::Aka,
    Lang::Epo,
    Lang::Jav,
    Lang::Lat,
    Lang::Sna,
    Lang::Tuk,
    Lang::Uzb,
    Lang::Yid,
    Lang::Zul,
];

/// The language that the reliable passages of a text agree on, by majority of their letters.
pub(crate) fn detect<'a>(pages: impl Iterator<Item = &'a str>) -> Detected {
    let passages = sample(pages.flat_map(passages).collect());
    let (mut reliable, mut any) = (Votes::default(), Votes::default());
    for passage in passages {
        let Some((lang, is_reliable)) = recognise(passage) else {
            continue;
        };
        let weight = passage.chars().filter(|c| c.is_alphabetic()).count();
        any.add(lang, weight);
        if is_reliable {
            reliable.add(lang, weight);
        }
    }
    let (sure, likely) = (reliable.majority(), any.leader());
    Detected { reliable: sure.and_then(by_lang), likely: sure.or(likely).and_then(by_lang) }
}

/// The language of a passage, and whether that is sure: by its letters, or, where they leave doubt, by its
/// common words, if both agree.
fn recognise(passage: &str) -> Option<(Lang, bool)> {
    let by_letters = whatlang::detect(passage)?;
    if by_letters.is_reliable() && is_written(passage) {
        return Some((by_letters.lang(), true));
    }
    let likely = Detector::with_denylist(UNLIKELY.to_vec()).detect(passage).unwrap_or(by_letters);
    let vote = common::vote(passage, by_lang(likely.lang()))?;
    let agree = vote.language.lang == likely.lang();
    Some((vote.language.lang, agree && vote.is_broad))
}

/// Whether a passage is mostly letters. Noise is not, and its letters look like some language as well.
fn is_written(passage: &str) -> bool {
    let (mut letters, mut all) = (0_usize, 0_usize);
    for c in passage.chars().filter(|c| !c.is_whitespace()) {
        all += 1;
        letters += usize::from(c.is_alphabetic());
    }
    letters * 10 >= all * 7
}

fn by_lang(lang: Lang) -> Option<&'static Language> {
    LANGUAGES.iter().find(|language| language.lang == lang)
}

/// Cuts a page into passages at line or word borders.
fn passages(mut text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    while let Some((limit, _)) = text.char_indices().nth(PASSAGE_CHARS) {
        let cut = text[..limit].rfind(char::is_whitespace).filter(|cut| *cut > limit / 2).unwrap_or(limit);
        let (head, tail) = text.split_at(cut);
        found.push(head);
        text = tail;
    }
    found.push(text);
    found
}

fn sample(passages: Vec<&str>) -> Vec<&str> {
    let step = passages.len().div_ceil(PASSAGES).max(1);
    passages.into_iter().step_by(step).collect()
}

/// Votes in the order of their first appearance, so that a tie has one outcome.
#[derive(Default)]
struct Votes(Vec<(Lang, usize)>);

impl Votes {
    fn add(&mut self, lang: Lang, weight: usize) {
        match self.0.iter_mut().find(|(known, _)| *known == lang) {
            Some((_, sum)) => *sum += weight,
            None => self.0.push((lang, weight)),
        }
    }

    fn leader(&self) -> Option<Lang> {
        let best = self.0.iter().map(|(_, weight)| *weight).max()?;
        self.0.iter().find(|(_, weight)| *weight == best).map(|(lang, _)| *lang)
    }

    fn majority(&self) -> Option<Lang> {
        let all: usize = self.0.iter().map(|(_, weight)| weight).sum();
        let leader = self.leader()?;
        self.0.iter().any(|(lang, weight)| *lang == leader && weight * 2 > all).then_some(leader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recognisable_language_is_in_the_table_once() {
        let missing: Vec<_> = Lang::all().iter().filter(|lang| by_lang(**lang).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let codes: std::collections::HashSet<_> = LANGUAGES.iter().map(|language| language.code).collect();
        assert_eq!(codes.len(), LANGUAGES.len());
    }

    #[test]
    fn documents_in_seven_languages_are_recognised() {
        for (code, text) in crate::local::samples::ALL {
            assert_eq!(detect([*text].into_iter()).code(), *code);
        }
    }

    #[test]
    fn a_mixed_text_has_the_language_of_its_larger_part() {
        let pages = [crate::local::samples::GERMAN, crate::local::samples::GERMAN, "A short English remark."];
        assert_eq!(detect(pages.into_iter()).code(), "de");
    }

    #[test]
    fn too_little_text_is_undetermined() {
        for text in ["", "42", "ok"] {
            assert_eq!(detect([text].into_iter()).code(), UNDETERMINED, "{text}");
        }
    }

    #[test]
    fn noise_is_undetermined() {
        let noise: String = (0_u32..50_000)
            .map(|i| char::from(u8::try_from(i.wrapping_mul(2_654_435_761) >> 24).unwrap_or_default()))
            .collect();
        assert_eq!(detect([noise.as_str()].into_iter()).code(), UNDETERMINED);
    }

    #[test]
    fn languages_are_found_by_code_and_name() {
        for name in ["de", "DE", "German", "german", "deu", " de "] {
            assert_eq!(find(name).map(|language| language.code), Some("de"), "{name}");
        }
        assert!(find("Klingon").is_none());
    }
}
