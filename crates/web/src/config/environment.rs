//! Where values come from: the process environment, then `.env`, then what the caller adds.

use std::{collections::HashMap, io, path::Path};

use super::Variable;

/// The environment as it was at start. Nothing in it reaches the process environment.
///
/// It has layers; a value in an earlier layer wins over one in a later layer, under
/// whichever of its names. An empty value counts as unset.
#[derive(Clone, Default)]
pub struct Environment {
    layers: Vec<HashMap<String, String>>,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be secret.
        f.debug_struct("Environment")
            .field("variables", &self.layers.iter().map(HashMap::len).sum::<usize>())
            .finish_non_exhaustive()
    }
}

/// Why `.env` could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DotEnvError {
    /// The file is there and cannot be read.
    #[error(".env cannot be read")]
    Unreadable(#[source] io::Error),
    /// A line is not of the form `NAME=value`. The line is not shown: it may hold a secret.
    #[error(".env has a line that is not NAME=value (or has an open quote), {place}")]
    Malformed {
        /// After which variable, or at the start.
        place: String,
    },
}

/// A value, and the name under which it was found.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) value: Result<String, String>,
}

impl Environment {
    /// The process environment, and below it `.env` in the current directory if there is one.
    ///
    /// # Errors
    /// When `.env` is there and cannot be read.
    pub fn from_process() -> Result<Self, DotEnvError> {
        let process = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Ok(Self { layers: vec![process, read_dot_env(Path::new(".env"))?] })
    }

    /// An environment of just these variables.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self::default().with_defaults(pairs)
    }

    /// Adds values that apply where neither the environment nor `.env` has any, such as a
    /// secret that was generated.
    #[must_use]
    pub fn with_defaults<N: Into<String>, V: Into<String>>(
        mut self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.layers.push(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
        self
    }

    /// Whether the variable is set, under any of its names or as a file.
    pub fn is_set(&self, variable: &Variable) -> bool {
        self.find(variable).is_some()
    }

    pub(super) fn find(&self, variable: &Variable) -> Option<Found> {
        self.layers.iter().find_map(|layer| find_in(layer, variable))
    }
}

fn find_in(layer: &HashMap<String, String>, variable: &Variable) -> Option<Found> {
    let canonical = find_named(layer, variable.name, variable.secret);
    canonical.or_else(|| {
        variable.aliases.iter().find_map(|alias| {
            let found = find_named(layer, alias.name, variable.secret)?;
            let value = found.value.and_then(|value| {
                (alias.convert)(&value)
                    .ok_or_else(|| format!("{} must be a whole number {}", alias.name, alias.note))
            });
            Some(Found { value, ..found })
        })
    })
}

fn find_named(layer: &HashMap<String, String>, name: &str, secret: bool) -> Option<Found> {
    let plain = non_empty(layer, name);
    let file_name = format!("{name}_FILE");
    let file = secret.then(|| non_empty(layer, &file_name)).flatten();
    match (plain, file) {
        (None, None) => None,
        (Some(value), None) => Some(Found { name: name.to_owned(), value: Ok(value.to_owned()) }),
        (None, Some(path)) => Some(Found {
            value: read_secret(Path::new(path)).map_err(|e| format!("{file_name}: {path} {e}")),
            name: file_name,
        }),
        (Some(_), Some(_)) => Some(Found {
            name: name.to_owned(),
            value: Err(format!("{name} and {file_name} are both set; set one of them")),
        }),
    }
}

fn non_empty<'a>(layer: &'a HashMap<String, String>, name: &str) -> Option<&'a str> {
    layer.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

fn read_secret(path: &Path) -> Result<String, String> {
    let content = std::fs::read_to_string(path).map_err(|e| format!("cannot be read ({})", e.kind()))?;
    match content.trim() {
        "" => Err("is empty".to_owned()),
        secret => Ok(secret.to_owned()),
    }
}

fn read_dot_env(path: &Path) -> Result<HashMap<String, String>, DotEnvError> {
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines,
        Err(e) if e.not_found() => return Ok(HashMap::new()),
        Err(dotenvy::Error::Io(e)) => return Err(DotEnvError::Unreadable(e)),
        Err(e) => return Err(DotEnvError::Unreadable(io::Error::other(e))),
    };
    let mut values = HashMap::new();
    let mut place = "at its start".to_owned();
    for line in lines {
        match line {
            Ok((name, value)) => {
                place = format!("after {name}");
                values.insert(name, value);
            }
            Err(dotenvy::Error::Io(e)) => return Err(DotEnvError::Unreadable(e)),
            Err(_) => return Err(DotEnvError::Malformed { place }),
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_env_is_read_and_its_errors_hold_no_secret() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        assert!(read_dot_env(&path).unwrap().is_empty());

        std::fs::write(&path, "# comment\nA=1\nexport B=\"two words\"\n").unwrap();
        let values = read_dot_env(&path).unwrap();
        assert_eq!((values["A"].as_str(), values["B"].as_str()), ("1", "two words"));

        std::fs::write(&path, "A=1\nJWT_SECRET_KEY hunter2hunter2\n").unwrap();
        let error = read_dot_env(&path).unwrap_err().to_string();
        assert!(error.contains("after A") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn an_earlier_layer_wins_under_any_name() {
        const SIZE: Variable =
            Variable::new("SIZE", "").aliases(&[super::super::Alias::kibibytes("SIZE_KB")]);
        let environment =
            Environment::from_pairs([("SIZE_KB", "2"), ("SIZE", " ")]).with_defaults([("SIZE", "5")]);
        let found = environment.find(&SIZE).unwrap();
        assert_eq!((found.name.as_str(), found.value), ("SIZE_KB", Ok("2048".to_owned())));
    }
}
