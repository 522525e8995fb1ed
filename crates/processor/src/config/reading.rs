//! How documents are read: limits, processes, recognition of characters.

use std::{num::NonZero, path::PathBuf, thread::available_parallelism};

use quire_extract::{
    DocumentReader, Recognition,
    child::ChildPool,
    limits::Limits,
    ocr::{Languages, OcrError, Recognizer},
};
use quire_web::config::{Reader, Section, Variable};

const READ_TIMEOUT: Variable =
    Variable::new("READ_TIMEOUT", "Seconds that reading one document, or recognising one page, may take.")
        .default("120");
const READ_CPU_LIMIT: Variable =
    Variable::new("READ_CPU_LIMIT", "Seconds of processor time for the same.").default("60");
const READ_MEMORY_LIMIT: Variable =
    Variable::new("READ_MEMORY_LIMIT", "Bytes of memory for reading one document.").default("1073741824");
const READ_INPUT_LIMIT: Variable =
    Variable::new("READ_INPUT_LIMIT", "Bytes of the largest file that is read.").default("536870912");
const READ_PAGE_LIMIT: Variable =
    Variable::new("READ_PAGE_LIMIT", "Pages that are read of one document.").default("10000");
const READ_PROCESSES: Variable = Variable::new(
    "READ_PROCESSES",
    "Documents read at the same time, each in a process of its own; as many as there are processors when unset.",
);
const READ_REUSE: Variable =
    Variable::new("READ_REUSE", "Documents that one such process reads before another takes its place.")
        .default("100");
const OCR: Variable = Variable::new(
    "OCR",
    "Whether text in pictures is recognised: auto (when tesseract is installed), on (refuse to start without it), off.",
)
.default("auto");
const OCR_LANGUAGES: Variable = Variable::new(
    "OCR_LANGUAGES",
    "Languages of text in pictures, by tesseract's names, joined by +, unless a task names others.",
)
.default("eng");
const TESSERACT: Variable =
    Variable::new("TESSERACT", "Path of the tesseract program; searched for in PATH when unset.");

pub(super) const SECTION: Section<'static> = Section {
    title: "Reading documents",
    variables: &[
        READ_TIMEOUT,
        READ_CPU_LIMIT,
        READ_MEMORY_LIMIT,
        READ_INPUT_LIMIT,
        READ_PAGE_LIMIT,
        READ_PROCESSES,
        READ_REUSE,
        OCR,
        OCR_LANGUAGES,
        TESSERACT,
    ],
};

/// How documents are read.
#[derive(Debug, Clone)]
pub struct ReadingConfig {
    /// What reading one document may cost.
    pub limits: Limits,
    /// Whether characters are recognised.
    pub ocr: Ocr,
    /// In which languages.
    pub languages: Languages,
    /// By which program; searched for if absent.
    pub tesseract: Option<PathBuf>,
}

/// Whether characters in pictures are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ocr {
    /// If tesseract and its languages are installed.
    Auto,
    /// Yes, or nothing starts.
    On,
    /// No.
    Off,
}

impl ReadingConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get) as u64;
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let limits = Limits {
            wall: reader.seconds(&READ_TIMEOUT, 1..=3600),
            cpu: reader.seconds(&READ_CPU_LIMIT, 1..=3600),
            memory: reader.bytes(&READ_MEMORY_LIMIT, 256 << 20..=64 << 30),
            input: reader.bytes(&READ_INPUT_LIMIT, 1 << 20..=16 << 30),
            pages: number(reader.number(&READ_PAGE_LIMIT, 1..=1_000_000)),
            children: number(reader.optional_number(&READ_PROCESSES, 1..=1024).unwrap_or(cores)),
            reuse: number(reader.number(&READ_REUSE, 1..=1_000_000)),
            ..Limits::default()
        };
        let languages = reader.text(&OCR_LANGUAGES).parse().unwrap_or_else(|error: OcrError| {
            reader.reject(&OCR_LANGUAGES, &format!("be a list: {error}"));
            Languages::default()
        });
        let choices = [("auto", Ocr::Auto), ("on", Ocr::On), ("off", Ocr::Off)];
        // Who names a language or a program wants it.
        let is_wanted = reader.is_set(&OCR_LANGUAGES) || reader.is_set(&TESSERACT);
        let ocr = match reader.choice(&OCR, &choices, Ocr::Auto) {
            Ocr::Auto if is_wanted => Ocr::On,
            chosen => chosen,
        };
        Self { limits, ocr, languages, tesseract: reader.optional_text(&TESSERACT).map(PathBuf::from) }
    }

    /// What reads documents like that, in these children.
    ///
    /// # Errors
    /// When characters are to be recognised and cannot.
    pub async fn reader(&self, children: ChildPool) -> Result<DocumentReader, OcrError> {
        let recognition = match self.ocr {
            Ocr::Off => None,
            Ocr::On => Some(self.recognition().await?),
            Ocr::Auto => match self.recognition().await {
                Ok(recognition) => Some(recognition),
                Err(error) => {
                    let error = quire_domain::error::chain(&error);
                    tracing::warn!(error, "text in pictures will not be recognised");
                    None
                }
            },
        };
        Ok(DocumentReader::new(children, recognition))
    }

    async fn recognition(&self) -> Result<Recognition, OcrError> {
        let recognizer = Recognizer::find(self.tesseract.as_deref()).await?;
        recognizer.check(&self.languages)?;
        tracing::info!(
            tesseract.version = recognizer.version(),
            tesseract.languages = recognizer.languages().join("+"),
            "text in pictures will be recognised"
        );
        Ok(Recognition { recognizer, languages: self.languages.clone() })
    }
}
