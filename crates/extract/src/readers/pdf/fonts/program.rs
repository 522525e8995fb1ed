//! What a font program says about its glyphs: the last resort where the document says nothing.

use std::collections::HashMap;

use hayro_font::OutlineGlyph;
use skrifa::{
    FontRef, GlyphId, MetadataProvider,
    raw::ps::{agl, cff::CffFontRef},
};

use super::characters::Characters;

/// Characters that are read from the tables of one font program.
const MAX_CHARACTERS: usize = 100_000;

/// The characters of the glyphs of a font program.
#[derive(Default)]
pub(super) struct ProgramCharacters(HashMap<u32, Characters>);

impl ProgramCharacters {
    /// Reads the tables of the font of a glyph.
    pub(super) fn of(glyph: &OutlineGlyph) -> Self {
        let Some(data) = glyph.font_data() else { return Self::default() };
        let bytes: &[u8] = (*data.data).as_ref();
        match FontRef::from_index(bytes, 0) {
            Ok(font) => Self::of_sfnt(&font),
            Err(_) => Self::of_cff(bytes).unwrap_or_default(),
        }
    }

    /// By the `cmap` table, whose smallest character for a glyph is the plain one; by name otherwise.
    fn of_sfnt(font: &FontRef<'_>) -> Self {
        let mut characters = HashMap::new();
        for (glyph, name) in font.glyph_names().iter().take(MAX_CHARACTERS) {
            if !name.is_synthesized()
                && let Some(text) = named(name.as_str())
            {
                characters.insert(glyph.to_u32(), text);
            }
        }
        let mut mappings: Vec<(u32, GlyphId)> = font.charmap().mappings().take(MAX_CHARACTERS).collect();
        mappings.sort_unstable_by_key(|(c, _)| std::cmp::Reverse(*c));
        for (c, glyph) in mappings {
            match char::from_u32(c).map(Characters::of_char) {
                None | Some(Characters::Unknown | Characters::Nothing) => {}
                Some(text) => drop(characters.insert(glyph.to_u32(), text)),
            }
        }
        Self(characters)
    }

    /// By the names of the glyphs. A CID-keyed font has none.
    fn of_cff(data: &[u8]) -> Option<Self> {
        let font = CffFontRef::new_cff(data, 0, None).ok()?;
        if font.is_cid() {
            return None;
        }
        let names = font.charset()?.iter().take(MAX_CHARACTERS);
        let named = names.filter_map(|(glyph, id)| {
            let name = std::str::from_utf8(font.string(id)?).ok()?;
            Some((glyph.to_u32(), named(name)?))
        });
        Some(Self(named.collect()))
    }

    /// What a glyph stands for.
    pub(super) fn get(&self, glyph: u32) -> Option<Characters> {
        self.0.get(&glyph).cloned()
    }
}

/// The characters of a glyph with a name of the Adobe Glyph List, or built by its rules.
pub(super) fn named(name: &str) -> Option<Characters> {
    let text: String = agl::name_to_chars(name).collect();
    match Characters::of_str(&text) {
        Characters::Unknown | Characters::Nothing => None,
        text => Some(text),
    }
}
