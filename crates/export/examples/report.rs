//! Writes the JSON of a result as a report, to see what it looks like:
//!
//! `report RESULT.json REPORT.md|.docx|.pdf [TITLE [SUBTITLE …]]`

use std::{error::Error, fs};

use quire_export::{Report, to_docx, to_markdown, to_pdf};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [result, out, words @ ..] = &arguments[..] else {
        return Err("usage: report RESULT.json REPORT.md|.docx|.pdf [TITLE [SUBTITLE …]]".into());
    };
    let output = serde_json::from_slice(&fs::read(result)?)?;
    let (title, subtitle) = words.split_first().map_or(("Report", &[][..]), |(title, rest)| (title, rest));
    let report = Report::from_result(title, subtitle, None, &output);
    let bytes = match out.rsplit_once('.').map(|(_, extension)| extension) {
        Some("md") => to_markdown(&report).into_bytes(),
        Some("docx") => to_docx(&report)?,
        Some("pdf") => to_pdf(&report)?,
        _ => return Err("a report is .md, .docx or .pdf".into()),
    };
    fs::write(out, bytes)?;
    Ok(())
}
