//! PostgreSQL's own data directory: made once, whole or not at all.

use std::fs::{self, File};
use std::path::Path;

use super::binaries::Programs;
use super::home::{Home, last_lines};
use super::{SUPERUSER, StartError, process};

/// Prefix of a directory that `initdb` has not finished; the process id follows.
const UNFINISHED: &str = "cluster.new-";

/// Who may log in: whoever reaches the socket, which lies in a directory of mode 0700.
const HOST_BASED_AUTHENTICATION: &str = "# TYPE  DATABASE  USER  METHOD\nlocal   all       all   trust\n";

/// The major version that made the cluster, `None` when there is no cluster yet.
pub(super) fn major_version(home: &Home) -> Result<Option<u32>, StartError> {
    let path = home.cluster().join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StartError::File { path, source }),
    }
}

/// Runs `initdb` beside the final place and renames, so that a first start that was
/// interrupted leaves nothing that looks like a cluster.
pub(super) async fn initialise(home: &Home, programs: &Programs, durable: bool) -> Result<(), StartError> {
    tracing::info!(version = %programs.version, "initialising the private PostgreSQL");
    remove_unfinished(&home.dir);
    let unfinished = home.dir.join(format!("{UNFINISHED}{}", std::process::id()));
    let mut initdb = process::command(&programs.initdb, home);
    initdb.arg("-D").arg(&unfinished).args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C"]);
    if !durable {
        initdb.arg("--no-sync");
    }
    let spawn_error = |source| StartError::Spawn { program: programs.initdb.clone(), source };
    let output = initdb.kill_on_drop(true).output().await.map_err(spawn_error)?;
    if !output.status.success() {
        remove_unfinished(&home.dir);
        return Err(StartError::Initialise(last_lines(&String::from_utf8_lossy(&output.stderr), 12)));
    }
    let rules = unfinished.join("pg_hba.conf");
    fs::write(&rules, HOST_BASED_AUTHENTICATION).map_err(StartError::file(&rules))?;
    fs::rename(&unfinished, home.cluster()).map_err(StartError::file(&unfinished))?;
    File::open(&home.dir).and_then(|dir| dir.sync_all()).map_err(StartError::file(&home.dir))
}

/// Best effort: what stays only takes room, for its name is never used again.
fn remove_unfinished(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED)
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(%error, "an unfinished cluster could not be removed");
        }
    }
}
