use quire_extract::{
    ExtractError,
    document::Method,
    limits::Limits,
    options::{Password, ReadOptions},
};

use crate::support::{fixture, read, read_with, reader, small_limits, text_of};

#[tokio::test]
async fn a_cv_reads_line_by_line() {
    insta::assert_snapshot!(text_of("pdf/cv-sb2nov-resume.pdf").await);
}

#[tokio::test]
async fn columns_are_read_one_after_the_other() {
    let text = text_of("pdf/multicolumn.pdf").await;
    let end_of_left = text.find("Vivamus viverra fermentum felis.").unwrap();
    let start_of_right = text.find("pellentesque ante. Phasellus adipiscing").unwrap();
    assert!(end_of_left < start_of_right);
    assert!(text.contains("Lorem ipsum dolor sit amet, consectetuer adipiscing elit."));
}

#[tokio::test]
async fn every_page_is_read() {
    let document = read("pdf/pdflatex-4-pages.pdf").await.unwrap();
    let numbers: Vec<_> = document.pages.iter().map(|page| page.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(document.metadata.pages, Some(4));
    assert!(document.pages.iter().all(|page| page.method == Method::Text && page.text.len() > 2000));
    assert_eq!(document.warnings, []);
}

#[tokio::test]
async fn pages_over_the_limit_are_left_out_with_a_warning() {
    let limits = Limits { pages: 2, ..small_limits() };
    let document = read_with("pdf/pdflatex-4-pages.pdf", limits).await.unwrap();
    assert_eq!(document.pages.len(), 2);
    assert_eq!(document.metadata.pages, Some(4));
    assert_eq!(document.warnings[0].code, "pages_left_out");
}

#[tokio::test]
async fn many_scripts_are_read() {
    let text = text_of("pdf/multilang.pdf").await;
    for words in ["Hello World", "مرحبا بالعالم", "Привет, мир", "你好世界", "สวัสดีชาวโลก", "こんにちは世界"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn right_to_left_words_come_in_reading_order() {
    assert!(text_of("pdf/habibi.pdf").await.contains("حَبيبي habibi"));
}

#[tokio::test]
async fn the_text_behind_a_scan_is_read() {
    let text = text_of("pdf/sandwich.pdf").await;
    assert!(
        text.contains("To record a sequence, simply press RECORD and PLAY,\nthen play your MIDI keyboard")
    );
}

#[tokio::test]
async fn documents_that_want_a_password_say_so_and_open_with_it() {
    for (name, password) in [
        ("r4-aes-user-password", "asdfzxcv"),
        ("libreoffice-writer-password", "openpassword"),
        ("graph-encrypted", "user"),
    ] {
        let path = format!("pdf/{name}.pdf");
        let result = read(&path).await;
        assert!(matches!(result, Err(ExtractError::Encrypted)), "{name}: {result:?}");
        for (password, opens) in [(password, true), ("wrong", false)] {
            let options =
                ReadOptions { password: Some(Password::new(password)), ..ReadOptions::of_file("a.pdf") };
            let result = reader(small_limits()).read(&fixture(&path), &options).await;
            match result {
                Ok(document) => assert!(opens && document.metadata.encrypted == Some(true), "{name}"),
                Err(ExtractError::Encrypted) => assert!(!opens, "{name}"),
                Err(error) => panic!("{name}: {error}"),
            }
        }
    }
}

#[tokio::test]
async fn an_encrypted_document_that_opens_without_a_password_is_read() {
    let document = read("pdf/form_dd0293.pdf").await.unwrap();
    assert_eq!(document.metadata.encrypted, Some(true));
    assert_eq!(document.metadata.author.as_deref(), Some("DoD Component"));
    assert_eq!(document.pages.len(), 4);
    assert!(
        document.pages[3].text.contains("FAILURE TO APPEAR AT A HEARING OR RESPOND TO A SCHEDULING NOTICE.")
    );
}

#[tokio::test]
async fn the_title_is_told() {
    let document = read("pdf/google-doc-document.pdf").await.unwrap();
    assert_eq!(document.metadata.title.as_deref(), Some("PDF Example Document"));
    assert_eq!(document.metadata.encrypted, Some(false));
    assert!(document.pages[0].text.starts_with("Example document\nBeautiful is better than ugly."));
}

#[tokio::test]
async fn values_of_form_fields_stand_behind_their_names() {
    let text = text_of("pdf/libreoffice-form.pdf").await;
    assert!(text.contains("First Name Alice Last Name"), "{text}");
    assert!(text.contains("Bob"), "{text}");
}

#[tokio::test]
async fn a_font_that_names_no_characters_is_read_by_its_program() {
    let document = read("pdf/habibi.pdf").await.unwrap();
    assert_eq!(document.warnings, []);
    assert!(document.pages[0].text.starts_with("حَبيبي"), "{}", document.pages[0].text);
}

#[tokio::test]
async fn pages_and_words_are_read_as_wanted() {
    let options =
        ReadOptions { pages: Some(vec![2..=2, 4..=9]), words: true, ..ReadOptions::of_file("a.pdf") };
    let path = fixture("pdf/pdflatex-4-pages.pdf");
    let document = reader(small_limits()).read(&path, &options).await.unwrap();
    let numbers: Vec<_> = document.pages.iter().map(|page| page.number).collect();
    assert_eq!(numbers, [2, 4]);
    assert_eq!(document.metadata.pages, Some(4));
    assert_eq!(document.metadata.page_sizes[0].pages, 4);
    for page in &document.pages {
        let size = page.size.unwrap();
        assert!(page.words.len() > 200);
        for word in &page.words {
            let [left, top, right, bottom] = word.bounds;
            assert!(0.0 <= left && left < right && right <= size.width, "{word:?}");
            assert!(0.0 <= top && top < bottom && bottom <= size.height, "{word:?}");
        }
    }
}
