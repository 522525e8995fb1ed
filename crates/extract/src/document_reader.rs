//! Everything that can be asked about a document, behind one value.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use crate::{
    ExtractError,
    child::{ChildPool, Room},
    document::Extracted,
    options::{Part, Purpose, ReadOptions, RenderOptions, SplitOptions},
};

/// Reads, draws and splits documents, each in a process apart from this one.
#[derive(Debug)]
pub struct DocumentReader {
    children: ChildPool,
}

/// The parts of a document that was split.
#[derive(Debug)]
pub struct Split {
    /// What they are, and where they are in the file.
    pub parts: Vec<Part>,
    /// The bytes of all parts, one after the other. The file has no name and goes with this value.
    pub file: File,
}

impl DocumentReader {
    /// A reader whose work is done by these children.
    pub fn new(children: ChildPool) -> Self {
        Self { children }
    }

    /// Reads the document at `path`. Dropping the future ends it.
    ///
    /// # Errors
    ///
    /// The verdict on the document, or [`ExtractError::Unavailable`] if there is none.
    pub async fn read(&self, path: &Path, options: &ReadOptions) -> Result<Extracted, ExtractError> {
        self.children.read(path, options).await
    }

    /// Room to read or draw one document, for those who do not want to wait for it long.
    ///
    /// # Errors
    ///
    /// [`ExtractError::Unavailable`].
    pub async fn room(&self) -> Result<Room<'_>, ExtractError> {
        self.children.room().await
    }

    /// A picture of a page to look at, as WebP, its longest side `size` pixels.
    ///
    /// # Errors
    ///
    /// As [`Self::read`]; [`ExtractError::NoSuchPage`]; [`ExtractError::Unsupported`] for what has no
    /// looks, such as a sound.
    pub async fn thumbnail(
        &self,
        path: &Path,
        options: &ReadOptions,
        page: u32,
        size: u32,
    ) -> Result<Vec<u8>, ExtractError> {
        self.room().await?.thumbnail(path, options, page, size).await
    }

    /// Splits the PDF document at `path`.
    ///
    /// # Errors
    ///
    /// As [`Self::read`]; [`ExtractError::NoSuchPage`].
    pub async fn split(&self, path: &Path, options: &SplitOptions) -> Result<Split, ExtractError> {
        let file = scratch_file()?;
        let parts = self.children.split(path, options, &file).await?;
        Ok(Split { parts, file })
    }
}

impl Room<'_> {
    /// As [`DocumentReader::thumbnail`].
    ///
    /// # Errors
    ///
    /// See there.
    pub async fn thumbnail(
        &self,
        path: &Path,
        options: &ReadOptions,
        page: u32,
        size: u32,
    ) -> Result<Vec<u8>, ExtractError> {
        let options = RenderOptions {
            extension: options.extension.clone(),
            password: options.password.clone(),
            page,
            purpose: Purpose::Thumbnail(size),
        };
        let mut output = scratch_file()?;
        self.render(path, &options, &output).await?;
        let mut picture = Vec::new();
        output.rewind().and_then(|()| output.read_to_end(&mut picture)).map_err(ExtractError::Unavailable)?;
        Ok(picture)
    }
}

fn scratch_file() -> Result<File, ExtractError> {
    tempfile::tempfile().map_err(|error: io::Error| ExtractError::Unavailable(error))
}
