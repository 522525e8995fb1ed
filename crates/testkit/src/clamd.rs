use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::{data_directory, wait_for};

/// The test file of the European Institute for Computer Antivirus Research, in two halves, so that
/// scanners leave the sources of Quire alone.
const EICAR: [&str; 2] = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"];

/// The real `clamd`, on a socket of its own, which knows one virus: [`Clamd::virus`]. Stopped when
/// dropped.
#[derive(Debug)]
pub struct Clamd {
    directory: TempDir,
    child: Option<Child>,
}

impl Clamd {
    /// The name by which it knows its virus.
    pub const SIGNATURE: &str = "Test.EICAR.UNOFFICIAL";

    /// The most bytes of a file that it takes.
    pub const MAX_LENGTH: usize = 1 << 20;

    /// How deep an archive may be nested.
    pub const MAX_RECURSION: usize = 4;

    /// The harmless text that every scanner takes for a virus.
    #[must_use]
    pub fn virus() -> Vec<u8> {
        EICAR.concat().into_bytes()
    }

    /// A scanner that does not run yet, with an address that will be its own.
    ///
    /// # Panics
    /// When its files cannot be written.
    #[must_use]
    pub fn stopped() -> Self {
        let directory = data_directory();
        configure(directory.path()).expect("the files of clamd");
        Self { directory, child: None }
    }

    /// Starts one and waits until it answers.
    ///
    /// # Panics
    /// When clamd is not installed or does not start.
    pub async fn running() -> Self {
        let mut clamd = Self::stopped();
        clamd.start().await;
        clamd
    }

    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When clamd is not installed or does not start.
    pub async fn start(&mut self) {
        self.child = Some(spawn(self.directory.path()));
        let socket = self.socket();
        let (child, directory) = (&mut self.child, self.directory.path());
        wait_for("clamd answers", || {
            let ended =
                child.as_mut().is_some_and(|child| child.try_wait().is_ok_and(|status| status.is_some()));
            assert!(!ended, "clamd, which scripts/install-deps.sh installs, has ended: {}", log(directory));
            let socket = socket.clone();
            async move { answers(&socket).await.then_some(()) }
        })
        .await;
    }

    /// Starts it again, and it takes files of so many bytes.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn restart_with_max_length(&mut self, length: usize) {
        self.stop();
        write_settings(self.directory.path(), length).expect("the settings of clamd");
        self.start().await;
    }

    /// Stops it, if it runs, and waits until it has.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = child.wait();
    }

    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("clamd.sock")
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        log(self.directory.path())
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn log(directory: &Path) -> String {
    fs::read_to_string(directory.join("clamd.log")).unwrap_or_default()
}

/// One signature: these bytes, anywhere in any file.
fn configure(directory: &Path) -> std::io::Result<()> {
    let hex: String = Clamd::virus().iter().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir(directory.join("signatures"))?;
    fs::create_dir(directory.join("tmp"))?;
    fs::write(directory.join("signatures/test.ndb"), format!("Test.EICAR:0:*:{hex}\n"))?;
    write_settings(directory, Clamd::MAX_LENGTH)
}

/// With `AlertExceedsMax` what was not scanned whole is not called clean.
fn write_settings(directory: &Path, max_length: usize) -> std::io::Result<()> {
    let settings = format!(
        "DatabaseDirectory {here}/signatures\nTemporaryDirectory {here}/tmp\nLocalSocket {here}/clamd.sock\n\
         LogFile {here}/clamd.log\nForeground yes\nMaxThreads 4\nAlertExceedsMax yes\n\
         StreamMaxLength {max_length}\nMaxFileSize {max_length}\nMaxScanSize {max_length}\n\
         MaxRecursion {}\n",
        Clamd::MAX_RECURSION,
        here = directory.display(),
    );
    fs::write(directory.join("clamd.conf"), settings)
}

fn spawn(directory: &Path) -> Child {
    let programs = std::env::var("PATH").unwrap_or_default();
    // Debian keeps it where only root looks.
    let mut clamd = Command::new("/usr/bin/env");
    clamd.arg(format!("PATH={programs}:/usr/sbin:/usr/local/sbin")).arg("clamd");
    clamd.arg(format!("--config-file={}", directory.join("clamd.conf").display()));
    clamd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    clamd.spawn().expect("the program env")
}

async fn answers(socket: &Path) -> bool {
    let Ok(mut connection) = UnixStream::connect(socket).await else { return false };
    let mut answer = [0; 4];
    connection.write_all(b"zPING\0").await.is_ok()
        && connection.read_exact(&mut answer).await.is_ok()
        && answer == *b"PONG"
}
