//! Fixtures, and a reader that reads them in a child process.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use quire_extract::{
    ExtractError,
    child::ChildPool,
    document::Extracted,
    limits::Limits,
    options::{Purpose, ReadOptions, RenderOptions, Rendered},
};

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The files in a folder of the fixtures.
pub(crate) fn fixtures_in(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(fixture(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Limits that every honest fixture is far below and every hostile one meets soon.
pub(crate) fn small_limits() -> Limits {
    Limits {
        wall: Duration::from_secs(20),
        cpu: Duration::from_secs(2),
        memory: 512 << 20,
        input: 8 << 20,
        output: 4 << 20,
        ..Limits::default()
    }
}

pub(crate) fn reader(limits: Limits) -> ChildPool {
    ChildPool::new(env!("CARGO_BIN_EXE_quire-read-document").into(), limits)
}

pub(crate) async fn read_with(name: &str, limits: Limits) -> Result<Extracted, ExtractError> {
    reader(limits).read(&fixture(name), &ReadOptions::of_file(name)).await
}

pub(crate) async fn read(name: &str) -> Result<Extracted, ExtractError> {
    read_with(name, small_limits()).await
}

/// The text of a document, its pages separated by a line.
pub(crate) async fn text_of(name: &str) -> String {
    let document = read(name).await.unwrap();
    let pages: Vec<_> = document.pages.iter().map(|page| page.text.as_str()).collect();
    pages.join("\n-----\n")
}

/// Has a page drawn that takes all time and memory it gets: what draws pages knows no limits of its own.
pub(crate) async fn draw_for_ever(children: &ChildPool) -> Result<Rendered, ExtractError> {
    let options =
        RenderOptions { extension: "pdf".into(), password: None, page: 1, purpose: Purpose::Thumbnail(400) };
    children.render(&fixture("hostile/cmap_range_4g.pdf"), &options, &tempfile::tempfile().unwrap()).await
}
