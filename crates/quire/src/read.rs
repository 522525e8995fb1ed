//! `quire read`: what the reading engine makes of a file, without any service.

use std::{
    io::{IsTerminal, Write, stderr, stdin, stdout},
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use clap::Args;
use quire_domain::error::chain;
use quire_extract::{
    DocumentReader, ExtractError, Recognition,
    child::ChildPool,
    document::Extracted,
    limits::Limits,
    ocr::{Languages, OcrError, RecognizeLimits, Recognizer},
    options::{Password, ReadOptions},
};
use serde_json::json;

use crate::say;

/// The longest side of a thumbnail unless another is asked for, in pixels.
const THUMBNAIL_SIZE: u32 = 400;

/// What to read, and what to print of it. The text, if nothing else is said.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The file.
    file: PathBuf,
    /// Print everything as JSON: text by page, metadata, warnings.
    #[arg(long)]
    json: bool,
    /// With --json: the words with their places.
    #[arg(long, requires = "json")]
    words: bool,
    /// Print what the file says about itself, as JSON.
    #[arg(long, conflicts_with = "json")]
    metadata: bool,
    /// With --metadata or --json: where a picture was taken, if it says so.
    #[arg(long)]
    location: bool,
    /// Draw a page as WebP into this file: the first, or the first of --pages.
    #[arg(long, value_name = "OUT")]
    thumbnail: Option<PathBuf>,
    /// The longest side of the thumbnail, in pixels.
    #[arg(long, value_name = "PIXELS", default_value_t = THUMBNAIL_SIZE, value_parser = clap::value_parser!(u32).range(16..=4096))]
    size: u32,
    /// Pages, such as 3-7 or 1,5; the first is 1.
    #[arg(long, value_parser = parse_pages)]
    pages: Option<Pages>,
    /// Languages of text in pictures, by tesseract's names.
    #[arg(long, value_name = "LANGUAGES", default_value = "eng")]
    ocr: Languages,
    /// Leave text in pictures unread.
    #[arg(long, conflicts_with = "ocr")]
    no_ocr: bool,
    /// Read the password of the document from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

/// Ranges of pages.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pages(Vec<RangeInclusive<u32>>);

fn parse_pages(text: &str) -> Result<Pages, String> {
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|number| *number > 0);
    let range = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        number(first)
            .zip(number(last))
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| first..=last)
    };
    let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
    ranges.map(Pages).ok_or_else(|| "write pages as in 3-7 or 1,5; the first is 1".to_owned())
}

/// Reads the file and prints what was asked for.
///
/// # Errors
/// A message for the person at the terminal.
pub(crate) async fn read(arguments: Arguments) -> Result<(), String> {
    let children = ChildPool::of_this_program(Limits::default()).map_err(|e| e.to_string())?;
    let mut reader = DocumentReader::new(children, None);
    let mut options = options(&arguments);
    if arguments.password_stdin {
        options.password = Some(Password::new(line_of_stdin()?));
    }
    match run(&mut reader, &arguments, &options).await {
        Err(Trouble::Document(ExtractError::Encrypted))
            if options.password.is_none() && stdin().is_terminal() =>
        {
            let password =
                rpassword::prompt_password("Password of the document: ").map_err(|e| e.to_string())?;
            options.password = Some(Password::new(password));
            run(&mut reader, &arguments, &options).await
        }
        result => result,
    }
    .map_err(|trouble| trouble.told(&arguments.file))
}

/// Why nothing was printed.
enum Trouble {
    Document(ExtractError),
    Output(std::io::Error),
}

impl From<ExtractError> for Trouble {
    fn from(error: ExtractError) -> Self {
        Self::Document(error)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl Trouble {
    fn told(&self, file: &Path) -> String {
        match self {
            Self::Document(error) => match error.failure() {
                Some(failure) => format!("{}: {} ({})", file.display(), failure.message, failure.code),
                None => format!("{}: {}", file.display(), chain(error)),
            },
            Self::Output(error) => format!("the output could not be written: {error}"),
        }
    }
}

fn options(arguments: &Arguments) -> ReadOptions {
    let name = arguments.file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let pages = match &arguments.pages {
        Some(Pages(ranges)) => Some(ranges.clone()),
        None if arguments.metadata => Some(Vec::new()),
        None => None,
    };
    ReadOptions { pages, words: arguments.words, location: arguments.location, ..ReadOptions::of_file(name) }
}

async fn run(
    reader: &mut DocumentReader,
    arguments: &Arguments,
    options: &ReadOptions,
) -> Result<(), Trouble> {
    if let Some(out) = &arguments.thumbnail {
        let page = options.pages.as_ref().and_then(|ranges| ranges.first()).map_or(1, |range| *range.start());
        let picture = reader.thumbnail(&arguments.file, options, page, arguments.size).await?;
        return Ok(std::fs::write(out, picture)?);
    }
    let mut document = reader.read(&arguments.file, options).await?;
    recognize(reader, arguments, options, &mut document).await?;
    for warning in document.warnings.iter().chain(document.pages.iter().flat_map(|page| &page.warnings)) {
        say(&format!("quire: {}", warning.message));
    }
    let mut out = stdout().lock();
    if arguments.json {
        writeln!(out, "{:#}", json!(document))?;
    } else if arguments.metadata {
        let mut metadata = json!(document.metadata);
        metadata["media_type"] = document.media_type.into();
        writeln!(out, "{metadata:#}")?;
    } else if let Some(reason) = document.textless() {
        return Err(reason.into());
    } else {
        let texts: Vec<_> = document.pages.iter().map(|page| page.text.trim_end()).collect();
        writeln!(out, "{}", texts.join("\n\u{c}"))?;
    }
    Ok(())
}

/// Recognises the text of pages that are pictures. Tesseract is not looked for unless there are some.
async fn recognize(
    reader: &mut DocumentReader,
    arguments: &Arguments,
    options: &ReadOptions,
    document: &mut Extracted,
) -> Result<(), Trouble> {
    let pictures = document.pages.iter().filter(|page| page.is_picture).count();
    if pictures == 0 || arguments.no_ocr {
        return Ok(());
    }
    let recognizer = match find_recognizer(&arguments.ocr).await {
        Ok(recognizer) => recognizer,
        Err(error) => {
            say(&format!("quire: text in pictures is not read: {error}"));
            return Ok(());
        }
    };
    let (languages, limits) = (arguments.ocr.clone(), RecognizeLimits::default());
    reader.recognize_with(Recognition { recognizer, languages, limits });
    for (done, page) in (1..).zip(document.pages.iter_mut().filter(|page| page.is_picture)) {
        if stderr().is_terminal() {
            say(&format!("quire: recognising picture {done} of {pictures}"));
        }
        reader.recognize(&arguments.file, options, &arguments.ocr, page).await?;
    }
    document.measure_text();
    Ok(())
}

async fn find_recognizer(languages: &Languages) -> Result<Recognizer, OcrError> {
    let recognizer = Recognizer::find(None).await?;
    recognizer.check(languages)?;
    Ok(recognizer)
}

fn line_of_stdin() -> Result<String, String> {
    let mut line = String::new();
    stdin().read_line(&mut line).map_err(|e| e.to_string())?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_written_as_for_a_printer() {
        assert_eq!(parse_pages("3-7"), Ok(Pages(vec![3..=7])));
        assert_eq!(parse_pages("1, 5-5"), Ok(Pages(vec![1..=1, 5..=5])));
        for wrong in ["", "0", "7-3", "x", "1,,2", "-3"] {
            assert!(parse_pages(wrong).is_err(), "{wrong:?}");
        }
    }
}
