//! The text of a WordprocessingML part, in one pass over its elements (ECMA-376 part 1, clause 17).

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
};

use crate::error::{Excess, ExtractError};

/// Elements within elements. Word itself gives up at a few hundred.
const MAX_DEPTH: usize = 1000;

/// Elements without text of the document as it stands: properties, removed text, field codes, and
/// the second telling of what is told in `mc:Choice` already.
const SKIPPED: &[&str] = &[
    "del",
    "moveFrom",
    "Fallback",
    "pPr",
    "rPr",
    "sectPr",
    "tblPr",
    "trPr",
    "tcPr",
    "tblGrid",
    "instrText",
    "delText",
    "delInstrText",
];

/// The text of a part. [`ExtractError::Corrupt`] if it is not well formed or ends too early.
pub(super) fn text_of(xml: &str) -> Result<String, ExtractError> {
    let mut reader = Reader::from_str(xml);
    // A lone `&` is a slip of the program that wrote it, not damage.
    reader.config_mut().allow_dangling_amp = true;
    let mut walk = Walk::default();
    loop {
        match reader.read_event().map_err(|_| ExtractError::Corrupt)? {
            Event::Start(element) => walk.enter(&element)?,
            Event::Empty(element) => {
                walk.enter(&element)?;
                walk.leave(element.local_name().as_ref());
            }
            Event::End(element) => walk.leave(element.local_name().as_ref()),
            Event::Text(text) => walk.characters(&text.xml10_content()),
            Event::CData(text) => walk.characters(&text.xml10_content()),
            Event::GeneralRef(reference) => walk.reference(&reference),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    if walk.depth > 0 {
        return Err(ExtractError::Corrupt);
    }
    Ok(walk.text)
}

#[derive(Default)]
struct Walk {
    text: String,
    /// What separates the next text from the last.
    gap: Gap,
    depth: usize,
    /// The depth at which a skipped element began.
    skipped_at: Option<usize>,
    /// Whether the walk is within an element whose characters are text.
    in_text: bool,
}

/// Ends of paragraphs and cells since the last text. They are written when more text follows, so that
/// the end of a cell can replace the end of its last paragraph.
#[derive(Default)]
struct Gap {
    newlines: usize,
    tabs: usize,
}

impl Walk {
    fn enter(&mut self, element: &BytesStart<'_>) -> Result<(), ExtractError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExtractError::TooComplex(Excess::Nesting));
        }
        if self.skipped_at.is_some() {
            return Ok(());
        }
        let name = element.local_name();
        match name.as_ref() {
            name if SKIPPED.contains(&name) => self.skipped_at = Some(self.depth),
            "t" => self.in_text = true,
            "tab" | "ptab" => self.characters_of_mark("\t"),
            "br" | "cr" => self.characters_of_mark("\n"),
            "noBreakHyphen" => self.characters_of_mark("-"),
            "tr" => self.fill_gap(),
            "txbxContent" if !self.text.is_empty() => self.gap.newlines = self.gap.newlines.max(1),
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self, name: &str) {
        let left = self.depth;
        self.depth = self.depth.saturating_sub(1);
        if let Some(begin) = self.skipped_at {
            if left == begin {
                self.skipped_at = None;
            }
            return;
        }
        match name {
            "t" => self.in_text = false,
            "p" => self.gap.newlines += 1,
            "tc" => {
                self.gap.newlines = 0;
                self.gap.tabs += 1;
            }
            "tr" => self.gap = Gap { newlines: 1, tabs: 0 },
            // Notes, comments and tables stand apart from what follows.
            "tbl" | "footnote" | "endnote" | "comment" => self.gap.newlines = self.gap.newlines.max(1),
            _ => {}
        }
    }

    fn characters(&mut self, text: &str) {
        if self.in_text && self.skipped_at.is_none() && !text.is_empty() {
            self.fill_gap();
            self.text.push_str(text);
        }
    }

    fn characters_of_mark(&mut self, mark: &str) {
        self.fill_gap();
        self.text.push_str(mark);
    }

    /// `&amp;` and `&#228;`. Entities of a document's own making stay unknown, so none can refer to
    /// a file or grow.
    fn reference(&mut self, reference: &BytesRef<'_>) {
        if let Ok(Some(c)) = reference.resolve_char_ref() {
            self.characters(c.encode_utf8(&mut [0; 4]));
        } else if let Some(text) = resolve_predefined_entity(reference) {
            self.characters(text);
        }
    }

    /// At most one empty line; none at the start.
    fn fill_gap(&mut self) {
        let Gap { newlines, tabs } = std::mem::take(&mut self.gap);
        if !self.text.is_empty() {
            self.text.extend(std::iter::repeat_n('\n', newlines.min(2)));
        }
        self.text.extend(std::iter::repeat_n('\t', tabs));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(content: &str) -> String {
        text_of(&format!("<w:document><w:body>{content}</w:body></w:document>")).unwrap()
    }

    fn paragraph(text: &str) -> String {
        format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
    }

    #[test]
    fn paragraphs_are_lines_and_only_one_empty_line_remains() {
        let content = [paragraph("one"), paragraph(""), paragraph(""), paragraph("two"), paragraph("three")];
        assert_eq!(body(&content.concat()), "one\n\ntwo\nthree");
    }

    #[test]
    fn rows_are_lines_and_cells_are_separated_by_tabs() {
        let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph(text));
        let row = |cells: &[&str]| {
            format!("<w:tr>{}</w:tr>", cells.iter().map(|text| cell(text)).collect::<String>())
        };
        let table = format!("<w:tbl>{}{}</w:tbl>", row(&["a", "", "c"]), row(&["", "e"]));
        let content = paragraph("before") + &table + &paragraph("after");
        assert_eq!(body(&content), "before\na\t\tc\n\te\nafter");
    }

    #[test]
    fn paragraphs_of_a_cell_stay_lines() {
        let cell = format!("<w:tc>{}{}</w:tc>", paragraph("a"), paragraph("b"));
        assert_eq!(
            body(&format!("<w:tbl><w:tr>{cell}<w:tc>{}</w:tc></w:tr></w:tbl>", paragraph("c"))),
            "a\nb\tc"
        );
    }

    #[test]
    fn removed_text_and_the_second_telling_are_skipped() {
        let content = "<w:p><w:del><w:r><w:delText>old</w:delText><w:t>old</w:t></w:r></w:del>\
            <w:ins><w:r><w:t>new</w:t></w:r></w:ins>\
            <mc:AlternateContent><mc:Choice><w:r><w:t> once</w:t></w:r></mc:Choice>\
            <mc:Fallback><w:r><w:t> twice</w:t></w:r></mc:Fallback></mc:AlternateContent>\
            <w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom></w:p>";
        assert_eq!(body(content), "new once");
    }

    #[test]
    fn tab_stops_of_the_style_are_no_tabs_of_the_text() {
        let content = "<w:p><w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr>\
            <w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>";
        assert_eq!(body(content), "a\tb\nc");
    }

    #[test]
    fn references_to_characters_are_resolved_and_others_are_not() {
        assert_eq!(body(&paragraph("a &lt; b &amp;&#228;&#xe4; &own;")), "a < b &ää ");
    }

    #[test]
    fn a_part_that_ends_early_is_corrupt() {
        for xml in ["<w:document><w:body><w:p>", "<w:document><w:t>text", "<w:document", "<a></b>"] {
            assert!(matches!(text_of(xml), Err(ExtractError::Corrupt)), "{xml}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let xml = "<w:tbl>".repeat(MAX_DEPTH + 1);
        assert!(matches!(text_of(&xml), Err(ExtractError::TooComplex(Excess::Nesting))));
    }
}
