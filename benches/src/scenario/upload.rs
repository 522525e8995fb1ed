//! Large uploads: what they cost in memory, and how fast they are.

use std::{
    fs::File,
    io::Write,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::Args;
use futures_util::future::try_join_all;
use sha2::{Digest, Sha256};

use crate::{
    Error, Result,
    client::{Account, Api, DIRECT_SUBMIT, Form, GATEWAY_SUBMIT},
    database::Database,
    memory::{Memory, mebibytes},
    report::{megabytes_per_second, print_table},
    service::Service,
    workplace::Workplace,
};

const BLOCK: usize = 256 * 1024;
const MEGABYTE: u64 = 1_000_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// How to load.
#[derive(Args)]
pub(crate) struct Options {
    /// Sizes of the file, in units of 10⁶ bytes.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100, 1000])]
    megabytes: Vec<u64>,
    /// Clients that send at the same time.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16])]
    clients: Vec<usize>,
    /// All files of a step together have at most so many units of 10⁶ bytes; larger steps are left out.
    #[arg(long, default_value_t = 5000)]
    together: u64,
    /// How often each is measured; the medians are told.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Files of one size, sent at the same time.
#[derive(Clone, Copy)]
struct Step {
    megabytes: u64,
    clients: usize,
}

/// Both services as processes of their own.
struct Quire {
    gateway: Service,
    processor: Service,
}

/// Memory before uploads, and at the peak while they passed.
#[derive(Clone, Copy)]
struct Growth {
    before: u64,
    peak: u64,
}

/// What uploads at the same time gave.
struct Passage {
    time: Duration,
    gateway: Growth,
    processor: Growth,
}

/// What was measured of a step.
#[derive(Default)]
struct Measured {
    through: Vec<Passage>,
    direct: Vec<Passage>,
    copies: Vec<Duration>,
    hashes: Vec<Duration>,
    both: Vec<Duration>,
}

/// Measures, and prints.
pub(crate) async fn run(workplace: &Workplace, options: &Options) -> Result<()> {
    let steps: Vec<Step> = options
        .megabytes
        .iter()
        .flat_map(|&megabytes| options.clients.iter().map(move |&clients| Step { megabytes, clients }))
        .filter(|step| step.megabytes * step.clients as u64 <= options.together)
        .collect();
    let largest = steps.iter().map(|step| step.megabytes).max().unwrap_or(1) * MEGABYTE;
    let block: Bytes = text_block().into();
    let database = Database::start(workplace, true).await?;
    let directory = workplace.empty_directory()?;
    let quire = Quire::start(workplace, &database, directory.path(), largest).await?;
    let (gateway, processor) = (Api::new(quire.gateway.url())?, Api::new(quire.processor.url())?);
    let most = steps.iter().map(|step| step.clients).max().unwrap_or(1);
    // Files of one user with the same bytes would be told to be there already.
    let accounts = gateway.register(most).await?;
    // The first requests of a process make what it keeps: connections, buffers, tables.
    let warm_up = Step { megabytes: 1, clients: most };
    quire.pass(&gateway, GATEWAY_SUBMIT, &accounts, &block, warm_up).await?;
    quire.pass(&processor, DIRECT_SUBMIT, &accounts, &block, warm_up).await?;

    let (mut speeds, mut growths) = (Vec::new(), Vec::new());
    for step in steps {
        let mut measured = Measured::default();
        for _ in 0..options.rounds.max(1) {
            let peer = |work: fn(&Path, &[u8], u64) -> Result<()>| {
                at_the_same_time(directory.path(), &block, step, work)
            };
            measured.copies.push(peer(copy)?);
            measured.hashes.push(peer(hash)?);
            measured.both.push(peer(copy_and_hash)?);
            measured.through.push(quire.pass(&gateway, GATEWAY_SUBMIT, &accounts, &block, step).await?);
            measured.direct.push(quire.pass(&processor, DIRECT_SUBMIT, &accounts, &block, step).await?);
        }
        speeds.push(measured.speeds(step));
        growths.push(measured.growths(step));
    }
    let rounds = options.rounds.max(1);
    let heading = format!("All files of a step together, median of {rounds}");
    let columns = [
        "MB",
        "clients",
        "through the gateway",
        "to the processor",
        "writing",
        "SHA-256",
        "writing and SHA-256",
    ];
    print_table(&heading, &columns, &speeds);
    let columns = ["MB", "clients", "gateway before", "peak", "more", "processor before", "peak", "more"];
    print_table("Memory while they pass through the gateway, worst of the rounds", &columns, &growths);
    Ok(())
}

impl Measured {
    fn speeds(&self, step: Step) -> Vec<String> {
        let times = |passages: &[Passage]| passages.iter().map(|passage| passage.time).collect::<Vec<_>>();
        let speed = |times: Vec<Duration>| megabytes_per_second(step.bytes(), median(times));
        vec![
            step.megabytes.to_string(),
            step.clients.to_string(),
            speed(times(&self.through)),
            speed(times(&self.direct)),
            speed(self.copies.clone()),
            speed(self.hashes.clone()),
            speed(self.both.clone()),
        ]
    }

    fn growths(&self, step: Step) -> Vec<String> {
        let worst = |growth: fn(&Passage) -> Growth| {
            let most = self.through.iter().map(growth).max_by_key(|growth| growth.more());
            let Growth { before, peak } = most.unwrap_or(Growth { before: 0, peak: 0 });
            [mebibytes(before), mebibytes(peak), mebibytes(peak.saturating_sub(before))]
        };
        let head = [step.megabytes.to_string(), step.clients.to_string()];
        let (gateway, processor) = (worst(|passage| passage.gateway), worst(|passage| passage.processor));
        head.into_iter().chain(gateway).chain(processor).collect()
    }
}

impl Step {
    /// Of all files together.
    fn bytes(self) -> u64 {
        self.megabytes * MEGABYTE * self.clients as u64
    }
}

impl Growth {
    fn more(self) -> u64 {
        self.peak.saturating_sub(self.before)
    }
}

impl Quire {
    async fn start(workplace: &Workplace, database: &Database, directory: &Path, size: u64) -> Result<Self> {
        let shared = [
            ("DATABASE_URL", database.url().to_owned()),
            ("JWT_SECRET_KEY", SECRET.to_owned()),
            ("MAX_UPLOAD_SIZE", size.max(MEGABYTE).to_string()),
        ];
        let own =
            [("MEDIA_ROOT", directory.join("media").display().to_string()), ("WORKER", "off".to_owned())];
        let variables: Vec<_> = shared.iter().cloned().chain(own).collect();
        let processor = Service::start(workplace, "quire-processor", directory, &variables).await?;
        let variables: Vec<_> =
            shared.into_iter().chain([("PROCESSOR_URL", processor.url().to_owned())]).collect();
        let gateway = Service::start(workplace, "quire-gateway", directory, &variables).await?;
        Ok(Self { gateway, processor })
    }

    /// Each account sends a file, all at the same time.
    async fn pass(
        &self,
        api: &Api,
        path: &str,
        accounts: &[Account],
        block: &Bytes,
        step: Step,
    ) -> Result<Passage> {
        let before = [&self.gateway, &self.processor].map(|service| {
            Memory::reset_peak(service.pid());
            service.memory().map_or(0, |memory| memory.resident)
        });
        let size = step.megabytes * MEGABYTE;
        let begun = Instant::now();
        let uploads = accounts.iter().take(step.clients).map(|account| async move {
            match api.submit(path, account, Form::repeated("large.txt", block.clone(), size)).await? {
                (_, Some(_)) => Ok(()),
                (status, None) => Err(Error::from(format!("an upload was answered with {status}"))),
            }
        });
        try_join_all(uploads).await?;
        let time = begun.elapsed();
        let growth = |service: &Service, before| Growth {
            before,
            peak: service.memory().map_or(0, |memory| memory.peak),
        };
        let [gateway, processor] = before;
        Ok(Passage {
            time,
            gateway: growth(&self.gateway, gateway),
            processor: growth(&self.processor, processor),
        })
    }
}

/// The time in which threads, as many as there are clients, each do this with as many bytes.
fn at_the_same_time(
    directory: &Path,
    block: &[u8],
    step: Step,
    work: fn(&Path, &[u8], u64) -> Result<()>,
) -> Result<Duration> {
    let begun = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..step.clients)
            .map(|number| {
                let path = directory.join(format!("copy-{number}"));
                scope.spawn(move || work(&path, block, step.megabytes * MEGABYTE))
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    Ok(begun.elapsed())
}

/// Writes a file until the disk has it for good.
fn copy(path: &Path, block: &[u8], size: u64) -> Result<()> {
    let mut file = File::create(path)?;
    each_piece(block, size, |piece| file.write_all(piece))?;
    file.sync_all()?;
    Ok(std::fs::remove_file(path)?)
}

fn hash(_: &Path, block: &[u8], size: u64) -> Result<()> {
    let mut hasher = Sha256::new();
    each_piece(block, size, |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    std::hint::black_box(hasher.finalize());
    Ok(())
}

/// Both, piece by piece: what an upload cannot do without.
fn copy_and_hash(path: &Path, block: &[u8], size: u64) -> Result<()> {
    let (mut file, mut hasher) = (File::create(path)?, Sha256::new());
    each_piece(block, size, |piece| {
        hasher.update(piece);
        file.write_all(piece)
    })?;
    std::hint::black_box(hasher.finalize());
    file.sync_all()?;
    Ok(std::fs::remove_file(path)?)
}

fn each_piece(block: &[u8], size: u64, mut work: impl FnMut(&[u8]) -> std::io::Result<()>) -> Result<()> {
    let mut left = usize::try_from(size)?;
    while left > 0 {
        let piece = left.min(block.len());
        work(&block[..piece])?;
        left -= piece;
    }
    Ok(())
}

/// Text that no file system stores in less room than it has.
fn text_block() -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let letters = std::iter::repeat_with(|| {
        // Xorshift (Marsaglia, 2003): any noise will do.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b'a' + (state % 26) as u8
    });
    letters.take(BLOCK).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
