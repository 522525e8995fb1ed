use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Where the sample documents are.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../extract/tests/fixtures");

/// The path of a sample document, such as `pdf/pdflatex-4-pages.pdf`.
#[must_use]
pub fn fixture_path(name: &str) -> PathBuf {
    Path::new(FIXTURES).join(name)
}

/// The bytes of a sample document.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn fixture(name: &str) -> Vec<u8> {
    let path = fixture_path(name);
    fs::read(&path).unwrap_or_else(|error| panic!("the fixture {}: {error}", path.display()))
}

/// An empty directory that is removed at the end of the test.
///
/// Unlike a plain temporary directory it may be entered by other accounts, which a
/// private PostgreSQL in it needs when the tests run as root.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn data_directory() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::set_permissions(directory.path(), Permissions::from_mode(0o711))
        .expect("a directory to pass through");
    directory
}
