//! What a PDF says about itself: its information dictionary (ISO 32000-2, 14.3.3), or its XMP packet
//! where that says nothing, and what its catalog tells.

mod attachments;
mod date;
mod signature;
mod text_string;
mod xmp;

use hayro::hayro_syntax::{
    Pdf,
    object::{Dict, ObjectIdentifier, String as PdfString},
    page::Pages,
};

pub(crate) use self::text_string::text_string;
use super::budget::Stop;
use crate::document::{Metadata, PageSizes, Size};

/// Characters of an entry that are kept.
const MAX_CHARACTERS: usize = 500;

/// A password that opens no document but one that needs none.
const NO_PASSWORD: &str = "\u{1}quire asks whether there is a lock\u{1}";

/// What a document says about itself.
///
/// # Errors
///
/// [`Stop::Unpacked`] if its XMP packet unpacks to too much.
pub(super) fn of(pdf: &Pdf) -> Result<Metadata, Stop> {
    let catalog = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()).unwrap_or_default();
    let mut metadata = information(pdf);
    if metadata == Metadata::default() {
        metadata = xmp::of(&catalog)?;
    }
    metadata.pages = Some(u32::try_from(pdf.pages().len()).unwrap_or(u32::MAX));
    metadata.page_sizes = page_sizes(pdf.pages());
    metadata.encrypted = Some(is_encrypted(pdf));
    metadata.signed = Some(signature::is_signed(&catalog));
    metadata.tagged = Some(
        catalog.get::<Dict<'_>>("MarkInfo").is_some_and(|info| info.get::<bool>("Marked") == Some(true)),
    );
    metadata.attachments = attachments::names(&catalog);
    Ok(metadata)
}

/// The entries of the information dictionary.
fn information(pdf: &Pdf) -> Metadata {
    let known = pdf.metadata();
    let text = |entry: &Option<Box<[u8]>>| entry.as_deref().map(text_string).and_then(|text| clean(&text));
    let dictionary = information_dictionary(pdf);
    let date = |key: &str| {
        let date = dictionary.as_ref()?.get::<PdfString<'_>>(key)?;
        date::rfc3339(&text_string(date.as_bytes()))
    };
    Metadata {
        title: text(&known.title),
        author: text(&known.author),
        subject: text(&known.subject),
        keywords: text(&known.keywords),
        creator: text(&known.creator),
        producer: text(&known.producer),
        created: date("CreationDate"),
        modified: date("ModDate"),
        ..Metadata::default()
    }
}

/// The information dictionary itself. The library keeps it to itself and forgets whether dates have
/// an offset, so it is looked up where the last trailer says it is.
fn information_dictionary(pdf: &Pdf) -> Option<Dict<'_>> {
    const KEY: &[u8] = b"/Info";
    let data = pdf.data().as_ref();
    let at = data.windows(KEY.len()).rposition(|bytes| bytes == KEY)?;
    let rest = &data[at + KEY.len()..];
    let mut numbers = std::str::from_utf8(&rest[..rest.len().min(24)])
        .or_else(|error| std::str::from_utf8(&rest[..error.valid_up_to()]))
        .ok()?
        .split_ascii_whitespace();
    let id = ObjectIdentifier::new(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    pdf.xref().get::<Dict<'_>>(id)
}

/// Words on one line, not longer than a sentence; `None` if nothing remains.
fn clean(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line: String = words.collect::<Vec<_>>().join(" ").chars().take(MAX_CHARACTERS).collect();
    (!line.is_empty()).then_some(line)
}

/// Whether a document is encrypted. The library does not tell; but an encrypted one that opened does
/// not open with any password, and one that is not has a trailer without the word (7.5.5).
fn is_encrypted(pdf: &Pdf) -> bool {
    let data = pdf.data();
    let may_be = data.as_ref().windows(8).any(|bytes| bytes == b"/Encrypt");
    may_be && Pdf::new_with_password(data.clone(), NO_PASSWORD).is_err()
}

/// Runs of pages of one size.
fn page_sizes(pages: &Pages<'_>) -> Vec<PageSizes> {
    let mut runs: Vec<PageSizes> = Vec::new();
    for page in pages.iter() {
        let (width, height) = page.render_dimensions();
        match runs.last_mut() {
            Some(run) if (run.size.width - width).abs() < 0.01 && (run.size.height - height).abs() < 0.01 => {
                run.pages += 1;
            }
            _ => runs.push(PageSizes { pages: 1, size: Size { width, height } }),
        }
    }
    runs
}
