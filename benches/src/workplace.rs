//! Where the programs are, and where they may write.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use tempfile::TempDir;

use crate::Result;

/// Where the programs are, and where they may write.
pub(crate) struct Workplace {
    programs: PathBuf,
    directory: PathBuf,
}

impl Workplace {
    /// By default the programs are beside this one, and files go to the temporary directory.
    pub(crate) fn new(programs: Option<PathBuf>, directory: Option<PathBuf>) -> Result<Self> {
        let programs = match programs {
            Some(programs) => programs,
            None => {
                let own = std::env::current_exe()?;
                own.parent().ok_or("this program is in no directory; use --programs")?.to_owned()
            }
        };
        Ok(Self { programs, directory: directory.unwrap_or_else(std::env::temp_dir) })
    }

    /// The path of a program.
    pub(crate) fn program(&self, name: &str) -> Result<PathBuf> {
        let path = self.programs.join(name);
        if path.is_file() {
            return Ok(path);
        }
        Err(format!("{} is not there; build it with `cargo build --release -p {name}`", path.display())
            .into())
    }

    /// An empty directory that is removed when dropped. Other accounts may pass through, which
    /// a private PostgreSQL needs when this runs as root.
    pub(crate) fn empty_directory(&self) -> Result<TempDir> {
        let directory = tempfile::Builder::new().prefix("quire-load-").tempdir_in(&self.directory)?;
        fs::set_permissions(directory.path(), Permissions::from_mode(0o711))?;
        Ok(directory)
    }
}
