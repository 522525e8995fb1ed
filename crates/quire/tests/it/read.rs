//! `quire read`, which needs no service and no configuration.

use quire_testkit::fixture_path;
use serde_json::Value;

use crate::program::{Place, QUIRE, Said, run};

/// Reads a fixture with these options and this on standard input.
async fn read(name: &str, options: &[&str], input: &str) -> Said {
    let place = Place::new();
    // Whatever is wrong with the configuration is no matter.
    let mut command = place.command(QUIRE, &[("PORT", "no number")]);
    command.arg("read").arg(fixture_path(name)).args(options);
    let said = run(command, input).await;
    assert!(!place.data().exists());
    said
}

#[tokio::test]
async fn the_text_is_printed_and_pages_can_be_chosen() {
    let all = read("pdf/pdflatex-4-pages.pdf", &[], "").await;
    all.assert_succeeded();
    assert_eq!(all.output.split('\u{c}').count(), 4);
    let some = read("pdf/pdflatex-4-pages.pdf", &["--pages", "2-3"], "").await;
    let pages: Vec<_> = all.output.split("\n\u{c}").collect();
    assert_eq!(some.output.trim_end(), pages[1..3].join("\n\u{c}").trim_end());
}

#[tokio::test]
async fn everything_is_told_as_json() {
    let said = read("pdf/pdflatex-4-pages.pdf", &["--json", "--words", "--pages", "1"], "").await;
    said.assert_succeeded();
    let document: Value = serde_json::from_str(&said.output).unwrap();
    assert_eq!(
        (&document["media_type"], &document["metadata"]["pages"]),
        (&"application/pdf".into(), &4.into())
    );
    let word = &document["pages"][0]["words"][0];
    assert_eq!((word["text"].as_str(), word["box"].as_array().map(Vec::len)), (Some("Hello,"), Some(4)));

    let said = read("images/scan-cv-120dpi-1.png", &["--metadata"], "").await;
    let metadata: Value = serde_json::from_str(&said.output).unwrap();
    assert_eq!((&metadata["width"], &metadata["media_type"]), (&1020.into(), &"image/png".into()));
}

#[tokio::test]
async fn a_page_is_drawn_into_a_file() {
    let place = Place::new();
    let out = place.path().join("page.webp");
    let mut command = place.command(QUIRE, &[]);
    command.arg("read").arg(fixture_path("pdf/pdflatex-4-pages.pdf"));
    command.args(["--pages", "2", "--size", "200", "--thumbnail"]).arg(&out);
    run(command, "").await.assert_succeeded();
    let picture = std::fs::read(out).unwrap();
    assert!(picture.starts_with(b"RIFF") && &picture[8..12] == b"WEBP");
}

#[tokio::test]
async fn a_locked_document_opens_with_its_password() {
    let locked = "pdf/libreoffice-writer-password.pdf";
    read(locked, &[], "").await.assert_failed("document_encrypted");
    read(locked, &["--password-stdin"], "a guess\n").await.assert_failed("document_encrypted");
    let said = read(locked, &["--password-stdin"], "openpassword\n").await;
    said.assert_succeeded();
    assert!(!said.output.trim().is_empty());
}

#[tokio::test]
async fn text_in_pictures_is_recognised() {
    let said = read("images/scan-cv-120dpi-1.png", &[], "").await;
    said.assert_succeeded();
    assert!(said.output.to_lowercase().contains("education"), "{}", said.output);
    read("images/scan-cv-120dpi-1.png", &["--no-ocr"], "").await.assert_failed("document_image_only");
    let said = read("images/scan-cv-120dpi-1.png", &["--ocr", "tlh"], "").await;
    said.assert_failed("cannot read the language `tlh`");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_with_its_code() {
    read("txt/binary-named.txt", &[], "").await.assert_failed("document_unsupported");
    read("hostile/pages_exponential.pdf", &[], "").await.assert_failed("document_corrupt");
    let place = Place::new();
    let mut command = place.command(QUIRE, &[]);
    command.args(["read", "missing.pdf"]);
    run(command, "").await.assert_failed("missing.pdf: ");
    for wrong in [["--pages", "0"], ["--pages", "7-3"], ["--size", "1"]] {
        assert_eq!(read("txt/ja-utf8.txt", &wrong, "").await.code, Some(2));
    }
}
