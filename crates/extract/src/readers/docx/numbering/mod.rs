//! The numbers and bullets of list paragraphs (ECMA-376 part 1, clause 17.9). They are nowhere in the
//! text: they are counted while it is read.

mod definitions;

use std::collections::{HashMap, HashSet};

use self::definitions::{Definitions, LEVELS, Level, List, ListText};

/// Characters of a label. Word shows 31 and more, but no label needs them.
const MAX_LABEL: usize = 80;

/// What the properties of a paragraph say about its list.
#[derive(Debug, Default, Clone)]
pub(super) struct ListProperties {
    /// The style of the paragraph.
    pub(super) style: Option<String>,
    /// The list; `0` for none.
    pub(super) list: Option<String>,
    /// The level, the first is 0.
    pub(super) level: Option<usize>,
}

/// The lists of a document and how far each has counted.
#[derive(Default)]
pub(super) struct Numbering {
    definitions: Definitions,
    /// The last number of each level, by abstract list: lists made from the same one count on.
    counters: HashMap<String, [Option<u32>; LEVELS]>,
    /// Levels of lists whose own start has been used.
    started: HashSet<(String, usize)>,
}

impl Numbering {
    /// The lists that the numbering part and the styles part define.
    pub(super) fn new(numbering: &str, styles: &str) -> Self {
        Self { definitions: Definitions::parse(numbering, styles), ..Self::default() }
    }

    /// Counts a paragraph; its label, if it has one.
    pub(super) fn next_label(&mut self, paragraph: &ListProperties) -> Option<String> {
        let (list_id, level) = self.definitions.list_of(paragraph)?;
        let (list, abstract_id) = self.definitions.list(&list_id)?;
        let levels = self.definitions.levels(list, &abstract_id)?;
        let definition = levels.get(level).copied().flatten()?;

        let counters = self.counters.entry(abstract_id).or_default();
        let own_start = list.starts.get(&level).copied();
        let restarts = own_start.is_some() && self.started.insert((list_id, level));
        counters[level] = Some(match counters[level] {
            Some(number) if !restarts => number.saturating_add(1),
            _ => own_start.unwrap_or(definition.start),
        });
        for deeper in level + 1..LEVELS {
            let after = levels[deeper].and_then(|deeper| deeper.restarts_after);
            if after.is_none_or(|after| level < after) {
                counters[deeper] = None;
            }
        }
        let label = label(definition, list, &levels, counters);
        (!label.trim().is_empty()).then_some(label)
    }
}

fn label(
    definition: &Level,
    list: &List,
    levels: &[Option<&Level>; LEVELS],
    counters: &[Option<u32>; LEVELS],
) -> String {
    let text = match &definition.text {
        ListText::Bullet(bullet) => return bullet.to_string(),
        ListText::Pattern(text) => text,
    };
    let mut label = String::new();
    let mut characters = text.chars().take(MAX_LABEL).peekable();
    while let Some(c) = characters.next() {
        let digit = characters.peek().and_then(|c| c.to_digit(10)).filter(|digit| c == '%' && *digit > 0);
        let Some(digit) = digit else {
            label.push(c);
            continue;
        };
        characters.next();
        let index = digit as usize - 1;
        let Some(level) = levels.get(index).copied().flatten() else { continue };
        let start = list.starts.get(&index).copied().unwrap_or(level.start);
        let number = counters[index].unwrap_or(start);
        if definition.is_legal {
            label.push_str(&number.to_string());
        } else if let Some(numeral) = level.numeral {
            label.push_str(&numeral.write(number));
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTLINE: &str = r#"<w:numbering><w:abstractNum w:abstractNumId="1">
        <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:pStyle w:val="Heading1"/><w:lvlText w:val="%1."/></w:lvl>
        <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:pStyle w:val="Heading2"/><w:lvlText w:val="%1.%2)"/></w:lvl>
        <w:lvl w:ilvl="2"><w:start w:val="3"/><w:numFmt w:val="upperRoman"/><w:isLgl/><w:lvlText w:val="%1.%2.%3"/></w:lvl>
        </w:abstractNum>
        <w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val=""/></w:lvl></w:abstractNum>
        <w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>
        <w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>
        <w:num w:numId="3"><w:abstractNumId w:val="1"/>
            <w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>
        </w:numbering>"#;

    const STYLES: &str = r#"<w:styles>
        <w:style w:styleId="Heading1"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
        <w:style w:styleId="Heading2"><w:basedOn w:val="Heading1"/></w:style>
        <w:style w:styleId="Mine"><w:basedOn w:val="Heading1"/></w:style>
        <w:style w:styleId="Circle"><w:basedOn w:val="Circle"/></w:style></w:styles>"#;

    fn labels(paragraphs: &[(&str, Option<usize>)]) -> Vec<String> {
        let mut numbering = Numbering::new(OUTLINE, STYLES);
        let mut label = |list: &str, level: Option<usize>| {
            let is_style = list.parse::<u32>().is_err();
            let properties = ListProperties {
                style: is_style.then(|| list.to_owned()),
                list: (!is_style).then(|| list.to_owned()),
                level,
            };
            numbering.next_label(&properties).unwrap_or_default()
        };
        paragraphs.iter().map(|(list, level)| label(list, *level)).collect()
    }

    #[test]
    fn levels_count_and_restart() {
        let paragraphs = [
            ("1", Some(0)),
            ("1", Some(1)),
            ("1", Some(1)),
            ("1", Some(0)),
            ("1", Some(1)),
            ("1", Some(2)),
            ("1", None),
        ];
        assert_eq!(labels(&paragraphs), ["1.", "1.a)", "1.b)", "2.", "2.a)", "2.1.3", "3."]);
    }

    #[test]
    fn a_list_of_the_same_kind_counts_on_unless_it_has_its_own_start() {
        let paragraphs = [("1", None), ("1", None), ("3", None), ("3", None), ("1", None)];
        assert_eq!(labels(&paragraphs), ["1.", "2.", "7.", "8.", "9."]);
    }

    #[test]
    fn styles_bring_lists_and_bullets_have_no_number() {
        let paragraphs = [("Heading1", None), ("Heading2", None), ("Mine", None), ("2", None), ("0", None)];
        assert_eq!(labels(&paragraphs), ["1.", "1.a)", "2.", "\u{2022}", ""]);
        assert_eq!(
            labels(&[("Circle", None), ("Unknown", None), ("99", None), ("1", Some(99))]),
            ["", "", "", ""]
        );
    }
}
