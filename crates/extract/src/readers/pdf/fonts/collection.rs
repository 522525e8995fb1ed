//! The characters of CID fonts that do not say themselves which Unicode characters they mean
//! (ISO 32000-2, 9.10.2): by their encoding if that is one of Unicode, else by their collection.

use hayro::hayro_syntax::object::{Array, Dict, Name, Object, Stream, String as PdfString};
use hayro_font::hayro_cmap::{CMap, CMapName, CidFamily, load_embedded};

use super::characters::Characters;
use crate::readers::pdf::budget::unpacked;

/// How the codes of a CID font become characters.
pub(super) enum Collection {
    /// Codes are UTF-16.
    Utf16,
    /// Codes are UTF-32.
    Utf32,
    /// Codes select characters of a collection that is known.
    Known(Box<Known>),
}

/// A collection whose characters are known.
pub(super) struct Known {
    /// From codes to characters of the collection.
    encoding: CMap,
    /// From these to Unicode.
    unicode: CMap,
}

impl Collection {
    /// The collection of a composite font; `None` if it is its own.
    pub(super) fn of(font: &Dict<'_>) -> Option<Self> {
        let encoding = font.get::<Object<'_>>("Encoding")?;
        if let Object::Name(name) = &encoding {
            let name = name.as_str();
            if name.contains("UCS2") || name.contains("UTF16") {
                return Some(Self::Utf16);
            }
            if name.contains("UTF32") {
                return Some(Self::Utf32);
            }
        }
        let encoding = cmap(&encoding)?;
        let by_encoding =
            encoding.metadata().character_collection.as_ref().map(|collection| collection.family.clone());
        let unicode =
            by_encoding.into_iter().chain(family(font)).find_map(|family| embedded(family.ucs2_cmap()?))?;
        Some(Self::Known(Box::new(Known { encoding, unicode })))
    }

    /// The characters of a code of `len` bytes.
    pub(super) fn characters(&self, code: u32, len: usize) -> Option<Characters> {
        match self {
            Self::Utf16 => {
                let units = [(code >> 16) as u16, code as u16];
                let units = if code > 0xffff { &units[..] } else { &units[1..] };
                Some(Characters::of_str(&String::from_utf16(units).ok()?))
            }
            Self::Utf32 => Some(Characters::of_char(char::from_u32(code)?)),
            Self::Known(known) => {
                let cid = known.encoding.lookup_cid_code(code, u8::try_from(len).ok()?)?;
                if let Some(mapped) = known.unicode.lookup_bf_string(cid) {
                    return Some(Characters::of(&mapped));
                }
                let unit = (1..=4).find_map(|len| known.unicode.lookup_cid_code(cid, len))?;
                Some(Characters::of_char(char::from_u32(unit)?))
            }
        }
    }
}

/// The collection that the descendant of a composite font names.
fn family(font: &Dict<'_>) -> Option<CidFamily> {
    let descendant = font.get::<Array<'_>>("DescendantFonts")?.iter::<Dict<'_>>().next()?;
    let info = descendant.get::<Dict<'_>>("CIDSystemInfo")?;
    let registry = info.get::<PdfString<'_>>("Registry")?;
    let ordering = info.get::<PdfString<'_>>("Ordering")?;
    Some(CidFamily::from_registry_ordering(registry.as_bytes(), ordering.as_bytes()))
}

/// The CMap that an entry of a font names or holds.
pub(super) fn cmap(object: &Object<'_>) -> Option<CMap> {
    match object {
        Object::Name(name) => match CMapName::from_bytes(name.as_ref()) {
            CMapName::IdentityH => Some(CMap::identity_h()),
            CMapName::IdentityV => Some(CMap::identity_v()),
            name => embedded(name),
        },
        Object::Stream(stream) => parsed(stream),
        _ => None,
    }
}

/// The CMap that says which Unicode characters the codes of a font mean.
pub(super) fn to_unicode(font: &Dict<'_>) -> Option<CMap> {
    match font.get::<Object<'_>>("ToUnicode")? {
        Object::Stream(stream) => parsed(&stream),
        _ => None,
    }
}

/// Whether a font says of some codes that they mean nothing: the first glyph of a cluster then stands
/// for all of it. The library does not tell such codes from those that are missing.
pub(super) fn maps_to_nothing(font: &Dict<'_>) -> bool {
    let Some(stream) = font.get::<Stream<'_>>("ToUnicode") else { return false };
    let Ok(Some(cmap)) = unpacked(&stream) else { return false };
    cmap.windows(3).any(|bytes| bytes == b" <>" || bytes == b"><>")
}

fn parsed(stream: &Stream<'_>) -> Option<CMap> {
    CMap::parse(&unpacked(stream).ok()??, load_embedded)
}

fn embedded(name: CMapName<'_>) -> Option<CMap> {
    CMap::parse(load_embedded(name)?, load_embedded)
}

/// Whether a font is composite (ISO 32000-2, 9.7).
pub(super) fn is_composite(font: &Dict<'_>) -> bool {
    font.get::<Name<'_>>("Subtype").is_some_and(|subtype| subtype.as_ref() == b"Type0")
}

/// Whether the codes of a composite font are the numbers of its characters (table 116).
pub(super) fn is_identity(font: &Dict<'_>) -> bool {
    font.get::<Name<'_>>("Encoding").is_some_and(|name| {
        matches!(CMapName::from_bytes(name.as_ref()), CMapName::IdentityH | CMapName::IdentityV)
    })
}
