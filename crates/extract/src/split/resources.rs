//! Resources that pages share: a part keeps the fonts and images its pages name, not those of the
//! whole document.

use std::collections::HashSet;

use hayro::hayro_syntax::object::{Dict, Name, Object, Stream, dict::keys};

use super::{copy::Copier, source::SourcePage, stream, syntax, writer::Stop};

/// Content that is searched for names, in bytes. A page with more keeps all its resources.
const MAX_CONTENT: usize = 8 << 20;
/// What is pruned: the resources that are large.
const PRUNED: [&[u8]; 2] = [keys::FONT, keys::XOBJECT];

/// Names in the content of a page. There may be more than those of resources.
pub(super) type Names = HashSet<Vec<u8>>;

/// Writes the `Resources` of a page, its own or inherited.
pub(super) fn write<'a>(
    copier: &mut Copier<'_, '_, 'a>,
    out: &mut Vec<u8>,
    page: &SourcePage<'a>,
) -> Result<(), Stop> {
    let Some(holder) = page.holder_of(keys::RESOURCES) else { return Ok(()) };
    let resources = holder.get::<Dict<'a>>(keys::RESOURCES);
    if let Some(resources) = resources.filter(|_| copier.source.shares_resources(holder))
        && let Some(names) = page.names.get_or_init(|| names_in(page, &resources))
        && PRUNED.iter().any(|kind| has_more_than(&resources, kind, names))
    {
        syntax::name(out, keys::RESOURCES);
        return write_named(copier, out, &resources, names);
    }
    copier.entries(out, holder, |key| key == keys::RESOURCES)
}

fn has_more_than<'a>(resources: &Dict<'a>, kind: &[u8], names: &Names) -> bool {
    let entries = resources.get::<Dict<'a>>(kind);
    entries.is_some_and(|entries| entries.keys().any(|name| !names.contains(name.as_ref())))
}

fn write_named<'a>(
    copier: &mut Copier<'_, '_, 'a>,
    out: &mut Vec<u8>,
    resources: &Dict<'a>,
    names: &Names,
) -> Result<(), Stop> {
    out.extend_from_slice(b"<<");
    copier.entries(out, resources, |key| !PRUNED.contains(&key))?;
    for kind in PRUNED {
        let Some(entries) = resources.get::<Dict<'a>>(kind) else { continue };
        syntax::name(out, kind);
        out.extend_from_slice(b"<<");
        copier.entries(out, &entries, |name| names.contains(name))?;
        out.extend_from_slice(b">>");
    }
    out.extend_from_slice(b">>");
    Ok(())
}

/// The names in the content of a page; `None` if they are not all it needs: the content cannot be
/// read, or what it draws has no resources of its own and takes those of the page.
fn names_in(page: &SourcePage<'_>, resources: &Dict<'_>) -> Option<Names> {
    let mut content = Vec::new();
    for stream in stream::contents_of(&page.dict) {
        content.append(&mut stream::plain(&stream, MAX_CONTENT - content.len().min(MAX_CONTENT))?);
        content.push(b' ');
    }
    let names = names_of(&content)?;
    let borrows = |kind: &[u8], borrower: fn(&Object<'_>) -> bool| {
        resources.get::<Dict<'_>>(kind).is_some_and(|entries| {
            let mut used = entries.keys().filter(|name| names.contains(name.as_ref()));
            used.any(|name| entries.get::<Object<'_>>(name).is_some_and(|object| borrower(&object)))
        })
    };
    (!borrows(keys::XOBJECT, is_form_without_resources) && !borrows(keys::FONT, is_type3_without_resources))
        .then_some(names)
}

fn is_form_without_resources(object: &Object<'_>) -> bool {
    let Object::Stream(form) = object else { return false };
    subtype(Stream::dict(form)).as_deref() == Some(b"Form") && !form.dict().contains_key(keys::RESOURCES)
}

fn is_type3_without_resources(object: &Object<'_>) -> bool {
    let Object::Dict(font) = object else { return false };
    subtype(font).as_deref() == Some(b"Type3") && !font.contains_key(keys::RESOURCES)
}

fn subtype<'a>(dict: &Dict<'a>) -> Option<Name<'a>> {
    dict.get(keys::SUBTYPE)
}

/// Whatever looks like a name, be it in a string or in the data of an image: one too many keeps a
/// resource, one too few loses it.
fn names_of(content: &[u8]) -> Option<Names> {
    let mut names = Names::new();
    for start in content.split(|byte| *byte == b'/').skip(1) {
        let ends = |byte: &u8| b"\0\t\n\x0c\r ()<>[]{}%".contains(byte);
        let length = start.iter().position(ends).unwrap_or(start.len());
        let name = Name::new(&start[..length])?;
        if !names.contains(name.as_ref()) {
            names.insert(name.to_vec());
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_content_is_found() {
        let names = names_of(b"/F1 12 Tf(a)Tj/Im#31 Do/GS<</MCID 0>>BDC [/A/B]").unwrap();
        let mut found: Vec<_> = names.iter().map(|name| String::from_utf8_lossy(name)).collect();
        found.sort();
        assert_eq!(found, ["A", "B", "F1", "GS", "Im1", "MCID"]);
    }
}
