//! Whether a document is signed (ISO 32000-2, 12.7.5.5 and 12.8).

use hayro::hayro_syntax::object::{Array, Dict, Name};

/// Fields that are looked at.
const MAX_FIELDS: usize = 10_000;

/// Fields within fields.
const MAX_DEPTH: usize = 16;

/// The document may only be appended to, since anything else would break its signatures (table 225).
const APPEND_ONLY: u32 = 1 << 1;

/// Whether a document has a signature field with a value, or says that it has signatures.
pub(super) fn is_signed(catalog: &Dict<'_>) -> bool {
    let Some(form) = catalog.get::<Dict<'_>>("AcroForm") else { return false };
    if form.get::<u32>("SigFlags").unwrap_or(0) & APPEND_ONLY != 0 {
        return true;
    }
    let mut left = MAX_FIELDS;
    form.get::<Array<'_>>("Fields").is_some_and(|fields| has_signature(&fields, MAX_DEPTH, &mut left))
}

fn has_signature(fields: &Array<'_>, depth: usize, left: &mut usize) -> bool {
    for field in fields.iter::<Dict<'_>>() {
        if *left == 0 {
            return false;
        }
        *left -= 1;
        let is_signature = field.get::<Name<'_>>("FT").is_some_and(|kind| kind.as_ref() == b"Sig");
        if is_signature && field.get::<Dict<'_>>("V").is_some() {
            return true;
        }
        if depth > 0
            && let Some(kids) = field.get::<Array<'_>>("Kids")
            && has_signature(&kids, depth - 1, left)
        {
            return true;
        }
    }
    false
}
