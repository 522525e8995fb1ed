//! The data directory: made, locked, handed to the server's account.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::StartError;
use super::account::Account;

const LOCK: &str = "quire.lock";
const LOG: &str = "server.log";
/// The port is part of the socket's name only: no TCP port is opened.
const SOCKET_FILE: &str = ".s.PGSQL.5432";
/// A socket path may have 103 bytes (macOS) or 107 (Linux).
const LONGEST_SOCKET_PATH: usize = 99;
const LOG_TAIL_LINES: usize = 12;

/// The data directory, locked for this process as long as the value lives.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) dir: PathBuf,
    pub(super) socket_dir: PathBuf,
    /// Whom the server runs as, when that is not who we are.
    pub(super) account: Option<Account>,
    _lock: File,
}

impl Home {
    pub(super) fn open(data_dir: &Path) -> Result<Self, StartError> {
        fs::create_dir_all(data_dir).map_err(StartError::file(data_dir))?;
        let dir = fs::canonicalize(data_dir).map_err(StartError::file(data_dir))?;
        check_ours(&dir)?;
        let metadata = fs::metadata(&dir).map_err(StartError::file(&dir))?;
        let account = Account::for_server(&metadata)?;
        if let Some(account) = &account {
            account.check_reaches(&dir)?;
        }
        let lock = lock(&dir)?;
        fs::set_permissions(&dir, Permissions::from_mode(0o700)).map_err(StartError::file(&dir))?;
        for path in [dir.clone(), dir.join(LOCK)] {
            hand_over(&path, account.as_ref())?;
        }
        let socket_dir = socket_directory(&dir, &metadata, account.as_ref())?;
        Ok(Self { dir, socket_dir, account, _lock: lock })
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.dir.join("cluster")
    }

    /// An empty log for this run; the log of the run before is kept beside it.
    pub(super) fn new_log(&self) -> Result<File, StartError> {
        let path = self.dir.join(LOG);
        match fs::rename(&path, self.dir.join("server.log.1")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StartError::file(path)(error));
            }
            _ => {}
        }
        let log = File::create(&path).map_err(StartError::file(&path))?;
        hand_over(&path, self.account.as_ref())?;
        Ok(log)
    }

    /// The last lines that the server logged.
    pub(super) fn log_tail(&self) -> String {
        let log = fs::read(self.dir.join(LOG)).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&log), LOG_TAIL_LINES)
    }
}

/// The socket that the server makes in `directory`.
pub(super) fn socket_file(directory: &Path) -> PathBuf {
    directory.join(SOCKET_FILE)
}

/// The last `count` lines of `text`, for an error message.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// A directory with other contents must not change hands: somebody may have named `/`.
fn check_ours(dir: &Path) -> Result<(), StartError> {
    let mut entries = fs::read_dir(dir).map_err(StartError::file(dir))?;
    if dir.join(LOCK).is_file() || entries.next().is_none() {
        Ok(())
    } else {
        Err(StartError::NotOurs(dir.to_owned()))
    }
}

fn lock(dir: &Path) -> Result<File, StartError> {
    let path = dir.join(LOCK);
    let mut options = OpenOptions::new();
    let file =
        options.create(true).truncate(false).write(true).open(&path).map_err(StartError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::AlreadyRunning(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(StartError::File { path, source }),
    }
}

fn hand_over(path: &Path, account: Option<&Account>) -> Result<(), StartError> {
    match account {
        Some(account) => chown(path, Some(account.uid), Some(account.gid)).map_err(StartError::file(path)),
        None => Ok(()),
    }
}

/// The first place whose path is short enough for a socket, made and closed to others.
fn socket_directory(dir: &Path, data: &Metadata, account: Option<&Account>) -> Result<PathBuf, StartError> {
    // Device and inode name the data directory in few characters and the same way each time.
    let short = format!("quire-{:x}-{:x}", data.dev(), data.ino());
    let places = [dir.join("socket"), std::env::temp_dir().join(&short), Path::new("/tmp").join(&short)];
    let fits = |place: &PathBuf| {
        socket_file(place).as_os_str().len() <= LONGEST_SOCKET_PATH
            && account.is_none_or(|account| account.check_reaches(place).is_ok())
    };
    let [.., last_resort] = &places;
    let place = places.iter().find(|place| fits(place)).unwrap_or(last_resort).clone();
    make_private_directory(&place, account)?;
    Ok(place)
}

/// Makes `path` with mode 0700, or accepts one that is already just so. Below a shared
/// temporary directory somebody else could have been first.
fn make_private_directory(path: &Path, account: Option<&Account>) -> Result<(), StartError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => hand_over(path, account)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(source) => return Err(StartError::file(path)(source)),
    }
    let found = fs::symlink_metadata(path).map_err(StartError::file(path))?;
    let owner = account.map_or_else(|| rustix::process::geteuid().as_raw(), |account| account.uid);
    if found.is_dir() && found.uid() == owner && found.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(StartError::UnsafeSocketDirectory(path.to_owned()))
    }
}
