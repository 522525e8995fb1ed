//! All blobs of the tree, some at a time. A directory is read entry by entry, and one
//! directory of each level is open, so that memory does not grow with the number of blobs.

use std::{ffi::CStr, os::fd::OwnedFd, path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use quire_domain::ports::blobs::{BlobError, ListedBlob};
use rustix::{
    fs::{self, AtFlags, Dir, FileType, Stat},
    io::Errno,
};
use tokio::task::spawn_blocking;

use super::tree;
use crate::blobs::{checked_prefix, joined};

/// Blobs that are looked up in one visit to the blocking pool.
const BATCH: usize = 256;

/// All blobs whose keys begin with `prefix`.
pub(super) fn list(root: Arc<Path>, prefix: &str) -> BoxStream<'static, Result<ListedBlob, BlobError>> {
    if let Err(error) = checked_prefix(prefix) {
        return stream::iter([Err(error)]).boxed();
    }
    let begin = Step::Begin(root, prefix.to_owned());
    let batches = stream::try_unfold(begin, |step| async move {
        let batch = joined(spawn_blocking(move || step.advance()).await)?;
        Ok::<_, BlobError>(batch.map(|(blobs, walk)| (stream::iter(blobs).map(Ok), Step::GoOn(walk))))
    });
    batches.try_flatten().boxed()
}

enum Step {
    Begin(Arc<Path>, String),
    GoOn(Walk),
}

impl Step {
    /// The next blobs, as long as there are any. Blocks.
    fn advance(self) -> Result<Option<(Vec<ListedBlob>, Walk)>, BlobError> {
        let walk = match self {
            Self::Begin(root, prefix) => Walk::begin(&root, prefix)?,
            Self::GoOn(walk) => Some(walk),
        };
        let Some(mut walk) = walk else { return Ok(None) };
        let blobs = walk.next_batch().map_err(|error| BlobError::Io(error.into()))?;
        Ok((!blobs.is_empty()).then_some((blobs, walk)))
    }
}

/// A walk through the tree, depth first.
struct Walk {
    /// What the keys must begin with.
    prefix: String,
    /// The directories that are being read, the innermost last.
    open: Vec<Level>,
}

struct Level {
    directory: OwnedFd,
    entries: Dir,
    /// What the keys of its entries begin with: empty, or with `/` at its end.
    path: String,
}

impl Level {
    fn new(directory: OwnedFd, path: String) -> rustix::io::Result<Self> {
        Ok(Self { entries: Dir::read_from(&directory)?, directory, path })
    }
}

impl Walk {
    /// Begins where all keys with this prefix are; `None` when there is no such place.
    fn begin(root: &Path, prefix: String) -> Result<Option<Self>, BlobError> {
        let parent = prefix.rfind('/').map_or("", |slash| &prefix[..=slash]).to_owned();
        // Any name: only the directory it would be in is opened.
        let directory = match tree::open_parent(root, &format!("{parent}name")) {
            Ok((directory, _)) => directory,
            Err(BlobError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let level = Level::new(directory, parent).map_err(|error| BlobError::Io(error.into()))?;
        Ok(Some(Self { prefix, open: vec![level] }))
    }

    /// At most [`BATCH`] blobs; none when the walk is over.
    fn next_batch(&mut self) -> rustix::io::Result<Vec<ListedBlob>> {
        let mut blobs = Vec::new();
        while blobs.len() < BATCH {
            let Some(level) = self.open.last_mut() else { break };
            match level.entries.next() {
                None => drop(self.open.pop()),
                Some(entry) => blobs.extend(self.visit(entry?.file_name())?),
            }
        }
        Ok(blobs)
    }

    /// A blob, if that is what the entry of the innermost directory is. A directory is entered.
    fn visit(&mut self, name: &CStr) -> rustix::io::Result<Option<ListedBlob>> {
        let Some(level) = self.open.last() else { return Ok(None) };
        let Ok(text) = name.to_str() else { return Ok(None) };
        let key = format!("{}{text}", level.path);
        if matches!(text, "." | "..") || key == tree::INCOMING || !key.starts_with(&self.prefix) {
            return Ok(None);
        }
        let Some(status) = existing(fs::statat(&level.directory, name, AtFlags::SYMLINK_NOFOLLOW))? else {
            return Ok(None);
        };
        match FileType::from_raw_mode(status.st_mode) {
            FileType::RegularFile => Ok(Some(listed(key, &status))),
            FileType::Directory => {
                if let Some(directory) = existing(tree::open_directory(&level.directory, text))? {
                    self.open.push(Level::new(directory, format!("{key}/"))?);
                }
                Ok(None)
            }
            // Not made by us.
            _ => Ok(None),
        }
    }
}

/// What is gone since the directory was read is not there.
fn existing<T>(found: rustix::io::Result<T>) -> rustix::io::Result<Option<T>> {
    match found {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        found => found.map(Some),
    }
}

fn listed(key: String, status: &Stat) -> ListedBlob {
    let nanoseconds = u32::try_from(status.st_mtime_nsec).unwrap_or_default();
    let modified = DateTime::<Utc>::from_timestamp(status.st_mtime, nanoseconds).unwrap_or_default();
    ListedBlob { key, size: u64::try_from(status.st_size).unwrap_or_default(), modified }
}
