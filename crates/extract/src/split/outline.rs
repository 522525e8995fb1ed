//! Bookmarks (ISO 32000-2, 12.3.3): read once, written into each part that has their pages.

use std::collections::HashSet;

use hayro::hayro_syntax::object::{Dict, Number, ObjRef, Object, dict::keys};

use super::{
    copy::Copier,
    destinations::{Destination, text},
    source::Source,
    syntax,
    writer::Stop,
};

/// Levels that are read; what is deeper is left out.
const MAX_LEVELS: usize = 64;
/// Bookmarks that are read.
const MAX_BOOKMARKS: usize = 100_000;

/// A bookmark and those below it.
pub(super) struct Bookmark<'a> {
    dict: Dict<'a>,
    pub(super) title: Vec<u8>,
    pub(super) target: Option<Destination<'a>>,
    is_open: bool,
    below: Vec<Bookmark<'a>>,
}

/// The bookmarks of the first level. Each is read once, so that cycles end.
pub(super) fn bookmarks<'a>(source: &Source<'a>) -> Vec<Bookmark<'a>> {
    let root = source.catalog.get::<Dict<'a>>(keys::OUTLINES);
    let mut visited = HashSet::new();
    root.map(|root| level(source, &root, MAX_LEVELS, &mut visited)).unwrap_or_default()
}

fn level<'a>(
    source: &Source<'a>,
    parent: &Dict<'a>,
    levels: usize,
    visited: &mut HashSet<ObjRef>,
) -> Vec<Bookmark<'a>> {
    let mut bookmarks = Vec::new();
    let mut next = parent.get_ref(keys::FIRST);
    while let Some(reference) = next.take() {
        if levels == 0 || visited.len() >= MAX_BOOKMARKS || !visited.insert(reference) {
            break;
        }
        let Some(dict) = source.object(reference.into()).and_then(Object::into_dict) else { break };
        next = dict.get_ref(keys::NEXT);
        bookmarks.push(Bookmark {
            title: text(&dict, keys::TITLE).unwrap_or_default(),
            target: source.target(&dict),
            is_open: dict.get::<Number>(keys::COUNT).is_some_and(|count| count.as_i64() > 0),
            below: level(source, &dict, levels - 1, visited),
            dict,
        });
    }
    bookmarks
}

/// A bookmark that a part keeps: it leads to one of its pages, or one below it does.
struct Kept<'b, 'a> {
    number: u32,
    bookmark: &'b Bookmark<'a>,
    below: Vec<Kept<'b, 'a>>,
}

impl Kept<'_, '_> {
    /// Bookmarks that are seen below this one when it is open.
    fn seen_below(&self) -> i64 {
        seen(&self.below)
    }
}

fn seen(level: &[Kept<'_, '_>]) -> i64 {
    level.iter().map(|kept| 1 + if kept.bookmark.is_open { kept.seen_below() } else { 0 }).sum()
}

/// Writes the bookmarks of a part. Returns the number of their root, if there are any.
pub(super) fn write<'a>(
    copier: &mut Copier<'_, '_, 'a>,
    bookmarks: &[Bookmark<'a>],
) -> Result<Option<u32>, Stop> {
    let kept = select(copier, bookmarks)?;
    let (Some(first), Some(last)) = (kept.first(), kept.last()) else { return Ok(None) };
    let root = copier.writer.reserve()?;
    let mut body = b"<</Type/Outlines".to_vec();
    syntax::entry_reference(&mut body, keys::FIRST, first.number);
    syntax::entry_reference(&mut body, keys::LAST, last.number);
    syntax::entry_integer(&mut body, keys::COUNT, seen(&kept));
    body.extend_from_slice(b">>");
    copier.writer.object(root, &body)?;
    write_level(copier, &kept, root)?;
    Ok(Some(root))
}

fn select<'b, 'a>(
    copier: &mut Copier<'_, '_, 'a>,
    level: &'b [Bookmark<'a>],
) -> Result<Vec<Kept<'b, 'a>>, Stop> {
    let mut kept = Vec::new();
    for bookmark in level {
        let below = select(copier, &bookmark.below)?;
        let leads_inside = bookmark.target.as_ref().is_some_and(|target| copier.has_page(target.page));
        if leads_inside || !below.is_empty() {
            kept.push(Kept { number: copier.writer.reserve()?, bookmark, below });
        }
    }
    Ok(kept)
}

fn write_level<'a>(copier: &mut Copier<'_, '_, 'a>, level: &[Kept<'_, 'a>], parent: u32) -> Result<(), Stop> {
    for (index, kept) in level.iter().enumerate() {
        let mut body = b"<<".to_vec();
        syntax::name(&mut body, keys::TITLE);
        syntax::string(&mut body, &kept.bookmark.title);
        let mut link = |key: &[u8], number: Option<u32>| {
            if let Some(number) = number {
                syntax::entry_reference(&mut body, key, number);
            }
        };
        let neighbour = |index: Option<usize>| index.and_then(|index| level.get(index)).map(|it| it.number);
        link(keys::PARENT, Some(parent));
        link(keys::PREV, neighbour(index.checked_sub(1)));
        link(keys::NEXT, neighbour(Some(index + 1)));
        link(keys::FIRST, kept.below.first().map(|it| it.number));
        link(keys::LAST, kept.below.last().map(|it| it.number));
        if !kept.below.is_empty() {
            let count = kept.seen_below();
            let count = if kept.bookmark.is_open { count } else { -count };
            syntax::entry_integer(&mut body, keys::COUNT, count);
        }
        if let Some(target) = &kept.bookmark.target {
            copier.destination_entry(&mut body, target)?;
        }
        copier.entries(&mut body, &kept.bookmark.dict, |key| key == keys::F || key == keys::C)?;
        body.extend_from_slice(b">>");
        copier.writer.object(kept.number, &body)?;
        write_level(copier, &kept.below, kept.number)?;
    }
    Ok(())
}
