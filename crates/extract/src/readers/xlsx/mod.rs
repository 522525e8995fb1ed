//! Excel workbooks (Office Open XML, ECMA-376 part 1, clause 18): one page for each sheet.

mod number_format;
mod serial_date;
mod sheet;
mod strings;

use self::{number_format::Formats, sheet::Context};
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

/// Reads a workbook as one page for each sheet: its name, then a line for each row.
pub(crate) struct XlsxReader;

impl Reader for XlsxReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[media_type::XLSX]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let mut package = Package::open(source.bytes)?;
        let roots = relations_of(&mut package, "")?;
        let main = target(&roots, "officeDocument").unwrap_or("xl/workbook.xml").to_owned();
        let xml = package.part(&main)?.ok_or(ExtractError::Corrupt)?;
        let mut workbook = Workbook::default();
        let mut is_broken_off = walk(&xml, &mut workbook)? == Ending::BrokenOff;
        let relations = relations_of(&mut package, &main)?;

        let mut content = Content { metadata: properties::read(&mut package, &roots), ..Content::default() };
        let count = u32::try_from(workbook.sheets.len()).unwrap_or(u32::MAX);
        content.metadata.pages = Some(count);
        let wanted: Vec<_> = (1..=count.min(source.limits.pages))
            .zip(&workbook.sheets)
            .filter(|(number, _)| source.options.wants_page(*number))
            .collect();
        let mut room = source.limits.output;
        if !wanted.is_empty() {
            let context = context(&mut package, &relations, workbook.counts_from_1904)?;
            for (number, sheet) in wanted {
                let (text, ending) = sheet_text(&mut package, &relations, sheet, &context, room)?;
                if ending == Ending::BrokenOff {
                    content.warnings.push(Warning::new(
                        "part_unreadable",
                        format!("Sheet {number} is damaged; cells of it are missing."),
                    ));
                }
                room = room.saturating_sub(text.len() as u64);
                content.pages.push(Page::text(number, text));
            }
        }
        is_broken_off |= package.is_broken_off();
        if is_broken_off { broken_off(content) } else { Ok(content) }
    }
}

#[derive(Default)]
struct Workbook {
    sheets: Vec<Sheet>,
    /// Whether days are counted from 1904, as on the first Macintosh (18.17.4.1).
    counts_from_1904: bool,
}

struct Sheet {
    name: String,
    relation: String,
}

impl Visitor for Workbook {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        match element.name() {
            "sheet" => self.sheets.push(Sheet {
                name: element.attribute("name").unwrap_or_default(),
                relation: element.prefixed_attribute("id").unwrap_or_default(),
            }),
            "workbookPr" => {
                let value = element.attribute("date1904");
                self.counts_from_1904 = value.is_some_and(|value| matches!(value.as_str(), "1" | "true"));
            }
            _ => {}
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

/// What all sheets share. A part that is damaged is as good as none: numbers stay numbers.
fn context(
    package: &mut Package,
    relations: &[Relation],
    counts_from_1904: bool,
) -> Result<Context, ExtractError> {
    let mut part = |kind, default| match package.part(target(relations, kind).unwrap_or(default)) {
        Ok(xml) => Ok(xml.unwrap_or_default()),
        Err(ExtractError::Corrupt) => Ok(String::new()),
        Err(error) => Err(error),
    };
    let strings = strings::parse(&part("sharedStrings", "xl/sharedStrings.xml")?)?;
    let formats = Formats::parse(&part("styles", "xl/styles.xml")?)?;
    Ok(Context { strings, formats, counts_from_1904 })
}

fn sheet_text(
    package: &mut Package,
    relations: &[Relation],
    sheet: &Sheet,
    context: &Context,
    room: u64,
) -> Result<(String, Ending), ExtractError> {
    let related = relations.iter().find(|relation| relation.id == sheet.relation);
    let xml = match related {
        // These have no cells.
        Some(relation) if matches!(relation.kind.as_str(), "chartsheet" | "dialogsheet") => None,
        Some(relation) => match package.part(&relation.target) {
            Err(ExtractError::Corrupt) => return Ok((String::new(), Ending::BrokenOff)),
            xml => xml?,
        },
        None => None,
    };
    let (rows, ending) = sheet::text_of(&xml.unwrap_or_default(), context, room)?;
    let text = if rows.is_empty() { rows } else { format!("{}\n{rows}", sheet.name) };
    Ok((text, ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::office::testing::{archive, read, survives_truncation};

    const WORKBOOK: &str = r#"<workbook><sheets><sheet name="People &amp; co" sheetId="1" r:id="rId1"/>
        <sheet name="Chart" sheetId="2" r:id="rId2"/><sheet name="Last" sheetId="9" r:id="rId3"/></sheets></workbook>"#;
    const RELATIONS: &str = r#"<Relationships>
        <Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>
        <Relationship Id="rId2" Type="http://x/chartsheet" Target="chartsheets/sheet1.xml"/>
        <Relationship Id="rId3" Type="http://x/worksheet" Target="/xl/worksheets/sheet2.xml"/></Relationships>"#;
    const STRINGS: &str = "<sst><si><t>name</t></si><si><r><t>A</t></r><r><t>da</t></r></si></sst>";
    const STYLES: &str =
        r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
    const FIRST: &str = r#"<worksheet><sheetData>
        <row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>born</t></is></c></row>
        <row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" t="b"><v>1</v></c><c r="C2" s="1"><v>45292</v></c></row>
        </sheetData></worksheet>"#;
    const SECOND: &str = r#"<worksheet><sheetData><row><c><v>1.5</v></c><c t="str"><f>A1&amp;""</f><v>kept</v></c></row></sheetData></worksheet>"#;

    fn workbook() -> Vec<u8> {
        archive(&[
            ("xl/workbook.xml", WORKBOOK),
            ("xl/_rels/workbook.xml.rels", RELATIONS),
            ("xl/sharedStrings.xml", STRINGS),
            ("xl/styles.xml", STYLES),
            ("xl/worksheets/sheet1.xml", FIRST),
            ("xl/worksheets/sheet2.xml", SECOND),
        ])
    }

    #[test]
    fn a_sheet_is_a_page_and_a_row_is_a_line() {
        let content = read(&XlsxReader, workbook()).unwrap();
        let texts: Vec<_> = content.pages.iter().map(|page| (page.number, page.text.as_str())).collect();
        let expected =
            [(1, "People & co\nname\t\tborn\nAda\tTRUE\t2024-01-01"), (2, ""), (3, "Last\n1.5\tkept")];
        assert_eq!(texts, expected);
        assert_eq!(content.metadata.pages, Some(3));
    }

    #[test]
    fn a_workbook_that_breaks_off_says_so() {
        let mut bytes = workbook();
        // The directory at the end, and with it the second sheet's last bytes.
        let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        bytes.truncate(directory - 10);
        let content = read(&XlsxReader, bytes).unwrap();
        assert!(content.pages[0].text.contains("Ada"));
        assert_eq!(content.warnings.last().unwrap().code, "document_truncated");
    }

    #[test]
    fn a_workbook_may_end_anywhere() {
        survives_truncation(&XlsxReader, &workbook());
    }

    #[test]
    fn a_workbook_without_its_parts_is_corrupt_or_empty() {
        assert!(matches!(read(&XlsxReader, archive(&[("a", "b")])), Err(ExtractError::Corrupt)));
        let content = read(&XlsxReader, archive(&[("xl/workbook.xml", WORKBOOK)])).unwrap();
        assert!(content.pages.iter().all(|page| page.text.is_empty()));
    }
}
