//! PowerPoint presentations (Office Open XML, ECMA-376 part 1, clause 19): one page for each slide.

mod slide;

use super::{
    broken_off,
    office::{
        package::Package,
        properties,
        relations::{Relation, relations_of, target},
    },
    xml_walk::{Element, Ending, Step, Visitor, walk},
};
use crate::{
    document::{Page, Warning},
    error::ExtractError,
    media_type,
    reader::{Content, Reader, Source},
};

/// Reads a presentation as one page for each slide, in the order in which they are shown: its title,
/// its text and tables, then its notes and comments.
pub(crate) struct PptxReader;

impl Reader for PptxReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[media_type::PPTX]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let mut package = Package::open(source.bytes)?;
        let roots = relations_of(&mut package, "")?;
        let main = target(&roots, "officeDocument").unwrap_or("ppt/presentation.xml").to_owned();
        let xml = package.part(&main)?.ok_or(ExtractError::Corrupt)?;
        let mut slides = SlideList::default();
        let ending = walk(&xml, &mut slides)?;
        let relations = relations_of(&mut package, &main)?;
        let parts = slide_parts(&package, &slides.ids, &relations);

        let mut content = Content { metadata: properties::read(&mut package, &roots), ..Content::default() };
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        content.metadata.pages = Some(count);
        let mut room = source.limits.output;
        for (number, part) in (1..=count.min(source.limits.pages)).zip(&parts) {
            if !source.options.wants_page(number) {
                continue;
            }
            let (text, ending) = slide_text(&mut package, part, room)?;
            if ending == Ending::BrokenOff {
                content.warnings.push(Warning::new(
                    "part_unreadable",
                    format!("Slide {number} is damaged; text of it is missing."),
                ));
            }
            room = room.saturating_sub(text.len() as u64);
            content.pages.push(Page::text(number, text));
        }
        if ending == Ending::BrokenOff || package.is_broken_off() { broken_off(content) } else { Ok(content) }
    }
}

/// The relations of the slides, in the order in which they are shown.
#[derive(Default)]
struct SlideList {
    ids: Vec<String>,
}

impl Visitor for SlideList {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        if element.name() == "sldId" {
            self.ids.extend(element.prefixed_attribute("id"));
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

/// The parts of the slides. If the relations are lost, those that are named as slides, by their number.
fn slide_parts(package: &Package, ids: &[String], relations: &[Relation]) -> Vec<String> {
    let part = |id: &String| relations.iter().find(|relation| relation.id == *id);
    if !relations.is_empty() {
        return ids.iter().filter_map(part).map(|relation| relation.target.clone()).collect();
    }
    let mut parts = package.names("ppt/slides/slide", ".xml");
    let number = |name: &str| {
        name.bytes()
            .filter(u8::is_ascii_digit)
            .fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    };
    parts.sort_by_key(|name| number(name));
    parts
}

/// The text of a slide and of what belongs to it.
fn slide_text(package: &mut Package, part: &str, room: u64) -> Result<(String, Ending), ExtractError> {
    let xml = match package.part(part) {
        Err(ExtractError::Corrupt) => return Ok((String::new(), Ending::BrokenOff)),
        xml => xml?.unwrap_or_default(),
    };
    if xml.is_empty() {
        return Ok((String::new(), Ending::Whole));
    }
    let (text, ending) = slide::text_of(&xml, slide::Kind::Slide, room)?;
    let mut texts = vec![text];
    let relations = relations_of(package, part)?;
    for (kind, part_kind) in [
        ("diagramData", slide::Kind::Slide),
        ("notesSlide", slide::Kind::Notes),
        ("comments", slide::Kind::Comments),
    ] {
        for relation in relations.iter().filter(|relation| relation.kind == kind) {
            let xml = match package.part(&relation.target) {
                // What stands beside a slide is not worth the slide.
                Err(ExtractError::Corrupt) => None,
                xml => xml?,
            };
            texts.push(slide::text_of(&xml.unwrap_or_default(), part_kind, room)?.0);
        }
    }
    texts.retain(|text| !text.is_empty());
    Ok((texts.join("\n\n"), ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::office::testing::{archive, read, survives_truncation};

    const PRESENTATION: &str = r#"<p:presentation><p:sldIdLst><p:sldId id="256" r:id="rId7"/>
        <p:sldId id="257" r:id="rId2"/></p:sldIdLst></p:presentation>"#;
    const RELATIONS: &str = r#"<Relationships>
        <Relationship Id="rId2" Type="http://x/slide" Target="slides/slide1.xml"/>
        <Relationship Id="rId7" Type="http://x/slide" Target="slides/slide2.xml"/></Relationships>"#;
    const NOTES_RELATION: &str = r#"<Relationships><Relationship Id="a" Type="http://x/notesSlide" Target="../notesSlides/n.xml"/></Relationships>"#;

    fn slide(text: &str) -> String {
        format!("<p:sld><p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:sld>")
    }

    fn presentation(relations: &str) -> Vec<u8> {
        let notes = slide("a note").replace("<p:sp>", "<p:sp><p:nvPr><p:ph type='body'/></p:nvPr>");
        archive(&[
            ("ppt/presentation.xml", PRESENTATION),
            ("ppt/_rels/presentation.xml.rels", relations),
            ("ppt/slides/slide1.xml", &slide("second")),
            ("ppt/slides/slide2.xml", &slide("first")),
            ("ppt/slides/_rels/slide2.xml.rels", NOTES_RELATION),
            ("ppt/notesSlides/n.xml", &notes),
        ])
    }

    #[test]
    fn slides_come_in_the_order_in_which_they_are_shown() {
        let content = read(&PptxReader, presentation(RELATIONS)).unwrap();
        let texts: Vec<_> = content.pages.iter().map(|page| page.text.as_str()).collect();
        assert_eq!(texts, ["first\n\na note", "second"]);
        assert_eq!(content.metadata.pages, Some(2));
    }

    #[test]
    fn slides_without_relations_come_by_number() {
        let content = read(&PptxReader, presentation("")).unwrap();
        let texts: Vec<_> = content.pages.iter().map(|page| page.text.as_str()).collect();
        assert_eq!(texts, ["second", "first\n\na note"]);
    }

    #[test]
    fn a_presentation_may_end_anywhere() {
        survives_truncation(&PptxReader, &presentation(RELATIONS));
    }

    #[test]
    fn a_damaged_slide_leaves_the_others() {
        let files = [
            ("ppt/presentation.xml", PRESENTATION),
            ("ppt/slides/slide1.xml", "<p:sld><p:sp>"),
            ("ppt/slides/slide2.xml", &slide("whole")),
        ];
        let content = read(&PptxReader, archive(&files)).unwrap();
        assert_eq!(content.pages[1].text, "whole");
        assert_eq!(content.warnings[0].message, "Slide 1 is damaged; text of it is missing.");
    }
}
