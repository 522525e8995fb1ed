//! Submissions: the time to 202, their rate, and what the worker does with them.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::Args;
use futures_util::future::try_join_all;
use tokio::task::JoinSet;

use super::{DOCUMENT, document};
use crate::{
    Result,
    client::{Account, Api, DIRECT_SUBMIT, Form, GATEWAY_SUBMIT},
    report::{Latencies, print_table, rate},
    service::Service,
    workplace::Workplace,
};

/// The backlog must be worked off within this time.
const DRAINED_WITHIN: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(20);

/// How to load.
#[derive(Args)]
pub(crate) struct Options {
    /// A running Quire; by default one is started, on an empty directory.
    #[arg(long)]
    url: Option<String>,
    /// Clients that submit at the same time, one step for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    clients: Vec<usize>,
    /// How long each step lasts.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Accounts that the clients share: so many that none has more waiting than is usual.
    #[arg(long, default_value_t = 32)]
    users: usize,
}

/// Clients that submit the same file as fast as they are answered.
struct Step {
    name: String,
    path: &'static str,
    clients: usize,
    form: Bytes,
}

/// What a step gave.
struct Outcome {
    latencies: Latencies,
    refused: u64,
    elapsed: Duration,
}

/// Measures, and prints.
pub(crate) async fn run(workplace: &Workplace, options: &Options) -> Result<()> {
    let pdf = Form::bytes(DOCUMENT, &document()?);
    if let Some(url) = &options.url {
        let api = Api::new(url)?;
        let accounts = api.register(options.users).await?;
        intake(&api, &accounts, options, &pdf).await?;
        return work(&api, &accounts, options, &pdf).await;
    }
    // Intake alone first: the worker would take what it can get of the same processor cores.
    {
        let directory = workplace.empty_directory()?;
        let quire = start(workplace, directory.path(), "off").await?;
        let api = Api::new(quire.url())?;
        let accounts = api.register(options.users).await?;
        intake(&api, &accounts, options, &pdf).await?;
        print_memory(&quire);
    }
    let directory = workplace.empty_directory()?;
    let quire = start(workplace, directory.path(), "on").await?;
    let api = Api::new(quire.url())?;
    let accounts = api.register(options.users).await?;
    work(&api, &accounts, options, &pdf).await?;
    print_memory(&quire);
    Ok(())
}

/// The all-in-one program, with limits that do not get in the way.
async fn start(workplace: &Workplace, directory: &Path, worker: &str) -> Result<Service> {
    let variables = [
        ("QUIRE_DATA_DIR", directory.join("data").display().to_string()),
        ("WORKER", worker.to_owned()),
        ("MAX_PENDING_TASKS_PER_USER", "1000000".to_owned()),
        ("MAX_PENDING_TASKS", "10000000".to_owned()),
    ];
    Service::start(workplace, "quire", directory, &variables).await
}

fn print_memory(quire: &Service) {
    if let Some(memory) = quire.memory() {
        println!("Memory of the process: {memory}.\n");
    }
}

async fn intake(api: &Api, accounts: &[Account], options: &Options, pdf: &Bytes) -> Result<()> {
    let megabyte =
        Form::bytes("notes.txt", "All work and no play makes a dull text. ".repeat(25_000).as_bytes());
    let mut steps = vec![Step {
        name: "gateway, 1 MB text".to_owned(),
        path: GATEWAY_SUBMIT,
        clients: 1,
        form: megabyte,
    }];
    for &clients in &options.clients {
        let name = "gateway, 111 KB PDF".to_owned();
        steps.push(Step { name, path: GATEWAY_SUBMIT, clients, form: pdf.clone() });
    }
    let name = "processor, 111 KB PDF".to_owned();
    steps.push(Step { name, path: DIRECT_SUBMIT, clients: 16, form: pdf.clone() });
    let mut rows = Vec::new();
    for step in steps {
        let outcome = load(api, accounts, &step, Duration::from_secs(options.seconds)).await?;
        rows.push(outcome.row(&step));
    }
    print_outcomes("Submissions, from the first byte to the whole answer", &rows);
    Ok(())
}

/// Submissions while a worker does them, and then until all are done.
async fn work(api: &Api, accounts: &[Account], options: &Options, pdf: &Bytes) -> Result<()> {
    let endings = Endings::count(api, accounts).await?;
    let step = Step {
        name: "gateway, 111 KB PDF, worker on".to_owned(),
        path: GATEWAY_SUBMIT,
        clients: 16,
        form: pdf.clone(),
    };
    let begun = Instant::now();
    let outcome = load(api, accounts, &step, Duration::from_secs(options.seconds)).await?;
    let (submitted, during) = (outcome.latencies.count(), endings.so_far());
    let all = endings.wait_for(submitted, begun).await?;
    print_outcomes("Submissions beside a worker", &[outcome.row(&step)]);
    let headings = ["work", "tasks", "seconds", "tasks/s"];
    let row = |name: &str, tasks: u64, time: Duration| {
        vec![name.to_owned(), tasks.to_string(), format!("{:.1}", time.as_secs_f64()), rate(tasks, time)]
    };
    print_table(
        "Tasks done, reading the PDF and the built-in summary included",
        &headings,
        &[
            row("while documents come in", during, outcome.elapsed),
            row("after the last submission", submitted - during, all.saturating_sub(outcome.elapsed)),
            row("from first submission to last result", submitted, all),
        ],
    );
    Ok(())
}

fn print_outcomes(title: &str, rows: &[Vec<String>]) {
    let [p50, p90, p99, max] = Latencies::HEADINGS;
    print_table(title, &["way in, file", "clients", "202", "refused", "per s", p50, p90, p99, max], rows);
}

impl Outcome {
    fn row(&self, step: &Step) -> Vec<String> {
        let accepted = self.latencies.count();
        let counts = [step.clients.to_string(), accepted.to_string(), self.refused.to_string()];
        let rate = rate(accepted, self.elapsed);
        std::iter::once(step.name.clone())
            .chain(counts)
            .chain([rate])
            .chain(self.latencies.columns())
            .collect()
    }
}

/// A closed loop: each client sends its next submission when the one before was answered.
async fn load(api: &Api, accounts: &[Account], step: &Step, time: Duration) -> Result<Outcome> {
    let begun = Instant::now();
    let clients = (0..step.clients).map(|number| {
        let account = &accounts[number % accounts.len()];
        async move {
            let (mut latencies, mut refused) = (Latencies::new()?, 0);
            while begun.elapsed() < time {
                let sent = Instant::now();
                let (status, _) = api.submit(step.path, account, Form::of(step.form.clone())).await?;
                match status.as_u16() {
                    202 => latencies.record(sent.elapsed()),
                    _ => refused += 1,
                }
            }
            Ok::<_, crate::Error>((latencies, refused))
        }
    });
    let mut outcome = Outcome { latencies: Latencies::new()?, refused: 0, elapsed: Duration::ZERO };
    for (latencies, refused) in try_join_all(clients).await? {
        outcome.latencies.add(&latencies)?;
        outcome.refused += refused;
    }
    outcome.elapsed = begun.elapsed();
    Ok(outcome)
}

/// Counts the endings of tasks as their users see them: by events on the live channel.
struct Endings {
    count: Arc<AtomicU64>,
    listeners: JoinSet<crate::Error>,
}

impl Endings {
    async fn count(api: &Api, accounts: &[Account]) -> Result<Self> {
        let (count, mut listeners) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
        for account in accounts {
            let (mut listener, count) = (api.listen(account).await?, count.clone());
            listeners.spawn(async move {
                loop {
                    match listener.next().await {
                        Ok(event) if event.is_terminal() => drop(count.fetch_add(1, Ordering::Relaxed)),
                        Ok(_) => {}
                        Err(error) => return error,
                    }
                }
            });
        }
        Ok(Self { count, listeners })
    }

    fn so_far(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits for that many, and says how long after `begun` they were there.
    async fn wait_for(mut self, wanted: u64, begun: Instant) -> Result<Duration> {
        let deadline = Instant::now() + DRAINED_WITHIN;
        while self.so_far() < wanted {
            if let Some(ended) = self.listeners.try_join_next() {
                return Err(ended?);
            }
            if Instant::now() > deadline {
                return Err(format!("only {} of {wanted} tasks were done", self.so_far()).into());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(begun.elapsed())
    }
}
