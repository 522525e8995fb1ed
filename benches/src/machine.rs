//! What was measured on, and when: a figure without them says nothing.

use std::{fs, num::NonZero, thread};

use quire_domain::ports::clock::{Clock, SystemClock};

/// One line with the date, the processor, the memory and the kernel.
pub(crate) fn describe() -> String {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.trim_end_matches("kB").trim().parse::<u64>().ok())
        .map_or_else(
            || "memory unknown".to_owned(),
            |kib| format!("{} GiB of memory", kib.div_ceil(1 << 20)),
        );
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_or_else(|_| std::env::consts::OS.to_owned(), |release| format!("Linux {}", release.trim()));
    let now = SystemClock.now().format("%Y-%m-%d %H:%M UTC");
    format!("{now}; {cores} cores, {processor}; {memory}; {kernel}")
}

/// The value of the first line `name: value` of a file below `/proc`.
pub(crate) fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        (known.trim() == name).then(|| value.trim().to_owned())
    })
}
