//! The text of a slide, in one pass over its elements (ECMA-376 part 1, 19.3 and 21.1.2).

use crate::{
    error::ExtractError,
    readers::{
        flow::Flow,
        xml_walk::{self, Element, Ending, Step, Visitor},
    },
};

/// Which part is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Slide,
    /// Notes: only what was written, not the small picture of the slide and its number.
    Notes,
    Comments,
}

/// The text of a part, in at most `limit` bytes, its title first, and whether it ends as it should.
pub(super) fn text_of(xml: &str, kind: Kind, limit: u64) -> Result<(String, Ending), ExtractError> {
    if xml.is_empty() {
        return Ok((String::new(), Ending::Whole));
    }
    let mut walk = Walk {
        kind,
        limit,
        flow: Flow::new(limit),
        role: Role::Other,
        is_in_text: false,
        is_in_shape: false,
        texts: Vec::new(),
    };
    let ending = xml_walk::walk(xml, &mut walk)?;
    walk.end_shape();
    walk.texts.sort_by_key(|(role, _)| *role);
    let texts: Vec<_> = walk.texts.into_iter().map(|(_, text)| text).collect();
    Ok((texts.join("\n\n"), ending))
}

/// What a shape is for; the title is read first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Title,
    Other,
    /// The number of the slide, or the small picture of it.
    Ornament,
}

struct Walk {
    kind: Kind,
    limit: u64,
    /// The text of the shape the walk is in.
    flow: Flow,
    role: Role,
    is_in_text: bool,
    is_in_shape: bool,
    texts: Vec<(Role, String)>,
}

impl Visitor for Walk {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        match element.name() {
            "Fallback" | "rPr" | "pPr" | "endParaRPr" | "spPr" | "style" | "tblPr" | "extLst" => {
                return Ok(Step::Over);
            }
            "sp" | "graphicFrame" | "cxnSp" => {
                self.end_shape();
                self.is_in_shape = true;
                if self.kind == Kind::Notes {
                    self.role = Role::Ornament;
                }
            }
            "ph" if self.is_in_shape => self.role = self.role_of(element),
            "t" => self.is_in_text = true,
            "text" if self.kind == Kind::Comments => self.is_in_text = true,
            "br" => self.flow.push("\n")?,
            "tab" => self.flow.push("\t")?,
            "tr" => self.flow.begin_row(),
            _ => {}
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, name: &str) -> Result<(), ExtractError> {
        match name {
            "t" => self.is_in_text = false,
            "text" if self.kind == Kind::Comments => {
                self.is_in_text = false;
                self.flow.break_line();
            }
            "p" => self.flow.end_paragraph(),
            "tc" => self.flow.end_cell(),
            "tr" => self.flow.end_row(),
            "sp" | "graphicFrame" | "cxnSp" => self.end_shape(),
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) -> Result<(), ExtractError> {
        if self.is_in_text { self.flow.push(text) } else { Ok(()) }
    }
}

impl Walk {
    fn role_of(&self, placeholder: &Element<'_>) -> Role {
        match placeholder.attribute("type").as_deref() {
            Some("title" | "ctrTitle") => Role::Title,
            Some("sldNum" | "sldImg") => Role::Ornament,
            Some("body") => Role::Other,
            _ if self.kind == Kind::Notes => Role::Ornament,
            _ => Role::Other,
        }
    }

    fn end_shape(&mut self) {
        let text = std::mem::replace(&mut self.flow, Flow::new(self.limit)).finish();
        let role = std::mem::replace(&mut self.role, Role::Other);
        self.is_in_shape = false;
        self.limit = self.limit.saturating_sub(text.len() as u64);
        if role != Role::Ornament && !text.trim().is_empty() {
            self.texts.push((role, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kind: &str, paragraphs: &[&str]) -> String {
        let paragraphs: String =
            paragraphs.iter().map(|text| format!("<a:p><a:r><a:t>{text}</a:t></a:r></a:p>")).collect();
        let placeholder = if kind.is_empty() { String::new() } else { format!("<p:ph type=\"{kind}\"/>") };
        format!(
            "<p:sp><p:nvSpPr><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr><p:txBody>{paragraphs}</p:txBody></p:sp>"
        )
    }

    fn text(content: &str, kind: Kind) -> String {
        text_of(&format!("<p:sld>{content}</p:sld>"), kind, 10_000).unwrap().0
    }

    #[test]
    fn the_title_comes_first_and_the_number_not_at_all() {
        let content = [
            shape("", &["one", "two"]),
            shape("sldNum", &["7"]),
            shape("title", &["Title"]),
            shape("body", &["three"]),
        ];
        assert_eq!(text(&content.concat(), Kind::Slide), "Title\n\none\ntwo\n\nthree");
    }

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let cell =
            |text: &str| format!("<a:tc><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>");
        let row = |cells: [&str; 2]| format!("<a:tr>{}{}</a:tr>", cell(cells[0]), cell(cells[1]));
        let table =
            format!("<p:graphicFrame><a:tbl>{}{}</a:tbl></p:graphicFrame>", row(["a", "b"]), row(["", "d"]));
        assert_eq!(text(&(table + &shape("", &["after"])), Kind::Slide), "a\tb\n\td\n\nafter");
    }

    #[test]
    fn shapes_in_groups_and_breaks_are_read() {
        let content = format!(
            "<p:grpSp>{}<p:grpSp>{}</p:grpSp></p:grpSp>",
            shape("", &["a</a:t></a:r><a:br/><a:r><a:t>b"]),
            shape("", &["c"])
        );
        assert_eq!(text(&content, Kind::Slide), "a\nb\n\nc");
    }

    #[test]
    fn of_notes_only_what_was_written_is_read() {
        let content = [
            shape("sldImg", &["x"]),
            shape("hdr", &["y"]),
            shape("body", &["note"]),
            shape("sldNum", &["1"]),
        ];
        assert_eq!(text(&content.concat(), Kind::Notes), "note");
    }

    #[test]
    fn comments_are_lines() {
        let content = "<p:cm><p:pos/><p:text>one</p:text></p:cm><p:cm><p:text>two</p:text></p:cm>";
        assert_eq!(text(content, Kind::Comments), "one\ntwo");
    }
}
