//! Positions and courses: what stands around ranges of dates.
//!
//! A range anchors an entry. Where its title and its organisation stand (beside the range, above it, below it)
//! is the same within a section mostly, and read off its first entry.

use super::{
    dates::{self, Span},
    lines::Line,
    pieces::{commas, is_place, parts, without_known_place},
    text::{is_shouted, trimmed, without},
    words,
};

/// Lines above a range that belong to it at most.
const MOST_ABOVE: usize = 2;
/// Characters of a line beside a range; longer lines are prose that mentions a time.
const LONGEST_HEAD: usize = 140;
/// Characters of a description that are kept.
const DESCRIPTION_CHARS: usize = 1_500;

/// A stretch of time with what was done in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) span: Span,
    /// The lines around the range, each in parts between marks, without the range.
    pub(super) head: Vec<Vec<String>>,
    /// These lines as they stand.
    pub(super) quote: String,
    pub(super) description: String,
    /// Whether what stands above the entry before goes for this one, too.
    pub(super) continues: bool,
}

struct Anchor {
    line: usize,
    span: Span,
    /// What stands beside the range.
    own: Vec<String>,
}

/// The entries of a stretch of lines.
pub(super) fn find(lines: &[Line]) -> Vec<Entry> {
    let anchors = anchors(lines);
    let Some(first) = anchors.first() else {
        return Vec::new();
    };
    let gaps_tell = lines.iter().filter(|line| line.after_gap).count() * 2 < lines.len();
    let above = above(lines, first, gaps_tell);
    let model = first.line.checked_sub(1).filter(|_| above > 0).map(|at| &lines[at]);
    let mut entries = Vec::with_capacity(anchors.len());
    let mut free = 0;
    let mut begins = Vec::with_capacity(anchors.len());
    for (at, anchor) in anchors.iter().enumerate() {
        let limit = anchors.get(at + 1).map_or(lines.len(), |next| next.line);
        let mut begin = anchor.line.saturating_sub(above).max(free).min(anchor.line);
        let alike = model.is_none_or(|model| begin < anchor.line && is_alike(model, &lines[anchor.line - 1]));
        let continues = above > 0 && !anchor.own.iter().all(|part| is_place(part)) && !alike;
        if continues {
            begin = anchor.line;
        }
        let reserved = if at + 1 < anchors.len() { above } else { 0 };
        let end = if continues {
            anchor.line
        } else {
            below(lines, anchor, begin, limit.saturating_sub(reserved), gaps_tell)
        };
        let heads = begin..=end;
        let head = heads
            .clone()
            .map(|line| if line == anchor.line { anchor.own.clone() } else { parts(&lines[line].text) });
        entries.push(Entry {
            span: anchor.span.clone(),
            head: head.filter(|parts| !parts.is_empty()).collect(),
            quote: heads.map(|line| lines[line].text.as_str()).collect::<Vec<_>>().join("\n"),
            description: String::new(),
            continues,
        });
        free = end + 1;
        begins.push((begin, free));
    }
    for (at, entry) in entries.iter_mut().enumerate() {
        let end = begins.get(at + 1).map_or(lines.len(), |(begin, _)| *begin);
        entry.description = description(&lines[begins[at].1.min(end)..end]);
    }
    entries
}

fn anchors(lines: &[Line]) -> Vec<Anchor> {
    let found = lines.iter().enumerate().filter_map(|(at, line)| {
        let span = dates::find_range(&line.text).or_else(|| dates::find_apart(&line.text))?;
        let [before, after] = without(&line.text, &span.place);
        let own: Vec<_> = parts(&before).into_iter().chain(parts(&after)).collect();
        let marked = before.trim_end_matches(' ').ends_with(['\t', '|', '·', '•', '(', ',', ':', '–', '[']);
        let apart = own.is_empty() || trimmed(&before).is_empty() || trimmed(&after).is_empty() || marked;
        (apart && line.text.chars().count() <= LONGEST_HEAD).then_some((
            at,
            line.has_bullet,
            Anchor { line: at, span, own },
        ))
    });
    let found: Vec<_> = found.collect();
    let plain = found.iter().any(|(_, has_bullet, _)| !has_bullet);
    found
        .into_iter()
        .filter(|(_, has_bullet, _)| !(plain && *has_bullet))
        .map(|(_, _, anchor)| anchor)
        .collect()
}

/// How many lines above their ranges belong to the entries of a section. Above its first range there is no
/// description of an entry before.
fn above(lines: &[Line], first: &Anchor, gaps_tell: bool) -> usize {
    let most = if first.own.iter().all(|part| is_place(part)) { MOST_ABOVE } else { 1 };
    let mut count = 0;
    while count < most && first.line > count {
        let (line, under) = (&lines[first.line - count - 1], &lines[first.line - count]);
        if (gaps_tell && under.after_gap) || is_prose(&line.text) {
            break;
        }
        count += 1;
    }
    count
}

/// Whether two lines are built alike, so that both are heads of entries.
fn is_alike(model: &Line, line: &Line) -> bool {
    model.text.contains('\t') == line.text.contains('\t')
        && is_shouted(model.text.split('\t').next().unwrap_or_default())
            == is_shouted(line.text.split('\t').next().unwrap_or_default())
        && model.has_bullet == line.has_bullet
        && !is_prose(&line.text)
}

fn is_prose(text: &str) -> bool {
    text.chars().count() > 110
        || (text.ends_with('.') && text.split_whitespace().count() > 6)
        || text.contains('@')
}

/// The last line of an entry's head, which begins at `begin`.
fn below(lines: &[Line], anchor: &Anchor, begin: usize, limit: usize, gaps_tell: bool) -> usize {
    let mut end = anchor.line;
    let mut wanted = wanted(lines, anchor, begin);
    while wanted > 0 && end + 1 < limit {
        let next = &lines[end + 1];
        let apart = gaps_tell && next.after_gap && !(end == anchor.line && anchor.own.is_empty());
        let text = next.text.as_str();
        let plain = text
            .chars()
            .next()
            .is_some_and(|c| c.is_uppercase() || c.is_ascii_digit() || c == '"' || c == '„');
        if apart
            || next.has_bullet
            || is_prose(text)
            || text.ends_with('.') && words::organisation(text) == 0
            || !plain
        {
            break;
        }
        end += 1;
        let pieces = commas(&parts(text).join(", ")).len();
        let whole = wanted == 2
            && (pieces >= 2 && commas(text).iter().skip(1).any(|piece| words::organisation(piece) > 0)
                || parts(text).len() > 1);
        wanted = if whole { 0 } else { wanted - 1 };
    }
    end
}

/// How many of title and organisation are still to be found below the range.
fn wanted(lines: &[Line], anchor: &Anchor, begin: usize) -> usize {
    let above = (begin..anchor.line).map(|line| parts(&lines[line].text)).collect::<Vec<_>>();
    let places = |parts: &[String]| parts.iter().filter(|part| !is_place(part)).count();
    let count = above.iter().map(|parts| places(parts)).sum::<usize>() + places(&anchor.own);
    if count != 1 {
        return 2_usize.saturating_sub(count);
    }
    let only = above.iter().flatten().chain(&anchor.own).find(|part| !is_place(part));
    let name = only.map(|part| without_known_place(part).0).unwrap_or_default();
    let pieces = commas(&name);
    let organisation = pieces.iter().position(|piece| words::organisation(piece) > words::title(piece));
    let other = pieces.iter().any(|piece| words::title(piece) > 0 || words::degree(piece) > 0);
    usize::from(
        !(pieces.len() >= 3
            || (pieces.len() == 2
                && (organisation == Some(1) || organisation == Some(0) && other && pieces[1].len() > 3))),
    )
}

fn description(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line.text.replace('\t', " "));
        if text.len() > DESCRIPTION_CHARS * 4 {
            break;
        }
    }
    crate::clean::shorten(&text, DESCRIPTION_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Line> {
        let mut gap = false;
        let mut lines = Vec::new();
        for line in text.lines() {
            if line.is_empty() {
                gap = true;
                continue;
            }
            let bullet = line.strip_prefix("- ");
            lines.push(Line {
                text: bullet.unwrap_or(line).into(),
                has_bullet: bullet.is_some(),
                after_gap: gap,
                page: 1,
            });
            gap = false;
        }
        lines
    }

    fn heads(text: &str) -> Vec<String> {
        find(&lines(text))
            .iter()
            .map(|entry| entry.head.iter().map(|parts| parts.join("+")).collect::<Vec<_>>().join("/"))
            .collect()
    }

    #[test]
    fn heads_stand_beside_above_and_below_their_ranges() {
        for (text, expected) in [
            (
                "2019 – heute\tLeiter\nFeinguss GmbH, Leipzig\n- Führung\n2012 – 2018 Techniker\nMesswerk KG",
                vec!["Leiter/Feinguss GmbH, Leipzig", "Techniker/Messwerk KG"],
            ),
            (
                "Designerin\nNordlicht GmbH, Berlin\n06.2020 – heute\nGestaltung einer App\nGrafikerin\nAgentur Blau\n2015 – 2019",
                vec!["Designerin/Nordlicht GmbH, Berlin", "Grafikerin/Agentur Blau"],
            ),
            (
                "Oct 2022 – Present\tNurse, Aire Hospital, Leeds\n2014 – 2022\tCook, Hotel Sun, Bath",
                vec!["Nurse, Aire Hospital, Leeds", "Cook, Hotel Sun, Bath"],
            ),
            (
                "FOX PLC\tLondon, UK\nHead of Brand\t2020 – Present\n- Tea\nHARE AGENCY\tLeeds, UK\nManager\t2015 – 2019\nFood and travel\nPlanner\t2012 – 2015",
                vec!["FOX PLC+London, UK/Head of Brand", "HARE AGENCY+Leeds, UK/Manager", "Planner"],
            ),
            (
                "June 2017 to date\nSupervisor\nTyne Ltd, Gateshead\nResponsible for a shift of 18 people and for stock.\n\n2011 to 2017\nOperator\nCold Stores",
                vec!["Supervisor/Tyne Ltd, Gateshead", "Operator/Cold Stores"],
            ),
        ] {
            assert_eq!(heads(text), expected, "{text}");
        }
    }

    #[test]
    fn prose_about_times_is_no_entry() {
        assert!(
            heads("We grew from 2012 to 2015 by a factor of two and then we stopped because of the market.")
                .is_empty()
        );
    }
}
