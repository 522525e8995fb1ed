//! Starting programs, and ending them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use quire_store::private_server::PrivateServer;
use quire_testkit::{DEADLINE, HttpClient, data_directory, wait_for, wait_until};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

pub(crate) const QUIRE: &str = env!("CARGO_BIN_EXE_quire");

/// The root of the project.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A program of another member of the workspace, from the same build.
pub(crate) fn sibling(name: &str) -> PathBuf {
    let path = Path::new(QUIRE).with_file_name(name);
    assert!(path.is_file(), "{} has not been built: run the tests with `make test`", path.display());
    path
}

/// A place of a test's own, with a data directory in it. A PostgreSQL that runs there is
/// stopped at the end, whatever happened before.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(data_directory())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// What `QUIRE_DATA_DIR` is set to.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    fn postgres(&self) -> PathBuf {
        self.data().join("postgres")
    }

    /// A command in this place, with this data directory and nothing of the test's own environment.
    pub(crate) fn command(&self, program: impl AsRef<Path>, variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().current_dir(self.path()).env("QUIRE_DATA_DIR", self.data());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        command
    }

    /// Starts all of Quire on a port that is free.
    pub(crate) fn quire(&self, variables: &[(&str, &str)]) -> Program {
        let command = self.command(QUIRE, &[&[("PORT", "0"), ("WORKER_GRACE", "5")], variables].concat());
        Program::spawn(command, self.path(), "quire")
    }

    /// The process number of the PostgreSQL that runs here.
    pub(crate) fn postgres_pid(&self) -> Option<Pid> {
        let record = fs::read_to_string(self.postgres().join("cluster/postmaster.pid")).ok()?;
        record.lines().next()?.trim().parse().ok().and_then(Pid::from_raw)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let postgres = self.postgres();
        // The test's own runtime may be ending.
        let stopping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(PrivateServer::stop_left_running(&postgres)))
        });
        let _ = stopping.join();
    }
}

/// Whether there is such a process. One that has ended and was not waited for by its parent,
/// as happens to orphans in a container, does not run.
pub(crate) fn runs(pid: Pid) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    test_kill_process(pid).is_ok() && !state.contains(") Z ")
}

/// A program that runs until it is told to stop; ended when dropped.
pub(crate) struct Program {
    child: Child,
    output: PathBuf,
    log: PathBuf,
}

impl Program {
    pub(crate) fn spawn(mut command: Command, directory: &Path, name: &str) -> Self {
        let (output, log) = (directory.join(format!("{name}.out")), directory.join(format!("{name}.log")));
        // Appended to, so that what was logged before a restart stays.
        let open = |path| File::options().create(true).append(true).open(path).unwrap();
        File::create(&output).unwrap();
        command.stdout(open(&output)).stderr(open(&log));
        Self { child: command.spawn().unwrap(), output, log }
    }

    /// What it has written to standard output.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap()
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until all of Quire says where it is, and is ready.
    pub(crate) async fn ready(&mut self) -> HttpClient {
        let url = self
            .wait_for("Quire runs", |program| {
                let output = program.output();
                let (_, rest) = output.split_once("Quire is running at ")?;
                rest.split_once('\n').map(|(url, _)| url.trim().to_owned())
            })
            .await;
        let client = HttpClient::new(url);
        wait_until("Quire is ready", || async { client.get("/health/ready").await.status == 200 }).await;
        client
    }

    /// Waits until a service logs where it listens, and returns the address.
    pub(crate) async fn listens(&mut self) -> String {
        self.wait_for("the service listens", |program| {
            let log = program.log();
            let (_, rest) =
                log.lines().find(|line| line.contains("\"listening\""))?.split_once("\"address\":\"")?;
            rest.split_once('"').map(|(address, _)| address.to_owned())
        })
        .await
    }

    async fn wait_for<T>(&mut self, what: &str, mut find: impl FnMut(&Self) -> Option<T>) -> T {
        wait_for(what, || {
            let found = find(self);
            if found.is_none()
                && let Some(status) = self.child.try_wait().unwrap()
            {
                panic!("it ended with {status} before {what}:\n{}", self.log());
            }
            async { found }
        })
        .await
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        wait_for("the program ends", || {
            let status = self.child.try_wait().unwrap();
            async move { status }
        })
        .await
    }

    /// Tells it to stop, as Ctrl-C does, and waits for the end.
    pub(crate) async fn interrupt(&mut self) {
        self.signal(Signal::INT);
        let status = self.ended().await;
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // The first is a request; the second drops what is in hand.
        for _ in 0..2 {
            let _ = kill_process(self.pid(), Signal::TERM);
            thread::sleep(Duration::from_millis(20));
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command that ends by itself has said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Said {
    /// Checks that it failed with exit code 1 and this sentence on standard error.
    #[track_caller]
    pub(crate) fn assert_failed(&self, sentence: &str) {
        assert_eq!(self.code, Some(1), "{}", self.errors);
        assert!(self.errors.contains(sentence), "{sentence:?} is not in:\n{}", self.errors);
    }

    /// Checks that it succeeded.
    #[track_caller]
    pub(crate) fn assert_succeeded(&self) {
        assert_eq!(self.code, Some(0), "{}", self.errors);
    }
}

/// Runs a command to its end, with this on standard input.
pub(crate) async fn run(command: Command, input: &str) -> Said {
    use tokio::io::AsyncWriteExt;

    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that wants no input may have ended.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = tokio::time::timeout(2 * DEADLINE, child.wait_with_output()).await;
    let output = output.expect("a command that ends").unwrap();
    Said {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}
