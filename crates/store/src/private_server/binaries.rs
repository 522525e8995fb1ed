//! Where the server programs are: the newest version among the places that the
//! usual packages install to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::StartError;

/// The oldest major version whose SQL Quire's queries are written for.
const OLDEST_MAJOR: u32 = 15;

/// Directories of installations, `*` standing for one path component.
const PLACES: &[&str] = &[
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// One usable installation.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) initdb: PathBuf,
    pub(super) postgres: PathBuf,
    pub(super) version: Version,
}

/// Compared as numbers: 9 is older than 15. Pre-releases count as their major version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    major: u32,
    minor: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Version {
    /// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    fn parse(output: &str) -> Option<Self> {
        let text = output.split_once("(PostgreSQL)")?.1.trim_start();
        let mut numbers = text.split(|c: char| !c.is_ascii_digit());
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        Some(Self { major, minor })
    }
}

impl Programs {
    /// The programs in `bin_dir`, or else the newest on this machine that can serve a
    /// cluster made by major version `made_by` (or make a new one).
    pub(super) async fn find(bin_dir: Option<&Path>, made_by: Option<u32>) -> Result<Self, StartError> {
        let mut found = match bin_dir {
            Some(dir) => {
                let named = Self::in_directory(dir).await;
                vec![named.ok_or_else(|| StartError::NotABinDirectory(dir.to_owned()))?]
            }
            None => Self::installed(&candidates()).await,
        };
        found.sort_by_key(|programs| programs.version);
        choose(found, made_by)
    }

    async fn installed(directories: &BTreeSet<PathBuf>) -> Vec<Self> {
        let mut found = Vec::new();
        for directory in directories {
            found.extend(Self::in_directory(directory).await);
        }
        found
    }

    async fn in_directory(directory: &Path) -> Option<Self> {
        let (initdb, postgres) = (directory.join("initdb"), directory.join("postgres"));
        if !initdb.is_file() {
            return None;
        }
        let answer = Command::new(&postgres).arg("--version").kill_on_drop(true).output().await.ok()?;
        let version = Version::parse(&String::from_utf8_lossy(&answer.stdout))?;
        Some(Self { initdb, postgres, version })
    }
}

/// Picks from `found`, sorted by version, oldest first.
fn choose(mut found: Vec<Programs>, made_by: Option<u32>) -> Result<Programs, StartError> {
    let Some(newest) = found.last().map(|programs| programs.version) else {
        return Err(StartError::NoServer);
    };
    if let Some(major) = made_by {
        let versions = found.iter().map(|programs| programs.version.to_string()).collect();
        found.retain(|programs| programs.version.major == major);
        return found.pop().ok_or(StartError::OtherMajorVersion { made_by: major, found: versions });
    }
    found
        .pop()
        .filter(|programs| programs.version.major >= OLDEST_MAJOR)
        .ok_or_else(|| StartError::TooOld { found: newest.to_string(), needed: OLDEST_MAJOR })
}

/// Every directory that may hold the programs, links resolved and without doubles.
fn candidates() -> BTreeSet<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&on_path)
        .filter_map(|dir| fs::canonicalize(dir.join("postgres")).ok())
        .filter_map(|program| program.parent().map(Path::to_owned));
    let installed = PLACES.iter().flat_map(|place| expand(Path::new(place)));
    installed.filter_map(|dir| fs::canonicalize(dir).ok()).chain(on_path).collect()
}

/// The existing paths that `pattern` stands for.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    pattern.iter().fold(vec![PathBuf::new()], |bases, part| {
        let part = part.to_string_lossy();
        match part.split_once('*') {
            None => bases.iter().map(|base| base.join(&*part)).collect(),
            Some((before, after)) => bases.iter().flat_map(|base| entries(base, before, after)).collect(),
        }
    })
}

fn entries(directory: &Path, before: &str, after: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names
        .filter(|name| {
            name.to_str().and_then(|name| name.strip_prefix(before)).is_some_and(|rest| rest.ends_with(after))
        })
        .map(|name| directory.join(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(version: &str) -> Programs {
        let version = Version::parse(&format!("postgres (PostgreSQL) {version}")).unwrap();
        Programs { initdb: PathBuf::new(), postgres: PathBuf::new(), version }
    }

    fn chosen(versions: &[&str], made_by: Option<u32>) -> Result<String, StartError> {
        let mut found: Vec<_> = versions.iter().map(|version| programs(version)).collect();
        found.sort_by_key(|programs| programs.version);
        choose(found, made_by).map(|programs| programs.version.to_string())
    }

    #[test]
    fn versions_are_read_from_what_the_program_prints() {
        let debian = Version::parse("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n");
        assert_eq!(debian, Some(Version { major: 15, minor: 18 }));
        let beta = Version::parse("postgres (PostgreSQL) 18beta1");
        assert_eq!(beta, Some(Version { major: 18, minor: 0 }));
        assert_eq!(Version::parse("postgres: command not found"), None);
    }

    #[test]
    fn the_newest_is_taken_by_number_and_not_by_name() {
        assert_eq!(chosen(&["15.2", "9.6", "17.1", "16.10"], None).unwrap(), "17.1");
        assert_eq!(chosen(&["17.9", "17.10"], None).unwrap(), "17.10");
    }

    #[test]
    fn an_existing_cluster_keeps_its_major_version() {
        assert_eq!(chosen(&["17.1", "15.2"], Some(15)).unwrap(), "15.2");
        let error = chosen(&["17.1", "16.3"], Some(15)).unwrap_err();
        assert!(matches!(&error, StartError::OtherMajorVersion { made_by: 15, found } if found.len() == 2));
        assert!(error.to_string().contains("only 16.3, 17.1 is installed"), "{error}");
    }

    #[test]
    fn nothing_and_too_old_are_told_apart() {
        assert!(matches!(chosen(&[], None), Err(StartError::NoServer)));
        assert!(
            matches!(chosen(&["9.6", "14.9"], None), Err(StartError::TooOld { found, .. }) if found == "14.9")
        );
    }

    #[test]
    fn patterns_are_expanded_one_component_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        for dir in ["pgsql-16/bin", "pgsql-17/bin", "other/bin"] {
            fs::create_dir_all(root.path().join(dir)).unwrap();
        }
        let mut found = expand(&root.path().join("pgsql-*/bin"));
        found.sort();
        assert_eq!(found, [root.path().join("pgsql-16/bin"), root.path().join("pgsql-17/bin")]);
        assert!(expand(&root.path().join("missing/*/bin")).is_empty());
    }

    #[tokio::test]
    async fn a_directory_without_the_programs_is_refused() {
        let empty = tempfile::tempdir().unwrap();
        let error = Programs::find(Some(empty.path()), None).await.unwrap_err();
        assert!(matches!(error, StartError::NotABinDirectory(path) if path == empty.path()));
    }
}
