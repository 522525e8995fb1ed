//! Runs the program on a page.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    path::{self, Path},
    process::Stdio,
    time::Duration,
};

use rustix::process::Signal;
use tokio::{io::AsyncReadExt, process::Child, time::timeout};

use super::{Languages, OcrError, command, tsv};
use crate::{
    document::Word,
    error::{Excess, ExtractError},
    options::Rendered,
};

const PROGRAM: &str = "tesseract";

/// The data with which it finds out how a page is turned: no language.
const ORIENTATION_DATA: &str = "osd";

/// Time for answers that need no work.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Bytes of an answer that needs no work.
const MAX_ANSWER: u64 = 64 << 10;

/// Bytes of the words of a page, with their places.
const MAX_PAGE: u64 = 32 << 20;

/// What recognising one page may cost. Going over it ends with [`ExtractError::TooComplex`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecognizeLimits {
    /// Time on the clock.
    pub wall: Duration,
    /// Processor time; counted in whole seconds, at least one. Enforced by Linux.
    pub cpu: Duration,
    /// Address space, in bytes. Enforced by Linux.
    pub memory: u64,
}

impl Default for RecognizeLimits {
    fn default() -> Self {
        Self { wall: Duration::from_secs(180), cpu: Duration::from_secs(90), memory: 2 << 30 }
    }
}

/// The characters of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognized {
    /// Lines end with `\n`, blocks and paragraphs are separated by an empty line.
    pub text: String,
    /// The words with their places on the page, in reading order.
    pub words: Vec<Word>,
    /// How sure it is of its characters, from 0 to 1; 0 if there are none.
    pub confidence: f32,
}

/// Recognises characters. One that was found works: what it needs was checked.
#[derive(Debug, Clone)]
pub struct Recognizer {
    program: path::PathBuf,
    version: String,
    languages: Vec<String>,
    finds_orientation: bool,
}

impl Recognizer {
    /// Looks for tesseract, at `program` or in `PATH`, and asks for its version and languages.
    ///
    /// # Errors
    ///
    /// [`OcrError::ProgramMissing`] or [`OcrError::ProgramBroken`].
    pub async fn find(program: Option<&Path>) -> Result<Self, OcrError> {
        let missing = || OcrError::ProgramMissing { searched: program.map(Path::to_owned) };
        let program = match program {
            Some(program) => program.is_file().then(|| program.to_owned()),
            None => command::in_path(PROGRAM),
        };
        // It is started in another directory.
        let program = path::absolute(program.ok_or_else(missing)?).map_err(OcrError::ProgramBroken)?;
        let version = ask(&program, "--version").await.map_err(OcrError::ProgramBroken)?;
        let version = version.lines().next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        let listed = ask(&program, "--list-langs").await.map_err(OcrError::ProgramBroken)?;
        let mut languages: Vec<String> = listed.lines().skip(1).map(|line| line.trim().to_owned()).collect();
        languages.sort();
        let finds_orientation = languages.iter().any(|name| name == ORIENTATION_DATA);
        languages.retain(|name| !name.is_empty() && name != ORIENTATION_DATA);
        Ok(Self { version: version.to_owned(), program, languages, finds_orientation })
    }

    /// The version of the program.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The languages that it has data for.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// Whether pages that are turned by a right angle are recognised: that needs data of its own, in
    /// the package `tesseract-ocr-osd` of Debian.
    pub fn finds_orientation(&self) -> bool {
        self.finds_orientation
    }

    /// Whether these languages can be recognised.
    ///
    /// # Errors
    ///
    /// [`OcrError::LanguageMissing`] for the first that cannot.
    pub fn check(&self, languages: &Languages) -> Result<(), OcrError> {
        match languages.iter().find(|language| !self.languages.iter().any(|known| known == language)) {
            None => Ok(()),
            Some(language) => Err(OcrError::LanguageMissing {
                language: language.to_owned(),
                installed: self.languages.clone(),
            }),
        }
    }

    /// Recognises the characters of a page. `picture` is the file that [`crate::render`] wrote for
    /// [`crate::options::Purpose::Recognition`] when it answered `rendered`; the languages were
    /// checked. Dropping the future ends the program.
    ///
    /// # Errors
    ///
    /// [`ExtractError::TooComplex`] for a page that goes over a limit or makes the program crash,
    /// [`ExtractError::Unavailable`] if the program did not answer for another reason.
    pub async fn recognize(
        &self,
        picture: &Path,
        rendered: &Rendered,
        languages: &Languages,
        limits: RecognizeLimits,
    ) -> Result<Recognized, ExtractError> {
        let picture = tokio::fs::File::open(picture).await.map_err(ExtractError::Unavailable)?;
        let mut child = command::command(&self.program)
            .args(["stdin", "stdout", "-l", &languages.to_string()])
            // Find columns and blocks; with the right data, find out how the page is turned as well.
            .args(["--psm", if self.finds_orientation { "1" } else { "3" }])
            .args(["--dpi", &dpi(rendered).to_string()])
            .args(["-c", "tessedit_create_tsv=1"])
            .stdin(Stdio::from(picture.into_std().await))
            .spawn()
            .map_err(ExtractError::Unavailable)?;
        command::restrict(&child, &limits).map_err(ExtractError::Unavailable)?;
        let table = timeout(limits.wall, output(&mut child, MAX_PAGE))
            .await
            .unwrap_or(Err(ExtractError::TooComplex(Excess::Time)))?;
        Ok(tsv::parse(&table, rendered))
    }
}

/// Pixels to the inch, as far as tesseract believes in them.
fn dpi(rendered: &Rendered) -> u32 {
    let [a, b, ..] = rendered.to_page;
    ((72.0 / a.hypot(b)).round() as u32).clamp(70, 2400)
}

/// The answer to a question that needs no work.
async fn ask(program: &Path, question: &str) -> io::Result<String> {
    let mut child = command::command(program).arg(question).spawn()?;
    let answer = timeout(ANSWER_TIME, output(&mut child, MAX_ANSWER)).await;
    let broken = || io::Error::other(format!("no answer to `{question}`"));
    answer.map_err(|_| broken())?.map_err(|error| match error {
        ExtractError::Unavailable(error) => error,
        _ => broken(),
    })
}

/// What the program says until it ends well.
async fn output(child: &mut Child, max_bytes: u64) -> Result<String, ExtractError> {
    let mut bytes = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(max_bytes + 1).read_to_end(&mut bytes).await.map_err(ExtractError::Unavailable)?;
    }
    if bytes.len() as u64 > max_bytes {
        return Err(ExtractError::TooComplex(Excess::Output));
    }
    let status = child.wait().await.map_err(ExtractError::Unavailable)?;
    match status.signal() {
        None if status.success() => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        None => Err(ExtractError::Unavailable(io::Error::other(format!("tesseract ended with {status}")))),
        Some(signal) => Err(killed_by(signal)),
    }
}

fn killed_by(signal: i32) -> ExtractError {
    let is = |known: Signal| signal == known.as_raw();
    if is(Signal::XCPU) {
        ExtractError::TooComplex(Excess::Cpu)
    } else if is(Signal::TERM) || is(Signal::INT) || is(Signal::HUP) {
        // Somebody stops the service, or the machine.
        ExtractError::Unavailable(io::Error::other("tesseract was told to stop"))
    } else {
        ExtractError::TooComplex(Excess::Crash)
    }
}
