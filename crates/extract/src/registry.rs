//! Which reader takes which type of file, and what is done with what it found.

use crate::{
    document::{Extracted, Metadata, Warning},
    error::{Excess, ExtractError},
    limits::Limits,
    media_type,
    options::ReadOptions,
    reader::{Content, Reader, Source},
    readers::{
        docx::DocxReader, email::EmailReader, html::HtmlReader, image::ImageReader, media::MediaReader,
        odf::OdfReader, pdf::PdfReader, pptx::PptxReader, rtf::RtfReader, text::TextReader, xlsx::XlsxReader,
        xml::XmlReader,
    },
};

/// Names of attachments that are told.
const MAX_ATTACHMENTS: usize = 1000;

const READERS: &[&dyn Reader] = &[
    &PdfReader,
    &DocxReader,
    &XlsxReader,
    &PptxReader,
    &OdfReader,
    &RtfReader,
    &HtmlReader,
    &XmlReader,
    &EmailReader,
    &TextReader,
    &ImageReader,
    &MediaReader,
];

/// Finds out what a document is and has it read.
pub(crate) fn read_document(
    bytes: Vec<u8>,
    options: &ReadOptions,
    limits: &Limits,
) -> Result<Extracted, ExtractError> {
    if bytes.is_empty() {
        return Err(ExtractError::Empty);
    }
    let media_type = media_type::detect(&bytes, &format!("document.{}", options.extension));
    let reader = READERS
        .iter()
        .find(|reader| reader.media_types().contains(&media_type.as_str()))
        .ok_or_else(|| ExtractError::Unsupported { media_type: media_type.clone() })?;
    let source = Source { bytes, media_type: &media_type, options, limits };
    let mut content = reader.read(source)?;

    leave_out_pages_over(limits.pages, &mut content);
    for page in &mut content.pages {
        remove_control_characters(&mut page.text);
    }
    tidy_up(&mut content.metadata);
    let size: usize = content.pages.iter().map(|page| page.text.len()).sum();
    if size as u64 > limits.output {
        return Err(ExtractError::TooComplex(Excess::Output));
    }
    let Content { pages, metadata, warnings } = content;
    let mut extracted = Extracted { media_type, pages, metadata, warnings };
    extracted.measure_text();
    Ok(extracted)
}

/// What a document says about itself is as hostile as the rest of it.
fn tidy_up(metadata: &mut Metadata) {
    let Metadata { title, author, subject, keywords, creator, producer, camera, .. } = metadata;
    for words in [title, author, subject, keywords, creator, producer, camera] {
        *words = words.take().and_then(|words| one_line(&words));
    }
    metadata.attachments.truncate(MAX_ATTACHMENTS);
    for name in &mut metadata.attachments {
        *name = one_line(name).unwrap_or_default();
    }
    metadata.attachments.retain(|name| !name.is_empty());
}

/// A title or name on one line, not longer than a title or name; `None` if nothing remains.
pub(crate) fn one_line(words: &str) -> Option<String> {
    const MAX_CHARACTERS: usize = 500;
    let words = words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line: String = words.collect::<Vec<_>>().join(" ").chars().take(MAX_CHARACTERS).collect();
    (!line.is_empty()).then_some(line)
}

fn leave_out_pages_over(limit: u32, content: &mut Content) {
    let read = content.pages.len();
    let total = content.metadata.pages.map_or(read, |count| count as usize).max(read);
    let kept = limit as usize;
    if total > kept {
        content.pages.truncate(kept);
        content.warnings.push(Warning::new(
            "pages_left_out",
            format!("The document has {total} pages; only the first {kept} were read."),
        ));
    }
}

/// Normalises ends of lines to `\n` and removes control characters other than it and the tab:
/// they mean nothing in text, and some databases refuse them.
fn remove_control_characters(text: &mut String) {
    let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(is_plain) {
        return;
    }
    *text = text.replace("\r\n", "\n").replace(['\r', '\u{85}'], "\n");
    text.retain(is_plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
        read_document(bytes.to_vec(), &ReadOptions::of_file("notes.txt"), limits)
    }

    #[test]
    fn control_characters_are_removed_and_line_ends_normalised() {
        let mut text = String::from("a\r\nb\rc\u{85}d\u{0}e\u{1b}\tf\u{200d}");
        remove_control_characters(&mut text);
        assert_eq!(text, "a\nb\nc\nde\tf\u{200d}");
    }

    #[test]
    fn titles_are_one_short_line() {
        assert_eq!(one_line(" My\n\u{0} title\t").as_deref(), Some("My title"));
        assert_eq!(one_line(" \n"), None);
        assert_eq!(one_line(&"x".repeat(900)).unwrap().len(), 500);
    }

    #[test]
    fn pages_over_the_limit_are_left_out_with_a_warning() {
        let limits = Limits { pages: 2, ..Limits::default() };
        let extracted = read(b"one\x0ctwo\x0cthree", &limits).unwrap();
        assert_eq!(extracted.pages.len(), 2);
        assert_eq!(extracted.warnings[0].code, "pages_left_out");
        assert!(extracted.warnings[0].message.contains("3 pages"));
    }

    #[test]
    fn text_over_the_limit_is_refused() {
        let limits = Limits { output: 10, ..Limits::default() };
        assert!(matches!(
            read(b"more than ten characters", &limits),
            Err(ExtractError::TooComplex(Excess::Output))
        ));
    }

    #[test]
    fn nothing_to_read_is_empty() {
        assert!(matches!(read(b"", &Limits::default()), Err(ExtractError::Empty)));
        for bytes in [&b"  \r\n\t"[..], b"\x0c \x0c", b"\xef\xbb\xbf"] {
            assert!(!read(bytes, &Limits::default()).unwrap().has_text(), "{bytes:?}");
        }
    }
}
