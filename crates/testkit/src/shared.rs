//! Servers that all test processes share: where they live, and who may start them.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// A directory that a shared server may live in.
pub(crate) struct Place {
    pub(crate) data_dir: PathBuf,
}

impl Place {
    /// Held until dropped.
    pub(crate) async fn lock(&self) -> File {
        let path = self.beside("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.unwrap_or_else(|error| panic!("the lock file {}: {error}", path.display()));
        let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
        locked.expect("a task that does not panic").expect("a file system with locks")
    }

    pub(crate) fn beside(&self, extension: &str) -> PathBuf {
        self.data_dir.with_extension(extension)
    }
}

/// Cargo marks the root of its build output with this file.
pub(crate) fn build_directory() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    program.ancestors().find(|dir| dir.join("CACHEDIR.TAG").is_file()).map(Path::to_owned)
}
