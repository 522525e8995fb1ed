//! Small documents that are written here, and what is read of them.

use super::*;
use crate::{document::Word, error::Excess, limits::Limits, options::Password};

/// A document of one page, 500 points wide and high, in Helvetica. `entries` belong to the page,
/// `objects` are further objects of the file, from number 10 on.
fn document(content: &str, entries: &str, objects: &str) -> Vec<u8> {
    format!(
        "%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R/OCProperties<</D<</OFF[20 0 R]>>>>/AcroForm 30 0 R\
         /Names<</EmbeddedFiles 40 0 R>>/MarkInfo<</Marked true>>>> endobj\n\
         2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n\
         3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 5 0 R\
         /Resources<</Font<</F 4 0 R/G 10 0 R>>/XObject<</X 11 0 R/I 12 0 R>>\
         /Properties<</Off 20 0 R/On 21 0 R>>/ExtGState<</T<</ca 0>>>>>>{entries}>> endobj\n\
         4 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n\
         12 0 obj <</Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Length 1>> \
         stream\n0\nendstream endobj\n{objects}\
         5 0 obj <</Length {}>> stream\n{content}\nendstream endobj\ntrailer <</Root 1 0 R/Info 6 0 R>>\n",
        content.len()
    )
    .into_bytes()
}

fn read_bytes(bytes: Vec<u8>, options: &ReadOptions, limits: &Limits) -> Result<Content, ExtractError> {
    PdfReader.read(Source { bytes, media_type: media_type::PDF, options, limits })
}

fn read(content: &str, entries: &str, objects: &str) -> Content {
    let bytes = document(content, entries, objects);
    read_bytes(bytes, &ReadOptions::default(), &Limits::default()).unwrap()
}

/// The only page of a document with this content.
fn page(content: &str) -> Page {
    read(content, "", "").pages.remove(0)
}

/// The text that some operators show.
fn text(operators: &str) -> String {
    page(&format!("BT /F 12 Tf 50 400 Td {operators} ET")).text
}

/// An object that is a stream.
fn stream(number: u32, entries: &str, content: &str) -> String {
    format!("{number} 0 obj <<{entries}/Length {}>> stream\n{content}\nendstream endobj\n", content.len())
}

#[test]
fn every_operator_that_shows_text_is_carried_out() {
    assert_eq!(
        text("14 TL (one) Tj T* (two) Tj (three) ' 1 2 (four) \" 0 -14 TD (five) Tj"),
        "one\ntwo\nthree\nf o u r\nf i v e"
    );
    assert_eq!(text("[(wo) -20 (rd) -400 (next)] TJ"), "word next");
    assert_eq!(text("(x) Tj 4 Ts /F 8 Tf (2) Tj"), "x2");
}

#[test]
fn text_that_is_filled_and_stroked_is_read_once() {
    assert_eq!(text("2 Tr (Head) Tj (line) Tj"), "Headline");
    assert_eq!(text("(Head) Tj 1 0 0 1 50.3 400 Tm (Head) Tj"), "Head");
}

#[test]
fn marked_content_means_what_it_says() {
    assert_eq!(text("(of) Tj /Span<</ActualText(fi)>>BDC (#) Tj (\\$) Tj EMC (ce) Tj"), "office");
    assert_eq!(text("/Span<</ActualText()>>BDC (#) Tj /P BMC (#) Tj EMC (#) Tj EMC (seen) Tj"), "seen");
    assert_eq!(
        text("(adip) Tj /Span<</ActualText<FEFF00AD>>>BDC (-) Tj EMC 0 -14 Td (iscing) Tj"),
        "adipiscing"
    );
}

#[test]
fn a_word_that_is_broken_at_the_end_of_a_line_is_joined() {
    assert_eq!(text("(consti-) Tj 0 -14 Td (tution) Tj"), "constitution");
}

#[test]
fn a_turned_page_is_read_as_it_is_shown() {
    let content =
        "BT /F 12 Tf 0 1 -1 0 100 50 Tm (first) Tj ET BT /F 12 Tf 0 1 -1 0 114 50 Tm (second) Tj ET";
    let page = read(content, "/Rotate 90/CropBox[0 0 300 500]", "").pages.remove(0);
    assert_eq!(page.text, "first\nsecond");
    assert_eq!(page.size, Some(Size { width: 500.0, height: 300.0 }));
}

#[test]
fn words_have_places_if_they_are_wanted() {
    let options = ReadOptions { words: true, ..ReadOptions::default() };
    let content = "BT /F 10 Tf 50 400 Td (ii mm) Tj ET BT /F 10 Tf 0 1 -1 0 300 100 Tm (up) Tj ET";
    let words =
        read_bytes(document(content, "", ""), &options, &Limits::default()).unwrap().pages.remove(0).words;
    let word = |text: &str, bounds| Word { text: text.into(), bounds, confidence: None };
    // Helvetica: i is 0.222 em wide, the space 0.278, m 0.833, u and p 0.556.
    let expected = [
        word("ii", [50.0, 92.0, 54.44, 102.0]),
        word("mm", [57.22, 92.0, 73.88, 102.0]),
        word("up", [292.0, 388.88, 302.0, 400.0]),
    ];
    assert_eq!(words, expected);
}

#[test]
fn pages_that_are_not_wanted_are_not_read() {
    let options = ReadOptions { pages: Some(vec![2..=9]), ..ReadOptions::default() };
    // It would be too much text.
    let limits = Limits { output: 2, ..Limits::default() };
    let content = read_bytes(document("BT /F 12 Tf (text) Tj ET", "", ""), &options, &limits).unwrap();
    assert_eq!(content.pages, []);
    assert_eq!(content.metadata.pages, Some(1));
}

#[test]
fn a_page_with_more_text_than_allowed_is_given_up() {
    let content = format!("BT /F 12 Tf {} ET", "(a lot of text) Tj ".repeat(100));
    let limits = Limits { output: 500, ..Limits::default() };
    let result = read_bytes(document(&content, "", ""), &ReadOptions::default(), &limits);
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Output))));
}

#[test]
fn a_form_is_drawn_where_it_belongs_and_never_within_itself() {
    let form = stream(
        11,
        "/Subtype/Form/BBox[0 0 100 100]/Matrix[1 0 0 1 50 0]",
        "BT /F 12 Tf 0 10 Td (form) Tj ET /X Do",
    );
    let page =
        read("BT /F 12 Tf 20 210 Td (see) Tj ET q 1 0 0 1 0 200 cm /X Do Q", "", &form).pages.remove(0);
    assert_eq!(page.text, "see form");
}

#[test]
fn layers_that_are_switched_off_are_not_read() {
    let content = "/OC/Off BDC BT /F 12 Tf 50 50 Td (off) Tj ET /P BMC BT (within) Tj ET EMC EMC \
                   /OC/On BDC BT /F 12 Tf 50 90 Td (on) Tj ET EMC";
    let layers = "20 0 obj <</Type/OCG/Name(off)>> endobj\n21 0 obj <</Type/OCG/Name(on)>> endobj\n";
    assert_eq!(read(content, "", layers).pages[0].text, "on");
}

/// The text of a page on which something is hidden, and how much.
fn hidden(content: &str) -> (String, String) {
    let page = page(content);
    let warning = page.warnings.first().map(|warning| {
        assert_eq!(warning.code, "hidden_text");
        warning.message.split(' ').next().unwrap_or_default().to_owned()
    });
    (page.text, warning.unwrap_or_default())
}

#[test]
fn text_that_nobody_can_see_is_left_out_and_told() {
    let seen = "BT /F 12 Tf 50 400 Td (seen) Tj ET ";
    let secret = "BT /F 12 Tf 50 300 Td (secret) Tj ET ";
    for hiding in [
        format!("1 g {secret}"),
        format!("1 1 1 rg {secret}"),
        format!("/DeviceCMYK cs 0 0 0 0 sc {secret}"),
        format!("3 Tr {secret}"),
        format!("/T gs {secret}"),
        format!("q 0.05 0 0 0.05 0 0 cm {secret} Q"),
        format!("q 1 0 0 1 -300 0 cm {secret} Q"),
        format!("q 0 0 20 20 re W n {secret} Q"),
        format!("{secret} 0 g 40 290 100 30 re f"),
    ] {
        assert_eq!(hidden(&format!("{seen} {hiding}")), ("seen".into(), "6".into()), "{hiding}");
    }
}

#[test]
fn text_that_can_be_seen_is_read_whatever_its_colour() {
    let text = "BT /F 12 Tf 50 300 Td (seen) Tj ET ";
    let other = "BT /F 12 Tf 50 400 Td (other) Tj ET ";
    for showing in [
        // A line that is too long for the page.
        "BT /F 12 Tf 480 300 Td (longer than the page) Tj ET".into(),
        // On a dark ground, on a picture, on a drawn line, in a pattern, in a tint.
        format!("0.2 g 40 290 100 30 re f 1 g {text}"),
        format!("q 100 0 0 30 40 290 cm /I Do Q 1 g {text}"),
        format!("20 w 40 303 m 200 303 l S 1 g {text}"),
        format!("/Pattern cs /P scn {text}"),
        format!("/Spot cs 1 scn {text}"),
        // Below a frame, a white ground and a turned rectangle.
        format!("1 g 40 290 100 30 re f 0 g {text} 40 290 100 30 re S"),
        format!("{text} q 0.7 0.7 -0.7 0.7 100 200 cm 0 0 100 100 re f Q"),
        // An invisible text over a picture is the text of a scan, and one that a picture covers too.
        format!("q 500 0 0 500 0 0 cm /I Do Q BT 3 Tr ET {text}"),
        format!("{text} q 500 0 0 500 0 0 cm /I Do Q"),
    ] {
        assert_eq!(hidden(&format!("{other} {showing}")).1, "", "{showing}");
    }
    assert_eq!(hidden("BT /F 12 Tf 3 Tr 50 300 Td (all there is) Tj ET"), ("all there is".into(), "".into()));
}

#[test]
fn a_page_that_is_a_picture_is_told() {
    assert!(page("q 400 0 0 400 50 50 cm /I Do Q").is_picture);
    assert!(!page("q 40 0 0 40 50 50 cm /I Do Q").is_picture);
    assert!(!page("q 400 0 0 400 50 50 cm /I Do Q BT /F 12 Tf (a text of twenty letters) Tj ET").is_picture);
}

#[test]
fn the_value_of_a_field_is_read_if_its_widget_is_seen() {
    let content = "BT /F 12 Tf 50 400 Td (Name:) Tj ET";
    let shown = |flags: u32| {
        let field = format!(
            "/Annots[<</Subtype/Widget/FT/Tx/V(Ada)/F {flags}/Rect[100 396 200 412]>> <</Subtype/Link>>]"
        );
        read(content, &field, "").pages.remove(0).text
    };
    assert_eq!(shown(4), "Name: Ada");
    assert_eq!(shown(2), "Name:");
}

#[test]
fn an_appearance_fills_the_rectangle_of_its_annotation() {
    let appearance =
        stream(50, "/Subtype/Form/BBox[0 0 10 10]/Resources<</Font<</F 4 0 R>>>>", "BT /F 1 Tf (Ada) Tj ET");
    let annotation = "/Annots[<</Subtype/Stamp/Rect[100 400 220 520]/AP<</N 50 0 R>>>>]";
    let page = read("BT /F 12 Tf 50 400 Td (Name:) Tj ET", annotation, &appearance).pages.remove(0);
    assert_eq!(page.text, "Name: Ada");
}

#[test]
fn characters_come_from_the_collection_of_a_font() {
    let font = |encoding: &str, ordering: &str| {
        format!(
            "10 0 obj <</Type/Font/Subtype/Type0/BaseFont/K/Encoding/{encoding}/DescendantFonts[<</Type/Font\
             /Subtype/CIDFontType0/BaseFont/K/CIDSystemInfo<</Registry(Adobe)/Ordering({ordering})\
             /Supplement 0>>>>]>> endobj\n"
        )
    };
    let shown = |encoding: &str, ordering: &str, codes: &str| {
        let content = format!("BT /G 12 Tf 50 400 Td <{codes}> Tj ET");
        read(&content, "", &font(encoding, ordering)).pages.remove(0).text
    };
    assert_eq!(shown("UniJIS-UTF16-H", "Japan1", "65E5672C"), "日本");
    assert_eq!(shown("UniGB-UCS2-H", "GB1", "4E2D6587"), "中文");
    assert_eq!(shown("90ms-RKSJ-H", "Japan1", "93FA967B"), "日本");
    assert_eq!(shown("GBK-EUC-H", "GB1", "D6D0CEC4"), "中文");
    assert_eq!(shown("ETen-B5-H", "CNS1", "A4A4A4E5"), "中文");
    assert_eq!(shown("KSCms-UHC-H", "Korea1", "C7D1B1DB"), "한글");
    // The characters 843 and 845 of Adobe-Japan1.
    assert_eq!(shown("Identity-H", "Japan1", "034B034D"), "あい");
}

#[test]
fn vertical_text_is_read_downwards() {
    let font = "10 0 obj <</Type/Font/Subtype/Type0/BaseFont/K/Encoding/UniJIS-UTF16-V/DescendantFonts[<</Type\
                /Font/Subtype/CIDFontType0/BaseFont/K/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)\
                /Supplement 0>>>>]>> endobj\n";
    let content = "BT /G 12 Tf 400 400 Td <65E5672C8A9E> Tj ET BT /G 12 Tf 380 400 Td <7E26> Tj <66F8> Tj ET";
    assert_eq!(read(content, "", font).pages[0].text, "日本語\n縦書");
}

#[test]
fn glyphs_without_characters_are_told() {
    let font = "10 0 obj <</Type/Font/Subtype/Type3/FontMatrix[.001 0 0 .001 0 0]/FirstChar 65/LastChar 66\
                /Widths[500 500]/CharProcs<<>>/Encoding<</Differences[65/blob/a66]>>>> endobj\n";
    let content = read("BT /G 12 Tf 50 400 Td (AAB) Tj ET", "", font);
    assert_eq!(content.pages[0].text, "B", "the name of the second one is the number of its code");
    assert_eq!(content.warnings[0].code, "characters_missing");
}

#[test]
fn a_font_that_is_made_to_cost_is_not_parsed() {
    let font = "10 0 obj <</Type/Font/Subtype/Type0/BaseFont/K/Encoding/Identity-H/DescendantFonts[<</Type/Font\
                /Subtype/CIDFontType2/BaseFont/K/W[0 4000000000 500]>>]>> endobj\n";
    let content = read("BT /G 12 Tf <0041> Tj /F 12 Tf 50 400 Td (text) Tj ET", "", font);
    assert_eq!(content.pages[0].text, "text");
}

#[test]
fn a_document_says_what_it_is() {
    let objects = "6 0 obj <</Title(Notes)/Subject(On \\(engines\\))/Keywords(a, b)/Creator(Pen)\
                   /Producer(Press)/CreationDate(D:18430901120000+00'00')/ModDate(D:1843)>> endobj\n\
                   30 0 obj <</Fields[<</Kids[<</FT/Sig/V<</Type/Sig>>>>]>>]>> endobj\n\
                   40 0 obj <</Kids[41 0 R 40 0 R]>> endobj\n\
                   41 0 obj <</Names[(a)<</UF(C:\\\\notes\\\\a.csv)>>(b)<<>>]>> endobj\n";
    let metadata = read("", "", objects).metadata;
    assert_eq!(metadata.title.as_deref(), Some("Notes"));
    assert_eq!(metadata.author, None);
    assert_eq!(metadata.subject.as_deref(), Some("On (engines)"));
    assert_eq!(metadata.keywords.as_deref(), Some("a, b"));
    assert_eq!(metadata.creator.as_deref(), Some("Pen"));
    assert_eq!(metadata.producer.as_deref(), Some("Press"));
    assert_eq!(metadata.created.as_deref(), Some("1843-09-01T12:00:00+00:00"));
    assert_eq!(metadata.modified.as_deref(), Some("1843-01-01T00:00:00"));
    assert_eq!((metadata.encrypted, metadata.signed, metadata.tagged), (Some(false), Some(true), Some(true)));
    assert_eq!(metadata.attachments, ["a.csv", "b"]);
    assert_eq!(metadata.page_sizes.len(), 1);
    assert_eq!(metadata.page_sizes[0].size, Size { width: 500.0, height: 500.0 });
}

#[test]
fn a_document_that_only_speaks_of_encryption_is_not_encrypted() {
    let content = read("BT /F 12 Tf 50 50 Td (/Encrypt 5 0 R) Tj ET", "", "");
    assert_eq!(content.metadata.encrypted, Some(false));
}

#[test]
fn a_password_that_is_not_needed_does_no_harm() {
    let options = ReadOptions { password: Some(Password::new("swordfish")), ..ReadOptions::default() };
    let bytes = document("BT /F 12 Tf 50 50 Td (open) Tj ET", "", "");
    assert_eq!(read_bytes(bytes, &options, &Limits::default()).unwrap().pages[0].text, "open");
}
