//! Copies the pages of a part, and what can be reached from them, under new numbers.

use std::collections::{HashMap, HashSet, VecDeque};

use hayro::hayro_syntax::{
    PdfVersion,
    object::{Dict, MaybeRef, Name, Object, ObjectIdentifier, dict::keys},
};

use super::{
    annotations,
    destinations::Destination,
    forms,
    outline::{self, Bookmark},
    resources,
    source::{Source, SourcePage},
    stream, syntax,
    writer::{Stop, Target, Writer},
};
use crate::error::{Excess, ExtractError};

/// Arrays and dictionaries in each other.
const MAX_NESTING: usize = 200;

/// Writes these pages of the document as a document. Returns its length.
///
/// # Errors
///
/// [`Stop::Full`] if it would be longer than `limit` bytes.
pub(super) fn write_part<'a>(
    source: &Source<'a>,
    bookmarks: &[Bookmark<'a>],
    pages: &[u32],
    target: Target<'_>,
    limit: u64,
) -> Result<u64, Stop> {
    // Object streams need 1.5; 2.0 differs in what readers do with colour.
    let version = if source.pdf.version() >= PdfVersion::Pdf20 { "2.0" } else { "1.7" };
    let mut copier = Copier {
        source,
        writer: Writer::new(target, limit, version)?,
        pages: HashMap::with_capacity(pages.len()),
        fields: forms::fields_shown_on(source, pages),
        numbers: HashMap::new(),
        waiting: VecDeque::new(),
    };
    let catalog = copier.writer.reserve()?;
    let tree = copier.writer.reserve()?;
    let mut numbers = Vec::with_capacity(pages.len());
    for page in pages {
        let number = copier.writer.reserve()?;
        copier.pages.entry(*page).or_insert(number);
        numbers.push(number);
    }
    copier.tree(tree, &numbers)?;
    for (page, number) in pages.iter().zip(numbers) {
        if let Some(page) = source.pages.get(*page as usize) {
            copier.page(number, tree, page)?;
            copier.copy_waiting()?;
        }
    }
    let info = copier.info()?;
    copier.catalog(catalog, tree, bookmarks)?;
    copier.copy_waiting()?;
    copier.writer.finish(catalog, info)
}

/// Copies objects into a part. `'p` is the time of the part, `'a` that of the document.
pub(super) struct Copier<'p, 'o, 'a> {
    pub(super) source: &'p Source<'a>,
    pub(super) writer: Writer<'o>,
    /// The fields and widgets of the part.
    pub(super) fields: HashSet<ObjectIdentifier>,
    /// The numbers of its pages.
    pages: HashMap<u32, u32>,
    /// The numbers of the objects that have been met.
    numbers: HashMap<ObjectIdentifier, u32>,
    /// Those of them that are still to be copied.
    waiting: VecDeque<(ObjectIdentifier, u32)>,
}

impl<'a> Copier<'_, '_, 'a> {
    /// Whether a page of the document is in the part.
    pub(super) fn has_page(&self, page: u32) -> bool {
        self.pages.contains_key(&page)
    }

    /// The number of an object in the part, which will be copied.
    pub(super) fn number_of(&mut self, id: ObjectIdentifier) -> Result<u32, Stop> {
        if let Some(number) = self.numbers.get(&id) {
            return Ok(*number);
        }
        let number = self.writer.reserve()?;
        self.numbers.insert(id, number);
        self.waiting.push_back((id, number));
        Ok(number)
    }

    /// Writes a value; a reference to what is not in the part as null.
    pub(super) fn value(
        &mut self,
        out: &mut Vec<u8>,
        value: MaybeRef<Object<'a>>,
        depth: usize,
    ) -> Result<(), Stop> {
        if depth > MAX_NESTING {
            return Err(ExtractError::TooComplex(Excess::Nesting).into());
        }
        let object = match value {
            MaybeRef::Ref(reference) => return self.reference(out, reference.into()),
            MaybeRef::NotRef(object) => object,
        };
        match object {
            Object::Name(name) => syntax::name(out, &name),
            Object::String(string) => syntax::string(out, &string),
            Object::Array(array) => {
                out.push(b'[');
                for item in array.raw_iter() {
                    self.value(out, item, depth + 1)?;
                }
                out.push(b']');
            }
            Object::Dict(dict) => {
                out.extend_from_slice(b"<<");
                self.entries_at(out, &dict, depth + 1, keeps_no_file(&dict))?;
                out.extend_from_slice(b">>");
            }
            Object::Number(number) => {
                syntax::separate(out);
                syntax::number(out, number);
            }
            Object::Boolean(boolean) => {
                syntax::separate(out);
                out.extend_from_slice(if boolean { b"true" } else { b"false" });
            }
            // A stream is always an object of its own.
            Object::Null(_) | Object::Stream(_) => {
                syntax::separate(out);
                out.extend_from_slice(b"null");
            }
        }
        Ok(())
    }

    fn reference(&mut self, out: &mut Vec<u8>, id: ObjectIdentifier) -> Result<(), Stop> {
        let number = match self.source.page_at(id) {
            Some(page) => self.pages.get(&page).copied(),
            None if self.source.is_dropped(id) => None,
            None => Some(self.number_of(id)?),
        };
        syntax::separate(out);
        match number {
            Some(number) => syntax::reference(out, number),
            None => out.extend_from_slice(b"null"),
        }
        Ok(())
    }

    /// Writes the entries of a dictionary whose keys are wanted.
    pub(super) fn entries(
        &mut self,
        out: &mut Vec<u8>,
        dict: &Dict<'a>,
        is_wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<(), Stop> {
        self.entries_at(out, dict, 1, is_wanted)
    }

    fn entries_at(
        &mut self,
        out: &mut Vec<u8>,
        dict: &Dict<'a>,
        depth: usize,
        is_wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<(), Stop> {
        for (key, value) in dict.entries().filter(|(key, _)| is_wanted(key.as_ref())) {
            syntax::name(out, &key);
            self.value(out, value, depth)?;
        }
        Ok(())
    }

    /// Writes where a link or bookmark leads, if that is in the part.
    pub(super) fn destination_entry(
        &mut self,
        out: &mut Vec<u8>,
        destination: &Destination<'a>,
    ) -> Result<(), Stop> {
        let Some(page) = self.pages.get(&destination.page).copied() else { return Ok(()) };
        syntax::name(out, keys::DEST);
        out.push(b'[');
        syntax::reference(out, page);
        for how in destination.view.raw_iter().skip(1) {
            self.value(out, how, 1)?;
        }
        out.push(b']');
        Ok(())
    }

    fn copy_waiting(&mut self) -> Result<(), Stop> {
        while let Some((id, number)) = self.waiting.pop_front() {
            let mut body = Vec::new();
            match self.source.object(id) {
                Some(Object::Stream(stream)) => {
                    stream::write(self, number, &stream)?;
                    continue;
                }
                Some(Object::Dict(dict)) if is_outside(&dict) => body.extend_from_slice(b"null"),
                Some(Object::Dict(dict)) if annotations::is_interactive(self, id, &dict) => {
                    annotations::write_one(self, &mut body, Some(id), &dict)?;
                }
                Some(object) => self.value(&mut body, MaybeRef::NotRef(object), 0)?,
                None => body.extend_from_slice(b"null"),
            }
            self.writer.object(number, &body)?;
        }
        Ok(())
    }

    fn tree(&mut self, number: u32, pages: &[u32]) -> Result<(), Stop> {
        let mut body = b"<</Type/Pages/Kids[".to_vec();
        for page in pages {
            syntax::separate(&mut body);
            syntax::reference(&mut body, *page);
        }
        body.extend_from_slice(format!("]/Count {}>>", pages.len()).as_bytes());
        self.writer.object(number, &body)
    }

    /// Not carried: threads of articles, scripts, the structure of the document, what programs note
    /// for themselves, attachments, and colour separations that are pages of their own.
    fn page(&mut self, number: u32, tree: u32, page: &SourcePage<'a>) -> Result<(), Stop> {
        const NOT_CARRIED: [&[u8]; 7] =
            [keys::B, keys::AA, keys::STRUCT_PARENTS, keys::PIECE_INFO, keys::AF, b"SeparationInfo", b"Tabs"];
        const WRITTEN_HERE: [&[u8]; 4] = [keys::TYPE, keys::PARENT, keys::ANNOTS, keys::RESOURCES];
        let mut body = b"<</Type/Page".to_vec();
        syntax::entry_reference(&mut body, keys::PARENT, tree);
        self.entries(&mut body, &page.dict, |key| {
            !NOT_CARRIED.contains(&key) && !WRITTEN_HERE.contains(&key)
        })?;
        for (key, holder) in page.inherited().filter(|(key, _)| *key != keys::RESOURCES) {
            self.entries(&mut body, holder, |other| other == key)?;
        }
        resources::write(self, &mut body, page)?;
        annotations::write(self, &mut body, page)?;
        body.extend_from_slice(b">>");
        self.writer.object(number, &body)
    }

    /// Kept of the catalog: what changes how pages look or sound.
    fn catalog(&mut self, number: u32, tree: u32, bookmarks: &[Bookmark<'a>]) -> Result<(), Stop> {
        const KEPT: [&[u8]; 5] =
            [keys::LANG, keys::OCPROPERTIES, keys::OUTPUT_INTENTS, keys::PAGE_LAYOUT, b"Extensions"];
        let catalog = self.source.catalog.clone();
        let mut body = b"<</Type/Catalog".to_vec();
        syntax::entry_reference(&mut body, keys::PAGES, tree);
        self.entries(&mut body, &catalog, |key| KEPT.contains(&key))?;
        if let Some(outline) = outline::write(self, bookmarks)? {
            syntax::entry_reference(&mut body, keys::OUTLINES, outline);
        }
        if let Some(form) = forms::write(self)? {
            syntax::entry_reference(&mut body, keys::ACRO_FORM, form);
        }
        body.extend_from_slice(b">>");
        self.writer.object(number, &body)
    }

    /// The title alone: dates and programs are those of another file.
    fn info(&mut self) -> Result<Option<u32>, Stop> {
        let Some(title) = self.source.pdf.metadata().title.clone() else { return Ok(None) };
        let number = self.writer.reserve()?;
        let mut body = b"<</Title".to_vec();
        syntax::string(&mut body, &title);
        body.extend_from_slice(b">>");
        self.writer.object(number, &body)?;
        Ok(Some(number))
    }
}

/// A page or node that is not in the page tree, a catalog, or what describes the structure of the
/// document: all of them lead to everything.
fn is_outside(dict: &Dict<'_>) -> bool {
    let kind = dict.get::<Name<'_>>(keys::TYPE);
    kind.is_some_and(|kind| {
        [keys::PAGE, keys::PAGES, keys::CATALOG, keys::STRUCT_TREE_ROOT, keys::STRUCT_ELEM].contains(&&*kind)
    })
}

/// Which entries of a dictionary to keep: of a file specification (7.11.3) not the file itself.
fn keeps_no_file(dict: &Dict<'_>) -> impl Fn(&[u8]) -> bool + use<> {
    let is_specification =
        dict.contains_key(keys::EF) && (dict.contains_key(keys::F) || dict.contains_key(keys::UF));
    move |key| !(is_specification && (key == keys::EF || key == b"RF"))
}
