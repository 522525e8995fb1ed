//! What is taken away from a child before it sees its first document.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::protocol::Greeting;
use crate::limits::Limits;

/// File descriptors: the standard three, the two of a job, fonts, and some for the runtime.
const MAX_FILES: u64 = 32;

/// Sets limits that the process cannot lift again, but for the one on processor time: a child begins
/// every job with a new allowance.
pub(super) fn limit_resources(limits: &Limits) -> io::Result<()> {
    limit(Resource::Core, 0)?;
    limit(Resource::Nofile, MAX_FILES)?;
    limit(Resource::Fsize, limits.written)?;
    // macOS refuses limits below what the process has mapped already, which is a lot.
    #[cfg(not(target_vendor = "apple"))]
    limit(Resource::As, limits.memory)?;
    Ok(())
}

/// Sets a limit, at most to what is allowed to this process.
fn limit(resource: Resource, value: u64) -> io::Result<()> {
    let value = Some(getrlimit(resource).maximum.map_or(value, |allowed| value.min(allowed)));
    Ok(setrlimit(resource, Rlimit { current: value, maximum: value })?)
}

/// Allows so many seconds of processor time from now on; SIGXCPU ends the process after them.
pub(super) fn allow_processor_time(seconds: u64) -> io::Result<()> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let until = u64::try_from(used.tv_sec).unwrap_or(0) + 1 + seconds.max(1);
    let maximum = getrlimit(Resource::Cpu).maximum;
    let current = Some(maximum.map_or(until, |allowed| until.min(allowed)));
    Ok(setrlimit(Resource::Cpu, Rlimit { current, maximum })?)
}

/// Takes file system and network away from this thread and those it starts, as far as the kernel can.
/// Fonts stay readable: pages are drawn with them.
#[cfg(target_os = "linux")]
pub(super) fn confine() -> Greeting {
    Greeting { files: linux::confine_files().unwrap_or(false), network: linux::confine_calls().is_ok() }
}

/// Other systems have no means that a process could apply to itself in a stable way.
#[cfg(not(target_os = "linux"))]
pub(super) fn confine() -> Greeting {
    Greeting { files: false, network: false }
}

#[cfg(target_os = "linux")]
mod linux {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
        RulesetStatus, Scope, path_beneath_rules,
    };
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

    use crate::render::FONT_FOLDERS;

    /// System calls that no reader of documents needs: what opens a network, starts or touches another
    /// process, or gets round the rules. A call of the list fails as if it were not permitted.
    const FORBIDDEN: &[i64] = &[
        libc::SYS_accept4,
        libc::SYS_bind,
        libc::SYS_bpf,
        libc::SYS_connect,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_io_uring_setup,
        libc::SYS_keyctl,
        libc::SYS_listen,
        libc::SYS_mount,
        libc::SYS_perf_event_open,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_ptrace,
        libc::SYS_setns,
        libc::SYS_socket,
        libc::SYS_unshare,
        libc::SYS_userfaultfd,
    ];

    /// Landlock (landlock(7)). Whether the kernel knows it.
    pub(super) fn confine_files() -> Result<bool, RulesetError> {
        let status = Ruleset::default()
            .handle_access(AccessFs::from_all(ABI::V5))?
            .handle_access(AccessNet::from_all(ABI::V5))?
            .scope(Scope::from_all(ABI::V6))?
            .create()?
            .add_rules(path_beneath_rules(FONT_FOLDERS, AccessFs::ReadFile | AccessFs::ReadDir))?
            .restrict_self()?;
        Ok(status.ruleset != RulesetStatus::NotEnforced)
    }

    /// A filter of system calls (seccomp(2)).
    pub(super) fn confine_calls() -> Result<(), Box<dyn std::error::Error>> {
        let filter = SeccompFilter::new(
            FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect(),
            SeccompAction::Allow,
            SeccompAction::Errno(libc::EPERM.unsigned_abs()),
            std::env::consts::ARCH.try_into()?,
        )?;
        Ok(apply_filter(&BpfProgram::try_from(filter)?)?)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{fs, net::TcpListener, process::Command, thread};

    use super::*;

    /// What a thread that was confined can still do.
    #[test]
    fn a_confined_thread_reaches_nothing() {
        let reached = thread::spawn(|| {
            let Greeting { files, network } = confine();
            assert!(network, "seccomp is part of every kernel that runs these tests");
            let reads = fs::read("/etc/hostname").is_ok() || fs::read_dir("/").is_ok();
            let writes = fs::write(std::env::temp_dir().join("quire-confined"), "x").is_ok();
            let talks = TcpListener::bind("127.0.0.1:0").is_ok();
            let runs = Command::new("/bin/true").status().is_ok();
            (files && (reads || writes), talks, runs)
        });
        assert_eq!(reached.join().unwrap(), (false, false, false));
    }
}
