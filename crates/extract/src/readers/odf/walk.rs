//! The text of an OpenDocument text or presentation, in one pass over its elements (part 3, chapters 5
//! and 6).

use super::{cells, lists::Lists};
use crate::{
    error::ExtractError,
    readers::{
        flow::Flow,
        xml_walk::{self, Element, Ending, Step, Visitor, walk},
    },
};

/// Spaces that one element may stand for.
const MAX_SPACES: usize = 100;

/// Elements without text of the document as it stands: removed text, alternatives to pictures, marks.
const SKIPPED: &[&str] = &[
    "tracked-changes",
    "note-citation",
    "ruby-text",
    "forms",
    "event-listeners",
    "desc",
    "title",
    "settings",
];

/// Elements whose text stands beside the text around them.
const ASIDES: &[&str] = &["note-body", "annotation", "text-box", "notes"];

/// Headers and footers of a page style.
const HEADERS: &[&str] = &["header", "header-left", "header-first", "footer", "footer-left", "footer-first"];

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Spreadsheet,
    Presentation,
}

/// The texts of the pages, and whether the part ends as it should.
pub(super) struct Walked {
    pub(super) pages: Vec<String>,
    pub(super) ending: Ending,
}

/// The text of a document: one page for a text, one for each sheet or slide, of `limit` bytes in all.
pub(super) fn pages_of(xml: &str, styles: &str, kind: Kind, limit: u64) -> Result<Walked, ExtractError> {
    if kind == Kind::Spreadsheet {
        return cells::pages_of(xml, limit);
    }
    let scope = if kind == Kind::Presentation { &["page"][..] } else { &["body"] };
    let mut walk = Walk::new(scope, Lists::new(&[styles, xml]), limit);
    let ending = xml_walk::walk(xml, &mut walk)?;
    // The page that the end of the part cut off.
    walk.end_page();
    Ok(Walked { pages: walk.pages, ending })
}

/// The texts of headers and footers, each of them once.
pub(super) fn headers_and_footers(styles: &str, limit: u64) -> Result<Vec<String>, ExtractError> {
    let mut walk = Walk::new(HEADERS, Lists::new(&[styles]), limit);
    xml_walk::walk(styles, &mut walk)?;
    let mut texts = Vec::new();
    for text in walk.pages {
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    Ok(texts)
}

/// How many pages a text had when it was last laid out.
pub(super) fn page_count(meta: &str) -> Option<u32> {
    let mut count = PageCount(None);
    match walk(meta, &mut count) {
        Ok(_) | Err(_) => count.0.filter(|count| *count > 0),
    }
}

struct PageCount(Option<u32>);

impl Visitor for PageCount {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        if element.name() == "document-statistic" {
            self.0 = element.attribute("page-count").and_then(|count| count.parse().ok());
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, _name: &str) -> Result<(), ExtractError> {
        Ok(())
    }

    fn characters(&mut self, _text: &str) -> Result<(), ExtractError> {
        Ok(())
    }
}

struct Walk {
    /// The elements that are pages; what is outside of them is not read.
    scope: &'static [&'static str],
    is_in_scope: bool,
    pages: Vec<String>,
    /// The text of the page, and of the asides the walk is in.
    flows: Vec<Flow>,
    /// The asides of the page that have ended.
    asides: Vec<String>,
    lists: Lists,
    /// The label of the list item whose text begins next.
    label: Option<String>,
    /// Paragraphs the walk is in: an aside has its own within one.
    paragraphs: usize,
    limit: u64,
}

impl Visitor for Walk {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        let name = element.name();
        if !self.is_in_scope {
            self.is_in_scope = self.scope.contains(&name);
            return Ok(Step::Into);
        }
        match name {
            name if SKIPPED.contains(&name) => return Ok(Step::Over),
            // Who wrote a comment, and when.
            "creator" | "date" | "creator-initials"
                if self.flows.len() > 1 && self.paragraphs < self.flows.len() =>
            {
                return Ok(Step::Over);
            }
            name if ASIDES.contains(&name) => self.flows.push(Flow::new(self.limit)),
            "p" | "h" => self.paragraphs += 1,
            "list" => self.lists.begin(element),
            "list-item" => self.label = self.lists.next_label(element),
            "s" => {
                let count = element.attribute("c").and_then(|count| count.parse().ok()).unwrap_or(1);
                self.push(&" ".repeat(MAX_SPACES.min(count)))?;
            }
            "tab" => self.push("\t")?,
            "line-break" => self.push("\n")?,
            "table-row" => {
                if let Some(flow) = self.flow() {
                    flow.begin_row();
                }
            }
            _ => {}
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, name: &str) -> Result<(), ExtractError> {
        if !self.is_in_scope {
            return Ok(());
        }
        if ASIDES.contains(&name) {
            self.end_aside();
        } else if self.scope.contains(&name) {
            self.end_page();
            self.is_in_scope = false;
        }
        match name {
            "p" | "h" => self.paragraphs = self.paragraphs.saturating_sub(1),
            "list" => self.lists.end(),
            "list-item" => self.label = None,
            _ => {}
        }
        let Some(flow) = self.flow() else { return Ok(()) };
        match name {
            "p" | "h" => flow.end_paragraph(),
            "table-cell" | "covered-table-cell" => flow.end_cell(),
            "table-row" => flow.end_row(),
            "table" => flow.break_line(),
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) -> Result<(), ExtractError> {
        if !self.is_in_scope || self.paragraphs == 0 {
            return Ok(());
        }
        if !text.trim().is_empty() {
            self.push_label()?;
        }
        // White space is one space, and none where a paragraph begins (part 3, 6.1.2).
        self.flow().map_or(Ok(()), |flow| flow.push_collapsed(text))
    }
}

impl Walk {
    fn new(scope: &'static [&'static str], lists: Lists, limit: u64) -> Self {
        Self {
            scope,
            is_in_scope: false,
            pages: Vec::new(),
            flows: vec![Flow::new(limit)],
            asides: Vec::new(),
            lists,
            label: None,
            paragraphs: 0,
            limit,
        }
    }

    fn flow(&mut self) -> Option<&mut Flow> {
        self.flows.last_mut()
    }

    fn push(&mut self, text: &str) -> Result<(), ExtractError> {
        self.push_label()?;
        self.flow().map_or(Ok(()), |flow| flow.push(text))
    }

    fn push_label(&mut self) -> Result<(), ExtractError> {
        let label = self.label.take();
        if let (Some(label), Some(flow)) = (label, self.flow()) {
            flow.push(&label)?;
            flow.push(" ")?;
        }
        Ok(())
    }

    /// What stood beside the text follows it, at the end of the page.
    fn end_aside(&mut self) {
        if self.flows.len() > 1
            && let Some(aside) = self.flows.pop()
        {
            self.asides.push(aside.finish());
        }
    }

    fn end_page(&mut self) {
        while self.flows.len() > 1 {
            self.end_aside();
        }
        let limit = self.limit;
        let page = self.flow().map(|flow| std::mem::replace(flow, Flow::new(limit)).finish());
        let mut texts = vec![page.unwrap_or_default()];
        texts.append(&mut self.asides);
        texts.retain(|text| !text.trim().is_empty());
        let text = texts.join("\n\n");
        if self.is_in_scope {
            self.limit = limit.saturating_sub(text.len() as u64);
            self.flows = vec![Flow::new(self.limit)];
            self.pages.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Excess;

    fn pages(content: &str, kind: Kind) -> Vec<String> {
        let xml = format!("<office:document-content>{content}</office:document-content>");
        let walked = pages_of(&xml, "", kind, 10_000).unwrap();
        assert_eq!(walked.ending, Ending::Whole);
        walked.pages
    }

    fn text(content: &str) -> String {
        pages(&format!("<office:body><office:text>{content}</office:text></office:body>"), Kind::Text)
            .concat()
    }

    #[test]
    fn paragraphs_are_lines_and_white_space_is_one_space() {
        let content = "<text:h>Head</text:h>\n<text:p>one\n   <text:span>two </text:span> three</text:p>\
            <text:p/><text:p> a<text:s text:c=\"3\"/>b<text:tab/>c<text:line-break/>d<text:s text:c=\"4000000000\"/></text:p>";
        assert_eq!(text(content), "Head\none two three\n\na   b\tc\nd");
    }

    #[test]
    fn notes_comments_and_boxes_follow_the_text() {
        let content = "<text:p>body<text:note><text:note-citation>1</text:note-citation><text:note-body>\
            <text:p>note</text:p></text:note-body></text:note> goes<office:annotation><dc:creator>Ada</dc:creator>\
            <dc:date>2024</dc:date><text:p>comment</text:p></office:annotation> on<draw:frame><draw:text-box>\
            <text:p>box</text:p></draw:text-box></draw:frame></text:p>\
            <text:tracked-changes><text:p>gone</text:p></text:tracked-changes>";
        assert_eq!(text(content), "body goes on\n\nnote\n\ncomment\n\nbox");
    }

    #[test]
    fn tables_are_rows_with_tabs() {
        let cell = |text: &str| format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>");
        let row = |cells: &str| format!("<table:table-row>{cells}</table:table-row>");
        let table =
            row(&(cell("a") + "<table:covered-table-cell/>" + &cell("c"))) + &row(&(cell("") + &cell("e")));
        assert_eq!(
            text(&format!("<table:table>{table}</table:table><text:p>after</text:p>")),
            "a\t\tc\n\te\nafter"
        );
    }

    #[test]
    fn lists_have_labels() {
        let styles = "<office:automatic-styles><text:list-style style:name=\"L\">\
            <text:list-level-style-number text:level=\"1\" style:num-format=\"1\" style:num-suffix=\".\"/>\
            <text:list-level-style-number text:level=\"2\" style:num-format=\"a\" style:num-suffix=\")\" text:display-levels=\"2\"/>\
            <text:list-level-style-bullet text:level=\"3\" text:bullet-char=\"\u{2013}\"/>\
            </text:list-style></office:automatic-styles>";
        let item = |text: &str, inner: &str| {
            format!("<text:list-item><text:p>{text}</text:p>{inner}</text:list-item>")
        };
        let third = format!("<text:list>{}</text:list>", item("deep", ""));
        let second = format!("<text:list>{}{}</text:list>", item("x", ""), item("y", &third));
        let first = format!(
            "<text:list text:style-name=\"L\">{}{}</text:list>",
            item("one", &second),
            item("two", "")
        );
        let more = format!(
            "<text:list text:style-name=\"L\" text:continue-numbering=\"true\">{}</text:list>",
            item("three", "")
        );
        let body = format!("{styles}<office:body>{first}{more}</office:body>");
        assert_eq!(
            pages(&body, Kind::Text).concat(),
            "1. one\n1.a) x\n1.b) y\n\u{2013} deep\n2. two\n3. three"
        );
    }

    #[test]
    fn a_slide_is_a_page_with_its_notes() {
        let slide = |text: &str, notes: &str| {
            format!(
                "<draw:page><draw:frame><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>\
                <presentation:notes><draw:text-box><text:p>{notes}</text:p></draw:text-box></presentation:notes></draw:page>"
            )
        };
        let body = format!(
            "<office:body><office:presentation>{}{}</office:presentation></office:body>",
            slide("one", "n"),
            slide("two", "")
        );
        assert_eq!(pages(&body, Kind::Presentation), ["one\n\nn", "two"]);
    }

    #[test]
    fn text_has_a_largest_size() {
        let spaces = "<text:p>a<text:s text:c=\"100\"/>b</text:p>".repeat(200);
        let result = pages_of(&format!("<a><office:body>{spaces}</office:body></a>"), "", Kind::Text, 10_000);
        assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Output))));
    }
}
