//! The text of a WordprocessingML part, in one pass over its elements (ECMA-376 part 1, clause 17).

use super::numbering::{ListProperties, Numbering};
use crate::{
    error::ExtractError,
    readers::{
        flow::Flow,
        xml_walk::{self, Element, Ending, Step, Visitor},
    },
};

/// Elements without text of the document as it stands: properties, removed text, field codes, and
/// the second telling of what is told in `mc:Choice` already.
const SKIPPED: &[&str] = &[
    "del",
    "moveFrom",
    "Fallback",
    "rPr",
    "sectPr",
    "sdtPr",
    "tblPr",
    "trPr",
    "tcPr",
    "tblGrid",
    "instrText",
    "delText",
    "delInstrText",
];

/// The text of a part of at most `limit` bytes, and whether the part ends as it should.
pub(super) fn text_of(
    xml: &str,
    numbering: &mut Numbering,
    limit: u64,
) -> Result<(String, Ending), ExtractError> {
    let mut walk = Walk { flow: Flow::new(limit), numbering, paragraphs: Vec::new(), is_in_text: false };
    let ending = xml_walk::walk(xml, &mut walk)?;
    Ok((walk.flow.finish(), ending))
}

struct Walk<'a> {
    flow: Flow,
    numbering: &'a mut Numbering,
    /// The paragraphs the walk is in: a text box is within one.
    paragraphs: Vec<Paragraph>,
    /// Whether the walk is within an element whose characters are text.
    is_in_text: bool,
}

#[derive(Default)]
struct Paragraph {
    properties: ListProperties,
    is_in_properties: bool,
    /// Its number or bullet, until its text begins.
    label: Option<String>,
}

impl Visitor for Walk<'_> {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        if let Some(paragraph) = self.paragraphs.last_mut().filter(|paragraph| paragraph.is_in_properties) {
            return Ok(paragraph.note(element));
        }
        match element.name() {
            name if SKIPPED.contains(&name) => return Ok(Step::Over),
            "p" => self.paragraphs.push(Paragraph::default()),
            "pPr" => match self.paragraphs.last_mut() {
                Some(paragraph) => paragraph.is_in_properties = true,
                None => return Ok(Step::Over),
            },
            "t" => self.is_in_text = true,
            "tab" | "ptab" => self.flow.push("\t")?,
            "br" | "cr" => self.flow.push("\n")?,
            "noBreakHyphen" => self.text("-")?,
            "sym" => self.text(&symbol(element))?,
            "tr" => self.flow.begin_row(),
            "txbxContent" if !self.flow.is_empty() => self.flow.break_line(),
            _ => {}
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, name: &str) -> Result<(), ExtractError> {
        match name {
            "t" => self.is_in_text = false,
            "pPr" => {
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.is_in_properties = false;
                    paragraph.label = self.numbering.next_label(&paragraph.properties);
                }
            }
            "p" => {
                self.paragraphs.pop();
                self.flow.end_paragraph();
            }
            "tc" => self.flow.end_cell(),
            "tr" => self.flow.end_row(),
            // Notes, comments and tables stand apart from what follows.
            "tbl" | "footnote" | "endnote" | "comment" => self.flow.break_line(),
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) -> Result<(), ExtractError> {
        if self.is_in_text { self.text(text) } else { Ok(()) }
    }
}

impl Walk<'_> {
    fn text(&mut self, text: &str) -> Result<(), ExtractError> {
        let label = self.paragraphs.last_mut().and_then(|paragraph| paragraph.label.take());
        if let Some(label) = label {
            self.flow.push(&label)?;
            self.flow.push(" ")?;
        }
        self.flow.push(text)
    }
}

impl Paragraph {
    /// Notes what its properties say about a list.
    fn note(&mut self, element: &Element<'_>) -> Step {
        let value = || element.attribute("val");
        match element.name() {
            "numPr" => return Step::Into,
            "pStyle" => self.properties.style = value(),
            "numId" => self.properties.list = value(),
            "ilvl" => self.properties.level = value().and_then(|level| level.parse().ok()),
            _ => {}
        }
        Step::Over
    }
}

/// A character of a symbol font. Those in the private range are pictures of the font; the common ones
/// of Symbol and Wingdings have a character of their own.
fn symbol(element: &Element<'_>) -> String {
    let code = element.attribute("char").and_then(|code| u32::from_str_radix(&code, 16).ok());
    match code {
        Some(0xf0b7 | 0xf0a7) => "\u{2022}".into(),
        Some(0xf0e0) => "\u{2192}".into(),
        Some(0xf0fc) => "\u{2713}".into(),
        Some(0xf0a8 | 0xf06f) => "\u{2610}".into(),
        Some(0xf0fe) => "\u{2611}".into(),
        Some(0xe000..=0xf8ff) | None => String::new(),
        Some(code) => char::from_u32(code).map(String::from).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Excess;

    fn read(xml: &str) -> Result<(String, Ending), ExtractError> {
        text_of(xml, &mut Numbering::default(), 1 << 20)
    }

    fn body(content: &str) -> String {
        let (text, ending) = read(&format!("<w:document><w:body>{content}</w:body></w:document>")).unwrap();
        assert_eq!(ending, Ending::Whole);
        text
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
    fn content_controls_are_text_and_their_properties_are_not() {
        let content = "<w:sdt><w:sdtPr><w:placeholder><w:t>type here</w:t></w:placeholder></w:sdtPr>\
            <w:sdtContent><w:p><w:r><w:t>typed</w:t></w:r></w:p></w:sdtContent></w:sdt>";
        assert_eq!(body(content), "typed");
    }

    #[test]
    fn tab_stops_of_the_style_are_no_tabs_of_the_text() {
        let content = "<w:p><w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr>\
            <w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>";
        assert_eq!(body(content), "a\tb\nc");
    }

    #[test]
    fn labels_come_before_the_text_of_their_paragraph() {
        let numbering = "<w:numbering><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'><w:start w:val='1'/>\
            <w:numFmt w:val='upperRoman'/><w:lvlText w:val='%1.'/></w:lvl></w:abstractNum>\
            <w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num></w:numbering>";
        let item = |text: &str| {
            format!(
                "<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr>{text}</w:p>"
            )
        };
        // The text box in the second item has a paragraph of its own, without a label.
        let boxed = "<w:r><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></w:txbxContent></w:r>\
            <w:r><w:t>two</w:t></w:r>";
        let xml = format!("<b>{}{}{}</b>", item("<w:r><w:t>one</w:t></w:r>"), item(boxed), item(""));
        let (text, _) = text_of(&xml, &mut Numbering::new(numbering, ""), 1 << 20).unwrap();
        assert_eq!(text, "I. one\nbox\nII. two");
    }

    #[test]
    fn symbols_have_a_character_if_it_is_known() {
        let content =
            "<w:p><w:r><w:sym w:char=\"F0FC\"/><w:sym w:char=\"F001\"/><w:sym w:char=\"263A\"/></w:r></w:p>";
        assert_eq!(body(content), "\u{2713}\u{263a}");
    }

    #[test]
    fn references_to_characters_are_resolved_and_others_are_not() {
        assert_eq!(body(&paragraph("a &lt; b &amp;&#228;&#xe4; &own;")), "a < b &\u{e4}\u{e4}");
    }

    #[test]
    fn a_part_that_ends_early_gives_its_beginning() {
        for (xml, text) in
            [("<w:p><w:t>one</w:t></w:p><w:p><w:t>tw", "one\ntw"), ("<w:document", ""), ("<a></b>", "")]
        {
            assert_eq!(read(xml).unwrap(), (text.to_owned(), Ending::BrokenOff));
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let xml = "<w:tbl>".repeat(xml_walk::MAX_DEPTH + 1);
        assert!(matches!(read(&xml), Err(ExtractError::TooComplex(Excess::Nesting))));
    }
}
