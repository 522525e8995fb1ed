//! A server that outlived its owner: when Quire is killed, PostgreSQL runs on.
//!
//! It is stopped and not adopted, so that the new server runs with the settings of the
//! new start and as a child whose end is noticed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::net::UnixStream;

use super::home::{Home, socket_file};
use super::process::{FAST, FAST_WITHIN, IMMEDIATE, IMMEDIATE_WITHIN};
use super::{POLL_EVERY, StartError};

/// Stops the server of an earlier run, if one is still there. The caller holds the
/// lock of the directory: nobody else can own that server.
pub(super) async fn stop(home: &Home) -> Result<(), StartError> {
    let Some(record) = Record::read(&home.cluster()) else {
        return Ok(());
    };
    match record.holder(&home.cluster()).await {
        Holder::Dead => Ok(()),
        Holder::SomebodyElse => fs::remove_file(&record.file).map_err(StartError::file(&record.file)),
        Holder::Server => record.stop().await,
    }
}

/// What `postmaster.pid` says. A server that was killed leaves the file behind.
struct Record {
    file: PathBuf,
    pid: Pid,
    socket_dir: PathBuf,
}

/// Who has the process number of the record today.
#[derive(Debug, PartialEq, Eq)]
enum Holder {
    /// The server of this cluster.
    Server,
    /// An unrelated process or thread, which is usual after a restart of a container.
    /// PostgreSQL would take it for a server and refuse to start.
    SomebodyElse,
    /// Nobody, or a process that PostgreSQL itself knows not to be its own.
    Dead,
}

impl Record {
    /// Line 1 is the process id, line 5 the socket directory.
    fn read(cluster: &Path) -> Option<Self> {
        let file = cluster.join("postmaster.pid");
        let text = fs::read_to_string(&file).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().and_then(Pid::from_raw)?;
        let socket_dir = lines.nth(3).map(PathBuf::from).unwrap_or_default();
        Some(Self { file, pid, socket_dir })
    }

    async fn holder(&self, cluster: &Path) -> Holder {
        if test_kill_process(self.pid).is_err() {
            return Holder::Dead;
        }
        if cfg!(target_os = "linux") {
            // A server works in its cluster before it writes the record.
            match fs::read_link(format!("/proc/{}/cwd", self.pid.as_raw_nonzero())) {
                Ok(directory) if directory == cluster => return Holder::Server,
                Ok(_) => return Holder::SomebodyElse,
                Err(error) if error.kind() == ErrorKind::NotFound => return Holder::SomebodyElse,
                Err(_) => {}
            }
        }
        match UnixStream::connect(socket_file(&self.socket_dir)).await {
            Ok(_) => Holder::Server,
            Err(_) => Holder::Dead,
        }
    }

    async fn stop(&self) -> Result<(), StartError> {
        let pid = self.pid.as_raw_nonzero();
        tracing::warn!(pid, "stopping the PostgreSQL that an earlier run left");
        for (signal, within) in [(FAST, FAST_WITHIN), (IMMEDIATE, IMMEDIATE_WITHIN)] {
            if self.stop_with(signal, within).await {
                return Ok(());
            }
        }
        Err(StartError::Leftover(pid.get()))
    }

    async fn stop_with(&self, signal: Signal, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        // An error means that it is gone, which the loop sees.
        let _ = kill_process(self.pid, signal);
        while self.runs() {
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        true
    }

    /// Removing its record is the last thing a server does.
    fn runs(&self) -> bool {
        self.file.exists() && test_kill_process(self.pid).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(pid: &str) -> (tempfile::TempDir, Option<Record>) {
        let cluster = tempfile::tempdir().unwrap();
        let text = format!("{pid}\n/data\n1700000000\n5432\n/nowhere/socket\n");
        fs::write(cluster.path().join("postmaster.pid"), text).unwrap();
        let record = Record::read(cluster.path());
        (cluster, record)
    }

    #[tokio::test]
    async fn a_number_that_went_to_another_process_is_not_signalled() {
        let (cluster, record) = record(&std::process::id().to_string());
        let record = record.unwrap();
        assert_eq!(record.socket_dir, Path::new("/nowhere/socket"));
        assert_ne!(record.holder(cluster.path()).await, Holder::Server);
    }

    #[tokio::test]
    async fn the_number_of_nobody_is_dead() {
        let (cluster, record) = record("2147483646");
        assert_eq!(record.unwrap().holder(cluster.path()).await, Holder::Dead);
    }

    #[test]
    fn an_unreadable_record_is_none() {
        assert!(record("not a number").1.is_none());
        assert!(record("0").1.is_none());
        assert!(Record::read(Path::new("/nowhere")).is_none());
    }
}
