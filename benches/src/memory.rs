//! Memory of a process, from `/proc`: on other systems than Linux it is not known.

use std::{fmt, fs};

use crate::machine::field;

const KIB: u64 = 1024;
const MIB: f64 = 1024.0 * 1024.0;

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// What is resident now (`VmRSS`).
    pub(crate) resident: u64,
    /// The most that was resident since the start or the last reset (`VmHWM`).
    pub(crate) peak: u64,
}

impl Memory {
    /// Of that process; `None` where the system does not tell.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let read = |name| kibibytes(&field(&format!("/proc/{pid}/status"), name)?);
        Some(Self { resident: read("VmRSS")?, peak: read("VmHWM")? })
    }

    /// Lets the peak begin anew at what is resident now.
    pub(crate) fn reset_peak(pid: u32) {
        // Where that is not possible the peak since the start is reported, which is no smaller.
        let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} now, {} at the peak", mebibytes(self.resident), mebibytes(self.peak))
    }
}

/// Bytes, as people read them.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / MIB)
}

/// `1234 kB`, in bytes.
fn kibibytes(text: &str) -> Option<u64> {
    text.strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(KIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_proc_are_read() {
        assert_eq!(kibibytes("2 kB"), Some(2048));
        assert_eq!(kibibytes("2"), None);
        assert_eq!(kibibytes("x kB"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_memory() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.resident > 0 && memory.peak >= memory.resident / 2);
    }
}
