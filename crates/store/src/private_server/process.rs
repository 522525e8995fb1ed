//! The server process: how it is started and how it is stopped.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::binaries::Programs;
use super::home::Home;
use super::{Options, StartError};

/// How long a fast shutdown may take: it writes a checkpoint.
pub(super) const FAST_WITHIN: Duration = Duration::from_secs(30);
/// How long an immediate shutdown may take.
pub(super) const IMMEDIATE_WITHIN: Duration = Duration::from_secs(5);

/// "Fast shutdown": connections are closed, open transactions rolled back.
pub(super) const FAST: Signal = Signal::INT;
/// "Immediate shutdown": the next start recovers from the log.
pub(super) const IMMEDIATE: Signal = Signal::QUIT;

/// `program`, run as the server's account, away from our terminal, directory and environment.
pub(super) fn command(program: &Path, home: &Home) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C");
    for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    // Ctrl-C in a terminal signals the whole foreground group. Quire alone hears it, and
    // finishes its own work before it stops the database.
    command.process_group(0).current_dir("/").stdin(Stdio::null());
    if let Some(account) = &home.account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

pub(super) fn spawn_server(home: &Home, programs: &Programs, options: &Options) -> Result<Child, StartError> {
    let log = home.new_log()?;
    let errors = log.try_clone().map_err(StartError::Process)?;
    let mut server = command(&programs.postgres, home);
    server.arg("-D").arg(home.cluster());
    for setting in settings(home, options) {
        server.args(["-c", &setting]);
    }
    server.stdout(log).stderr(errors);
    server.spawn().map_err(|source| StartError::Spawn { program: programs.postgres.clone(), source })
}

/// For a machine with little memory whose owner will not tune a database.
fn settings(home: &Home, options: &Options) -> Vec<String> {
    // A list in PostgreSQL's eyes: quotes keep a comma or blank in the path from splitting it.
    let socket_dir = home.socket_dir.to_string_lossy().replace('"', "\"\"");
    let mut settings = vec![
        "listen_addresses=".to_owned(),
        format!("unix_socket_directories=\"{socket_dir}\""),
        "unix_socket_permissions=0700".to_owned(),
        format!("max_connections={}", options.max_connections),
        "shared_buffers=128MB".to_owned(),
        "max_wal_size=1GB".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "logging_collector=off".to_owned(),
        // The queries are short: compiling one costs more than running it.
        "jit=off".to_owned(),
    ];
    if !options.durable {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
    }
    settings
}

/// Stops `child` and waits for its end, with growing insistence.
pub(super) async fn stop_child(child: &mut Child) -> io::Result<()> {
    for (signal, within) in [(FAST, FAST_WITHIN), (IMMEDIATE, IMMEDIATE_WITHIN)] {
        let Some(pid) = pid(child) else {
            return Ok(());
        };
        kill_process(pid, signal)?;
        if let Ok(ended) = timeout(within, child.wait()).await {
            return ended.map(drop);
        }
        tracing::warn!(?within, "PostgreSQL has not stopped in time");
    }
    child.kill().await
}

/// Asks for a fast shutdown and does not wait.
pub(super) fn ask_child_to_stop(child: &Child) {
    if let Some(pid) = pid(child) {
        // It may have ended this moment, which is what was asked for.
        let _ = kill_process(pid, FAST);
    }
}

/// `None` once the child has been waited for: its number may be another process's by then.
fn pid(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}
