//! PDF documents (ISO 32000).

mod budget;
mod content;
mod fields;
mod fonts;
mod glyph;
mod hyphens;
mod layout;
mod metadata;
mod warnings;

use std::{
    mem::take,
    panic::{self, AssertUnwindSafe},
};

use hayro::hayro_syntax::page;

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
    pdf_file,
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
        let pdf = pdf_file::open(bytes, options.password.as_ref())?;
        let pages = pdf.pages();
        if pages.is_empty() {
            return Err(ExtractError::Corrupt);
        }
        let mut content = Content { metadata: metadata::of(&pdf)?, ..Content::default() };
        let mut tally = Tally::default();
        let mut shared = Shared::new(pages, limits.output);
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
        hyphens::join(&mut content.pages);
        content.warnings = tally.warnings();
        Ok(content)
    }
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
mod tests;
