//! PDF documents (ISO 32000).

mod budget;
mod content;
mod fields;
mod fonts;
mod glyph;
mod layout;
mod metadata;
mod warnings;

use std::{
    mem::take,
    panic::{self, AssertUnwindSafe},
};

use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf, PdfData, page};

pub(crate) use self::metadata::text_string;
use self::{
    content::{Shared, Shown, interpret},
    warnings::Tally,
};
use crate::{
    document::{Page, Size},
    error::ExtractError,
    media_type,
    options::ReadOptions,
    reader::{Content, Reader, Source},
};

/// Reads the text layer of a PDF document, with the appearance of its form fields and annotations.
pub(crate) struct PdfReader;

impl Reader for PdfReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[media_type::PDF]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let Source { bytes, options, limits, .. } = source;
        let pdf = open(bytes, options)?;
        let pages = pdf.pages();
        if pages.is_empty() {
            return Err(ExtractError::Corrupt);
        }
        let mut content = Content { metadata: metadata::of(&pdf)?, ..Content::default() };
        let mut tally = Tally::default();
        let mut shared = Shared::new(pdf.xref(), limits.output);
        for (number, page) in (1..=limits.pages).zip(pages.iter()) {
            if !options.wants_page(number) {
                continue;
            }
            match shown(page, &mut shared)? {
                Some(shown) => content.pages.push(read_page(number, page, shown, options, &mut tally)),
                None => tally.damaged.push(number),
            }
        }
        if content.pages.is_empty() && !tally.damaged.is_empty() {
            return Err(ExtractError::Corrupt);
        }
        content.warnings = tally.warnings();
        Ok(content)
    }
}

/// Opens a document with the given password, or without one if it needs none.
fn open(bytes: Vec<u8>, options: &ReadOptions) -> Result<Pdf, ExtractError> {
    let data = PdfData::from(bytes);
    if let Some(password) = &options.password
        && let Ok(pdf) = Pdf::new_with_password(data.clone(), password.expose())
    {
        return Ok(pdf);
    }
    Pdf::new(data).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => ExtractError::Encrypted,
        // Certificates and handlers of other makers: to the reader, as locked as by a password.
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => ExtractError::Encrypted,
        LoadPdfError::Decryption(_) | LoadPdfError::Invalid => ExtractError::Corrupt,
    })
}

/// What a page shows; `None` if it is damaged. A panic over one page does not spoil the others.
fn shown<'a>(page: &page::Page<'a>, shared: &mut Shared<'a>) -> Result<Option<Shown>, ExtractError> {
    let interpreted = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut shown = interpret(page, shared)?;
        if let Some(shown) = &mut shown {
            let values = fields::unshown_values(page, shown);
            shown.annotations.extend(values);
        }
        Ok(shown)
    }));
    match interpreted {
        Ok(shown) => shown.map_err(|stop: budget::Stop| stop.into()),
        Err(_) => Ok(None),
    }
}

fn read_page(
    number: u32,
    page: &page::Page<'_>,
    mut shown: Shown,
    options: &ReadOptions,
    tally: &mut Tally,
) -> Page {
    let lines = layout::lines_of(take(&mut shown.content), take(&mut shown.annotations));
    let (width, height) = page.render_dimensions();
    let mut page = Page::text(number, layout::text_of(&lines));
    page.size = Some(Size { width, height });
    if options.words {
        page.words = layout::words_of(&lines);
    }
    tally.judge(&mut page, &shown);
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::Excess, limits::Limits};

    /// A document of one page in Helvetica, with these operators as content.
    fn read(content: &str, page: &str, limits: Limits) -> Result<Content, ExtractError> {
        let pdf = format!(
            "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n\
             2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n\
             3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 5 0 R\
             /Resources<</Font<</F 4 0 R>>>>{page}>> endobj\n\
             4 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n\
             5 0 obj <</Length {}>> stream\n{content}\nendstream endobj\ntrailer <</Root 1 0 R>>\n",
            content.len()
        );
        let options = ReadOptions::default();
        PdfReader.read(Source {
            bytes: pdf.into_bytes(),
            media_type: media_type::PDF,
            options: &options,
            limits: &limits,
        })
    }

    fn text(operators: &str) -> String {
        let content = format!("BT /F 12 Tf 50 400 Td {operators} ET");
        read(&content, "", Limits::default()).unwrap().pages.remove(0).text
    }

    #[test]
    fn text_that_is_filled_and_stroked_is_read_once() {
        assert_eq!(text("2 Tr (Head) Tj (line) Tj"), "Headline");
    }

    #[test]
    fn marked_content_means_what_it_says() {
        assert_eq!(text("(of) Tj /Span<</ActualText(fi)>>BDC (#) Tj (\\$) Tj EMC (ce) Tj"), "office");
        assert_eq!(text("/Span<</ActualText()>>BDC (#) Tj /P BMC (#) Tj EMC (#) Tj EMC (seen) Tj"), "seen");
        assert_eq!(
            text("(adip) Tj /Span<</ActualText<FEFF00AD>>>BDC (-) Tj EMC 0 -14 Td (iscing) Tj"),
            "adipiscing"
        );
    }

    #[test]
    fn a_turned_page_is_read_as_it_is_shown() {
        let content =
            "BT /F 12 Tf 0 1 -1 0 100 50 Tm (first) Tj ET BT /F 12 Tf 0 1 -1 0 114 50 Tm (second) Tj ET";
        let content = read(content, "/Rotate 90", Limits::default()).unwrap();
        assert_eq!(content.pages[0].text, "first\nsecond");
    }

    #[test]
    fn a_page_with_more_text_than_allowed_is_given_up() {
        let content = format!("BT /F 12 Tf {} ET", "(a lot of text) Tj ".repeat(100));
        let limits = Limits { output: 500, ..Limits::default() };
        assert!(matches!(read(&content, "", limits), Err(ExtractError::TooComplex(Excess::Output))));
    }

    #[test]
    fn the_value_of_a_field_is_read_if_its_widget_is_seen() {
        let field = |flags| {
            format!(
                "/Annots[<</Subtype/Widget/FT/Tx/V(Ada)/F {flags}/Rect[100 396 200 412]>> <</Subtype/Link>>]"
            )
        };
        let content = "BT /F 12 Tf 50 400 Td (Name:) Tj ET";
        let shown =
            |flags: u32| read(content, &field(flags), Limits::default()).unwrap().pages.remove(0).text;
        assert_eq!(shown(4), "Name: Ada");
        assert_eq!(shown(2), "Name:");
    }
}
