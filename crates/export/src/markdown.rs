//! Reports as Markdown (CommonMark, with the tables of GitHub).

use crate::{
    clean::{clean, one_line},
    report::{Block, Report, Section},
};

/// The report as Markdown. Its text is escaped: it stays text, whatever it looks like.
pub fn to_markdown(report: &Report) -> String {
    let mut blocks = Vec::new();
    if !report.title.is_empty() {
        blocks.push(format!("# {}", on_one_line(&report.title)));
    }
    if !report.subtitle.is_empty() {
        blocks.push(report.subtitle.iter().map(|line| on_one_line(line)).collect::<Vec<_>>().join("\\\n"));
    }
    report.sections.iter().for_each(|section| write_section(&mut blocks, section));
    let mut markdown = blocks.join("\n\n");
    markdown.push('\n');
    markdown
}

fn write_section(blocks: &mut Vec<String>, section: &Section) {
    if !section.heading.is_empty() {
        let marks = "#".repeat(usize::from(section.level.clamp(1, 5)) + 1);
        blocks.push(format!("{marks} {}", on_one_line(&section.heading)));
    }
    for block in &section.blocks {
        blocks.push(match block {
            Block::Paragraph(text) => clean(text).lines().map(escaped).collect::<Vec<_>>().join("\\\n"),
            Block::List(items) => {
                items.iter().map(|item| format!("- {}", on_one_line(item))).collect::<Vec<_>>().join("\n")
            }
            Block::Facts(facts) => facts
                .iter()
                .map(|(name, value)| format!("- **{}:** {}", on_one_line(name), on_one_line(value)))
                .collect::<Vec<_>>()
                .join("\n"),
            Block::Table { columns, rows } => table(columns, rows),
        });
    }
}

fn table(columns: &[String], rows: &[Vec<String>]) -> String {
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| on_one_line(cell)).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = format!("|{}", " --- |".repeat(columns.len()));
    let mut lines = vec![row(columns), rule];
    lines.extend(rows.iter().map(|cells| row(cells)));
    lines.join("\n")
}

fn on_one_line(text: &str) -> String {
    escaped(&one_line(text))
}

/// A line in which nothing means anything: neither punctuation, nor what begins a list, a heading,
/// a rule or a block of code.
fn escaped(line: &str) -> String {
    let line = line.trim();
    let mut escaped = String::with_capacity(line.len() + 8);
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    for (place, c) in line.char_indices() {
        let ends_number = digits > 0 && place == digits && matches!(c, '.' | ')');
        let is_followed = line[place + c.len_utf8()..].starts_with(|next: char| !next.is_whitespace());
        let begins_list = place == 0 && matches!(c, '-' | '+' | '=') || ends_number && !is_followed;
        let means_something =
            matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' | '$');
        if begins_list || means_something {
            escaped.push('\\');
        }
        escaped.push(if c == '\t' { ' ' } else { c });
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_markup_is_text() {
        for (text, markdown) in [
            ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
            ("# not a heading", r"\# not a heading"),
            ("- no item", r"\- no item"),
            ("12. no item", r"12\. no item"),
            ("1.5 % and a - b", "1.5 % and a - b"),
            ("[a](javascript:x) *b* _c_ `d`", r"\[a\](javascript:x) \*b\* \_c\_ \`d\`"),
            ("    code", "code"),
            ("a | b", r"a \| b"),
        ] {
            assert_eq!(escaped(text), markdown);
        }
    }
}
