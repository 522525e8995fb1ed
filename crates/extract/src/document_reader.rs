//! Everything that can be asked about a document, behind one value.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use tempfile::NamedTempFile;
use tokio::sync::Semaphore;

use crate::{
    ExtractError,
    child::{ChildPool, Room},
    document::{Extracted, Method, Page, Warning},
    ocr::{Languages, OcrError, RecognizeLimits, Recognized, Recognizer},
    options::{Part, Purpose, ReadOptions, RenderOptions, SplitOptions},
};

/// Pixels to the inch of pictures in which characters are recognised: what tesseract was trained on.
const RECOGNITION_DPI: u32 = 300;

/// Reads, draws and splits documents, each in a process apart from this one.
#[derive(Debug)]
pub struct DocumentReader {
    children: ChildPool,
    recognition: Option<Recognition>,
    /// Places for pages whose characters are being recognised.
    recognizing: Semaphore,
}

/// How characters in pictures are recognised.
#[derive(Debug, Clone)]
pub struct Recognition {
    /// What does it.
    pub recognizer: Recognizer,
    /// The languages, unless a task names others.
    pub languages: Languages,
    /// What one page may cost.
    pub limits: RecognizeLimits,
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
    /// A reader whose work is done by these children. Without `recognition`, text in pictures stays
    /// unread.
    pub fn new(children: ChildPool, recognition: Option<Recognition>) -> Self {
        let recognizing = Semaphore::new(children.limits().children.max(1) as usize);
        Self { children, recognition, recognizing }
    }

    /// Has text in pictures recognised like that from now on.
    pub fn recognize_with(&mut self, recognition: Recognition) {
        self.recognition = Some(recognition);
    }

    /// How many pages can be recognised at the same time.
    pub fn parallel_pages(&self) -> usize {
        self.children.limits().children.max(1) as usize
    }

    /// Reads the document at `path`. Dropping the future ends it. The text of pages that are pictures
    /// is not recognised by this: see [`Self::recognize`].
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

    /// The languages in which text in pictures is recognised: those that are asked for, else those of
    /// the configuration.
    ///
    /// # Errors
    ///
    /// Why there is no recognition, or not in these languages.
    pub fn languages(&self, wanted: Option<&str>) -> Result<Languages, OcrError> {
        let recognition = self.recognition.as_ref().ok_or(OcrError::ProgramMissing { searched: None })?;
        let languages = match wanted {
            Some(wanted) => wanted.parse()?,
            None => recognition.languages.clone(),
        };
        recognition.recognizer.check(&languages)?;
        Ok(languages)
    }

    /// Recognises the text of a page that [is a picture](Page::is_picture), in languages that
    /// [`Self::languages`] gave. Text that it had stays if there is more of it. A page that cannot be
    /// recognised gets a warning and leaves the others alone.
    ///
    /// # Errors
    ///
    /// [`ExtractError::Unavailable`], which says nothing about the page.
    pub async fn recognize(
        &self,
        path: &Path,
        options: &ReadOptions,
        languages: &Languages,
        page: &mut Page,
    ) -> Result<(), ExtractError> {
        let Some(recognition) = &self.recognition else { return Ok(()) };
        let _place = self
            .recognizing
            .acquire()
            .await
            .map_err(|error| ExtractError::Unavailable(io::Error::other(error)))?;
        let recognized = match self.recognized(recognition, path, options, languages, page.number).await {
            Ok(recognized) => recognized,
            Err(error) => {
                let failure = error.failure().ok_or(error)?;
                page.warnings.push(Warning::new("page_not_recognised", failure.message));
                return Ok(());
            }
        };
        if recognized.text.chars().count() >= page.text.chars().count() {
            page.text = recognized.text;
            page.confidence = Some(recognized.confidence);
            page.words = if options.words { recognized.words } else { Vec::new() };
            page.method = Method::Ocr;
        }
        Ok(())
    }

    async fn recognized(
        &self,
        recognition: &Recognition,
        path: &Path,
        options: &ReadOptions,
        languages: &Languages,
        page: u32,
    ) -> Result<Recognized, ExtractError> {
        let picture = NamedTempFile::new().map_err(ExtractError::Unavailable)?;
        let wanted = render_options(options, page, Purpose::Recognition(RECOGNITION_DPI));
        let rendered = self.children.render(path, &wanted, picture.as_file()).await?;
        recognition.recognizer.recognize(picture.path(), &rendered, languages, recognition.limits).await
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
        let file = tempfile::tempfile().map_err(ExtractError::Unavailable)?;
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
        let mut output = tempfile::tempfile().map_err(ExtractError::Unavailable)?;
        let wanted = render_options(options, page, Purpose::Thumbnail(size));
        self.render(path, &wanted, &output).await?;
        let mut picture = Vec::new();
        output.rewind().and_then(|()| output.read_to_end(&mut picture)).map_err(ExtractError::Unavailable)?;
        Ok(picture)
    }
}

fn render_options(options: &ReadOptions, page: u32, purpose: Purpose) -> RenderOptions {
    RenderOptions { extension: options.extension.clone(), password: options.password.clone(), page, purpose }
}
