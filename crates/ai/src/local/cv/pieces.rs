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
        && pieces.len() <= 3
        && pieces.iter().all(|piece| words::organisation(piece) + words::title(piece) == 0)
        && pieces.iter().all(|piece| piece.split(' ').count() <= 4)
}
