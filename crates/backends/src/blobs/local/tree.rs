//! The directory tree under the root, walked one name at a time without following symbolic
//! links, so that no key can lead outside. Everything here blocks.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use quire_domain::{ports::blobs::BlobError, random};
use rustix::{
    fs::{self, AtFlags, CWD, FileType, Mode, OFlags, RenameFlags},
    io::Errno,
};

/// Where blobs are written until they are finished.
pub(super) const INCOMING: &str = ".incoming";

const DIRECTORY_MODE: Mode = Mode::RWXU;
const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The longest name of a file or directory, in bytes, on common file systems.
const NAME_MAX: usize = 255;

/// Whether every part of the key can be a name here and the key stays out of [`INCOMING`].
pub(super) fn fits(key: &str) -> bool {
    key.split('/').next() != Some(INCOMING) && key.split('/').all(|name| name.len() <= NAME_MAX)
}

/// Opens the root. A root that is itself a symbolic link is the operator's choice.
pub(super) fn open_root(root: &Path) -> io::Result<OwnedFd> {
    Ok(fs::openat(CWD, root, DIRECTORY, Mode::empty())?)
}

/// Opens the directory for incoming blobs.
pub(super) fn open_incoming(root: &Path) -> io::Result<OwnedFd> {
    Ok(open_directory(&open_root(root)?, INCOMING)?)
}

/// A new file, for this user only. Refuses a name that exists.
pub(super) fn create_file(directory: &OwnedFd, name: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = fs::openat(directory, name, flags, Mode::RUSR | Mode::WUSR)?;
    Ok(file.into())
}

/// A name for a new file: 32 hexadecimal digits.
pub(super) fn unique_name() -> Result<String, BlobError> {
    let unique = random::bytes::<16>().map_err(|e| BlobError::Io(io::Error::other(e)))?;
    Ok(format!("{:032x}", u128::from_le_bytes(unique)))
}

/// Opens a file of the incoming directory to go on with it.
pub(super) fn open_for_writing(directory: &OwnedFd, name: &str) -> Result<File, BlobError> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = fs::openat(directory, name, flags, Mode::empty()).map_err(missing)?;
    Ok(file.into())
}

/// Brings the names in a directory to the disk.
pub(super) fn sync_directory(directory: &OwnedFd) -> io::Result<()> {
    Ok(fs::fsync(directory)?)
}

/// Removes a name; what is not there is removed already.
pub(super) fn remove(directory: &OwnedFd, name: &str) -> io::Result<()> {
    match fs::unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens a blob for reading.
pub(super) fn open_blob(root: &Path, key: &str) -> Result<File, BlobError> {
    let (directory, name) = open_parent(root, key)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = fs::openat(&directory, name, flags, Mode::empty()).map_err(missing)?;
    let kind = fs::fstat(&file).map_err(io::Error::from)?.st_mode;
    if FileType::from_raw_mode(kind) == FileType::RegularFile {
        Ok(file.into())
    } else {
        Err(BlobError::NotFound)
    }
}

/// Whether there is anything under the key.
pub(super) fn exists(root: &Path, key: &str) -> Result<bool, BlobError> {
    let (directory, name) = match open_parent(root, key) {
        Err(BlobError::NotFound) => return Ok(false),
        found => found?,
    };
    Ok(is_there(&directory, name)?)
}

/// Removes a blob; what is not there is removed already.
pub(super) fn delete_blob(root: &Path, key: &str) -> Result<(), BlobError> {
    let (directory, name) = match open_parent(root, key) {
        Err(BlobError::NotFound) => return Ok(()),
        found => found?,
    };
    Ok(remove(&directory, name)?)
}

/// Moves a finished file from the incoming directory to its key, durably.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when there is a blob under the key.
pub(super) fn publish(root: &Path, incoming: &OwnedFd, name: &str, key: &str) -> io::Result<()> {
    let (parents, leaf) = split(key);
    let mut directory = open_root(root)?;
    for parent in parents {
        directory = open_or_create_directory(&directory, parent)?;
    }
    rename_to_new(incoming, name, &directory, leaf)?;
    Ok(fs::fsync(&directory)?)
}

fn rename_to_new(from: &OwnedFd, name: &str, to: &OwnedFd, leaf: &str) -> io::Result<()> {
    match fs::renameat_with(from, name, to, leaf, RenameFlags::NOREPLACE) {
        // Network file systems know only the rename that replaces.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            if is_there(to, leaf)? {
                return Err(Errno::EXIST.into());
            }
            Ok(fs::renameat(from, name, to, leaf)?)
        }
        outcome => Ok(outcome?),
    }
}

/// Whether there is anything of that name.
pub(super) fn is_there(directory: &OwnedFd, name: &str) -> io::Result<bool> {
    match fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn split(key: &str) -> (impl Iterator<Item = &str>, &str) {
    let (parents, leaf) = key.rsplit_once('/').unwrap_or(("", key));
    (parents.split('/').filter(|name| !name.is_empty()), leaf)
}

/// The directory that a key is in, and its name there.
pub(super) fn open_parent<'a>(root: &Path, key: &'a str) -> Result<(OwnedFd, &'a str), BlobError> {
    // A root that is gone is a fault of the storage, not a blob that does not exist.
    let mut directory = open_root(root).map_err(BlobError::Io)?;
    let (parents, leaf) = split(key);
    for parent in parents {
        directory = open_directory(&directory, parent).map_err(missing)?;
    }
    Ok((directory, leaf))
}

pub(super) fn open_directory(parent: &OwnedFd, name: &str) -> rustix::io::Result<OwnedFd> {
    fs::openat(parent.as_fd(), name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())
}

/// Opens a directory, made first when it is missing. A new one is on disk under its name
/// when this returns.
pub(super) fn open_or_create_directory(parent: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    match open_directory(parent, name) {
        Err(Errno::NOENT) => {}
        found => return Ok(found?),
    }
    match fs::mkdirat(parent, name, DIRECTORY_MODE) {
        // Another writer was quicker.
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    fs::fsync(parent)?;
    Ok(open_directory(parent, name)?)
}

/// A symbolic link, or a file where a directory should be, is no blob.
fn missing(error: Errno) -> BlobError {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP => BlobError::NotFound,
        other => io::Error::from(other).into(),
    }
}
