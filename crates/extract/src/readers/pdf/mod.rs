//! PDF documents (ISO 32000).

mod device;
mod fields;
mod layout;
mod metadata;

use std::{
    mem::take,
    panic::{self, AssertUnwindSafe},
};

use hayro::hayro_interpret::{
    Context, InterpreterCache, InterpreterSettings, RectExt, RenderContent, TransformExt, interpret_page,
};
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf, page};

use self::device::{PageGlyphs, TextDevice, TooMuchText};
pub(crate) use self::metadata::text_string;
use crate::{
    document::{Page, Warning},
    error::{Excess, ExtractError},
    media_type,
    reader::{Content, Reader, Source},
};

/// Reads the text layer of a PDF document, with the appearance of its form fields and annotations.
pub(crate) struct PdfReader;

impl Reader for PdfReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[media_type::PDF]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let pdf = Pdf::new(source.bytes).map_err(load_error)?;
        let pages = pdf.pages();
        if pages.is_empty() {
            return Err(ExtractError::Corrupt);
        }
        let mut content = Content { metadata: metadata::of(&pdf), ..Content::default() };
        let mut unseen = Unseen::default();
        let mut allowance = source.limits.output;
        let cache = InterpreterCache::new();
        for (number, page) in (1..=source.limits.pages).zip(pages.iter()) {
            let Some(mut glyphs) = glyphs_of(page, &cache, allowance)? else {
                unseen.damaged.push(number);
                continue;
            };
            let text = layout::text_of(take(&mut glyphs.content), take(&mut glyphs.annotations));
            allowance = allowance.saturating_sub(text.len() as u64);
            unseen.add(number, &glyphs, &text);
            content.pages.push(Page::text(number, text));
        }
        unseen.judge(content)
    }
}

fn load_error(error: LoadPdfError) -> ExtractError {
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => ExtractError::Encrypted,
        // Certificates and handlers of other makers: to the reader, as locked as by a password.
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => ExtractError::Encrypted,
        LoadPdfError::Decryption(_) | LoadPdfError::Invalid => ExtractError::Corrupt,
    }
}

/// The glyphs of a page; `None` if it is damaged. A panic over one page does not spoil the others.
///
/// # Errors
///
/// [`Excess::Output`] if the page has more text than `allowance` bytes.
fn glyphs_of<'a>(
    page: &'a page::Page<'a>,
    cache: &InterpreterCache<'a>,
    allowance: u64,
) -> Result<Option<PageGlyphs>, ExtractError> {
    if page.raw().contains_key("Contents") && page.page_stream().is_none() {
        return Ok(None);
    }
    let interpreted = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut device = TextDevice::new(allowance);
        interpret(page, cache, RenderContent::PAGE, &mut device);
        device.end_content();
        interpret(page, cache, RenderContent::ANNOTATIONS, &mut device);
        let mut glyphs = device.finish();
        glyphs.annotations.extend(fields::unshown_values(page, &glyphs));
        glyphs
    }));
    match interpreted {
        Ok(glyphs) => Ok(Some(glyphs)),
        Err(reason) if reason.is::<TooMuchText>() => Err(ExtractError::TooComplex(Excess::Output)),
        Err(_) => Ok(None),
    }
}

fn interpret<'a>(
    page: &'a page::Page<'a>,
    cache: &InterpreterCache<'a>,
    render_content: RenderContent,
    device: &mut TextDevice,
) {
    let settings = InterpreterSettings { render_content, ..InterpreterSettings::default() };
    let transform = page.initial_transform(true).to_kurbo();
    let area = page.intersected_crop_box().to_kurbo();
    let mut context = Context::new(transform, area, cache, page.xref(), settings);
    interpret_page(page, &mut context, device);
}

/// What the pages show, or should, that is not in their text.
#[derive(Default)]
struct Unseen {
    /// Pages that could not be read.
    damaged: Vec<u32>,
    /// Pages with images and no text.
    pictures: Vec<u32>,
    /// Characters of text.
    mapped: usize,
    /// Glyphs without characters.
    unmapped: usize,
}

impl Unseen {
    fn add(&mut self, number: u32, page: &PageGlyphs, text: &str) {
        if page.images > 0 && text.is_empty() {
            self.pictures.push(number);
        }
        self.mapped += text.chars().count();
        self.unmapped += page.unmapped;
    }

    /// The verdict if there is no text, else the content with warnings.
    fn judge(self, mut content: Content) -> Result<Content, ExtractError> {
        if content.pages.is_empty() {
            return Err(ExtractError::Corrupt);
        }
        if self.mapped == 0 && (!self.pictures.is_empty() || self.unmapped > 0) {
            return Err(ExtractError::ImageOnly);
        }
        let mut warn = |code, message| content.warnings.push(Warning::new(code, message));
        if !self.damaged.is_empty() {
            warn("pages_unreadable", format!("Damaged and left out: {}.", listed(&self.damaged)));
        }
        if !self.pictures.is_empty() {
            warn(
                "pages_image_only",
                format!("Pictures without text that can be read: {}.", listed(&self.pictures)),
            );
        }
        if self.unmapped * 10 > self.mapped {
            let message = "Some fonts of the document do not say which characters their glyphs stand for: \
                           parts of the text are missing.";
            warn("characters_missing", message.into());
        }
        Ok(content)
    }
}

/// Page numbers for people, the first few of many.
fn listed(pages: &[u32]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = pages.iter().take(SHOWN).map(u32::to_string).collect();
    let more = match pages.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} {}{more}", if pages.len() == 1 { "page" } else { "pages" }, shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{limits::Limits, options::ReadOptions};

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

    fn content(texts: &[&str]) -> Content {
        let pages = texts.iter().zip(1..).map(|(text, number)| Page::text(number, (*text).into())).collect();
        Content { pages, ..Content::default() }
    }

    fn judged(pages: &[(usize, usize, &str)], damaged: &[u32]) -> Result<Vec<String>, ExtractError> {
        let mut unseen = Unseen { damaged: damaged.to_vec(), ..Unseen::default() };
        for ((images, unmapped, text), number) in pages.iter().zip(1..) {
            unseen.add(
                number,
                &PageGlyphs { images: *images, unmapped: *unmapped, ..PageGlyphs::default() },
                text,
            );
        }
        let texts: Vec<&str> = pages.iter().map(|(_, _, text)| *text).collect();
        let content = unseen.judge(content(&texts))?;
        Ok(content.warnings.into_iter().map(|warning| warning.message).collect())
    }

    #[test]
    fn pages_that_are_not_read_are_told() {
        let warnings = judged(&[(0, 0, "text"), (1, 0, ""), (0, 0, "")], &[4]).unwrap();
        assert_eq!(
            warnings,
            ["Damaged and left out: page 4.", "Pictures without text that can be read: page 2."]
        );
    }

    #[test]
    fn without_text_pictures_and_unknown_glyphs_decide() {
        assert!(matches!(judged(&[(1, 0, "")], &[]), Err(ExtractError::ImageOnly)));
        assert!(matches!(judged(&[(0, 7, "")], &[]), Err(ExtractError::ImageOnly)));
        assert!(matches!(judged(&[], &[1, 2]), Err(ExtractError::Corrupt)));
        assert_eq!(judged(&[(0, 0, "")], &[]).unwrap(), [""; 0]);
    }

    #[test]
    fn long_lists_of_pages_are_cut() {
        let pages: Vec<u32> = (1..=12).collect();
        assert_eq!(listed(&pages), "pages 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more");
    }
}
