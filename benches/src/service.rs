//! A program of Quire's, running for one measurement.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Result, client::Api, memory::Memory, workplace::Workplace};

const READY_WITHIN: Duration = Duration::from_secs(60);
/// Longer than the program itself allows its work in hand.
const STOPPED_WITHIN: Duration = Duration::from_secs(40);
const POLL: Duration = Duration::from_millis(5);

/// A program that runs until this value is dropped.
pub(crate) struct Service {
    child: Child,
    url: String,
    /// From the start of the process until it answered that it was ready.
    pub(crate) ready_after: Duration,
}

impl Service {
    /// Starts a program on a free port, with these variables and no others, and waits until it
    /// is ready. Its log goes into `directory`.
    pub(crate) async fn start(
        workplace: &Workplace,
        program: &str,
        directory: &Path,
        variables: &[(&str, String)],
    ) -> Result<Self> {
        let (port, log) = (free_port()?, directory.join(format!("{program}.log")));
        let begun = Instant::now();
        let child = Command::new(workplace.program(program)?)
            .env_clear()
            .envs(
                ["PATH", "HOME", "PG_BIN"]
                    .into_iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env("PORT", port.to_string())
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()?;
        let url = format!("http://{}:{port}", Ipv4Addr::LOCALHOST);
        let mut service = Self { child, url, ready_after: Duration::ZERO };
        service.wait_until_ready(program, &log).await?;
        service.ready_after = begun.elapsed();
        Ok(service)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its number in the system.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The memory of the process, without that of its children.
    pub(crate) fn memory(&self) -> Option<Memory> {
        Memory::of(self.pid())
    }

    async fn wait_until_ready(&mut self, program: &str, log: &PathBuf) -> Result<()> {
        let (api, deadline) = (Api::new(&self.url)?, Instant::now() + READY_WITHIN);
        while !api.is_ready().await {
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                let said = fs::read_to_string(log).unwrap_or_default();
                let last: Vec<&str> = said.lines().rev().take(3).collect();
                return Err(format!("{program} did not become ready; it said: {}", last.join(" | ")).into());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

impl Drop for Service {
    /// Asks it to stop and waits, so that its own children and files are cleaned up too.
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let deadline = Instant::now() + STOPPED_WITHIN;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
            }
            thread::sleep(POLL);
        }
    }
}

/// The number of a loopback port that was free just now.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
