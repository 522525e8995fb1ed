//! The fonts of PDF reports: those that are built in, and for what they lack those of the system.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

use krilla::text::Font;
use parley::{
    FontContext, FontData, FontFamily, FontFamilyName,
    fontique::{Blob, Collection, CollectionOptions, SourceCache},
};

/// Latin, Greek, Cyrillic, Hebrew; regular and semibold are used.
const TEXT_FAMILY: &str = "Libertinus Serif";
/// Signs that the first lacks.
const SIGNS_FAMILY: &str = "DejaVu Sans Mono";
/// Where systems keep their fonts.
const SYSTEM_FONTS: [&str; 4] =
    ["/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts"];
/// Families of the system that one report uses.
const MAX_SYSTEM_FAMILIES: usize = 8;

/// All fonts there are. Files are looked at once, and mapped into memory when they are used.
static ALL: LazyLock<FontContext> = LazyLock::new(|| {
    let options = CollectionOptions { shared: false, system_fonts: false };
    let mut collection = Collection::new(options);
    for font in typst_assets::fonts() {
        // The slice lives as long as the program.
        collection.register_fonts(Blob::new(Arc::new(font)), None);
    }
    collection.load_fonts_from_paths(SYSTEM_FONTS);
    FontContext { collection, source_cache: SourceCache::default() }
});

/// The fonts of one report.
pub(super) struct Fonts {
    pub(super) context: FontContext,
    /// The best first.
    families: Vec<FontFamilyName<'static>>,
    /// By the number of their data and their index in it.
    embedded: HashMap<(u64, u32), Option<Font>>,
}

impl Fonts {
    /// Fonts for these characters.
    pub(super) fn for_characters(mut missing: BTreeSet<char>) -> Self {
        let mut context = ALL.clone();
        let built_in = [TEXT_FAMILY, SIGNS_FAMILY];
        for family in built_in {
            remove_covered(&mut context, family, &mut missing);
        }
        let mut families: Vec<String> = built_in.map(str::to_owned).into();
        if !missing.is_empty() {
            let mut others: Vec<String> = context.collection.family_names().map(str::to_owned).collect();
            others.sort();
            for family in others {
                if missing.is_empty() || families.len() >= built_in.len() + MAX_SYSTEM_FAMILIES {
                    break;
                }
                if remove_covered(&mut context, &family, &mut missing) {
                    families.push(family);
                }
            }
        }
        let families = families.into_iter().map(|name| FontFamilyName::Named(Cow::Owned(name))).collect();
        Self { context, families, embedded: HashMap::new() }
    }

    pub(super) fn family(&self) -> FontFamily<'static> {
        FontFamily::List(Cow::Owned(self.families.clone()))
    }

    /// The font as it is embedded; `None` if it cannot be.
    pub(super) fn embedded(&mut self, font: &FontData) -> Option<Font> {
        let (data, id) = font.data.clone().into_raw_parts();
        let entry = self.embedded.entry((id, font.index));
        entry.or_insert_with(|| Font::new(data.into(), font.index)).clone()
    }
}

/// Removes the characters that a family has. Says whether there were any.
fn remove_covered(context: &mut FontContext, family: &str, missing: &mut BTreeSet<char>) -> bool {
    let before = missing.len();
    let family = context.collection.family_by_name(family);
    let font = family.as_ref().and_then(|family| family.default_font());
    if let Some(font) = font
        && let Some(data) = font.load(Some(&mut context.source_cache))
        && let Some(characters) = font.charmap_index().charmap(data.as_ref())
    {
        missing.retain(|c| characters.map(*c).is_none_or(|glyph| glyph == 0));
    }
    missing.len() < before
}
