//! Annotations (ISO 32000-2, 12.5): what links to pages outside of a part is cut.

use hayro::hayro_syntax::object::{Array, Dict, Name, ObjectIdentifier, dict::keys};

use super::{
    copy::Copier,
    destinations::action_kind,
    forms,
    source::{Source, SourcePage},
    syntax,
    writer::Stop,
};

/// Actions that a part keeps besides those that lead to its pages. Not kept is what runs scripts or
/// programs, plays media, opens attachments, or handles the form of the whole document.
const KEPT_ACTIONS: [&[u8]; 4] = [b"URI", b"GoToR", b"Named", b"SetOCGState"];

/// The annotations of a page.
pub(super) fn of<'a>(
    source: &Source<'a>,
    page: &SourcePage<'a>,
) -> impl Iterator<Item = (Option<ObjectIdentifier>, Dict<'a>)> {
    let annotations = page.dict.get::<Array<'a>>(keys::ANNOTS);
    annotations.into_iter().flat_map(|array| array.raw_iter()).filter_map(|annotation| {
        let id = annotation.as_obj_ref().map(ObjectIdentifier::from);
        Some((id, source.resolve(annotation)?.into_dict()?))
    })
}

/// Writes the `Annots` of a page, without those that make no sense in the part.
pub(super) fn write<'a>(
    copier: &mut Copier<'_, '_, 'a>,
    out: &mut Vec<u8>,
    page: &SourcePage<'a>,
) -> Result<(), Stop> {
    let source = copier.source;
    let mut array = b"[".to_vec();
    for (id, annotation) in of(source, page) {
        if !is_kept(copier, &annotation) {
            continue;
        }
        syntax::separate(&mut array);
        match id {
            Some(id) => {
                let number = copier.number_of(id)?;
                syntax::reference(&mut array, number);
            }
            None => write_one(copier, &mut array, None, &annotation)?,
        }
    }
    if array.len() > 1 {
        syntax::name(out, keys::ANNOTS);
        out.append(&mut array);
        out.push(b']');
    }
    Ok(())
}

/// Links lead to a page of the part, or out of the document; attached files are not carried.
fn is_kept<'a>(copier: &Copier<'_, '_, 'a>, annotation: &Dict<'a>) -> bool {
    match annotation.get::<Name<'_>>(keys::SUBTYPE).as_deref() {
        Some(b"FileAttachment") => false,
        Some(b"Link") => {
            let inside = copier.source.target(annotation).is_some_and(|target| copier.has_page(target.page));
            let action = annotation.get::<Dict<'_>>(keys::A);
            inside || action.is_some_and(|action| is_kept_action(&action))
        }
        _ => true,
    }
}

fn is_kept_action(action: &Dict<'_>) -> bool {
    action_kind(action).is_some_and(|kind| KEPT_ACTIONS.contains(&&*kind))
}

/// Whether a dictionary is an annotation or a field, by what every annotation or field has.
pub(super) fn is_interactive(copier: &Copier<'_, '_, '_>, id: ObjectIdentifier, dict: &Dict<'_>) -> bool {
    copier.fields.contains(&id) || (dict.contains_key(keys::RECT) && dict.contains_key(keys::SUBTYPE))
}

/// Writes an annotation, a field, or what is both.
pub(super) fn write_one<'a>(
    copier: &mut Copier<'_, '_, 'a>,
    out: &mut Vec<u8>,
    id: Option<ObjectIdentifier>,
    dict: &Dict<'a>,
) -> Result<(), Stop> {
    let is_field = id.is_some_and(|id| copier.fields.contains(&id));
    let is_signed = is_field && forms::is_signed(dict);
    out.extend_from_slice(b"<<");
    copier.entries(out, dict, |key| match key {
        keys::A | keys::AA | keys::DEST | keys::STRUCT_PARENT | keys::AF => false,
        keys::KIDS => !is_field,
        keys::V => !is_signed,
        _ => true,
    })?;
    if is_field && dict.contains_key(keys::KIDS) {
        syntax::name(out, keys::KIDS);
        forms::kept_kids(copier, out, dict, keys::KIDS)?;
    }
    match copier.source.target(dict) {
        Some(target) => copier.destination_entry(out, &target)?,
        None => write_action(copier, out, dict)?,
    }
    out.extend_from_slice(b">>");
    Ok(())
}

/// The action of an annotation without those that follow it, which may do anything.
fn write_action<'a>(copier: &mut Copier<'_, '_, 'a>, out: &mut Vec<u8>, dict: &Dict<'a>) -> Result<(), Stop> {
    let Some(action) = dict.get::<Dict<'a>>(keys::A).filter(is_kept_action) else { return Ok(()) };
    syntax::name(out, keys::A);
    out.extend_from_slice(b"<<");
    copier.entries(out, &action, |key| key != keys::NEXT)?;
    out.extend_from_slice(b">>");
    Ok(())
}
