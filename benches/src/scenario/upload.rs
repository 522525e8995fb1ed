//! A large upload: what it costs in memory, and how fast it is.

use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::Args;
use sha2::{Digest, Sha256};

use crate::{
    Result,
    client::{Account, Api, DIRECT_SUBMIT, Form, GATEWAY_SUBMIT},
    database::Database,
    memory::{Memory, mebibytes},
    report::{megabytes_per_second, print_table},
    service::Service,
    workplace::Workplace,
};

const BLOCK: usize = 256 * 1024;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// How to load.
#[derive(Args)]
pub(crate) struct Options {
    /// The size of the file, in units of 10⁶ bytes.
    #[arg(long, default_value_t = 1000)]
    megabytes: u64,
    /// How often each is measured; the medians are told.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Both services as processes of their own.
struct Quire {
    gateway: Service,
    processor: Service,
}

/// What one upload gave.
struct Passage {
    time: Duration,
    gateway: Growth,
    processor: Growth,
}

/// Memory before an upload, and at the peak while it passed.
#[derive(Clone, Copy)]
struct Growth {
    before: u64,
    peak: u64,
}

/// Measures, and prints.
pub(crate) async fn run(workplace: &Workplace, options: &Options) -> Result<()> {
    let size = options.megabytes * 1_000_000;
    let block: Bytes = text_block().into();
    let database = Database::start(workplace, true).await?;
    let directory = workplace.empty_directory()?;
    let quire = Quire::start(workplace, &database, directory.path(), size).await?;
    let (gateway, processor) = (Api::new(quire.gateway.url())?, Api::new(quire.processor.url())?);
    let accounts = gateway.register(1).await?;
    let account = accounts.first().ok_or("one account was expected")?;
    // The first request of a process makes what it keeps: connections, buffers, tables.
    quire.pass(&gateway, GATEWAY_SUBMIT, account, &block, 1_000_000).await?;

    let (mut through, mut direct, mut copies, mut hashes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds.max(1) {
        copies.push(write_file(directory.path(), &block, size)?);
        hashes.push(hash(&block, size));
        through.push(quire.pass(&gateway, GATEWAY_SUBMIT, account, &block, size).await?);
        direct.push(quire.pass(&processor, DIRECT_SUBMIT, account, &block, size).await?);
    }
    let times = |passages: &[Passage]| passages.iter().map(|passage| passage.time).collect::<Vec<_>>();
    let row = |name: &str, times: Vec<Duration>| {
        let time = median(times);
        vec![name.to_owned(), format!("{:.2}", time.as_secs_f64()), megabytes_per_second(size, time)]
    };
    print_table(
        &format!("{} MB, median of {}", options.megabytes, options.rounds.max(1)),
        &["what", "seconds", "speed"],
        &[
            row("upload through the gateway", times(&through)),
            row("upload to the processor", times(&direct)),
            row("writing a file to the same disk, durable", copies),
            row("SHA-256 of as many bytes", hashes),
        ],
    );
    print_growth(&through);
    Ok(())
}

fn print_growth(passages: &[Passage]) {
    let row = |name: &str, growth: fn(&Passage) -> Growth| {
        let most =
            passages.iter().map(growth).max_by_key(|growth| growth.peak.saturating_sub(growth.before))?;
        let more = mebibytes(most.peak.saturating_sub(most.before));
        Some(vec![name.to_owned(), mebibytes(most.before), mebibytes(most.peak), more])
    };
    let rows = [row("gateway", |passage| passage.gateway), row("processor", |passage| passage.processor)];
    let rows: Vec<_> = rows.into_iter().flatten().collect();
    print_table(
        "Memory while it passes through the gateway (the worst of the rounds)",
        &["process", "before", "at the peak", "more"],
        &rows,
    );
}

impl Quire {
    async fn start(workplace: &Workplace, database: &Database, directory: &Path, size: u64) -> Result<Self> {
        let shared = [
            ("DATABASE_URL", database.url().to_owned()),
            ("JWT_SECRET_KEY", SECRET.to_owned()),
            ("MAX_UPLOAD_SIZE", size.max(1_000_000).to_string()),
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

    async fn pass(
        &self,
        api: &Api,
        path: &str,
        account: &Account,
        block: &Bytes,
        size: u64,
    ) -> Result<Passage> {
        let before = [&self.gateway, &self.processor].map(|service| {
            Memory::reset_peak(service.pid());
            service.memory().map_or(0, |memory| memory.resident)
        });
        let begun = Instant::now();
        let (status, task) =
            api.submit(path, account, Form::repeated("large.txt", block.clone(), size)).await?;
        let time = begun.elapsed();
        if task.is_none() {
            return Err(format!("the upload was answered with {status}").into());
        }
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

/// The time in which the disk takes as many bytes and has them for good.
fn write_file(directory: &Path, block: &[u8], size: u64) -> Result<Duration> {
    let path = directory.join("copy");
    let begun = Instant::now();
    let mut file = File::create(&path)?;
    let mut left = usize::try_from(size)?;
    while left > 0 {
        let part = left.min(block.len());
        file.write_all(&block[..part])?;
        left -= part;
    }
    file.sync_all()?;
    let time = begun.elapsed();
    std::fs::remove_file(path)?;
    Ok(time)
}

fn hash(block: &[u8], size: u64) -> Duration {
    let begun = Instant::now();
    let mut hasher = Sha256::new();
    for _ in 0..size / block.len() as u64 {
        hasher.update(block);
    }
    std::hint::black_box(hasher.finalize());
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
