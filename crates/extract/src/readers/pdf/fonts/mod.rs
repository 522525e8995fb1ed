//! From the codes of a string to characters and widths.

mod characters;
mod collection;
mod guard;
mod numbered;
mod program;

use std::{cell::OnceCell, collections::HashMap, rc::Rc, sync::Arc};

use hayro::hayro_syntax::object::{Dict, Name};
use hayro_font::{
    CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn, StandardFont, UNITS_PER_EM,
    hayro_cmap::{CMap, load_embedded},
};

pub(super) use self::characters::Characters;
use self::{collection::Collection, program::ProgramCharacters};
use super::budget::Stop;

/// The width of a glyph whose font does not tell, in ems.
const UNKNOWN_WIDTH: f64 = 0.5;

/// The fonts of a document.
pub(super) struct FontTable<'a> {
    cache: FontCache<'a>,
    font_resolver: FontResolverFn,
    cmap_resolver: CMapResolverFn,
    /// By the place of their dictionaries in memory, which is theirs alone.
    fonts: HashMap<*const u8, Rc<PdfFont<'a>>>,
    standard: Option<Rc<PdfFont<'a>>>,
}

impl<'a> FontTable<'a> {
    pub(super) fn new() -> Self {
        Self {
            cache: FontCache::new(),
            font_resolver: Arc::new(|query| {
                Some(match query {
                    FontQuery::Standard(font) => font.get_font_data(),
                    FontQuery::Fallback(query) => query.pick_standard_font().get_font_data(),
                })
            }),
            cmap_resolver: Arc::new(load_embedded),
            fonts: HashMap::new(),
            standard: None,
        }
    }

    /// The font of a dictionary.
    ///
    /// # Errors
    ///
    /// [`Stop::Unpacked`] if it unpacks to too much.
    pub(super) fn font(&mut self, dict: &Dict<'a>) -> Result<Rc<PdfFont<'a>>, Stop> {
        let key = dict.data().as_ptr();
        if let Some(font) = self.fonts.get(&key) {
            return Ok(Rc::clone(font));
        }
        let parsed = if guard::is_bounded(dict)? {
            self.cache.font(dict, &self.font_resolver, &self.cmap_resolver)
        } else {
            None
        };
        let font = Rc::new(PdfFont::new(dict.clone(), parsed));
        self.fonts.insert(key, Rc::clone(&font));
        Ok(font)
    }

    /// The font in which text is shown that has none.
    pub(super) fn standard(&mut self) -> Rc<PdfFont<'a>> {
        let font = self.standard.get_or_insert_with(|| {
            let font = self.cache.standard_font(StandardFont::Helvetica, &self.font_resolver);
            Rc::new(PdfFont::new(Dict::empty(), font))
        });
        Rc::clone(font)
    }
}

/// What a code of a font stands for.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) characters: Characters,
    /// How far the next glyph is, in ems: along the line, or down it in vertical writing.
    pub(super) advance: f64,
    /// How wide the glyph itself is, in ems.
    pub(super) width: f64,
}

/// A font and what was found out about its codes.
pub(super) struct PdfFont<'a> {
    dict: Dict<'a>,
    /// `None` if it cannot be parsed.
    font: Option<Font<'a>>,
    is_composite: bool,
    /// Whether its codes are the numbers of its characters, two bytes each.
    is_identity: bool,
    is_vertical: bool,
    /// Whether its glyphs are drawn by operators, in an em of their own.
    pub(super) is_type3: bool,
    /// The codes below 65 536, in blocks of 256.
    codes: Vec<OnceCell<Box<[OnceCell<Code>; BLOCK]>>>,
    to_unicode: OnceCell<Option<CMap>>,
    maps_to_nothing: OnceCell<bool>,
    collection: OnceCell<Option<Collection>>,
    program: OnceCell<ProgramCharacters>,
}

/// Codes that are kept together.
const BLOCK: usize = 256;

impl<'a> PdfFont<'a> {
    fn new(dict: Dict<'a>, font: Option<Font<'a>>) -> Self {
        let is_composite = collection::is_composite(&dict);
        let blocks = if is_composite { 0x1_0000 / BLOCK } else { 1 };
        Self {
            is_vertical: font.as_ref().is_some_and(|font| !font.is_horizontal()),
            is_type3: dict.get::<Name<'_>>("Subtype").is_some_and(|subtype| subtype.as_ref() == b"Type3"),
            is_composite,
            is_identity: is_composite && font.is_some() && collection::is_identity(&dict),
            codes: (0..blocks).map(|_| OnceCell::new()).collect(),
            to_unicode: OnceCell::new(),
            maps_to_nothing: OnceCell::new(),
            collection: OnceCell::new(),
            program: OnceCell::new(),
            dict,
            font,
        }
    }

    /// Whether it is written downwards.
    pub(super) fn is_vertical(&self) -> bool {
        self.is_vertical
    }

    /// The first code of `bytes`, which are not empty, and how many of them it takes.
    pub(super) fn read_code(&self, bytes: &[u8]) -> (u32, usize) {
        if let (true, [high, low, ..]) = (self.is_identity, bytes) {
            return (u32::from(*high) << 8 | u32::from(*low), 2);
        }
        match &self.font {
            Some(font) if self.is_composite => font.read_code(bytes, 0),
            None if self.is_composite && bytes.len() > 1 => {
                (u32::from(bytes[0]) << 8 | u32::from(bytes[1]), 2)
            }
            _ => (u32::from(bytes[0]), 1),
        }
    }

    /// Calls `take` with what a code of `len` bytes stands for.
    pub(super) fn with_code<T>(&self, code: u32, len: usize, take: impl FnOnce(&Code) -> T) -> T {
        let (block, index) = (code as usize / BLOCK, code as usize % BLOCK);
        match self.codes.get(block) {
            Some(block) => {
                let block = block.get_or_init(|| Box::new([const { OnceCell::new() }; BLOCK]));
                take(block[index].get_or_init(|| self.look_up(code, len)))
            }
            None => take(&self.look_up(code, len)),
        }
    }

    fn look_up(&self, code: u32, len: usize) -> Code {
        let Some(font) = &self.font else {
            let advance = if self.is_composite { 1.0 } else { UNKNOWN_WIDTH };
            return Code { characters: self.fallback(code, len), advance, width: advance };
        };
        let step = font.code_advance(code);
        let glyph = font.glyph(font.map_code(code), code);
        let (mapped, width) = match &glyph {
            FontGlyph::Outline(glyph) => (glyph.as_unicode(), glyph.advance_width()),
            FontGlyph::Type3(glyph) => (glyph.as_unicode(), Some(glyph.advance_width())),
        };
        let characters = match mapped.as_ref().map(Characters::of) {
            None | Some(Characters::Unknown) => self.otherwise(code, len, &glyph),
            Some(characters) => characters,
        };
        let em = f64::from(UNITS_PER_EM);
        Code {
            characters,
            advance: if self.is_vertical { step.y / em } else { step.x / em },
            width: width.map_or(UNKNOWN_WIDTH, |width| f64::from(width) / em),
        }
    }

    /// The characters of a glyph about which the usual ways say nothing: by the collection of the
    /// font, then by its program.
    fn otherwise(&self, code: u32, len: usize, glyph: &FontGlyph<'a>) -> Characters {
        if *self.maps_to_nothing.get_or_init(|| collection::maps_to_nothing(&self.dict)) {
            return Characters::Nothing;
        }
        if self.is_composite
            && let Some(collection) = self.collection.get_or_init(|| Collection::of(&self.dict))
            && let Some(characters) = collection.characters(code, len)
        {
            return characters;
        }
        let by_program = match glyph {
            FontGlyph::Outline(glyph) => {
                let program = self.program.get_or_init(|| ProgramCharacters::of(glyph));
                program.get(glyph.glyph_id().to_u32())
            }
            FontGlyph::Type3(_) => None,
        };
        let by_number = || if self.is_composite { None } else { numbered::characters(&self.dict, code) };
        by_program.or_else(by_number).unwrap_or(Characters::Unknown)
    }

    /// The characters of a code of a font that cannot be parsed.
    fn fallback(&self, code: u32, len: usize) -> Characters {
        let to_unicode = self.to_unicode.get_or_init(|| collection::to_unicode(&self.dict));
        if let Some(mapped) = to_unicode.as_ref().and_then(|cmap| cmap.lookup_bf_string(code)) {
            return Characters::of(&mapped);
        }
        if self.is_composite {
            let collection = self.collection.get_or_init(|| Collection::of(&self.dict));
            return collection
                .as_ref()
                .and_then(|collection| collection.characters(code, len))
                .unwrap_or(Characters::Unknown);
        }
        match u8::try_from(code) {
            Ok(byte) if byte.is_ascii() => Characters::of_char(char::from(byte)),
            _ => Characters::Unknown,
        }
    }
}
