//! Files made to break readers. Each ends with its own verdict or text, within its limits.

use std::time::{Duration, Instant};

use quire_extract::{Excess, ExtractError, limits::Limits};

use crate::support::{draw_for_ever, fixtures_in, read, reader, small_limits};

/// What becomes of a file.
fn outcome(result: &Result<quire_extract::document::Extracted, ExtractError>) -> String {
    match result {
        Ok(document) => match document.textless() {
            None => format!("{} pages", document.pages.len()),
            Some(verdict) => verdict.to_string(),
        },
        Err(ExtractError::TooComplex(Excess::Cpu | Excess::Crash | Excess::Output)) => "over a limit".into(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn every_file_ends_in_its_own_way() {
    let expected = [
        ("billion_laughs.docx", "the document is empty"),
        ("bug53475-password-is-pass.docx", "the document is protected with a password"),
        ("cmap_range_4g.pdf", "1 pages"),
        ("content-stream-errors.pdf", "4 pages"),
        ("cyclic-toc.pdf", "the document is empty"),
        ("deep_dict_in_content.pdf", "1 pages"),
        ("deep_pages_tree_20k.pdf", "the document is empty"),
        ("nested_tables_50k.docx", "the document is too complex: its parts are nested too deep"),
        ("outlines-truncated.pdf", "the document is damaged"),
        ("pages_exponential.pdf", "the document is damaged"),
        ("truncated62886.docx", "1 pages"),
        ("truncated_xml.docx", "1 pages"),
        ("xobject_exponential_10p10.pdf", "over a limit"),
        ("xobject_self_cycle.pdf", "1 pages"),
        ("xxe.docx", "1 pages"),
        ("zero-length.docx", "the document is empty"),
    ];
    let reader = reader(small_limits());
    let mut outcomes = Vec::new();
    for path in fixtures_in("hostile") {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let result = reader.read(&path, &quire_extract::options::ReadOptions::of_file(&name)).await;
        outcomes.push((name, outcome(&result)));
    }
    let outcomes: Vec<_> = outcomes.iter().map(|(name, outcome)| (name.as_str(), outcome.as_str())).collect();
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn an_external_entity_is_not_read() {
    let document = read("hostile/xxe.docx").await.unwrap();
    assert!(!document.pages[0].text.contains("root:"), "{}", document.pages[0].text);
    assert!(document.pages[0].text.len() < 20);
}

#[tokio::test]
async fn a_hang_ends_with_the_wall_clock() {
    let limits = Limits { wall: Duration::from_millis(500), cpu: Duration::from_secs(60), ..small_limits() };
    let begin = Instant::now();
    let result = draw_for_ever(&reader(limits)).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Time))), "{result:?}");
    assert!(begin.elapsed() >= Duration::from_millis(500));
}

#[tokio::test]
async fn a_hang_ends_with_its_processor_time() {
    let limits = Limits { cpu: Duration::from_secs(1), memory: 8 << 30, ..small_limits() };
    let result = draw_for_ever(&reader(limits)).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Cpu))), "{result:?}");
}

#[tokio::test]
async fn a_memory_eater_ends_with_its_memory() {
    let limits = Limits { cpu: Duration::from_secs(60), memory: 192 << 20, ..small_limits() };
    let result = draw_for_ever(&reader(limits)).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Crash))), "{result:?}");
}
