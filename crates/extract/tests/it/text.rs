use quire_extract::{ExtractError, document::Method, options::ReadOptions};
use tempfile::NamedTempFile;

use crate::support::{fixture, read, reader, small_limits, text_of};

#[tokio::test]
async fn the_same_text_comes_out_of_every_encoding() {
    let utf8 = text_of("txt/ja-utf8.txt").await;
    assert!(utf8.contains("開発"));
    assert_eq!(text_of("txt/ja-shift_jis.txt").await, utf8);
    assert_eq!(text_of("txt/ja-utf16le-bom.txt").await, utf8);
    assert_eq!(text_of("txt/de-cp1252.txt").await, text_of("txt/de-utf8-bom.txt").await);
}

#[tokio::test]
async fn the_encoding_is_told() {
    for (name, encoding, word) in [
        ("txt/de-cp1252.txt", "windows-1252", "Prüfung größerer Dateien"),
        ("txt/ru-cp1251.txt", "windows-1251", "Всякий человек имеет право"),
        ("txt/zh-gb18030.txt", "GBK", "语言"),
        ("txt/ja-shift_jis.txt", "Shift_JIS", "年"),
        ("txt/ja-utf16le-bom.txt", "UTF-16LE", "年"),
        ("txt/de-utf8-bom.txt", "UTF-8", "größerer"),
    ] {
        let document = read(name).await.unwrap();
        assert_eq!(document.metadata.encoding.as_deref(), Some(encoding), "{name}");
        assert!(document.pages[0].text.contains(word), "{name}");
        assert!(!document.pages[0].text.starts_with('\u{feff}'), "{name}");
        assert_eq!(document.media_type, "text/plain");
    }
}

#[tokio::test]
async fn a_form_feed_begins_a_page() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "first\r\nline\x0csecond\x0c").unwrap();
    let document =
        reader(small_limits()).read(file.path(), &ReadOptions::of_file("pages.txt")).await.unwrap();
    let pages: Vec<_> =
        document.pages.iter().map(|page| (page.number, page.text.as_str(), page.method)).collect();
    assert_eq!(pages, [(1, "first\nline", Method::Text), (2, "second", Method::Text)]);
    assert_eq!(document.metadata.pages, Some(2));
}

#[tokio::test]
async fn binary_files_named_as_text_are_unsupported() {
    assert!(matches!(
        read("txt/binary-named.txt").await,
        Err(ExtractError::Unsupported { media_type }) if media_type == "application/octet-stream"
    ));
}

#[tokio::test]
async fn a_picture_has_no_text_until_it_is_recognised() {
    let document = reader(small_limits())
        .read(&fixture("images/python.png"), &ReadOptions::of_file("letter.pdf"))
        .await
        .unwrap();
    assert_eq!((document.media_type.as_str(), document.metadata.width), ("image/png", Some(16)));
    assert!(matches!(document.textless(), Some(ExtractError::ImageOnly)));
}

#[tokio::test]
async fn a_table_stays_as_it_is_written() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "name,city\nAda,\"London\"\n").unwrap();
    let document =
        reader(small_limits()).read(file.path(), &ReadOptions::of_file("people.csv")).await.unwrap();
    assert_eq!(document.media_type, "text/csv");
    assert_eq!(document.pages[0].text, "name,city\nAda,\"London\"\n");
}
