//! Who the CV is about: name and headline.

use super::{
    contact, countries, dates,
    fields::{Fields, Quoted},
    headings::heading,
    labels,
    lines::{Layout, Line},
    text::{Kind, Token, is_shouted, key, tokens, trimmed},
    words,
};

/// Lines of the first page among which a name is looked for.
const NAME_LINES: usize = 80;
/// Academic titles and their parts, which stand before or after a name.
const TITLES: &[&str] = &[
    "dr",
    "prof",
    "professor",
    "phd",
    "ph",
    "dphil",
    "md",
    "mba",
    "msc",
    "bsc",
    "ma",
    "ba",
    "dipl",
    "ing",
    "di",
    "mag",
    "med",
    "phil",
    "rer",
    "nat",
    "habil",
    "jur",
    "oec",
    "pol",
    "theol",
    "h",
    "c",
    "fh",
    "mr",
    "mrs",
    "ms",
    "herr",
    "frau",
    "dott",
    "dra",
    "ir",
    "drs",
    "pd",
    "priv",
    "doz",
    "kfm",
    "kffr",
    "inf",
    "b",
    "m",
    "sc",
    "a",
    "eng",
    "univ",
    "esq",
];
/// Words of names in lower case.
const PARTICLES: &[&str] = &[
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "el", "al", "bin",
    "ibn", "ben", "zu", "vom", "ter", "ten", "y", "e", "und", "of", "bint", "af", "av", "san",
];

/// Finds the name and what stands under it.
pub(super) fn find_name(layout: &Layout, fields: &mut Fields) {
    let labelled = contact::own(layout).find_map(|line| {
        let name = trimmed(labels::value(&line.text, labels::NAME)?);
        (name_words(name) >= 2).then(|| Quoted::new(name, &line.text))
    });
    let best = best_name(layout, fields);
    if let Some(at) = best {
        // A name in a side column may come first; the headline stands under the large one.
        let same = layout.lines.iter().enumerate().filter(|(_, line)| line.text == layout.lines[at].text);
        fields.headline = same.take(3).find_map(|(at, _)| headline(layout, at));
    }
    let found = best.map(|at| {
        let text = &layout.lines[at].text;
        Quoted::new(cased(name_part(text)), text)
    });
    fields.name = labelled.or(found);
}

/// The line that is a name most probably: like the mail address, early, apart from other data.
fn best_name(layout: &Layout, fields: &Fields) -> Option<usize> {
    let first_page = layout.lines.first()?.page;
    let handles: Vec<String> = fields
        .emails
        .iter()
        .map(|mail| handle(mail.value.split('@').next().unwrap_or_default()))
        .chain(
            [&fields.linkedin, &fields.github]
                .into_iter()
                .flatten()
                .map(|link| handle(link.value.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default())),
        )
        .collect();
    let lines = layout.lines.iter().take(NAME_LINES).take_while(|line| line.page == first_page);
    let scored = lines.enumerate().filter_map(|(at, line)| {
        let name = name_part(&line.text);
        let count = name_words(name);
        if !(2..=6).contains(&count) || line.has_bullet || labels::has_label(&line.text) {
            return None;
        }
        let alike = handles.iter().map(|handle| likeness(name, handle)).max().unwrap_or(0);
        let early = 3_usize.saturating_sub(at / 2);
        let unlikely = usize::from(words::is_title(name)) * 3 + usize::from(words::is_organisation(name)) * 4;
        let score = (alike * 3 + early).saturating_sub(unlikely);
        (score > 0 && (alike > 0 || at < 6)).then_some((score, at))
    });
    scored.max_by_key(|(score, at)| (*score, std::cmp::Reverse(*at))).map(|(_, at)| at)
}

/// The letters of the name of an account, without accents.
fn handle(text: &str) -> String {
    key(text).replace(' ', "")
}

/// How many words of a name are in the name of an account, umlauts spelled out or not.
fn likeness(name: &str, handle: &str) -> usize {
    let spelled = name.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
    let count = |name: &str| {
        key(name)
            .split(' ')
            .filter(|word| word.len() >= 3 && !TITLES.contains(word) && handle.contains(word))
            .count()
    };
    count(name).max(count(&spelled))
}

/// The part of a line before what is no more of a name.
fn name_part(line: &str) -> &str {
    let end = line.find(['\t', '|', '•', '·', ':']).unwrap_or(line.len());
    let text = line[..end].split(" – ").next().unwrap_or_default();
    trimmed(text.split(" - ").next().unwrap_or_default())
}

/// The number of words of a name that a text can be, without titles; 0 if it is none.
fn name_words(text: &str) -> usize {
    if text.chars().count() > 60 || heading(text).is_some() || countries::code(text).is_some() {
        return 0;
    }
    let allowed = |c: char| {
        c.is_alphabetic()
            || c.is_whitespace()
            || matches!(c, '.' | '-' | '\'' | '’' | ',' | '"' | '“' | '”' | '(' | ')' | '\u{300}'..='\u{36F}')
    };
    if !text.chars().all(allowed) {
        return 0;
    }
    let tokens = tokens(text);
    let is_title =
        |token: &Token<'_>| TITLES.contains(&key(token.text).as_str()) && token.text.chars().count() > 1;
    let mut count = 0;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word) {
        let joined = at >= 2 && tokens[at - 1].is("-") && tokens[at - 2].end() == tokens[at - 1].start;
        let capital = token.text.chars().next().is_some_and(|c| c.is_uppercase() || !c.is_lowercase());
        if is_title(token) || joined {
            continue;
        }
        if !capital && !PARTICLES.contains(&key(token.text).as_str()) {
            let titled = tokens.get(at + 1).is_some_and(|next| next.is("."))
                && TITLES.contains(&key(token.text).as_str());
            if titled { continue } else { return 0 }
        }
        count += usize::from(capital);
    }
    // After a comma stand degrees and the letters of a profession: "PhD", "RN".
    let is_letters = |word: &str| word.chars().count() <= 5 && is_shouted(word);
    let mut after = text.split(',').skip(1).flat_map(str::split_whitespace);
    if after.all(|word| is_letters(word) || TITLES.contains(&key(word).as_str())) { count } else { 0 }
}

/// A name in capitals, written as names are.
fn cased(name: &str) -> String {
    if !is_shouted(name) {
        return name.to_owned();
    }
    let mut cased = String::with_capacity(name.len());
    for word in name.split_inclusive(|c: char| !c.is_alphabetic()) {
        let is_title = TITLES.contains(&key(word).as_str()) && cased.contains(' ');
        let mut letters = word.chars();
        cased.extend(letters.next());
        let rest = letters.as_str();
        cased.push_str(&if is_title { rest.to_owned() } else { rest.to_lowercase() });
    }
    cased
}

/// Lines under the name among which the headline is looked for.
const HEADLINE_LINES: usize = 5;

/// The first line under the name that is no contact data, if it says what the person is.
fn headline(layout: &Layout, name: usize) -> Option<Quoted> {
    let stretch = layout.stretches.iter().find(|stretch| stretch.lines.contains(&name))?;
    let lines = &layout.lines[name + 1..stretch.lines.end.min(name + 1 + HEADLINE_LINES)];
    let line = lines.iter().find(|line| !is_contact(&line.text))?;
    is_headline(line).then(|| Quoted::new(&line.text, &line.text))
}

fn is_contact(text: &str) -> bool {
    let place = countries::code(text.rsplit(',').next().unwrap_or_default().trim()).is_some();
    text.contains(['@', '+', '•'])
        || text.split_whitespace().any(|word| contact::Site::of(word).is_some())
        || text.chars().any(|c| c.is_ascii_digit())
        || place
        || labels::has_label(text)
}

fn is_headline(line: &Line) -> bool {
    let text = line.text.as_str();
    let is_title = words::is_title(text);
    let is_short = text.split_whitespace().count() <= 12 && text.chars().count() <= 100;
    let is_plain = !line.has_bullet && !text.contains('\t') && (is_title || !text.ends_with('.'));
    let other = heading(text).is_some() || dates::find_date(text).is_some();
    is_short && is_plain && !other && (is_title || !words::is_organisation(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_other_lines() {
        for name in [
            "Ada Beispiel",
            "Dr. Priya Rao",
            "Nguyễn Thị Minh Anh",
            "Sanne van der Velde",
            "ADA BEISPIEL-LOWE",
            "Howard T. Brinkley",
            "Guadalupe \"Lupe\" Hernandez",
            "Oluwaseun A. Adébáyọ\u{300}, PhD",
            "Dipl.-Ing. Ada Moos",
        ] {
            assert!(name_words(name) >= 2, "{name}");
        }
        for text in [
            "Work Experience",
            "born in 1984",
            "Leeds, United Kingdom",
            "senior manager",
            "Ada, Chief of Staff",
        ] {
            assert_eq!(name_words(text), 0, "{text}");
        }
        assert_eq!(cased("SOFIA MARCHETTI-LOWE, MBA"), "Sofia Marchetti-Lowe, MBA");
    }
}
