//! Shapes of lines that are typical of a kind of document, whatever its language.

use super::Line;

/// Words that stand for the end of what still goes on.
const STILL: [&str; 14] = [
    "present",
    "today",
    "now",
    "heute",
    "aujourd",
    "présent",
    "actualidad",
    "actual",
    "oggi",
    "presente",
    "atual",
    "atualidade",
    "heden",
    "nu",
];
/// Words that begin a clause of a contract.
const CLAUSES: [&str; 11] = [
    "article",
    "artikel",
    "artículo",
    "articolo",
    "artigo",
    "art",
    "clause",
    "cláusula",
    "clausola",
    "section",
    "paragraaf",
];
const CURRENCIES: [&str; 12] = ["€", "$", "£", "¥", "eur", "usd", "gbp", "chf", "brl", "r$", "euro", "euros"];
/// Words of a page of slides, on average.
const SLIDE_WORDS: usize = 80;

/// What the shapes of a document speak for a kind of document.
pub(super) fn points(label: &str, lines: &[Line], pages: usize) -> f64 {
    let count = |is_of_shape: fn(&Line) -> bool| lines.iter().filter(|line| is_of_shape(line)).count();
    let few = |points: f64, enough: bool| if enough { points } else { 0.0 };
    match label {
        "cv" => few(2.0, count(has_period) >= 2),
        "contract" => few(2.0, count(is_clause) >= 3),
        "form" => few(3.0, count(is_blank) >= 2),
        "invoice" => few(1.0, count(has_amount) >= 3),
        "receipt" => few(1.0, count(has_amount) >= 2 && lines.len() <= 40 && count(begins_with_date) == 0),
        "statement" => few(3.0, count(|line| begins_with_date(line) && has_decimals(line)) >= 3),
        "manual" => few(1.0, count(is_step) >= 3),
        "presentation" => {
            let words: usize = lines.iter().map(|line| line.words.len()).sum();
            few(2.0, pages >= 3 && words <= pages * SLIDE_WORDS)
                + few(1.0, count(is_bullet) * 3 >= lines.len().max(6))
        }
        _ => 0.0,
    }
}

fn is_year(word: &str) -> bool {
    word.len() == 4
        && (word.starts_with("19") || word.starts_with("20"))
        && word.bytes().all(|b| b.is_ascii_digit())
}

/// `2015 - 2019`, `03/2019 - present`: the two stand next to each other, a month between them aside.
fn has_period(line: &Line) -> bool {
    let until = |word: &String| is_year(word) || STILL.contains(&word.as_str());
    let from = line.words.iter().position(|word| is_year(word));
    from.is_some_and(|from| line.words[from + 1..].iter().take(2).any(until)) && line.words.len() <= 20
}

fn is_clause(line: &Line) -> bool {
    let mut words = line.words.iter();
    let numbered =
        |word: Option<&String>| word.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let first = words.next();
    (line.text.starts_with('§') && numbered(first))
        || (first.is_some_and(|word| CLAUSES.contains(&word.as_str())) && numbered(words.next()))
}

fn is_blank(line: &Line) -> bool {
    ["____", ".......", "☐", "□", "[ ]"].iter().any(|mark| line.text.contains(mark))
}

/// A number with two decimals.
fn has_decimals(line: &Line) -> bool {
    line.text.split_whitespace().any(|word| {
        let number = word.trim_matches(|c: char| !c.is_ascii_digit());
        let decimals = number.rsplit_once(['.', ',']).map(|(whole, decimals)| (whole.len(), decimals.len()));
        decimals.is_some_and(|(whole, decimals)| whole > 0 && whole < 12 && decimals == 2)
            && number.bytes().filter(|b| *b == b'.').count() < 2
    })
}

fn has_amount(line: &Line) -> bool {
    let lower = line.text.to_lowercase();
    has_decimals(line) && CURRENCIES.iter().any(|currency| lower.contains(currency))
}

/// `02/05/2024`, `2024-05-02`, `02.05.` and the like at the beginning.
fn begins_with_date(line: &Line) -> bool {
    let first = line.text.split_whitespace().next().unwrap_or_default();
    let parts: Vec<_> = first.split(['.', '/', '-']).filter(|part| !part.is_empty()).collect();
    (2..=3).contains(&parts.len())
        && first.len() <= 10
        && parts.iter().all(|part| part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit()))
        && (parts.len() == 3 || first.ends_with('.'))
}

/// `1. Fill the kettle.`
fn is_step(line: &Line) -> bool {
    let Some((number, rest)) = line.text.split_once(['.', ')']) else {
        return false;
    };
    number.len() <= 2 && number.parse::<u8>().is_ok() && rest.starts_with(' ')
}

fn is_bullet(line: &Line) -> bool {
    line.text.starts_with(['•', '-', '–', '*', '▪', '◦', '●', '‣']) && line.words.len() <= 12
}

#[cfg(test)]
mod tests {
    use super::{super::words, *};

    fn line(text: &str) -> Line {
        Line { text: text.into(), words: words(text) }
    }

    #[test]
    fn shapes_are_told_apart() {
        for (is_of_shape, yes, no) in [
            (has_period as fn(&Line) -> bool, "03/2019 – present Developer", "In 2019 we met again"),
            (has_period, "2015-2019 Contoso", "Copyright 2015 by Contoso, 2019"),
            (is_clause, "§ 3 Miete", "Rent is due."),
            (is_clause, "Article 12. Rent", "Article on rents"),
            (has_amount, "Total 1.204,50 €", "Version 12.50 of it"),
            (begins_with_date, "02.05.2024 Gehalt", "1.2 Scope"),
            (is_step, "2. Press the button.", "2.5 litres"),
            (is_bullet, "• Open in York", "York - a town"),
            (is_blank, "Name: ________", "Name: Ada"),
        ] {
            assert!(is_of_shape(&line(yes)), "{yes}");
            assert!(!is_of_shape(&line(no)), "{no}");
        }
    }
}
