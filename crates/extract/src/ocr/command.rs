//! How the program is started.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::{Child, Command};

use super::RecognizeLimits;

/// The variable that says where tesseract has the data of its languages.
const DATA_FOLDER: &str = "TESSDATA_PREFIX";

/// The program to be run, without an environment but for where its data are and that it shall use
/// one thread: pages are what is worked on side by side.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("OMP_THREAD_LIMIT", "1")
        .envs(env::var_os(DATA_FOLDER).map(|folder| (DATA_FOLDER, folder)))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal of the service is not meant for it.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Sets the limits of a process that was just started.
#[cfg(target_os = "linux")]
pub(super) fn restrict(child: &Child, limits: &RecognizeLimits) -> io::Result<()> {
    use rustix::{
        io::Errno,
        process::{Pid, Resource, Rlimit, prlimit},
    };

    let process = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let seconds = limits.cpu.as_secs().max(1);
    for (resource, soft, hard) in [
        // SIGXCPU at the first limit says why it ended; SIGKILL comes at the second.
        (Resource::Cpu, seconds, seconds + 1),
        (Resource::As, limits.memory, limits.memory),
        (Resource::Fsize, 0, 0),
        (Resource::Core, 0, 0),
    ] {
        let limit = Rlimit { current: Some(soft), maximum: Some(hard) };
        match process.map(|process| prlimit(Some(process), resource, limit)) {
            // It has ended already.
            None | Some(Err(Errno::SRCH)) => return Ok(()),
            Some(result) => drop(result?),
        }
    }
    Ok(())
}

/// Other systems limit a process only from within; the wall clock ends it there.
#[cfg(not(target_os = "linux"))]
pub(super) fn restrict(_child: &Child, _limits: &RecognizeLimits) -> io::Result<()> {
    Ok(())
}

/// Where a program is in `PATH`.
pub(super) fn in_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}
