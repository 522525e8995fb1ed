//! Reports as DOCX.

use std::io::Cursor;

use docx_rs::{
    AbstractNumbering, AlignmentType, Docx, Footer, IndentLevel, Level, LevelJc, LevelText, LineSpacing,
    NumberFormat, Numbering, NumberingId, PageNum, Paragraph, Run, RunFonts, SpecialIndentType, Start, Style,
    StyleType, Table, TableCell, TableRow, WidthType,
};

use crate::{
    ExportError,
    clean::clean,
    report::{Block, Report, Section},
};

/// The list with bullets.
const BULLETS: usize = 2;
/// The width of text on a page of A4, in twentieths of a point.
const TEXT_WIDTH: usize = 9026;
/// The name of a fact takes this share of the width.
const NAMES_WIDTH: usize = TEXT_WIDTH * 3 / 10;

/// The report as a DOCX document, with styles, so that it can be restyled in a word processor.
///
/// # Errors
///
/// [`ExportError`] if the package cannot be written, which is nothing a report can cause.
pub fn to_docx(report: &Report) -> Result<Vec<u8>, ExportError> {
    let mut docx = styled(Docx::new());
    if !report.title.is_empty() {
        docx = docx.add_paragraph(paragraph(&report.title).style("Title"));
    }
    for line in &report.subtitle {
        docx = docx.add_paragraph(paragraph(line).style("Subtitle"));
    }
    for section in &report.sections {
        docx = add_section(docx, section);
    }
    let mut file = Cursor::new(Vec::new());
    docx.build().pack(&mut file).map_err(|error| ExportError::new("DOCX", error))?;
    Ok(file.into_inner())
}

fn styled(docx: Docx) -> Docx {
    let page_number = Paragraph::new().align(AlignmentType::Center).add_page_num(PageNum::new());
    let bullets =
        Level::new(0, Start::new(1), NumberFormat::new("bullet"), LevelText::new("•"), LevelJc::new("left"))
            .indent(Some(360), Some(SpecialIndentType::Hanging(360)), None, None);
    let mut docx = docx
        .page_size(11906, 16838)
        .default_fonts(RunFonts::new().ascii("Calibri").hi_ansi("Calibri"))
        .default_size(22)
        .add_style(heading_style("Title", "Title", 40))
        .add_style(Style::new("Subtitle", StyleType::Paragraph).name("Subtitle").size(20).color("666666"))
        .add_abstract_numbering(AbstractNumbering::new(BULLETS).add_level(bullets))
        .add_numbering(Numbering::new(BULLETS, BULLETS))
        .footer(Footer::new().add_paragraph(page_number));
    for (level, size) in (1u8..).zip([30, 26, 24, 22, 22]) {
        let style = heading_style(&heading_id(level), &format!("heading {level}"), size);
        docx = docx.add_style(style.outline_lvl(usize::from(level) - 1));
    }
    docx
}

fn heading_id(level: u8) -> String {
    format!("Heading{}", level.clamp(1, 5))
}

/// Sizes are in half points.
fn heading_style(id: &str, name: &str, size: usize) -> Style {
    let spacing = LineSpacing::new().before(240).after(80);
    Style::new(id, StyleType::Paragraph).name(name).size(size).bold().line_spacing(spacing)
}

fn add_section(mut docx: Docx, section: &Section) -> Docx {
    if !section.heading.is_empty() {
        docx =
            docx.add_paragraph(paragraph(&section.heading).style(&heading_id(section.level)).keep_next(true));
    }
    for block in &section.blocks {
        docx = match block {
            Block::Paragraph(text) => docx.add_paragraph(spaced(paragraph(text))),
            Block::List(items) => items.iter().fold(docx, |docx, item| {
                docx.add_paragraph(paragraph(item).numbering(NumberingId::new(BULLETS), IndentLevel::new(0)))
            }),
            Block::Facts(facts) => docx.add_table(facts_table(facts)).add_paragraph(Paragraph::new()),
            Block::Table { columns, rows } => {
                docx.add_table(table(columns, rows)).add_paragraph(Paragraph::new())
            }
        };
    }
    docx
}

fn facts_table(facts: &[(String, String)]) -> Table {
    let rows = facts.iter().map(|(name, value)| {
        let value = cell(paragraph(value), TEXT_WIDTH - NAMES_WIDTH);
        TableRow::new(vec![cell(bold(name), NAMES_WIDTH), value]).cant_split()
    });
    Table::without_borders(rows.collect()).set_grid(vec![NAMES_WIDTH, TEXT_WIDTH - NAMES_WIDTH])
}

fn table(columns: &[String], rows: &[Vec<String>]) -> Table {
    let width = TEXT_WIDTH / columns.len().max(1);
    let head = TableRow::new(columns.iter().map(|name| cell(bold(name), width)).collect());
    let rows = rows
        .iter()
        .map(|cells| TableRow::new(cells.iter().map(|text| cell(paragraph(text), width)).collect()));
    Table::new(std::iter::once(head).chain(rows).collect()).set_grid(vec![width; columns.len()])
}

fn cell(content: Paragraph, width: usize) -> TableCell {
    TableCell::new().add_paragraph(content).width(width, WidthType::Dxa)
}

fn spaced(paragraph: Paragraph) -> Paragraph {
    paragraph.line_spacing(LineSpacing::new().after(120))
}

fn bold(text: &str) -> Paragraph {
    Paragraph::new().add_run(run(text).bold())
}

/// A paragraph with its lines and tabs. It runs from right to left if it begins so.
fn paragraph(text: &str) -> Paragraph {
    let mut paragraph = Paragraph::new().add_run(run(text));
    if begins_right_to_left(text) {
        paragraph.property = paragraph.property.bidi(true);
    }
    paragraph
}

fn run(text: &str) -> Run {
    let text = clean(text);
    let mut run = Run::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            run = run.add_break(docx_rs::BreakType::TextWrapping);
        }
        for (index, piece) in line.split('\t').enumerate() {
            if index > 0 {
                run = run.add_tab();
            }
            if !piece.is_empty() {
                run = run.add_text(piece);
            }
        }
    }
    run
}

/// Whether the first letter is of a script that is written from right to left: Hebrew, Arabic,
/// Syriac, Thaana, N'Ko, and their presentation forms.
fn begins_right_to_left(text: &str) -> bool {
    let first = text.chars().find(|c| c.is_alphabetic());
    first.is_some_and(
        |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'),
    )
}
