use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::{data_directory, free_port, wait_for};

const CONFIGURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/nginx-config.sh");
/// Another process may take a free port before nginx does.
const TRIES: usize = 5;

/// The real nginx with the project's own configuration, in front of two services.
/// Stopped when dropped.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    directory: TempDir,
    address: SocketAddr,
}

impl Nginx {
    /// Starts it and waits until it listens.
    ///
    /// # Panics
    /// When nginx is not installed or does not start.
    pub async fn start(gateway: SocketAddr, processor: SocketAddr) -> Self {
        for _ in 0..TRIES {
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
            let directory = data_directory();
            configure(directory.path(), address, gateway, processor);
            let mut nginx = Self { child: spawn(directory.path()), directory, address };
            if nginx.listens().await {
                return nginx;
            }
        }
        panic!("nginx does not start, in {TRIES} tries");
    }

    /// Where it listens, such as `http://127.0.0.1:4711`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has logged about requests.
    #[must_use]
    pub fn access_log(&self) -> String {
        fs::read_to_string(self.directory.path().join("access.log")).unwrap_or_default()
    }

    /// What it has logged about errors.
    #[must_use]
    pub fn error_log(&self) -> String {
        fs::read_to_string(self.directory.path().join("error.log")).unwrap_or_default()
    }

    /// Whether it came up; it ends at once when its port is taken.
    async fn listens(&mut self) -> bool {
        let (child, address) = (&mut self.child, self.address);
        wait_for("nginx listens", || {
            let ended = child.try_wait().is_ok_and(|status| status.is_some());
            async move {
                match TcpStream::connect(address).await {
                    _ if ended => Some(false),
                    Ok(_) => Some(true),
                    Err(_) => None,
                }
            }
        })
        .await
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Not `Child::kill`: the workers would outlive the master that is killed.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let (Some(pid), Ok(None)) = (pid, self.child.try_wait()) {
            let _ = kill_process(pid, Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

fn configure(directory: &Path, address: SocketAddr, gateway: SocketAddr, processor: SocketAddr) {
    let mut script = Command::new(CONFIGURE);
    script.arg(directory).args([address, gateway, processor].map(|address| address.to_string()));
    let status = script.status().expect("the script that configures nginx");
    assert!(status.success(), "nginx could not be configured");
}

fn spawn(directory: &Path) -> Child {
    let programs = std::env::var("PATH").unwrap_or_default();
    // Debian keeps it where only root looks.
    let mut nginx = Command::new("/usr/bin/env");
    nginx.arg(format!("PATH={programs}:/usr/sbin:/usr/local/sbin")).arg("nginx");
    nginx.arg("-p").arg(directory).arg("-c").arg(directory.join("nginx.conf")).args(["-g", "daemon off;"]);
    nginx.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    nginx.spawn().expect("nginx, which scripts/install-deps.sh installs")
}
