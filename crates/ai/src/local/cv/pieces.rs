//! Lines in pieces: what stands between tabs, bars and commas.

use super::{countries, text::trimmed, words};

/// The parts of a line between marks that never stand within a name.
pub(super) fn parts(line: &str) -> Vec<String> {
    let mut parts = vec![line];
    for mark in [
        "\t", "|", "·", "•", " – ", " — ", " - ", " bei ", " at ", " chez ", " @ ", " presso ", " bij ", "; ",
    ] {
        parts = parts.into_iter().flat_map(|part| part.split(mark)).collect();
    }
    parts
        .into_iter()
        .map(trimmed)
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .map(str::to_owned)
        .collect()
}

/// The pieces of a part between commas that stand outside brackets.
pub(super) fn commas(part: &str) -> Vec<&str> {
    let (mut depth, mut from, mut pieces) = (0_u32, 0, Vec::new());
    for (at, c) in part.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                pieces.push(&part[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&part[from..]);
    pieces.into_iter().map(trimmed).filter(|piece| !piece.is_empty()).collect()
}

/// Whether a part is a place and nothing else: "Portland, OR", "London, UK", "Germany".
pub(super) fn is_place(part: &str) -> bool {
    let pieces = commas(part);
    let last = pieces.last().copied().unwrap_or_default();
    let known =
        countries::code(last).is_some() || countries::is_state(last) || matches!(last, "Remote" | "remote");
    known
        && (pieces.len() <= 2
            || (pieces.len() == 3
                && (countries::is_state(pieces[1]) || countries::code(pieces[1]).is_some())))
        && pieces.iter().all(|piece| words::organisation(piece) + words::title(piece) == 0)
        && pieces.iter().all(|piece| piece.split(' ').count() <= 4)
}

/// A name apart from the place after it, where the place is known by its state or country: "Fox Ltd, Boise, ID".
pub(super) fn without_known_place(part: &str) -> (String, Option<String>) {
    let pieces = commas(part);
    let [first, .., last] = pieces.as_slice() else {
        return (part.to_owned(), None);
    };
    let is_state = countries::is_state(last);
    if !is_state && countries::code(last).is_none() {
        return (part.to_owned(), None);
    }
    let town = pieces.len() >= 3 && {
        let before = pieces[pieces.len() - 2];
        let alone = pieces.len() == 3 && words::title(first) > 0 && !is_state;
        words::organisation(before) + words::title(before) == 0 && !alone
    };
    let kept = pieces.len() - if town { 2 } else { 1 };
    (pieces[..kept].join(", "), Some(pieces[kept..].join(", ")))
}

/// Whether what stands after the last comma can be a town: "Elbtal AG, Dresden".
pub(super) fn ends_with_town(part: &str) -> bool {
    let pieces = commas(part);
    let town = pieces.last().filter(|_| pieces.len() > 1);
    town.is_some_and(|town| {
        let words = town.split(' ').count();
        let plain = town.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '.'));
        words <= 3
            && plain
            && town.starts_with(char::is_uppercase)
            && words::title(town) + words::organisation(town) == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_off_names() {
        for (part, name, place) in [
            ("Fox Foods, Boise, ID", "Fox Foods", Some("Boise, ID")),
            ("Fellow, Institut de Roscoff, France", "Fellow, Institut de Roscoff", Some("France")),
            ("Senior Engineer, Acme, USA", "Senior Engineer, Acme", Some("USA")),
            ("Elbtal AG, Dresden", "Elbtal AG, Dresden", None),
            ("Fox", "Fox", None),
        ] {
            assert_eq!(without_known_place(part), (name.to_owned(), place.map(str::to_owned)), "{part}");
        }
        assert!(
            ends_with_town("Kaufpark Innstadt, Passau")
                && !ends_with_town("Vice President, Operations Manager")
        );
        assert!(is_place("London, UK") && is_place("Boise, ID") && !is_place("University of Leeds, UK"));
        assert!(!is_place("Blue Provisions, Boise, ID") && is_place("Boise, ID, USA"));
    }
}
