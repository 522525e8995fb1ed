//! Results of tasks in, documents out. That readers find the same words in them again is tested
//! where the readers are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use quire_export::{Block, Report, Section, to_docx, to_markdown, to_pdf};
use serde_json::{Value, json};

fn report(output: &Value) -> Report {
    Report::from_result("Result", &[], None, output)
}

fn headings(report: &Report) -> Vec<(u8, &str)> {
    report.sections.iter().map(|section| (section.level, section.heading.as_str())).collect()
}

#[test]
fn a_cv_reads_well_as_markdown() {
    let cv = json!({
        "name": "Amélie Müller",
        "email": "amelie@example.org",
        "phone": null,
        "address": { "city": "Zürich", "postalCode": "8001" },
        "skills": ["Rust", "PostgreSQL", "", null],
        "languages": [
            { "language": "German", "level": "C2" },
            { "language": "French", "level": "C1", "certified": true },
        ],
        "experience": [
            { "position": "Staff Engineer", "company": "Example AG", "tasks": ["Designed * pipelines", "Cut costs"] },
            { "position": "Engineer", "company": "Beispiel GmbH", "to": 2019, "tasks": [] },
        ],
        "publications": [],
        "other": { "nothing": null },
    });
    let subtitle = ["cv_2026.pdf".to_owned(), "2026-11-22".to_owned()];
    let report = Report::from_result("Curriculum vitae", &subtitle, None, &cv);
    insta::assert_snapshot!(to_markdown(&report));
}

#[test]
fn an_invoice_has_its_positions_in_a_table() {
    let invoice = json!({
        "invoice_number": "2026-117",
        "total": 238.0,
        "is_paid": false,
        "line_items": [
            { "description": "Paper | white", "quantity": 2, "price": 100 },
            { "description": "Ink", "quantity": 1, "price": 38, "remark": "refilled" },
        ],
        "vat": { "rate": 0.19, "VAT_ID": "DE123" },
    });
    let report = report(&invoice);
    assert_eq!(headings(&report), [(1, ""), (1, "Line items"), (1, "VAT")]);
    let Block::Table { columns, rows } = &report.sections[1].blocks[0] else { panic!("no table") };
    assert_eq!(columns, &["Description", "Quantity", "Price", "Remark"]);
    assert_eq!(rows[0], ["Paper | white", "2", "100", ""]);
    assert!(to_markdown(&report).contains(r"| Paper \| white | 2 | 100 |  |"));
}

#[test]
fn text_keeps_its_paragraphs_lists_and_headings_and_is_not_said_twice() {
    let text = "First line\nsecond line\n\n## Points\n- one\n* two\n\nEnd\u{0}.";
    let report = Report::from_result("Summary", &[], Some(text), &json!({ "summary": text, "words": 9 }));
    assert_eq!(headings(&report), [(1, ""), (2, "Points"), (1, "")]);
    assert_eq!(report.sections[0].blocks, [Block::Paragraph("First line\nsecond line".into())]);
    assert_eq!(
        report.sections[1].blocks,
        [Block::List(vec!["one".into(), "two".into()]), Block::Paragraph("End.".into())]
    );
    assert_eq!(report.sections[2].blocks, [Block::Facts(vec![("Words".into(), "9".into())])]);
}

#[test]
fn every_kind_of_output_makes_a_report() {
    assert!(report(&Value::Null).sections.is_empty());
    assert!(report(&json!({ "a": null, "b": [], "c": "" })).sections.is_empty());
    assert_eq!(report(&json!("words")).sections[0].blocks, [Block::Paragraph("words".into())]);
    assert_eq!(report(&json!(["a", 1])).sections[0].blocks, [Block::List(vec!["a".into(), "1".into()])]);
    let people = report(&json!([{ "name": "A", "notes": ["x"] }, { "notes": ["y"] }, { "name": "C" }]));
    assert_eq!(headings(&people), [(1, "A"), (2, "Notes"), (1, "Item 2"), (2, "Notes"), (1, "")]);
    let long = "word ".repeat(100);
    let report = report(&json!({ "letter": long, "tone": "friendly" }));
    assert_eq!(headings(&report), [(1, ""), (1, "Letter")]);
}

#[test]
fn nesting_is_bounded() {
    let mut deep = json!({ "end": "here" });
    for _ in 0..100 {
        deep = json!({ "next": deep, "and": [{ "more": [1] }] });
    }
    let report = report(&deep);
    assert!(report.sections.iter().all(|section| section.level <= 6), "{:?}", headings(&report));
    assert!(to_markdown(&report).contains("here"), "what is deep is still there");
}

fn hostile() -> Report {
    let long = "A".repeat(1 << 20);
    report(&json!({
        "control": "a\u{0}b\u{1b}[31mc\u{7}\r\nd\u{fffe}e",
        "markup": "<script>alert('x')</script> & ]]> <!-- -->",
        "right_to_left": "שלום \u{202e}abc مرحبا",
        "emoji": "👩‍👩‍👧‍👦 😀 \u{1f1e9}\u{1f1ea}",
        "combining": format!("e{}", "\u{301}".repeat(5000)),
        "rare": "𒀀 \u{10ffff} \u{e000} ｶﾞ ꙮ",
        "long": long,
        "keys": { "<b>": 1, "": 2, "\u{0}": 3 },
        "table": [{ "a": "|", "b": "\n" }, { "a": "`", "b": "x" }],
    }))
}

#[test]
fn hostile_text_makes_documents() {
    let report = hostile();
    let markdown = to_markdown(&report);
    assert!(markdown.contains(r"\<script\>") && !markdown.contains("<script>"));
    assert!(!markdown.contains(['\0', '\u{1b}', '\u{202e}']));
    assert!(to_pdf(&report).unwrap().starts_with(b"%PDF-"));

    let docx = to_docx(&report).unwrap();
    let mut package = zip::ZipArchive::new(std::io::Cursor::new(docx)).unwrap();
    let mut xml = String::new();
    std::io::Read::read_to_string(&mut package.by_name("word/document.xml").unwrap(), &mut xml).unwrap();
    assert!(xml.contains("&lt;script&gt;") && !xml.contains("<script>"));
    assert!(!xml.contains(['\0', '\u{1b}', '\u{7}', '\u{fffe}']), "XML allows none of them");
}

#[test]
fn writers_clean_what_was_not_made_from_a_result() {
    let report = Report {
        title: "a\u{0}b".into(),
        subtitle: vec![String::new()],
        sections: vec![
            Section { level: 0, ..Section::default() },
            Section {
                heading: "c\u{1}\nd".into(),
                level: 200,
                blocks: vec![
                    Block::List(vec![]),
                    Block::Facts(vec![]),
                    Block::Table { columns: vec![], rows: vec![vec![], vec!["x".into()]] },
                ],
            },
        ],
    };
    assert!(to_markdown(&report).starts_with("# ab\n"));
    assert!(to_pdf(&report).is_ok() && to_docx(&report).is_ok());
}

#[test]
fn the_same_report_makes_the_same_bytes() {
    let report = report(&json!({ "a": "b", "list": ["x", "y"] }));
    assert_eq!(to_pdf(&report).unwrap(), to_pdf(&report).unwrap());
    assert_eq!(to_docx(&report).unwrap(), to_docx(&report).unwrap());
}
