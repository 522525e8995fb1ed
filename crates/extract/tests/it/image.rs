//! What pictures say about themselves.

use quire_extract::{
    ExtractError,
    document::{Location, Metadata, Size},
    options::ReadOptions,
};

use crate::support::{fixture, read, reader, small_limits};

#[tokio::test]
async fn a_picture_is_a_page_whose_characters_want_to_be_recognised() {
    let document = read("images/scan-cv-120dpi-1.png").await.unwrap();
    assert_eq!(document.media_type, "image/png");
    assert_eq!((document.metadata.width, document.metadata.height), (Some(1020), Some(1320)));
    assert_eq!(document.metadata.pages, Some(1));
    let page = &document.pages[0];
    assert!(page.is_picture && page.text.is_empty());
    let Size { width, height } = page.size.unwrap();
    // US Letter, at nearly 120 pixels to the inch.
    assert!((width - 612.0).abs() < 0.1 && (height - 792.0).abs() < 0.1, "{width} {height}");
}

#[tokio::test]
async fn the_camera_tells_how_and_when() {
    let Metadata { width, height, orientation, taken, camera, creator, location, .. } =
        read("images/turned.jpg").await.unwrap().metadata;
    assert_eq!((width, height, orientation), (Some(60), Some(40), Some(6)));
    assert_eq!(taken.as_deref(), Some("2024-05-06T07:08:09+02:00"));
    assert_eq!(camera.as_deref(), Some("Quire Works Model 1"));
    assert_eq!(creator.as_deref(), Some("by hand"));
    assert_eq!(location, None);
}

#[tokio::test]
async fn the_place_is_told_only_if_asked_for() {
    let options = ReadOptions { location: true, ..ReadOptions::of_file("turned.jpg") };
    let document = reader(small_limits()).read(&fixture("images/turned.jpg"), &options).await.unwrap();
    let Location { latitude, longitude } = document.metadata.location.unwrap();
    assert!((latitude + 33.875).abs() < 1e-6 && (longitude - 151.2).abs() < 1e-6, "{latitude} {longitude}");
}

#[tokio::test]
async fn every_frame_of_a_tiff_file_is_a_page() {
    let document = read("images/pages.tiff").await.unwrap();
    assert_eq!(document.metadata.pages, Some(3));
    let sizes: Vec<_> = document.pages.iter().map(|page| page.size.unwrap()).collect();
    let size = |width, height| Size { width, height };
    assert_eq!(sizes, [size(72.0, 72.0), size(57.6, 28.8), size(30.0, 50.0)]);

    let options = ReadOptions { pages: Some(vec![2..=2]), ..ReadOptions::of_file("pages.tiff") };
    let document = reader(small_limits()).read(&fixture("images/pages.tiff"), &options).await.unwrap();
    assert_eq!(document.pages.iter().map(|page| page.number).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn pictures_of_all_formats_are_measured() {
    for format in ["bmp", "gif", "jpg", "png", "tiff", "webp"] {
        let document = read(&format!("images/python.{format}")).await.unwrap();
        assert_eq!((document.metadata.width, document.metadata.height), (Some(16), Some(16)), "{format}");
        assert_eq!(document.pages.len(), 1, "{format}");
    }
    for name in ["animated.gif", "animated.webp"] {
        assert_eq!(read(&format!("images/{name}")).await.unwrap().pages.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_picture_is_measured_however_many_pixels_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gif");
    let mut gif = std::fs::read(fixture("images/python.gif")).unwrap();
    gif[6..10].copy_from_slice(&[0xff; 4]);
    std::fs::write(&path, gif).unwrap();
    let document = reader(small_limits()).read(&path, &ReadOptions::of_file("a.gif")).await.unwrap();
    assert_eq!((document.metadata.width, document.metadata.height), (Some(65_535), Some(65_535)));
}

#[tokio::test]
async fn a_broken_header_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    std::fs::write(&path, b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0").unwrap();
    let result = reader(small_limits()).read(&path, &ReadOptions::of_file("a.png")).await;
    assert!(matches!(result, Err(ExtractError::Corrupt)), "{result:?}");
}
