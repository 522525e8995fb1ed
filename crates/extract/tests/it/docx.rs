use crate::support::{read, text_of};

#[tokio::test]
async fn headers_and_footers_follow_the_body_once() {
    assert_eq!(
        text_of("docx/hdr-header-footer.docx").await,
        "section with header\n\nsection without header of its own.\n\nHeader for section-1\n\nFooter for section 1"
    );
}

#[tokio::test]
async fn notes_and_comments_are_read() {
    assert!(text_of("docx/mammoth-footnotes.docx").await.contains("A tachyon walks into a bar."));
    assert!(
        text_of("docx/comments-rich-para.docx")
            .await
            .contains("Text with hyperlink https://google.com embedded.")
    );
}

#[tokio::test]
async fn inserted_text_is_read_and_deleted_text_is_not() {
    let text = text_of("docx/delins.docx").await;
    assert!(text.contains("A name in various Indian languages (ṭīkā) for certain commentaries"));
    assert!(!text.contains("pavel"));
}

#[tokio::test]
async fn a_text_box_is_read_once() {
    assert_eq!(text_of("docx/text-box.docx").await, "Datum plane");
}

#[tokio::test]
async fn the_strict_form_is_read() {
    assert_eq!(text_of("docx/strict-format.docx").await, "Test");
}

#[tokio::test]
async fn lists_are_lines() {
    assert_eq!(text_of("docx/simple-list.docx").await, "\u{2022} Apple\n\u{2022} Banana");
}

#[tokio::test]
async fn title_and_author_are_told() {
    let document = read("docx/documentProperties.docx").await.unwrap();
    assert_eq!(document.metadata.title.as_deref(), Some("Hello World"));
    assert_eq!(document.metadata.author.as_deref(), Some("Paolo Mottadelli"));
    assert_eq!(document.pages.len(), 1);
}

#[tokio::test]
async fn a_document_without_words_is_empty() {
    let document = read("docx/blk-containing-table.docx").await.unwrap();
    assert!(matches!(document.textless(), Some(ExtractError::Empty)));
}
