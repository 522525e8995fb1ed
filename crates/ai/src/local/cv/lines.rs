//! A document as lines, and the lines as sections.

use std::ops::Range;

use crate::document::Document;

use super::{
    dates,
    headings::{Section, heading, section, without_title},
    text::{Kind, key, tokens},
};

/// Lines that are read of a document: CVs have a few hundred.
const MOST_LINES: usize = 4_000;
/// Characters that are read of a line: those of CVs have a hundred.
const LONGEST_LINE: usize = 600;

const BULLETS: &[char] =
    &['•', '◦', '▪', '▸', '►', '‣', '·', '∙', '●', '○', '■', '□', '✓', '✔', '➢', '➤', '★', '☆', '\u{F0B7}'];

/// A line of the document that holds a letter or a digit.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its text without the bullet; cells are divided by tabs.
    pub(super) text: String,
    /// Whether a bullet or a dash stood before it.
    pub(super) has_bullet: bool,
    /// Whether it stands apart from the line before.
    pub(super) after_gap: bool,
    /// The number of its page.
    pub(super) page: u32,
}

/// A stretch of lines under one heading.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) section: Section,
    pub(super) lines: Range<usize>,
}

/// The lines of a document and its sections.
pub(super) struct Layout {
    pub(super) lines: Vec<Line>,
    pub(super) stretches: Vec<Stretch>,
    /// Whether a line calls the document a CV.
    pub(super) has_title: bool,
}

impl Layout {
    pub(super) fn of(document: &Document) -> Self {
        let mut layout = Self { lines: Vec::new(), stretches: Vec::new(), has_title: false };
        let mut section = Section::Header;
        let mut begin = 0;
        for line in join_broken(lines(document)) {
            let untitled = (layout.lines.len() < 10 && line.text.chars().count() < 80)
                .then(|| without_title(&line.text));
            if let Some(rest) = untitled.flatten() {
                layout.has_title = true;
                if !rest.is_empty() {
                    layout.lines.push(Line { text: rest.to_owned(), ..line });
                }
            } else if let Some((next, rest)) = opens(&line, section) {
                layout.close(section, begin);
                (section, begin) = (next, layout.lines.len());
                if let Some(rest) = rest {
                    layout.lines.push(Line { text: rest, after_gap: false, ..line });
                }
            } else {
                layout.lines.push(line);
            }
        }
        layout.close(section, begin);
        layout
    }

    fn close(&mut self, section: Section, begin: usize) {
        if begin < self.lines.len() || section != Section::Header {
            self.stretches.push(Stretch { section, lines: begin..self.lines.len() });
        }
    }

    /// The lines of a section, wherever they stand.
    pub(super) fn of_section(&self, section: Section) -> impl Iterator<Item = &[Line]> {
        let stretches = self.stretches.iter().filter(move |stretch| stretch.section == section);
        stretches.map(|stretch| &self.lines[stretch.lines.clone()])
    }

    /// Whether a heading of this section was found.
    pub(super) fn has(&self, section: Section) -> bool {
        self.stretches.iter().any(|stretch| stretch.section == section)
    }
}

/// The section that a line opens, and what stands beside the heading.
fn opens(line: &Line, current: Section) -> Option<(Section, Option<String>)> {
    if !line.has_bullet
        && let Some(section) = heading(&line.text)
    {
        return Some((section, None));
    }
    let (name, rest) = line.text.split_once('\t').or_else(|| line.text.split_once(':'))?;
    let section =
        section(&key(name)).filter(|section| matches!(section, Section::Skills | Section::Languages))?;
    let rest = rest.trim();
    (!rest.is_empty() && current != Section::Personal).then(|| (section, Some(rest.to_owned())))
}

/// Whether a document has more lines than are read.
pub(crate) fn is_too_long(document: &Document) -> bool {
    let lines = document.pages().iter().flat_map(|(_, text)| text.lines());
    lines.filter(|line| stripped(line).is_some()).nth(MOST_LINES).is_some()
}

fn lines(document: &Document) -> Vec<Line> {
    let mut found = Vec::new();
    for (page, text) in document.pages().iter() {
        let mut after_gap = true;
        for line in text.lines() {
            if found.len() == MOST_LINES {
                return found;
            }
            let Some((text, has_bullet)) = stripped(line) else {
                after_gap = true;
                continue;
            };
            found.push(Line { text, has_bullet, after_gap, page });
            after_gap = false;
        }
    }
    found
}

/// A line without its bullet; none for lines without a letter or a digit.
fn stripped(line: &str) -> Option<(String, bool)> {
    let line = line.trim();
    if !line.chars().take(LONGEST_LINE).any(char::is_alphanumeric) {
        return None;
    }
    let mut text = line.trim_start_matches(|c: char| BULLETS.contains(&c) || c.is_whitespace());
    let mut has_bullet = text.len() < line.len();
    if let Some(rest) = ["- ", "– ", "* ", "o ", "+ ", "> "].iter().find_map(|mark| text.strip_prefix(mark))
    {
        (text, has_bullet) = (rest.trim_start(), true);
    }
    Some((text.chars().take(LONGEST_LINE).collect::<String>().trim_end().to_owned(), has_bullet))
}

/// Joins what a narrow column broke over two lines: words with a hyphen, and ranges of dates.
fn join_broken(lines: Vec<Line>) -> Vec<Line> {
    let mut joined: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines {
        if let Some(last) = joined.last_mut()
            && !line.has_bullet
            && last.page == line.page
            && last.text.len() < LONGEST_LINE
        {
            if !line.after_gap && is_hyphenated(&last.text, &line.text) {
                last.text.push_str(&line.text);
                continue;
            }
            if !is_cut_off(&last.text) {
                joined.push(line);
                continue;
            }
            let whole = format!("{} {}", last.text, line.text);
            let before = dates::find_range(&last.text).filter(|range| !range.is_current);
            let range = dates::find_range(&whole);
            if before.is_none() && range.is_some_and(|range| range.place.end > last.text.len()) {
                last.text = whole;
                continue;
            }
        }
        joined.push(line);
    }
    joined
}

/// Whether a word goes on in the next line.
fn is_hyphenated(line: &str, next: &str) -> bool {
    let mut end = line.chars().rev();
    end.next() == Some('-')
        && end.next().is_some_and(char::is_alphabetic)
        && next.starts_with(char::is_alphabetic)
}

/// Whether a line ends within a range: at a dash, or at a month after one.
fn is_cut_off(line: &str) -> bool {
    let tokens = tokens(line);
    let dash = tokens.iter().rposition(|token| matches!(token.text, "-" | "–" | "—"));
    let dated = dash.is_some_and(|at| dates::find_date(&line[..tokens[at].start]).is_some());
    let rest = dash.map(|at| &tokens[at + 1..]);
    dated && rest.is_some_and(|rest| rest.len() <= 2 && rest.iter().all(|token| token.kind != Kind::Number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PageText;

    fn layout(text: &str) -> Layout {
        Layout::of(&Document::read(&[PageText { number: 1, text: text.into() }]).unwrap())
    }

    #[test]
    fn lines_belong_to_the_heading_above_them() {
        let layout = layout(
            "CV\nAda Beispiel\n\nSkills\n• Rust\n• C\nLanguages: English, German\n=====\nEducation\nMSc",
        );
        assert!(layout.has_title);
        let found: Vec<_> =
            layout.stretches.iter().map(|stretch| (stretch.section, stretch.lines.len())).collect();
        let expected =
            [(Section::Header, 1), (Section::Skills, 2), (Section::Languages, 1), (Section::Education, 1)];
        assert_eq!(found, expected);
        assert!(layout.lines[1].has_bullet);
        assert_eq!(layout.lines[3].text, "English, German");
    }

    #[test]
    fn broken_ranges_are_joined() {
        let layout = layout(
            "sept. 2013 – févr.\n2018\n\nAide-comptable\n2019 –\n2020 Chef\n2020 – heute\n2021 – 2022",
        );
        let texts: Vec<_> = layout.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(
            texts,
            ["sept. 2013 – févr. 2018", "Aide-comptable", "2019 – 2020 Chef", "2020 – heute", "2021 – 2022"]
        );
    }
}
