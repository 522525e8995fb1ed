//! The one S3 server that all test processes share: SeaweedFS, which checks signatures and
//! keeps the limits of S3.
//!
//! It is started on demand, beside the build output, and left running for the next test;
//! `quire-test-servers stop` ends it. Every test has buckets of its own.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::unique;
use crate::http::HttpClient;
use crate::shared::{Place, build_directory};
use crate::{data_directory, free_port, wait_for};

const DIRECTORY: &str = "quire-test-seaweed";
/// Another process may take a free port before the server does.
const TRIES: usize = 5;

/// An S3 server, and the credentials of somebody who may do everything there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seaweed {
    /// Where it listens, such as `http://127.0.0.1:4711`.
    pub endpoint: String,
    /// The id of the key.
    pub key_id: String,
    /// The key.
    pub secret: String,
    pid: u32,
}

impl Seaweed {
    /// The region that it says it is in.
    pub const REGION: &str = "eu-central-1";
    /// The key of somebody who may read everything and write nothing.
    pub const READER: (&str, &str) = ("quire-reader", "the-secret-of-the-reader");

    /// The server that all tests share.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub async fn shared() -> Self {
        let place = place();
        let _lock = place.lock().await;
        if let Some(running) = running(&place).await {
            return running;
        }
        let _ = fs::remove_dir_all(&place.data_dir);
        fs::create_dir_all(&place.data_dir).expect("a directory beside the build output");
        let (seaweed, ..) = start(&place.data_dir).await;
        let written = serde_json::to_vec(&seaweed).expect("a server is JSON");
        fs::write(place.beside("json"), written).expect("a file beside the server's directory");
        seaweed
    }

    /// A server of a test's own, which ends with the value.
    ///
    /// # Panics
    /// As [`Self::shared`].
    pub async fn start() -> OwnSeaweed {
        let directory = data_directory();
        let (seaweed, child, ports) = start(directory.path()).await;
        OwnSeaweed { seaweed, child, ports, directory }
    }

    /// A name for a bucket that no other test has.
    #[must_use]
    pub fn new_bucket() -> String {
        format!("test-{}", unique())
    }

    /// Whether it runs, and not another program that has its number now.
    async fn is_alive(&self) -> bool {
        let runs = self.process().is_some_and(|pid| test_kill_process(pid).is_ok());
        runs && answers(&HttpClient::new(&self.endpoint)).await
    }

    fn process(&self) -> Option<Pid> {
        i32::try_from(self.pid).ok().and_then(Pid::from_raw)
    }
}

/// Stops the shared server; nothing happens when it does not run.
pub async fn stop() {
    let place = place();
    let _lock = place.lock().await;
    if let Some(pid) = running(&place).await.and_then(|running| running.process()) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let _ = fs::remove_file(place.beside("json"));
    let _ = fs::remove_dir_all(&place.data_dir);
}

/// A server of a test's own.
#[derive(Debug)]
pub struct OwnSeaweed {
    /// Where it is.
    pub seaweed: Seaweed,
    child: Child,
    ports: Ports,
    directory: TempDir,
}

impl OwnSeaweed {
    /// Ends it at once, in the middle of whatever it does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again, with all that it has kept, where it was.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        self.child = spawn(self.directory.path(), &self.ports);
        assert!(is_ready(&mut self.child, &self.ports).await, "SeaweedFS does not start again");
    }
}

impl Drop for OwnSeaweed {
    fn drop(&mut self) {
        self.kill();
    }
}

fn place() -> Place {
    let parent = build_directory().unwrap_or_else(std::env::temp_dir);
    Place { data_dir: parent.join(DIRECTORY) }
}

/// The shared server, if it runs.
async fn running(place: &Place) -> Option<Seaweed> {
    let known: Seaweed = serde_json::from_slice(&fs::read(place.beside("json")).ok()?).ok()?;
    known.is_alive().await.then_some(known)
}

async fn answers(client: &HttpClient) -> bool {
    client.call(Method::GET, "/").into_inner().send().await.is_ok()
}

async fn start(directory: &Path) -> (Seaweed, Child, Ports) {
    for _ in 0..TRIES {
        let ports = Ports::choose();
        let mut child = spawn(directory, &ports);
        if is_ready(&mut child, &ports).await {
            let seaweed = Seaweed {
                endpoint: format!("http://127.0.0.1:{}", ports.s3),
                key_id: "quire-tests".into(),
                secret: "the-secret-of-the-tests".into(),
                pid: child.id(),
            };
            return (seaweed, child, ports);
        }
    }
    let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
    panic!("SeaweedFS does not start, in {TRIES} tries: {}", log.lines().last().unwrap_or_default());
}

#[derive(Debug)]
struct Ports {
    s3: u16,
    master: u16,
    volume: u16,
    filer: u16,
}

impl Ports {
    fn choose() -> Self {
        let [s3, master, volume, filer] = [(); 4].map(|()| free_port());
        Self { s3, master, volume, filer }
    }
}

fn spawn(directory: &Path, ports: &Ports) -> Child {
    let identity = |name: &str, (id, secret): (&str, &str), actions: &[&str]| json!({"name": name, "credentials": [{"accessKey": id, "secretKey": secret}], "actions": actions});
    let everything = identity(
        "tests",
        ("quire-tests", "the-secret-of-the-tests"),
        &["Admin", "Read", "Write", "List", "Tagging"],
    );
    let identities =
        json!({"identities": [everything, identity("reader", Seaweed::READER, &["Read", "List"])]});
    let write = |name: &str, content: &Value| {
        fs::write(directory.join(name), content.to_string()).expect("a file in the server's directory");
    };
    write("s3.json", &identities);
    let log = File::create(directory.join("log")).expect("a log in the server's directory");
    let mut weed = Command::new(program());
    weed.current_dir(directory)
        .arg("server")
        .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=.", "-filer", "-s3", "-s3.config=s3.json"])
        .args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=2000", "-master.volumeSizeLimitMB=256"])
        .arg("-master.telemetry=false");
    for (part, port) in
        [("s3", ports.s3), ("master", ports.master), ("volume", ports.volume), ("filer", ports.filer)]
    {
        weed.arg(format!("-{part}.port={port}")).arg(format!("-{part}.port.grpc={}", free_port()));
    }
    weed.env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        // Each bucket has volumes of its own; by default seven are made at once.
        .env("WEED_MASTER_VOLUME_GROWTH_COPY_1", "1")
        .env("HOME", directory)
        // Outlives the test, and is no part of what the test runner waits for.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("one more handle of the log"))
        .stderr(log);
    weed.spawn().unwrap_or_else(|error| panic!("weed, which scripts/test.sh installs: {error}"))
}

/// Beside the other tools of the checks, else wherever the system has it.
fn program() -> PathBuf {
    let tools = build_directory().map(|target| target.join("tools/bin/weed"));
    tools.filter(|weed| weed.is_file()).unwrap_or_else(|| "weed".into())
}

/// Whether it came up, and has a place for bytes: the S3 port answers before that.
async fn is_ready(child: &mut Child, ports: &Ports) -> bool {
    let master = HttpClient::new(format!("http://127.0.0.1:{}", ports.master));
    let s3 = HttpClient::new(format!("http://127.0.0.1:{}", ports.s3));
    wait_for("SeaweedFS is ready", || {
        let ended = child.try_wait().is_ok_and(|status| status.is_some());
        let (master, s3) = (master.clone(), s3.clone());
        async move {
            if ended {
                return Some(false);
            }
            let assigned = master.call(Method::POST, "/dir/assign").into_inner().send().await;
            let assigned = assigned.is_ok_and(|answer| answer.status().is_success());
            (assigned && answers(&s3).await).then_some(true)
        }
    })
    .await
}
