//! The child as a process: what ends it, and what it may take.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use quire_extract::{
    Excess, ExtractError, child::ChildPool, limits::Limits, media_type::PDF, options::ReadOptions,
};
use tempfile::NamedTempFile;

use crate::support::{draw_for_ever, fixture, read_with, reader, small_limits};

#[tokio::test]
async fn many_documents_can_be_read_at_once() {
    let reader = reader(small_limits());
    let path = fixture("pdf/cv-sb2nov-resume.pdf");
    let options = ReadOptions::of_file("cv.pdf");
    let read = || reader.read(&path, &options);
    let (a, b, c, d) = tokio::join!(read(), read(), read(), read());
    for document in [a, b, c, d] {
        assert_eq!(document.unwrap().media_type, PDF);
    }
}

#[tokio::test]
async fn a_document_over_the_input_limit_is_not_even_started_on() {
    let limits = Limits { input: 1000, ..small_limits() };
    let reader = ChildPool::new("/nonexistent/program".into(), limits);
    let result = reader.read(&fixture("pdf/congress.pdf"), &ReadOptions::of_file("congress.pdf")).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Input))), "{result:?}");
}

#[tokio::test]
async fn an_answer_over_the_output_limit_is_refused() {
    let limits = Limits { output: 2000, ..small_limits() };
    let result = read_with("pdf/pdflatex-4-pages.pdf", limits).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Output))), "{result:?}");
}

#[tokio::test]
async fn an_answer_that_grows_by_its_escapes_is_refused() {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), "\t\n".repeat(500) + "x").unwrap();
    let limits = Limits { output: 1500, ..small_limits() };
    let result = reader(limits).read(file.path(), &ReadOptions::of_file("tabs.txt")).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Output))), "{result:?}");
}

#[tokio::test]
async fn a_missing_file_or_program_is_no_verdict() {
    let missing =
        reader(small_limits()).read(Path::new("/nonexistent/file"), &ReadOptions::of_file("a.pdf")).await;
    assert!(matches!(missing, Err(ExtractError::Unavailable(_))));
    let reader = ChildPool::new("/nonexistent/program".into(), small_limits());
    let missing = reader.read(&fixture("pdf/habibi.pdf"), &ReadOptions::of_file("a.pdf")).await;
    assert!(matches!(missing, Err(ExtractError::Unavailable(_))));
}

#[tokio::test]
async fn a_program_that_is_no_reader_is_no_verdict() {
    let reader = ChildPool::new("/usr/bin/false".into(), small_limits());
    let result = reader.read(&fixture("pdf/habibi.pdf"), &ReadOptions::of_file("a.pdf")).await;
    assert!(matches!(result, Err(ExtractError::Unavailable(_))), "{result:?}");
}

/// Limits under which a hostile file keeps its child busy for as long as the test needs. They are an
/// argument of the child, so a number of pages of its own marks the children of a test.
fn patient(mark: u32) -> Limits {
    let long = Duration::from_secs(60);
    Limits { wall: long, cpu: long, memory: 16 << 30, pages: 1_000_000 + mark, ..small_limits() }
}

/// Limits for children that are marked and meet honest files.
#[cfg(target_os = "linux")]
fn marked(mark: u32) -> Limits {
    Limits { pages: 1_000_000 + mark, ..small_limits() }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn dropping_the_future_kills_the_child() {
    let limits = patient(1);
    let reader = reader(limits.clone());
    let started = async { wait_for(|| !children_with(&limits).is_empty()).await };
    tokio::select! {
        result = draw_for_ever(&reader) => panic!("{result:?}"),
        () = started => {}
    }
    wait_for(|| children_with(&limits).is_empty()).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_reads_one_document_after_the_other_until_it_retires() {
    let limits = Limits { reuse: 2, ..marked(2) };
    let reader = reader(limits.clone());
    let mut children = Vec::new();
    for _ in 0..4 {
        reader.read(&fixture("txt/ja-utf8.txt"), &ReadOptions::of_file("a.txt")).await.unwrap();
        children
            .push(children_with(&limits).into_iter().filter(|child| is_running(child)).collect::<Vec<_>>());
    }
    // Whether the second and fourth are seen is a matter of how fast the retired child is gone.
    assert_eq!((children[0].len(), children[2].len()), (1, 1));
    assert_ne!(children[0], children[2]);
    drop(reader);
    wait_for(|| !children_with(&limits).iter().any(|child| is_running(child))).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_that_was_killed_while_it_waited_is_replaced() {
    let limits = marked(3);
    let reader = reader(limits.clone());
    let read = async || reader.read(&fixture("txt/ja-utf8.txt"), &ReadOptions::of_file("a.txt")).await;
    read().await.unwrap();
    let child = children_with(&limits).remove(0);
    let killed = Command::new("kill").arg("-KILL").arg(child.file_name().unwrap()).status().unwrap();
    assert!(killed.success());
    read().await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_document_that_kills_a_warm_child_is_judged_by_a_fresh_one() {
    let limits = Limits { cpu: Duration::from_secs(60), memory: 384 << 20, ..marked(4) };
    let reader = reader(limits);
    reader.read(&fixture("txt/ja-utf8.txt"), &ReadOptions::of_file("a.txt")).await.unwrap();
    let verdict = draw_for_ever(&reader).await;
    assert!(matches!(verdict, Err(ExtractError::TooComplex(Excess::Crash))), "{verdict:?}");
    reader.read(&fixture("txt/ja-utf8.txt"), &ReadOptions::of_file("a.txt")).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_child_dies_with_its_parent() {
    // A program in between, which is killed while it waits for its child.
    let mut parent = Command::new(env!("CARGO_BIN_EXE_quire-read-document"))
        .arg("--draw")
        .arg(fixture("hostile/cmap_range_4g.pdf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(|| !children_of(parent.id()).is_empty()).await;
    let children = children_of(parent.id());
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_for(|| !children.iter().any(|child| is_running(child))).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_child_has_its_limits_and_no_environment() {
    let limits = patient(5);
    let reader = reader(limits.clone());
    let looked = async {
        let is_at_work = |child: &PathBuf| limit_of(child, "Max cpu time") != "unlimited";
        wait_for(|| children_with(&limits).iter().any(is_at_work)).await;
        let child = children_with(&limits).remove(0);
        assert_eq!(limit_of(&child, "Max core file size"), "0");
        assert_eq!(limit_of(&child, "Max cpu time"), "61");
        assert_eq!(limit_of(&child, "Max open files"), "32");
        assert_eq!(limit_of(&child, "Max file size"), limits.written.to_string());
        assert_eq!(limit_of(&child, "Max address space"), limits.memory.to_string());
        assert_eq!(fs::read(child.join("environ")).unwrap(), b"");
        assert_eq!(fs::read_link(child.join("cwd")).unwrap(), Path::new("/"));
        let status = fs::read_to_string(child.join("status")).unwrap();
        assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
    };
    tokio::select! {
        result = draw_for_ever(&reader) => panic!("{result:?}"),
        () = looked => {}
    }
}

/// Memory that this process held at most, in KiB.
#[cfg(target_os = "linux")]
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_eats_its_own_memory_alone() {
    let before = peak_memory();
    let limits = Limits { cpu: Duration::from_secs(60), memory: 384 << 20, ..small_limits() };
    let result = draw_for_ever(&reader(limits)).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Crash))), "{result:?}");
    let grown = peak_memory() - before;
    assert!(grown < 64 << 10, "{grown} KiB");
}

/// Waits until something is so; not for ever.
async fn wait_for(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it never came to be");
}

/// Running processes, as folders of `/proc`.
fn processes() -> Vec<PathBuf> {
    let is_process =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes()[0].is_ascii_digit());
    fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path()).filter(is_process).collect()
}

/// Children with these limits.
#[cfg(target_os = "linux")]
fn children_with(limits: &Limits) -> Vec<PathBuf> {
    let end = format!("\0{}\0", serde_json::to_string(limits).unwrap());
    let has_it =
        |path: &PathBuf| fs::read(path.join("cmdline")).is_ok_and(|line| line.ends_with(end.as_bytes()));
    processes().into_iter().filter(has_it).collect()
}

fn children_of(parent: u32) -> Vec<PathBuf> {
    let wanted = format!("PPid:\t{parent}\n");
    let is_child =
        |path: &PathBuf| fs::read_to_string(path.join("status")).is_ok_and(|status| status.contains(&wanted));
    processes().into_iter().filter(is_child).collect()
}

/// Whether a process is there and not dead already, waiting for somebody to notice.
fn is_running(process: &Path) -> bool {
    fs::read_to_string(process.join("status")).is_ok_and(|status| !status.contains("State:\tZ"))
}

/// A soft limit of a process.
fn limit_of(process: &Path, name: &str) -> String {
    let limits = fs::read_to_string(process.join("limits")).unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().unwrap_or_default().to_owned()
}
