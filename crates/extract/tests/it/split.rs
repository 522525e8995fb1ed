//! Documents in, parts out. Parts are looked into with the library that reads them, and read in the
//! child process like any document.

use std::{io::Write, process::Command};

use hayro::hayro_syntax::{
    Pdf,
    object::{Array, Dict, Name, Object},
};
use quire_extract::{
    ExtractError,
    limits::Limits,
    options::{Part, Password, ReadOptions, SplitOptions, SplitPlan},
    split::split,
};

use crate::support::{fixture, fixtures_in, reader, small_limits};

fn split_with(
    bytes: Vec<u8>,
    plan: SplitPlan,
    password: Option<&str>,
) -> Result<Vec<(Part, Vec<u8>)>, ExtractError> {
    let options = SplitOptions { password: password.map(Password::new), plan };
    let mut out = Vec::new();
    let parts = split(bytes, &options, &Limits::default(), &mut out)?;
    let total: u64 = parts.iter().map(|part| part.length).sum();
    assert_eq!(out.len() as u64, total, "parts lie one after the other");
    let bytes = |part: &Part| out[part.offset as usize..(part.offset + part.length) as usize].to_vec();
    Ok(parts.into_iter().map(|part| (part.clone(), bytes(&part))).collect())
}

fn split_bytes(bytes: &[u8], plan: SplitPlan) -> Vec<(Part, Vec<u8>)> {
    split_with(bytes.to_vec(), plan, None).unwrap()
}

/// The one part with these pages.
fn part_of(bytes: &[u8], pages: &[u32]) -> Vec<u8> {
    split_bytes(bytes, SplitPlan::Pages(vec![pages.to_vec()])).remove(0).1
}

fn read_fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

async fn pages_of(bytes: &[u8], password: Option<&str>) -> Vec<String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let options = ReadOptions { password: password.map(Password::new), ..ReadOptions::of_file("part.pdf") };
    let document = reader(small_limits()).read(file.path(), &options).await.unwrap();
    document.pages.into_iter().map(|page| page.text).collect()
}

/// A document of these objects, the first of which is the catalog.
fn document(objects: &[&str]) -> Vec<u8> {
    let mut pdf = String::from("%PDF-1.7\n");
    for (number, object) in (1..).zip(objects) {
        pdf += &format!("{number} 0 obj {object} endobj\n");
    }
    (pdf + "trailer <</Root 1 0 R>>\n").into_bytes()
}

fn catalog(pdf: &Pdf) -> Dict<'_> {
    pdf.xref().get(pdf.xref().root_id()).unwrap()
}

fn contains(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

/// All objects of a part in words, the dictionaries of its streams with them.
fn objects_in(part: &[u8]) -> String {
    let pdf = Pdf::new(part.to_vec()).unwrap();
    let objects = pdf.objects().into_iter().map(|object| match object {
        Object::Stream(stream) => stream.dict().to_string(),
        other => other.to_string(),
    });
    objects.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn each_part_has_the_text_of_its_pages() {
    for name in ["pdf/pdflatex-4-pages.pdf", "pdf/multicolumn.pdf", "pdf/outlines.pdf", "pdf/form_dd0293.pdf"]
    {
        let bytes = read_fixture(name);
        let whole = pages_of(&bytes, None).await;
        for (part, bytes) in split_bytes(&bytes, SplitPlan::Every(2)) {
            let expected: Vec<_> = part.pages.iter().map(|page| whole[*page as usize].clone()).collect();
            assert_eq!(pages_of(&bytes, None).await, expected, "{name} {:?}", part.pages);
        }
    }
}

#[tokio::test]
async fn pages_come_in_the_order_they_were_asked_for_and_as_often() {
    let bytes = read_fixture("pdf/pdflatex-4-pages.pdf");
    let whole = pages_of(&bytes, None).await;
    let parts = split_bytes(&bytes, SplitPlan::Pages(vec![vec![3, 0, 3], vec![1]]));
    assert_eq!(parts.len(), 2);
    let expected = [3, 0, 3].map(|page: usize| whole[page].clone());
    assert_eq!(pages_of(&parts[0].1, None).await, expected);
    assert_eq!(pages_of(&parts[1].1, None).await, [whole[1].clone()]);
}

#[tokio::test]
async fn a_locked_document_is_opened_with_its_password_and_its_parts_are_open() {
    for (name, password) in [
        ("pdf/graph-encrypted.pdf", "user"),
        ("pdf/r4-aes-user-password.pdf", "asdfzxcv"),
        ("pdf/libreoffice-writer-password.pdf", "openpassword"),
    ] {
        let bytes = read_fixture(name);
        for wrong in [None, Some("wrong")] {
            let refused = split_with(bytes.clone(), SplitPlan::Every(1), wrong);
            assert!(matches!(refused, Err(ExtractError::Encrypted)), "{name}");
        }
        let parts = split_with(bytes, SplitPlan::Every(1), Some(password)).unwrap();
        for (_, part) in parts {
            assert!(!contains(&part, "/Encrypt"), "{name}");
            assert!(Pdf::new(part).is_ok(), "{name}");
        }
    }
    let bytes = read_fixture("pdf/libreoffice-writer-password.pdf");
    let parts = split_with(bytes, SplitPlan::Every(1), Some("openpassword")).unwrap();
    assert!(!pages_of(&parts[0].1, None).await[0].trim().is_empty());
    // It opens without a password, so one that is too many does no harm.
    assert!(split_with(read_fixture("pdf/form_dd0293.pdf"), SplitPlan::Every(4), Some("any")).is_ok());
}

#[test]
fn pages_that_are_not_there_are_refused() {
    let bytes = read_fixture("pdf/pdflatex-4-pages.pdf");
    let refused = split_with(bytes, SplitPlan::Pages(vec![vec![0], vec![4]]), None);
    assert!(matches!(refused, Err(ExtractError::NoSuchPage { pages: 4 })));
}

#[test]
fn the_same_pages_make_the_same_bytes_and_others_another_id() {
    let bytes = read_fixture("pdf/pdflatex-4-pages.pdf");
    let (first, again) = (split_bytes(&bytes, SplitPlan::Every(1)), split_bytes(&bytes, SplitPlan::Every(1)));
    assert_eq!(first, again);
    let id = |part: &[u8]| {
        let at = part.windows(5).rposition(|window| window == b"/ID[<").unwrap();
        part[at + 5..at + 37].to_vec()
    };
    assert_ne!(id(&first[0].1), id(&first[1].1));
}

/// Three pages; what leads from the first to the others, and out.
fn linked() -> Vec<u8> {
    document(&[
        "<</Type/Catalog/Pages 2 0 R/Names<</Dests<</Kids[8 0 R]>>/JavaScript<</Names[(x) 9 0 R]>>\
         /EmbeddedFiles<</Names[(f) 11 0 R]>>>>/OpenAction 9 0 R/Outlines 13 0 R/Dests<</old[5 0 R/Fit]>>>>",
        "<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count 3/MediaBox[0 0 300 400]/Rotate 90>>",
        "<</Type/Page/Parent 2 0 R/AA<</O 9 0 R>>/Annots[6 0 R 7 0 R\
         <</Type/Annot/Subtype/Link/Rect[0 0 1 1]/Dest(second)>>\
         <</Type/Annot/Subtype/Link/Rect[0 0 2 2]/Dest/old>>\
         <</Type/Annot/Subtype/Link/Rect[0 0 3 3]/Dest(unknown)>>\
         <</Type/Annot/Subtype/Link/Rect[0 0 4 4]/A 9 0 R>>\
         <</Type/Annot/Subtype/FileAttachment/Rect[0 0 5 5]/FS 11 0 R>>]>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10]/B[12 0 R]>>",
        "<</Type/Page/Parent 2 0 R/Annots[10 0 R]>>",
        "<</Type/Annot/Subtype/Link/Rect[0 0 6 6]/P 3 0 R/A<</S/GoTo/D[5 0 R/Fit]>>>>",
        "<</Type/Annot/Subtype/Link/Rect[0 0 7 7]/P 3 0 R/A<</S/URI/URI(https://example.org/)/Next 9 0 R>>>>",
        "<</Limits[(a)(z)]/Names[(second)<</D[4 0 R/XYZ 1 2 null]>>]/Kids[8 0 R]>>",
        "<</S/JavaScript/JS(app.alert\\(1\\))>>",
        "<</Type/Annot/Subtype/Text/Rect[0 0 8 8]/P 5 0 R/Contents(far away)>>",
        "<</Type/Filespec/F(secret.txt)/UF(secret.txt)/EF<</F 14 0 R>>>>",
        "<</Type/Bead/P 4 0 R/N 12 0 R/V 12 0 R>>",
        "<</First 15 0 R/Last 16 0 R/Count 2>>",
        "<</Type/EmbeddedFile/Length 6>> stream\nsecret\nendstream",
        "<</Title(One)/Parent 13 0 R/Next 16 0 R/Dest[3 0 R/Fit]/First 17 0 R/Last 17 0 R/Count 1>>",
        "<</Title(Three)/Parent 13 0 R/Prev 15 0 R/Next 15 0 R/A<</S/GoTo/D[5 0 R/Fit]>>>>",
        "<</Title(Two)/Parent 15 0 R/Dest(second)/C[1 0 0]>>",
    ])
}

#[test]
fn links_lead_to_pages_of_the_part_or_out_of_the_document() {
    let part = part_of(&linked(), &[0, 1]);
    let pdf = Pdf::new(part).unwrap();
    let annotations = pdf.pages()[0].raw().get::<Array<'_>>("Annots").unwrap();
    let annotations: Vec<Dict<'_>> = annotations.iter().collect();
    assert_eq!(annotations.len(), 2, "{annotations:?}");

    let action = annotations[0].get::<Dict<'_>>("A").unwrap();
    assert_eq!(action.get::<Name<'_>>("S").as_deref(), Some(&b"URI"[..]));
    assert!(!action.contains_key("Next"));
    assert_eq!(annotations[0].get_ref("P").map(Into::into), pdf.pages()[0].raw().obj_id());
    let named = annotations[1].get::<Array<'_>>("Dest").unwrap();
    let target = named.raw_iter().next().and_then(|page| page.as_obj_ref()).unwrap();
    assert_eq!(Some(target.into()), pdf.pages()[1].raw().obj_id());
    assert_eq!(named.raw_iter().count(), 5, "{named:?}");
}

#[test]
fn nothing_of_other_pages_and_nothing_that_acts_is_carried() {
    let objects = objects_in(&part_of(&linked(), &[0, 1]));
    for words in ["JavaScript", "alert", "EmbeddedFile", "secret", "far away", "Bead", "OpenAction", "Names"]
    {
        assert!(!objects.contains(words), "{words} in {objects}");
    }
    let with_attachment = part_of(&read_fixture("pdf/with-attachment.pdf"), &[0]);
    assert!(!objects_in(&with_attachment).contains("EmbeddedFile"));
}

#[test]
fn pages_keep_what_they_inherited() {
    for (part, expected) in [(0, (300.0, 400.0)), (1, (10.0, 10.0))] {
        let pdf = Pdf::new(part_of(&linked(), &[part])).unwrap();
        let media_box = pdf.pages()[0].media_box();
        assert_eq!((media_box.x1, media_box.y1), expected);
        assert!(pdf.pages()[0].raw().contains_key("Rotate"));
    }
}

/// Titles of bookmarks, indented by their level.
fn titles(parent: &Dict<'_>, level: usize) -> Vec<String> {
    let mut titles = Vec::new();
    let mut next = parent.get::<Dict<'_>>("First");
    while let Some(bookmark) = next {
        let title = bookmark.get::<hayro::hayro_syntax::object::String<'_>>("Title").unwrap();
        titles.push(format!("{}{}", " ".repeat(level), String::from_utf8_lossy(&title)));
        titles.extend(self::titles(&bookmark, level + 1));
        next = bookmark.get::<Dict<'_>>("Next");
    }
    titles
}

#[test]
fn bookmarks_of_the_pages_are_kept_with_those_above_them() {
    let bookmarks = |pages: &[u32]| {
        let pdf = Pdf::new(part_of(&linked(), pages)).unwrap();
        catalog(&pdf).get::<Dict<'_>>("Outlines").map(|root| titles(&root, 0)).unwrap_or_default()
    };
    assert_eq!(bookmarks(&[0, 1]), ["One", " Two"]);
    assert_eq!(bookmarks(&[1]), ["One", " Two"]);
    assert_eq!(bookmarks(&[2]), ["Three"]);
    assert_eq!(bookmarks(&[0, 1, 2]), ["One", " Two", "Three"]);
}

#[test]
fn a_document_is_split_at_its_bookmarks() {
    let parts = split_bytes(&linked(), SplitPlan::Bookmarks);
    let found: Vec<_> = parts.iter().map(|(part, _)| (part.title.as_deref(), &part.pages[..])).collect();
    assert_eq!(found, [(Some("One"), &[0, 1][..]), (Some("Three"), &[2][..])]);

    let without = read_fixture("pdf/multicolumn.pdf");
    let parts = split_bytes(&without, SplitPlan::Bookmarks);
    assert_eq!(parts.len(), 1);
    assert_eq!((parts[0].0.title.as_deref(), parts[0].0.pages.len()), (None, 3));
}

#[test]
fn fields_of_other_pages_are_dropped() {
    let form = document(&[
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R 7 0 R]/CO[5 0 R]/XFA(x)/SigFlags 3/DA(/F 9 Tf)>>>>",
        "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[8 0 R 6 0 R]>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[9 0 R 7 0 R]>>",
        "<</T(both)/FT/Btn/Kids[8 0 R 9 0 R]/AA<</K<</S/JavaScript/JS(x)>>>>>>",
        "<</T(first)/FT/Tx/V(one)/Type/Annot/Subtype/Widget/Rect[0 0 1 1]/P 3 0 R>>",
        "<</T(second)/FT/Tx/V(two)/Type/Annot/Subtype/Widget/Rect[0 0 1 1]/P 4 0 R>>",
        "<</Parent 5 0 R/Type/Annot/Subtype/Widget/Rect[0 0 2 2]/P 3 0 R>>",
        "<</Parent 5 0 R/Type/Annot/Subtype/Widget/Rect[0 0 3 3]/P 4 0 R>>",
    ]);
    let part = part_of(&form, &[0]);
    let objects = objects_in(&part);
    assert!(objects.contains("\"first\"") && objects.contains("\"both\""), "{objects}");
    for words in ["\"second\"", "two", "XFA", "SigFlags", "/CO ", "JavaScript"] {
        assert!(!objects.contains(words), "{words} in {objects}");
    }
    let pdf = Pdf::new(part).unwrap();
    let form = catalog(&pdf).get::<Dict<'_>>("AcroForm").unwrap();
    let fields: Vec<Dict<'_>> = form.get::<Array<'_>>("Fields").unwrap().iter().collect();
    assert_eq!(fields.len(), 2);
    assert_eq!(fields[0].get::<Array<'_>>("Kids").unwrap().raw_iter().count(), 1);
}

#[test]
fn shared_resources_are_cut_to_what_pages_use() {
    let image = |letter: char| {
        let data = letter.to_string().repeat(40);
        format!(
            "<</Type/XObject/Subtype/Image/Width 1/Height 1/Length 40/Filter/DCTDecode>> stream\n{data}\nendstream"
        )
    };
    let (first, second) = (image('1'), image('2'));
    let content = |name: &str| format!("<</Length 6>> stream\n/{name} Do\nendstream");
    let (draw_first, draw_second) = (content("I1"), content("I2"));
    let bytes = document(&[
        "<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[9 0 R]/D<</OFF[9 0 R]>>>>>>",
        "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 9 9]/Resources<</XObject 7 0 R/Properties<</L 9 0 R>>>>>>",
        "<</Type/Page/Parent 2 0 R/Contents 5 0 R>>",
        "<</Type/Page/Parent 2 0 R/Contents[6 0 R]>>",
        &draw_first,
        &draw_second,
        "<</I1 8 0 R/I2 10 0 R>>",
        &first,
        "<</Type/OCG/Name(Layer)>>",
        &second,
    ]);
    let parts = split_bytes(&bytes, SplitPlan::Every(1));
    for (index, (_, part)) in parts.iter().enumerate() {
        assert_eq!(contains(part, &"1".repeat(40)), index == 0);
        assert_eq!(contains(part, &"2".repeat(40)), index == 1);
        assert!(objects_in(part).contains("OCProperties"), "layers stay as they are");
    }
    assert!(contains(&part_of(&bytes, &[0, 1]), &"2".repeat(40)));
}

/// Pages with a stream each that does not compress, of the given length in bytes.
fn heavy(lengths: &[usize]) -> Vec<u8> {
    let mut objects = vec!["<</Type/Catalog/Pages 2 0 R>>".to_owned()];
    let kids: Vec<_> = (0..lengths.len()).map(|index| format!("{} 0 R", 3 + 2 * index)).collect();
    objects.push(format!("<</Type/Pages/MediaBox[0 0 9 9]/Count 1/Kids[{}]>>", kids.join(" ")));
    for (index, length) in lengths.iter().enumerate() {
        objects.push(format!("<</Type/Page/Parent 2 0 R/Contents {} 0 R>>", 4 + 2 * index));
        let data = "x".repeat(*length);
        objects.push(format!("<</Length {length}/Filter/DCTDecode>> stream\n{data}\nendstream"));
    }
    document(&objects.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn parts_are_as_long_as_they_may_be() {
    let lengths: Vec<usize> =
        (0..40).map(|index| if index == 20 { 30_000 } else { 500 + 97 * (index % 7) }).collect();
    let bytes = heavy(&lengths);
    let limit = 8_000;
    let parts = split_bytes(&bytes, SplitPlan::MaxSize(limit));
    let pages: Vec<u32> = parts.iter().flat_map(|(part, _)| part.pages.clone()).collect();
    assert_eq!(pages, (0..40).collect::<Vec<_>>());
    for (index, (part, _)) in parts.iter().enumerate() {
        assert!(part.length <= limit || part.pages == [20], "{part:?}");
        if let Some((next, _)) = parts.get(index + 1) {
            let more: Vec<u32> = part.pages.iter().chain(&next.pages[..1]).copied().collect();
            assert!(part_of(&bytes, &more).len() as u64 > limit, "one more page would fit: {part:?}");
        }
    }
}

#[test]
fn long_parts_are_written_straight_through() {
    let bytes = heavy(&[20 << 20, 20 << 20]);
    let parts = split_bytes(&bytes, SplitPlan::Every(2));
    assert!(parts[0].0.length > 40 << 20);
    assert_eq!(Pdf::new(parts[0].1.clone()).unwrap().pages().len(), 2);
}

/// What `qpdf --check` says of a document: 0 if it finds nothing, 2 for errors, 3 for warnings.
fn checked(bytes: &[u8]) -> Option<i32> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let output = Command::new("qpdf").arg("--check").arg(file.path()).output();
    output.expect("qpdf, which scripts/install-deps.sh installs").status.code()
}

#[test]
fn parts_are_as_sound_as_their_document() {
    let mut sound = 0;
    for path in fixtures_in("pdf") {
        let bytes = std::fs::read(&path).unwrap();
        if checked(&bytes) == Some(0) {
            sound += 1;
            for (_, part) in split_bytes(&bytes, SplitPlan::Every(1)) {
                assert_eq!(checked(&part), Some(0), "{path:?}");
            }
        }
    }
    assert!(sound >= 10);
    assert_eq!(checked(&part_of(&linked(), &[0, 1])), Some(0));
}

#[test]
fn hostile_documents_end_with_a_verdict_or_in_parts() {
    // Parsers recurse: in the child they have such a stack.
    let split_all = || {
        for path in
            fixtures_in("hostile").into_iter().filter(|path| path.extension().is_some_and(|it| it == "pdf"))
        {
            let bytes = std::fs::read(&path).unwrap();
            for plan in [SplitPlan::Every(1), SplitPlan::Bookmarks, SplitPlan::MaxSize(10_000)] {
                match split_with(bytes.clone(), plan, None) {
                    Ok(parts) => assert!(parts.iter().all(|(part, bytes)| {
                        Pdf::new(bytes.clone()).unwrap().pages().len() == part.pages.len()
                    })),
                    Err(error) => assert!(error.failure().is_some(), "{path:?}: {error}"),
                }
            }
        }
    };
    std::thread::Builder::new().stack_size(16 << 20).spawn(split_all).unwrap().join().unwrap();
}

#[test]
fn cycles_end_and_depth_is_bounded() {
    let cyclic = document(&[
        "<</Type/Catalog/Pages 2 0 R/Outlines 4 0 R/AcroForm<</Fields[5 0 R]>>>>",
        "<</Type/Pages/Kids[2 0 R 3 0 R 3 0 R]/Count 2000000000/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        "<</Type/Page/Parent 3 0 R/Annots[5 0 R 5 0 R]/Resources 6 0 R>>",
        "<</First 4 0 R/Next 4 0 R/Title(x)/Dest[3 0 R]>>",
        "<</Subtype/Widget/Rect[0 0 1 1]/Parent 5 0 R/Kids[5 0 R]/T(t)>>",
        "<</Font 6 0 R/XObject<</A 6 0 R>>>>",
    ]);
    assert_eq!(split_bytes(&cyclic, SplitPlan::Every(1)).len(), 1);

    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let page = format!("<</Type/Page/MediaBox[0 0 9 9]/X{deep}>>");
    let deep = document(&["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", &page]);
    let verdict = split_with(deep, SplitPlan::Every(1), None);
    assert!(matches!(verdict, Err(ExtractError::TooComplex(quire_extract::Excess::Nesting))), "{verdict:?}");
}
