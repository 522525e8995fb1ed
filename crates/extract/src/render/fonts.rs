//! Fonts for documents that embed none.

use std::{
    fs::File,
    io::Read,
    path::Path,
    sync::{Arc, OnceLock},
};

use fontdb::{Database, Family, ID, Query, Source, Stretch, Style, Weight};
use hayro::hayro_interpret::{
    FontResolverFn,
    font::{FallbackFontQuery, FontData, FontQuery},
    hayro_cmap::CidFamily,
};

/// Where the fonts of the system are. A process that draws pages wants to read these folders, and
/// does without them if it may not.
#[cfg(not(target_vendor = "apple"))]
pub(crate) const FOLDERS: &[&str] = &["/usr/share/fonts", "/usr/local/share/fonts"];
/// Where the fonts of the system are. A process that draws pages wants to read these folders, and
/// does without them if it may not.
#[cfg(target_vendor = "apple")]
pub(crate) const FOLDERS: &[&str] = &["/System/Library/Fonts", "/Library/Fonts"];

/// The largest font file that is read, in bytes.
const MAX_FONT: u64 = 64 << 20;

/// Families for the character collections of Adobe, the best first: Noto and Source Han, then what
/// Debian, macOS and Windows bring.
const JAPANESE: &[&str] = &[
    "Noto Sans CJK JP",
    "Noto Serif CJK JP",
    "Source Han Sans",
    "IPAexGothic",
    "IPAGothic",
    "VL Gothic",
    "TakaoPGothic",
    "Hiragino Sans",
    "Yu Gothic",
    "MS Gothic",
];
const SIMPLIFIED_CHINESE: &[&str] = &[
    "Noto Sans CJK SC",
    "Noto Serif CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "PingFang SC",
    "Microsoft YaHei",
    "SimSun",
];
const TRADITIONAL_CHINESE: &[&str] = &[
    "Noto Sans CJK TC",
    "Noto Serif CJK TC",
    "Source Han Sans TC",
    "AR PL UMing TW",
    "PingFang TC",
    "Microsoft JhengHei",
    "MingLiU",
];
const KOREAN: &[&str] = &[
    "Noto Sans CJK KR",
    "Noto Serif CJK KR",
    "Source Han Sans K",
    "NanumGothic",
    "UnDotum",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Batang",
];
/// Families that have glyphs for all of them.
const ANY_CJK: &[&str] = &["Droid Sans Fallback", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Unifont"];

/// Parts of the names of fonts that say what they are for.
const NAMED_FOR: &[(&[&str], &[&str])] = &[
    (&["gothic", "mincho", "hiragino", "meiryo", "kozmin", "kozgo", "ryumin"], JAPANESE),
    (&["song", "simsun", "simhei", "kaiti", "fangsong", "yahei", "heiti"], SIMPLIFIED_CHINESE),
    (&["mingliu", "msung", "mhei", "jhenghei"], TRADITIONAL_CHINESE),
    (&["batang", "dotum", "gulim", "malgun", "hysmyeongjo", "hygothic"], KOREAN),
];

/// Answers what a page asks for: first the fonts of the system that bear the name, then those that
/// have the characters, then the standard fonts that come with the renderer. The fonts of the system
/// are looked at only when a page asks for one that is neither embedded nor standard.
pub(super) fn resolver() -> FontResolverFn {
    Arc::new(|query| match query {
        FontQuery::Standard(font) => Some(font.get_font_data()),
        FontQuery::Fallback(query) => {
            of_the_system(query).or_else(|| Some(query.pick_standard_font().get_font_data()))
        }
    })
}

fn of_the_system(query: &FallbackFontQuery) -> Option<(FontData, u32)> {
    static SYSTEM: OnceLock<Database> = OnceLock::new();
    let system = SYSTEM.get_or_init(|| {
        let mut database = Database::new();
        FOLDERS.iter().for_each(|folder| database.load_fonts_dir(folder));
        database
    });
    load(system, choose(system, query)?)
}

/// The face that comes closest to what is asked for.
fn choose(fonts: &Database, query: &FallbackFontQuery) -> Option<ID> {
    let names = [&query.post_script_name, &query.font_name, &query.font_family];
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    fonts
        .faces()
        .find(|face| names.iter().any(|name| face.post_script_name.eq_ignore_ascii_case(name)))
        .map(|face| face.id)
        .or_else(|| of_families(fonts, query, &names.iter().map(|name| family(name)).collect::<Vec<_>>()))
        .or_else(|| of_families(fonts, query, for_characters(query, &names)?))
        .or_else(|| of_families(fonts, query, for_characters(query, &names).map(|_| ANY_CJK)?))
}

/// The family in a name such as `NotoSans-Bold` or `Arial,Bold`.
fn family(name: &str) -> &str {
    name.split(['-', ',']).next().unwrap_or(name)
}

fn of_families(fonts: &Database, query: &FallbackFontQuery, families: &[&str]) -> Option<ID> {
    let families: Vec<Family<'_>> =
        families.iter().filter(|name| !name.is_empty()).map(|name| Family::Name(name)).collect();
    let weight = if query.is_bold { 700 } else { u16::try_from(query.font_weight).unwrap_or(400) };
    let style = if query.is_italic { Style::Italic } else { Style::Normal };
    fonts.query(&Query { families: &families, weight: Weight(weight), stretch: Stretch::Normal, style })
}

/// The families that have the characters of a Chinese, Japanese or Korean font.
fn for_characters(query: &FallbackFontQuery, names: &[&str]) -> Option<&'static [&'static str]> {
    match query.character_collection.as_ref().map(|collection| &collection.family) {
        Some(CidFamily::AdobeJapan1) => Some(JAPANESE),
        Some(CidFamily::AdobeGB1) => Some(SIMPLIFIED_CHINESE),
        Some(CidFamily::AdobeCNS1) => Some(TRADITIONAL_CHINESE),
        Some(CidFamily::AdobeKorea1) => Some(KOREAN),
        // A composite font of any characters: its name is all there is.
        Some(_) => {
            let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
            let is_named = |part: &&str| names.iter().any(|name| name.contains(part));
            NAMED_FOR.iter().find(|(parts, _)| parts.iter().any(is_named)).map(|(_, families)| *families)
        }
        None => None,
    }
}

fn load(fonts: &Database, face: ID) -> Option<(FontData, u32)> {
    let (source, index) = fonts.face_source(face)?;
    let data = match &source {
        Source::File(path) | Source::SharedFile(path, _) => read(path)?,
        Source::Binary(data) => data.as_ref().as_ref().to_vec(),
    };
    Some((Arc::new(data), index))
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    File::open(path).ok()?.take(MAX_FONT + 1).read_to_end(&mut data).ok()?;
    (data.len() as u64 <= MAX_FONT).then_some(data)
}

#[cfg(test)]
mod tests {
    use fontdb::FaceInfo;
    use hayro::hayro_interpret::hayro_cmap::CharacterCollection;

    use super::*;

    fn fonts() -> Database {
        let mut fonts = Database::new();
        for (family, post_script_name, weight) in [
            ("DejaVu Sans", "DejaVuSans", 400),
            ("DejaVu Sans", "DejaVuSans-Bold", 700),
            ("Corporate", "Corporate-Regular", 400),
            ("Corporate", "Corporate-Heavy", 700),
            ("Noto Sans CJK JP", "NotoSansCJKjp-Regular", 400),
            ("Droid Sans Fallback", "DroidSansFallback", 400),
        ] {
            fonts.push_face_info(FaceInfo {
                id: ID::dummy(),
                source: Source::Binary(Arc::new(b"a font")),
                index: 0,
                families: vec![(family.into(), fontdb::Language::English_UnitedStates)],
                post_script_name: post_script_name.into(),
                style: Style::Normal,
                weight: Weight(weight),
                stretch: Stretch::Normal,
                monospaced: false,
            });
        }
        fonts
    }

    fn chosen(query: &FallbackFontQuery) -> Option<String> {
        let fonts = fonts();
        choose(&fonts, query).and_then(|id| fonts.face(id)).map(|face| face.post_script_name.clone())
    }

    fn named(name: &str) -> FallbackFontQuery {
        FallbackFontQuery { post_script_name: Some(name.into()), ..FallbackFontQuery::default() }
    }

    fn collection(family: CidFamily, name: &str) -> FallbackFontQuery {
        let collection = CharacterCollection { family, supplement: 0 };
        FallbackFontQuery { character_collection: Some(collection), ..named(name) }
    }

    #[test]
    fn a_font_of_that_name_is_taken() {
        assert_eq!(chosen(&named("dejavusans-bold")).as_deref(), Some("DejaVuSans-Bold"));
        let bold = FallbackFontQuery { is_bold: true, ..named("Corporate,Bold") };
        assert_eq!(chosen(&bold).as_deref(), Some("Corporate-Heavy"));
        assert_eq!(chosen(&named("Frutiger")), None);
    }

    #[test]
    fn a_font_that_has_the_characters_is_taken() {
        let japanese = collection(CidFamily::AdobeJapan1, "HeiseiKakuGo-W5");
        assert_eq!(chosen(&japanese).as_deref(), Some("NotoSansCJKjp-Regular"));
        let korean = collection(CidFamily::AdobeKorea1, "HYSMyeongJo-Medium");
        assert_eq!(chosen(&korean).as_deref(), Some("DroidSansFallback"));
        let identity = collection(CidFamily::AdobeIdentity, "MS-Mincho");
        assert_eq!(chosen(&identity).as_deref(), Some("NotoSansCJKjp-Regular"));
        assert_eq!(chosen(&collection(CidFamily::AdobeIdentity, "Frutiger")), None);
    }
}
