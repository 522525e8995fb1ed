//! Reports as PDF: set by `parley` (bidirectional text, shaping, line breaks, fonts for every
//! script), written by `krilla` (subsets of fonts with their characters).

mod flow;
mod fonts;
mod text;

use std::collections::BTreeSet;

use krilla::{
    Document,
    color::luma,
    destination::XyzDestination,
    geom::{PathBuilder, Point, Rect},
    metadata::Metadata,
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::Fill,
    surface::Surface,
};

use self::{
    flow::{Cell, Flow, Heading, MARGIN, Mark, PAGE, WIDTH},
    fonts::Fonts,
    text::{Look, TextLine, Typesetter},
};
use crate::{
    ExportError,
    clean::one_line,
    report::{Block, Report, Section},
};

const BODY: Look = Look { size: 11.0, is_bold: false, grey: 0 };
const NAME: Look = Look { is_bold: true, ..BODY };
const TITLE: Look = Look { size: 22.0, is_bold: true, grey: 0 };
const SMALL: Look = Look { size: 9.5, is_bold: false, grey: 96 };
/// How far items of a list stand in.
const INDENT: f32 = 16.0;
/// Between columns.
const GAP: f32 = 12.0;

/// The report as a PDF document of A4 pages, with bookmarks and page numbers. Characters that no
/// font has, neither built in nor of the system, are shown as boxes.
///
/// # Errors
///
/// [`ExportError`] if a font cannot be embedded.
pub fn to_pdf(report: &Report) -> Result<Vec<u8>, ExportError> {
    let mut flow = Flow::new(Typesetter::new(Fonts::for_characters(characters_of(report))));
    write_head(&mut flow, report);
    for section in &report.sections {
        write_section(&mut flow, section);
    }
    draw(flow, report).map_err(|error| ExportError::new("PDF", error))
}

fn write_head(flow: &mut Flow, report: &Report) {
    let title = flow.typesetter.lines(&report.title, TITLE, WIDTH);
    if !report.title.is_empty() {
        flow.lines(0.0, title);
        flow.space(4.0);
    }
    for line in &report.subtitle {
        let lines = flow.typesetter.lines(line, SMALL, WIDTH);
        flow.lines(0.0, lines);
    }
    flow.space(10.0);
}

fn write_section(flow: &mut Flow, section: &Section) {
    if !section.heading.is_empty() {
        let size = [15.0, 13.0, 12.0, 11.5, 11.0][usize::from(section.level.clamp(1, 5)) - 1];
        let lines = flow.typesetter.lines(&section.heading, Look { size, ..NAME }, WIDTH);
        flow.space(size * 0.7);
        // A heading does not stand alone at the end of a page.
        flow.keep_together(lines.iter().map(|line| line.height).sum::<f32>() + 3.0 * BODY.size);
        flow.heading(&section.heading, section.level);
        flow.lines(0.0, lines);
        flow.space(3.0);
    }
    for block in &section.blocks {
        match block {
            Block::Paragraph(text) => {
                let lines = flow.typesetter.lines(text, BODY, WIDTH);
                flow.lines(0.0, lines);
            }
            Block::List(items) => items.iter().for_each(|item| write_item(flow, item)),
            Block::Facts(facts) => write_facts(flow, facts),
            Block::Table { columns, rows } => write_table(flow, columns, rows),
        }
        flow.space(6.0);
    }
}

fn write_item(flow: &mut Flow, item: &str) {
    let bullet = flow.typesetter.lines("•", BODY, INDENT);
    let lines = flow.typesetter.lines(item, BODY, WIDTH - INDENT);
    flow.row(vec![Cell { x: 4.0, lines: bullet }, Cell { x: INDENT, lines }]);
}

fn write_facts(flow: &mut Flow, facts: &[(String, String)]) {
    let names = facts.iter().map(|(name, _)| name.as_str());
    let widest = widest(flow, names, NAME, WIDTH * 0.4);
    for (name, value) in facts {
        let name = flow.typesetter.lines(name, NAME, widest);
        let lines = flow.typesetter.lines(value, BODY, WIDTH - widest - GAP);
        flow.row(vec![Cell { x: 0.0, lines: name }, Cell { x: widest + GAP, lines }]);
        flow.space(2.0);
    }
}

fn write_table(flow: &mut Flow, columns: &[String], rows: &[Vec<String>]) {
    let widths = column_widths(flow, columns, rows);
    write_row(flow, columns, &widths, NAME);
    for row in rows {
        flow.space(1.5);
        flow.rule();
        flow.space(1.5);
        write_row(flow, row, &widths, BODY);
    }
}

fn write_row(flow: &mut Flow, texts: &[String], widths: &[f32], look: Look) {
    let mut x = 0.0;
    let mut cells = Vec::new();
    for (text, width) in texts.iter().zip(widths) {
        cells.push(Cell { x, lines: flow.typesetter.lines(text, look, *width) });
        x += width + GAP;
    }
    flow.row(cells);
}

/// What each column wants; if that is too much, those that want more than their share give way.
fn column_widths(flow: &mut Flow, columns: &[String], rows: &[Vec<String>]) -> Vec<f32> {
    /// Rows that are measured.
    const MEASURED: usize = 200;
    let count = columns.len().max(1);
    #[allow(clippy::cast_precision_loss, reason = "a handful of columns")]
    let room = WIDTH - GAP * (count - 1) as f32;
    let wanted: Vec<f32> = (0..columns.len())
        .map(|column| {
            let name = widest(flow, [columns[column].as_str()].into_iter(), NAME, WIDTH);
            let cells = rows.iter().take(MEASURED).filter_map(|row| row.get(column)).map(String::as_str);
            widest(flow, cells, BODY, WIDTH).max(name) + 1.0
        })
        .collect();
    let mut widths = wanted.clone();
    let mut narrow = vec![false; widths.len()];
    // Each round settles the columns that want less than an equal share of what is left.
    for _ in 0..widths.len() {
        let settled: f32 =
            widths.iter().zip(&narrow).filter(|(_, narrow)| **narrow).map(|(width, _)| width).sum();
        let open = narrow.iter().filter(|narrow| !**narrow).count();
        #[allow(clippy::cast_precision_loss, reason = "a handful of columns")]
        let share = (room - settled) / open.max(1) as f32;
        let mut has_changed = false;
        for ((width, narrow), wanted) in widths.iter_mut().zip(&mut narrow).zip(&wanted) {
            if !*narrow {
                has_changed |= *wanted <= share;
                *narrow = *wanted <= share;
                *width = wanted.min(share);
            }
        }
        if !has_changed {
            break;
        }
    }
    widths
}

fn widest<'t>(flow: &mut Flow, texts: impl Iterator<Item = &'t str>, look: Look, most: f32) -> f32 {
    texts.map(|text| flow.typesetter.width(text, look, most)).fold(0.0, f32::max)
}

fn characters_of(report: &Report) -> BTreeSet<char> {
    let mut characters = BTreeSet::from(['•']);
    let mut add =
        |text: &str| characters.extend(text.chars().filter(|c| !c.is_control() && !c.is_whitespace()));
    add(&report.title);
    report.subtitle.iter().for_each(|line| add(line));
    for section in &report.sections {
        add(&section.heading);
        for block in &section.blocks {
            match block {
                Block::Paragraph(text) => add(text),
                Block::List(items) => items.iter().for_each(|item| add(item)),
                Block::Facts(facts) => facts.iter().for_each(|(name, value)| {
                    add(name);
                    add(value);
                }),
                Block::Table { columns, rows } => {
                    columns.iter().chain(rows.iter().flatten()).for_each(|cell| add(cell));
                }
            }
        }
    }
    characters
}

fn draw(mut flow: Flow, report: &Report) -> Result<Vec<u8>, String> {
    let failed = |error: &dyn std::fmt::Debug| format!("{error:?}");
    let mut document = Document::new();
    let count = flow.pages.len();
    for (index, marks) in std::mem::take(&mut flow.pages).into_iter().enumerate() {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or("a page without a size")?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in &marks {
            match mark {
                Mark::Text { line, x, y } => draw_line(&mut surface, line, *x, *y),
                Mark::Rule { y } => draw_rule(&mut surface, *y),
            }
        }
        let number = format!("{} / {count}", index + 1);
        let width = flow.typesetter.width(&number, SMALL, WIDTH);
        for line in flow.typesetter.lines(&number, SMALL, WIDTH) {
            draw_line(&mut surface, &line, (PAGE.0 - width) / 2.0, PAGE.1 - MARGIN / 2.0);
        }
        surface.finish();
        page.finish();
    }
    document.set_outline(outline(&flow.headings));
    document.set_metadata(Metadata::new().title(one_line(&report.title)));
    document.finish().map_err(|error| failed(&error))
}

fn draw_line(surface: &mut Surface<'_>, line: &TextLine, x: f32, y: f32) {
    surface.set_fill(Some(grey(line.grey)));
    for run in &line.runs {
        let start = Point::from_xy(x + run.x, y);
        surface.draw_glyphs(start, &run.glyphs, run.font.clone(), &run.text, run.size, false);
    }
}

fn draw_rule(surface: &mut Surface<'_>, y: f32) {
    let mut path = PathBuilder::new();
    if let Some(rule) = Rect::from_xywh(MARGIN, y, WIDTH, 0.5) {
        path.push_rect(rule);
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(grey(190)));
        surface.draw_path(&path);
    }
}

fn grey(lightness: u8) -> Fill {
    Fill { paint: luma::Color::new(lightness).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

/// The headings of the first level as bookmarks, with those of the second below them.
fn outline(headings: &[Heading]) -> Outline {
    let mut outline = Outline::new();
    let mut open: Option<OutlineNode> = None;
    for heading in headings.iter().filter(|heading| heading.level <= 2) {
        let place = XyzDestination::new(heading.page, Point::from_xy(MARGIN, heading.y));
        let node = OutlineNode::new(one_line(&heading.text), place);
        match &mut open {
            Some(parent) if heading.level == 2 => parent.push_child(node),
            _ => {
                if let Some(done) = open.replace(node) {
                    outline.push_child(done);
                }
            }
        }
    }
    if let Some(done) = open {
        outline.push_child(done);
    }
    outline
}
