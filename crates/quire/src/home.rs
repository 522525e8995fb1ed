//! The data directory of the all-in-one run: where it is, and the secret kept in it.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use quire_domain::random;

/// Why the data directory cannot be used, as a sentence for the person at the terminal.
#[derive(Debug)]
pub(crate) struct HomeError(String);

impl std::fmt::Display for HomeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The data directory.
#[derive(Debug, Clone)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// Makes the directory when it is missing: for its owner alone, but for root so that the
    /// account of PostgreSQL can reach its own part of it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn open(path: PathBuf, is_root: bool) -> Result<Self, HomeError> {
        let mode = if is_root { 0o711 } else { 0o700 };
        fs::DirBuilder::new().recursive(true).mode(mode).create(&path).map_err(|e| at(&path, &e))?;
        let path = path.canonicalize().map_err(|e| at(&path, &e))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The directory of the private PostgreSQL.
    pub(crate) fn postgres(&self) -> PathBuf {
        self.0.join("postgres")
    }

    /// The directory of the documents.
    pub(crate) fn media(&self) -> PathBuf {
        self.0.join("media")
    }

    /// Where the private PostgreSQL can be reached, while one runs: for admin commands.
    pub(crate) fn database_url(&self) -> Option<String> {
        fs::read_to_string(self.database_url_file()).ok()
    }

    /// Notes where the private PostgreSQL can be reached.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn remember_database_url(&self, url: &str) -> Result<(), HomeError> {
        write_private(&self.database_url_file(), url)
    }

    /// Forgets it, when PostgreSQL stops.
    pub(crate) fn forget_database_url(&self) {
        // A note that stays is written over by the next start.
        let _ = fs::remove_file(self.database_url_file());
    }

    fn database_url_file(&self) -> PathBuf {
        self.0.join("database-url")
    }

    /// The secret that tokens are signed with: made at the first start, the same ever after.
    ///
    /// # Errors
    /// When the file cannot be read or written, or others may read it.
    pub(crate) fn jwt_secret(&self) -> Result<String, HomeError> {
        let path = self.0.join("jwt-secret");
        match fs::read_to_string(&path) {
            Ok(secret) => {
                let mode = fs::metadata(&path).map_err(|e| at(&path, &e))?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(HomeError(format!(
                        "others may read {}; close it with `chmod 600`, or delete it to get a new secret",
                        path.display()
                    )));
                }
                Ok(secret.trim().to_owned())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => make_secret(&path),
            Err(error) => Err(at(&path, &error)),
        }
    }
}

fn make_secret(path: &Path) -> Result<String, HomeError> {
    let secret = URL_SAFE_NO_PAD.encode(random::bytes::<48>().map_err(|e| HomeError(e.to_string()))?);
    write_private(path, &secret)?;
    Ok(secret)
}

/// Writes a file that only its owner may read; beside it first, so that a crash leaves no
/// half of it.
fn write_private(path: &Path, text: &str) -> Result<(), HomeError> {
    let draft = path.with_extension("new");
    let write = || -> io::Result<()> {
        let _ = fs::remove_file(&draft);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|e| at(path, &e))
}

fn at(path: &Path, error: &io::Error) -> HomeError {
    HomeError(format!(
        "{} cannot be used ({error}); set QUIRE_DATA_DIR to a directory that you may write to",
        path.display()
    ))
}

/// The data directory when `QUIRE_DATA_DIR` is not set: what the system keeps for the data of
/// a program (the XDG Base Directory Specification; on macOS `~/Library/Application Support`);
/// for root `/var/lib/quire`, which lies below no closed home directory.
pub(crate) fn default_data_dir(is_root: bool, variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if is_root {
        return Some(PathBuf::from("/var/lib/quire"));
    }
    if let Some(data) = variable("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute()) {
        return Some(data.join("quire"));
    }
    let home = variable("HOME").map(PathBuf::from).filter(|path| path.is_absolute())?;
    let below =
        if cfg!(target_os = "macos") { "Library/Application Support/quire" } else { ".local/share/quire" };
    Some(home.join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_follows_the_system() {
        let none = |_: &str| None;
        assert_eq!(default_data_dir(true, none), Some("/var/lib/quire".into()));
        assert_eq!(default_data_dir(false, none), None);
        let xdg = |name: &str| (name == "XDG_DATA_HOME").then(|| "/data".to_owned());
        assert_eq!(default_data_dir(false, xdg), Some("/data/quire".into()));
        let relative = |name: &str| (name == "XDG_DATA_HOME").then(|| "data".to_owned());
        assert_eq!(default_data_dir(false, relative), None);
    }

    #[test]
    fn the_secret_is_made_once_and_kept_private() {
        let directory = std::env::temp_dir().join(format!("quire-home-{}", std::process::id()));
        let home = Home::open(directory.clone(), false).unwrap();
        let secret = home.jwt_secret().unwrap();
        assert!(secret.len() >= 64);
        assert_eq!(home.jwt_secret().unwrap(), secret);
        fs::set_permissions(directory.join("jwt-secret"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(home.jwt_secret().unwrap_err().to_string().contains("chmod 600"));
        fs::remove_dir_all(directory).unwrap();
    }
}
