//! Splits PDF documents.
//!
//! Documents are read with `hayro-syntax`, which refers to the bytes of the file instead of copying
//! them, repairs what is damaged and decrypts; they are written by a small writer of our own
//! (`writer`), which sends each stream out as it comes by. So a part costs no more memory than
//! its dictionaries, however large the document. `lopdf` does both, but holds every stream a second
//! time, takes a document apart anew for each part, and sizes its list of pages by what the
//! document claims; `hayro-write` collects what it copies in memory, and keeps neither links nor
//! form fields.
//!
//! A part has its pages with everything they show: annotations, form fields, layers, colour
//! profiles. Bookmarks and links that lead to its pages are kept and lead there; those that lead
//! to other pages are left out. Not carried: scripts and other actions, attachments, the structure
//! of tagged documents, signatures, XFA, page labels, metadata but for the title. A part is
//! never encrypted. The same pages of the same document make the same bytes.

mod annotations;
mod compression;
mod copy;
mod destinations;
mod forms;
mod name;
mod outline;
mod plan;
mod resources;
mod source;
mod stream;
mod syntax;
mod writer;

use std::io::Write;

use hayro::hayro_syntax::Pdf;

pub use self::{
    name::part_name,
    plan::{MAX_PARTS, PlanError},
};
use self::{
    outline::Bookmark,
    source::Source,
    writer::{Stop, Target},
};
use crate::{
    error::{Excess, ExtractError},
    limits::Limits,
    options::{Part, SplitOptions},
    pdf_file,
};

/// Parts up to this length are written into memory first, to be read again as a whole.
const READ_AGAIN_WHOLE: u64 = 32 << 20;

/// Splits the document into parts, written to `out` one after the other. Each is opened and its
/// pages are counted before it is written. To be called in a child process alone: like a reader it
/// may hang, abort or exhaust memory on some inputs.
///
/// # Errors
///
/// [`ExtractError::Encrypted`] if it opens neither with the password nor with none;
/// [`ExtractError::NoSuchPage`] if the plan does not pass [`crate::options::SplitPlan::check`];
/// [`ExtractError::Corrupt`] if pages cannot be carried over; [`ExtractError::TooComplex`] if there
/// would be more than [`MAX_PARTS`] parts, or if together they would be longer than 16 documents
/// (but 1 GiB is always allowed, and 4 GiB never exceeded); [`ExtractError::Unavailable`] if `out`
/// takes no more.
pub fn split(
    bytes: Vec<u8>,
    options: &SplitOptions,
    limits: &Limits,
    out: &mut dyn Write,
) -> Result<Vec<Part>, ExtractError> {
    let length = bytes.len() as u64;
    if length > limits.input {
        return Err(ExtractError::TooComplex(Excess::Input));
    }
    let pdf = pdf_file::open(bytes, options.password.as_ref())?;
    let source = Source::new(&pdf)?;
    let pages = source.page_count();
    options.plan.check(pages).map_err(|error| match error {
        PlanError::TooManyParts { .. } => ExtractError::TooComplex(Excess::Output),
        _ => ExtractError::NoSuchPage { pages },
    })?;
    let bookmarks = outline::bookmarks(&source);

    let mut allowance = (length * 16).clamp(1 << 30, 4 << 30);
    let mut offset = 0;
    let mut parts = Vec::new();
    for planned in plan::parts(&options.plan, &source, &bookmarks)? {
        let length = write_checked(&source, &bookmarks, &planned.pages, allowance, out)?;
        allowance -= length;
        parts.push(Part { pages: planned.pages, title: planned.title, offset, length });
        offset += length;
    }
    out.flush().map_err(ExtractError::Unavailable)?;
    Ok(parts)
}

/// Writes a part that was read again. Of a long one its structure is read again: the same objects
/// without the data of streams.
fn write_checked<'a>(
    source: &Source<'a>,
    bookmarks: &[Bookmark<'a>],
    pages: &[u32],
    allowance: u64,
    out: &mut dyn Write,
) -> Result<u64, ExtractError> {
    let write = |target: Target<'_>, limit: u64| copy::write_part(source, bookmarks, pages, target, limit);
    let mut written = Vec::new();
    match write(Target::Memory(&mut written), allowance.min(READ_AGAIN_WHOLE)) {
        Ok(length) => {
            let written = check_pages(written, pages.len())?;
            out.write_all(written.data().as_ref()).map_err(ExtractError::Unavailable)?;
            Ok(length)
        }
        Err(Stop::Full) => {
            written.clear();
            write(Target::Skeleton(&mut written), allowance).map_err(verdict)?;
            check_pages(written, pages.len())?;
            write(Target::Output(out), allowance).map_err(verdict)
        }
        Err(Stop::Verdict(verdict)) => Err(verdict),
    }
}

fn verdict(stop: Stop) -> ExtractError {
    match stop {
        Stop::Full => ExtractError::TooComplex(Excess::Output),
        Stop::Verdict(verdict) => verdict,
    }
}

/// Opens a part and counts its pages.
fn check_pages(part: Vec<u8>, pages: usize) -> Result<Pdf, ExtractError> {
    let pdf = Pdf::new(part).map_err(|_| ExtractError::Corrupt)?;
    if pdf.pages().len() == pages { Ok(pdf) } else { Err(ExtractError::Corrupt) }
}
