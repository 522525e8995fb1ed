//! Live events: how soon they arrive, and what an idle socket costs.

use std::time::{Duration, Instant};

use clap::Args;
use quire_domain::ports::clock::{Clock, SystemClock};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    Result,
    client::{Account, Api, Form, GATEWAY_SUBMIT, Listener},
    memory::Memory,
    report::{Latencies, print_table},
    service::Service,
    workplace::Workplace,
};

/// A document that is read at once.
const NOTE: &str = "The harbour of Bergen was founded in 1070. Ships from many countries brought grain. \
    Merchants of the Hanse traded stockfish there for centuries. Today many people visit the old wharf.";
/// Files that are open besides the sockets.
const OTHER_FILES: u64 = 200;
const EVENT_WITHIN: Duration = Duration::from_secs(60);

/// How to load.
#[derive(Args)]
pub(crate) struct Options {
    /// Tasks, one after another.
    #[arg(long, default_value_t = 500)]
    tasks: usize,
    /// Sockets that are open and have nothing to hear.
    #[arg(long, default_value_t = 10_000)]
    sockets: u64,
}

/// Measures, and prints.
pub(crate) async fn run(workplace: &Workplace, options: &Options) -> Result<()> {
    // The program inherits the limit.
    let sockets =
        options.sockets.min(raise_open_files(options.sockets + OTHER_FILES).saturating_sub(OTHER_FILES));
    let directory = workplace.empty_directory()?;
    let variables = [("QUIRE_DATA_DIR", directory.path().join("data").display().to_string())];
    let quire = Service::start(workplace, "quire", directory.path(), &variables).await?;
    let api = Api::new(quire.url())?;
    let accounts = api.register(2).await?;
    let [busy, idle] = accounts.as_slice() else { return Err("two accounts were expected".into()) };
    let mut listener = api.listen(busy).await?;

    let alone = measure(&api, busy, &mut listener, options.tasks).await?;
    let before = quire.memory();
    let open = open_sockets(&quire, idle, sockets).await?;
    let after = quire.memory();
    let beside = measure(&api, busy, &mut listener, options.tasks).await?;

    let row = |name: String, latencies: &Latencies| {
        [name, latencies.count().to_string()].into_iter().chain(latencies.columns()).collect()
    };
    let [p50, p90, p99, max] = Latencies::HEADINGS;
    print_table(
        "From the terminal state to the message on the socket (times of events are cut to whole milliseconds)",
        &["open sockets", "events", p50, p90, p99, max],
        &[row("1".to_owned(), &alone), row(format!("1 and {} idle", open.len()), &beside)],
    );
    print_memory(before, after, open.len(), options.sockets);
    Ok(())
}

fn print_memory(before: Option<Memory>, after: Option<Memory>, open: usize, wanted: u64) {
    let (Some(before), Some(after)) = (before, after) else { return };
    let each = after.resident.saturating_sub(before.resident) as f64 / 1024.0 / open.max(1) as f64;
    println!(
        "Memory of the process: {before}; with {open} idle sockets {after}: {each:.1} KiB for each socket."
    );
    if (open as u64) < wanted {
        println!(
            "{wanted} were wanted; the limit on open files let in {open}, and the rest is taken to cost the same."
        );
    }
    println!();
}

/// Submits one small document after another, and compares the time of the ending in the
/// database with the time at which the message was here. Both clocks are this machine's.
async fn measure(api: &Api, account: &Account, listener: &mut Listener, tasks: usize) -> Result<Latencies> {
    let (mut latencies, form) = (Latencies::new()?, Form::bytes("note.txt", NOTE.as_bytes()));
    for _ in 0..tasks {
        let (status, task) = api.submit(GATEWAY_SUBMIT, account, Form::of(form.clone())).await?;
        if task.is_none() {
            return Err(format!("a submission was answered with {status}").into());
        }
        let ending = async {
            loop {
                let event = listener.next().await?;
                if event.is_terminal() && event.task_id == task {
                    return Ok::<_, crate::Error>(event.timestamp);
                }
            }
        };
        let ended = tokio::time::timeout(EVENT_WITHIN, ending).await??;
        latencies.record((SystemClock.now() - ended).to_std().unwrap_or_default());
    }
    Ok(latencies)
}

/// Opens WebSockets with as little on this side as possible, and keeps them.
async fn open_sockets(quire: &Service, account: &Account, count: u64) -> Result<Vec<TcpStream>> {
    let address = quire.url().trim_start_matches("http://");
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        account.socket_path()
    );
    let begun = Instant::now();
    let mut open = Vec::new();
    for _ in 0..count {
        let mut socket = TcpStream::connect(address).await?;
        socket.write_all(request.as_bytes()).await?;
        read_until_connected(&mut socket).await?;
        open.push(socket);
    }
    println!("Opened {count} sockets in {:.1} s.\n", begun.elapsed().as_secs_f64());
    Ok(open)
}

/// The head of the answer, and the first message.
async fn read_until_connected(socket: &mut TcpStream) -> Result<()> {
    const FIRST: &[u8] = b"\"connected\"";
    let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
    while !answer.windows(FIRST.len()).any(|window| window == FIRST) {
        let read = socket.read(&mut buffer).await?;
        if read == 0 || !answer.is_empty() && !answer.starts_with(b"HTTP/1.1 101") {
            return Err(format!("no socket was opened: {}", String::from_utf8_lossy(&answer)).into());
        }
        answer.extend_from_slice(&buffer[..read]);
    }
    Ok(())
}

/// Raises the limit on open files as far as it may go, at most to `wanted`, and gives it.
fn raise_open_files(wanted: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let maximum = limit.maximum.unwrap_or(u64::MAX);
    let current = limit.current.unwrap_or(u64::MAX);
    let raised = wanted.min(maximum).max(current);
    match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit }) {
        Ok(()) => raised,
        Err(_) => current,
    }
}
