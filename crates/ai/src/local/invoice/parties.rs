//! Who sold and who bought.

use super::{
    Value,
    labels::Label,
    lines::{Labelled, Line},
};

/// Endings of the names of companies.
const COMPANY: [&str; 38] = [
    "gmbh", "ag", "kg", "ohg", "ug", "e.k.", "gbr", "se", "ev", "e.v.", "ltd", "ltd.", "limited", "llc",
    "llp", "inc", "inc.", "corp", "corp.", "co.", "plc", "sarl", "sas", "sa", "s.a.", "eurl", "s.l.",
    "s.l.u.", "s.r.l.", "srl", "s.p.a.", "spa", "b.v.", "bv", "n.v.", "vof", "lda", "lda.",
];
/// What stands before the name of a person or a company.
const SALUTATIONS: [&str; 8] = ["herrn", "herr", "frau", "firma", "fa.", "mr", "mrs", "ms"];
const NAME_CHARS: usize = 80;
/// A block of an address has so many lines at most.
const BLOCK_LINES: usize = 6;

/// The seller: named as such, or the first company, or the first line that is no heading.
pub(super) fn seller(lines: &[Line<'_>], labels: &[Labelled<'_>], buyer: Option<&Value>) -> Option<Value> {
    let is_buyer = |value: &Value| buyer.is_some_and(|buyer| buyer.value == value.value);
    let named = of_label(lines, labels, Label::Seller);
    let company = || {
        let all = lines.iter().flat_map(|line| line.cells.iter());
        all.filter_map(|cell| name(cell)).find(|value| is_company(&value.value) && !is_buyer(value))
    };
    let first = || {
        let plain = lines.iter().filter(|line| line.label().is_none() && !line.is_blank());
        plain.filter_map(|line| name(line.text)).find(|value| !is_buyer(value))
    };
    named.or_else(company).or_else(first)
}

/// The buyer: named as such, or the first line of the first block with a postal code that is not below a
/// company's own name.
pub(super) fn buyer(lines: &[Line<'_>], labels: &[Labelled<'_>]) -> Option<Value> {
    of_label(lines, labels, Label::Buyer).or_else(|| of_letter(lines))
}

/// What stands after or below a label that begins its line.
fn of_label(lines: &[Line<'_>], labels: &[Labelled<'_>], wanted: Label) -> Option<Value> {
    labels.iter().filter(|found| found.label == wanted).find_map(|found| {
        let line = lines.get(found.line)?;
        if line.label() != Some(wanted) {
            return None;
        }
        let inside = found.values.iter().find(|(_, at)| *at == found.line).and_then(|(value, _)| name(value));
        inside.filter(|value| !value.value.starts_with(char::is_lowercase)).or_else(|| {
            let below = lines[found.line + 1..].iter().find(|line| !line.is_blank())?;
            let is_free =
                !matches!(below.label(), Some(Label::Buyer | Label::Seller | Label::Number | Label::Date));
            name(below.cells.first()?).filter(|_| is_free)
        })
    })
}

/// In a letter the sender's line stands above the address in the window.
fn of_letter(lines: &[Line<'_>]) -> Option<Value> {
    let sender = lines.iter().position(|line| line.text.matches(['·', '|', '•']).count() >= 2)?;
    let below = lines.get(sender + 1..)?;
    let block: Vec<_> = below
        .iter()
        .skip_while(|line| line.is_blank())
        .take_while(|line| !line.is_blank())
        .take(BLOCK_LINES)
        .collect();
    let has_code = block.iter().any(|line| line.text.split_whitespace().any(is_postal_code));
    name(block.first()?.text).filter(|_| has_code)
}

fn is_postal_code(word: &str) -> bool {
    (4..=6).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit())
}

fn is_company(name: &str) -> bool {
    let ending = name.split_whitespace().next_back().unwrap_or_default().trim_end_matches(',').to_lowercase();
    COMPANY.contains(&ending.as_str())
}

/// A name without what stands around it.
fn name(text: &str) -> Option<Value> {
    let part = text.split(['·', '|', '•', '\t', '<']).next().unwrap_or_default();
    let mut part = part.trim_matches([' ', ':', ',', ';', '-']);
    if let Some((first, rest)) = part.split_once(' ')
        && SALUTATIONS.contains(&first.trim_end_matches(['.', ':']).to_lowercase().as_str())
        && is_salutation_alone(first)
    {
        part = rest.trim();
    }
    let is_name =
        part.chars().any(char::is_alphabetic) && part.chars().count() <= NAME_CHARS && !part.contains('@');
    is_name.then(|| Value { value: part.to_owned(), quote: part.to_owned() })
}

/// `Ms` belongs to a name as people give it; `Herrn` and `Firma` belong to the address.
fn is_salutation_alone(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "herrn" | "herr" | "frau" | "firma" | "fa.")
}
