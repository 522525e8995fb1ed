//! The strings that cells share (ECMA-376 part 1, 18.4.9).

use crate::{
    error::ExtractError,
    readers::xml_walk::{Element, Step, Visitor, walk},
};

/// The shared strings, in their order; those before the place where the part breaks off.
pub(super) fn parse(xml: &str) -> Result<Vec<String>, ExtractError> {
    let mut strings = Strings::default();
    walk(xml, &mut strings)?;
    Ok(strings.found)
}

#[derive(Default)]
struct Strings {
    found: Vec<String>,
    text: String,
    is_in_text: bool,
}

impl Visitor for Strings {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        match element.name() {
            // How the text is pronounced, and how it looks.
            "rPh" | "rPr" | "phoneticPr" => return Ok(Step::Over),
            "t" => self.is_in_text = true,
            _ => {}
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, name: &str) -> Result<(), ExtractError> {
        match name {
            "t" => self.is_in_text = false,
            "si" => self.found.push(std::mem::take(&mut self.text)),
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) -> Result<(), ExtractError> {
        if self.is_in_text {
            self.text.push_str(text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_joined_from_their_runs_and_have_no_reading_aids() {
        let xml = "<sst><si><t xml:space=\"preserve\"> a </t></si><si/>\
            <si><r><rPr/><t>b</t></r><r><t>c</t></r><rPh><t>reading</t></rPh></si><si><t>cut";
        assert_eq!(parse(xml).unwrap(), [" a ", "", "bc"]);
    }
}
