//! Form fields (ISO 32000-2, 12.7): those of a part are the ones it shows, and what they belong to.

use std::collections::HashSet;

use hayro::hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, ObjectIdentifier, dict::keys};

use super::{annotations, copy::Copier, source::Source, syntax, writer::Stop};

/// Levels of the tree of fields that are climbed.
const MAX_LEVELS: usize = 64;

/// The fields and widgets of these pages, with the fields above them.
pub(super) fn fields_shown_on(source: &Source<'_>, pages: &[u32]) -> HashSet<ObjectIdentifier> {
    let mut shown = HashSet::new();
    if !source.catalog.contains_key(keys::ACRO_FORM) {
        return shown;
    }
    for page in pages.iter().filter_map(|page| source.pages.get(*page as usize)) {
        for (id, annotation) in annotations::of(source, page) {
            if annotation.get::<Name<'_>>(keys::SUBTYPE).as_deref() != Some(keys::WIDGET) {
                continue;
            }
            shown.extend(id);
            let mut above = annotation.get_ref(keys::PARENT);
            for _ in 0..MAX_LEVELS {
                let Some(id) = above.map(ObjectIdentifier::from) else { break };
                if !shown.insert(id) {
                    break;
                }
                let field = source.object(id).and_then(Object::into_dict);
                above = field.and_then(|field| field.get_ref(keys::PARENT));
            }
        }
    }
    shown
}

/// Writes the form of a part. Returns its number, if it has fields.
pub(super) fn write(copier: &mut Copier<'_, '_, '_>) -> Result<Option<u32>, Stop> {
    let Some(form) = copier.source.catalog.get::<Dict<'_>>(keys::ACRO_FORM) else { return Ok(None) };
    if copier.fields.is_empty() {
        return Ok(None);
    }
    let mut body = b"<</Fields".to_vec();
    kept_kids(copier, &mut body, &form, keys::FIELDS)?;
    // Signatures do not hold for a part, XFA describes the whole, and scripts are not kept.
    copier.entries(&mut body, &form, |key| {
        [keys::DR, keys::DA, keys::Q, keys::NEED_APPEARANCES].contains(&key)
    })?;
    body.extend_from_slice(b">>");
    let number = copier.writer.reserve()?;
    copier.writer.object(number, &body)?;
    Ok(Some(number))
}

/// Writes the array of fields or widgets at `key` without those that the part does not show.
pub(super) fn kept_kids<'a>(
    copier: &mut Copier<'_, '_, 'a>,
    out: &mut Vec<u8>,
    holder: &Dict<'a>,
    key: &[u8],
) -> Result<(), Stop> {
    out.push(b'[');
    let mut written = HashSet::new();
    for kid in holder.get::<Array<'a>>(key).into_iter().flat_map(|kids| kids.raw_iter()) {
        let MaybeRef::Ref(reference) = kid else { continue };
        let id = reference.into();
        if copier.fields.contains(&id) && written.insert(id) {
            let number = copier.number_of(id)?;
            syntax::separate(out);
            syntax::reference(out, number);
        }
    }
    out.push(b']');
    Ok(())
}

/// Whether a field holds a signature, which does not hold for a part.
pub(super) fn is_signed(field: &Dict<'_>) -> bool {
    field.get::<Dict<'_>>(keys::V).is_some_and(|value| value.contains_key("ByteRange"))
}
