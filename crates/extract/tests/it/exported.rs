//! Documents that Quire writes are read back with the words that were written.

use std::io::Write;

use quire_export::{Report, to_docx, to_pdf};
use quire_extract::{document::Extracted, options::ReadOptions};
use serde_json::json;

use crate::support::{reader, small_limits};

fn report() -> Report {
    let output = json!({
        "name": "Amélie Müller-Ćosić",
        "greek_and_cyrillic": "Ελληνικά Русский",
        "hebrew": "שלום עולם",
        "skills": ["Efficient offices", "AT&T <script>", "x² ≤ 5 €"],
        "positions": [{ "item": "Paper", "price": 12.5 }, { "item": "Ink", "price": 3 }],
        "letter": "A long paragraph that wraps. ".repeat(200),
    });
    Report::from_result("Curriculum vitae", &["cv.pdf".to_owned()], None, &output)
}

async fn read(bytes: &[u8], filename: &str) -> Extracted {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    reader(small_limits()).read(file.path(), &ReadOptions::of_file(filename)).await.unwrap()
}

fn words_of(document: &Extracted) -> Vec<String> {
    let words = document.pages.iter().flat_map(|page| page.text.split_whitespace());
    words.map(str::to_owned).collect()
}

const WORDS: &[&str] = &[
    "Curriculum",
    "Amélie",
    "Müller-Ćosić",
    "Ελληνικά",
    "Русский",
    "שלום",
    "עולם",
    "Efficient",
    "offices",
    "AT&T",
    "<script>",
    "x²",
    "€",
    "Paper",
    "12.5",
];

#[tokio::test]
async fn a_pdf_reads_back_the_same_words() {
    let document = read(&to_pdf(&report()).unwrap(), "report.pdf").await;
    assert_eq!(document.media_type, "application/pdf");
    assert_eq!(document.metadata.title.as_deref(), Some("Curriculum vitae"));
    assert_eq!(document.warnings, []);
    assert!(document.pages.len() >= 2, "{} pages", document.pages.len());
    let words = words_of(&document);
    for word in WORDS {
        assert!(words.iter().any(|found| found == word), "{word} in {words:?}");
    }
    let wraps = words.iter().filter(|word| *word == "wraps.").count();
    assert_eq!(wraps, 200);
}

#[tokio::test]
async fn a_docx_reads_back_the_same_words() {
    let document = read(&to_docx(&report()).unwrap(), "report.docx").await;
    assert!(document.media_type.ends_with("wordprocessingml.document"), "{}", document.media_type);
    let words = words_of(&document);
    for word in WORDS {
        assert!(words.iter().any(|found| found == word), "{word} in {words:?}");
    }
    assert_eq!(words.iter().filter(|word| *word == "wraps.").count(), 200);
}
