//! The prompts of the task types, with those that the operator has put in their place.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{
    registry,
    task::{Prompt, TaskType},
};

/// Bytes of a prompt: each is paid for with every call.
const LARGEST: u64 = 64 * 1024;
const SUFFIX: &str = ".md";

/// The prompts of all task types. The default holds the built-in ones.
#[derive(Debug, Clone, Default)]
pub struct PromptSet {
    custom: HashMap<&'static str, CustomPrompt>,
}

#[derive(Debug, Clone)]
struct CustomPrompt {
    version: String,
    text: String,
}

/// The instructions of one task type, as they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instructions<'a> {
    /// Name and number, or name and digest of a prompt of the operator's.
    pub(crate) version: &'a str,
    /// The text.
    pub(crate) text: &'a str,
}

/// Why a directory of prompts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// It, or a file in it, cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// What cannot be read.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The name of a file is not that of a task type.
    #[error("{path} is the prompt of no task type: the name must be one of {known}")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The names that are possible.
        known: String,
    },
    /// A file is empty.
    #[error("{path} is empty; without that file the built-in prompt is used")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A file is too large.
    #[error("{path} is larger than a prompt may be ({LARGEST} bytes)")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file is no text.
    #[error("{path} is not UTF-8")]
    NotText {
        /// The file.
        path: PathBuf,
    },
}

impl PromptSet {
    /// The built-in prompts, with the files of a directory in place of some: `NAME.md` is the prompt of the
    /// task type `NAME`. Names that begin with a dot are passed over. The version of such a prompt is
    /// `NAME/custom-` with eight digits of its SHA-256, so that a change shows in the answers.
    ///
    /// # Errors
    /// What is wrong, with the file that it is in.
    pub fn load(directory: &Path) -> Result<Self, PromptError> {
        let unreadable = |cause| PromptError::Unreadable { path: directory.to_owned(), cause };
        let mut custom = HashMap::new();
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = directory.join(&name);
            let Some(task) = name.to_str().and_then(|name| registry::find(name.strip_suffix(SUFFIX)?)) else {
                return Err(PromptError::Unknown { path, known: known() });
            };
            custom.insert(task.name(), CustomPrompt::read(task.name(), path)?);
        }
        Ok(Self { custom })
    }

    /// The instructions of a task type.
    pub(crate) fn of(&self, task: &dyn TaskType) -> Instructions<'_> {
        match self.custom.get(task.name()) {
            Some(CustomPrompt { version, text }) => Instructions { version, text },
            None => {
                let Prompt { version, text } = task.prompt();
                Instructions { version, text }
            }
        }
    }
}

impl CustomPrompt {
    fn read(name: &str, path: PathBuf) -> Result<Self, PromptError> {
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        match read {
            Err(cause) => return Err(PromptError::Unreadable { path, cause }),
            Ok(length) if length as u64 > LARGEST => return Err(PromptError::TooLarge { path }),
            Ok(_) => {}
        }
        let version = format!("{name}/custom-{}", digest(&bytes));
        let text = String::from_utf8(bytes).map_err(|_| PromptError::NotText { path: path.clone() })?;
        if text.trim().is_empty() { Err(PromptError::Empty { path }) } else { Ok(Self { version, text }) }
    }
}

fn known() -> String {
    let names: Vec<_> =
        registry::task_types().iter().map(|task| format!("{}{SUFFIX}", task.name())).collect();
    names.join(", ")
}

/// The first eight hexadecimal digits of the SHA-256 of `bytes`.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(4).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[(&str, &[u8])]) -> Result<PromptSet, PromptError> {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(directory.path().join(name), bytes).unwrap();
        }
        PromptSet::load(directory.path())
    }

    fn problem(name: &str, bytes: &[u8]) -> String {
        load(&[(name, bytes)]).unwrap_err().to_string()
    }

    #[test]
    fn files_stand_in_for_built_in_prompts() {
        let set = load(&[("summarize.md", b"Say it short."), (".gitkeep", b"")]).unwrap();
        let instructions = set.of(registry::find("summarize").unwrap());
        assert_eq!(instructions.text, "Say it short.");
        assert_eq!(instructions.version, "summarize/custom-547abf4b");
        let other = registry::find("qa").unwrap();
        assert_eq!(set.of(other).version, other.prompt().version);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for name in ["summarise.md", "summarize.txt", "summarize"] {
            let problem = problem(name, b"text");
            assert!(problem.contains(name) && problem.contains("summarize.md, "), "{problem}");
        }
        assert!(problem("qa.md", b" \n").contains("qa.md is empty"));
        assert!(problem("qa.md", b"\xFF").contains("qa.md is not UTF-8"));
        assert!(problem("qa.md", &vec![b'a'; 65_537]).contains("qa.md is larger"));
        assert!(load(&[("qa.md", &vec![b'a'; 65_536])]).is_ok());
        let missing = PromptSet::load(Path::new("/nonexistent/prompts")).unwrap_err().to_string();
        assert!(missing.contains("/nonexistent/prompts cannot be read"), "{missing}");
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("qa.md")).unwrap();
        assert!(matches!(PromptSet::load(directory.path()), Err(PromptError::Unreadable { .. })));
    }
}
