//! How long the all-in-one program takes to start.

use std::time::Duration;

use clap::Args;

use crate::{
    Result,
    report::{Latencies, print_table},
    service::Service,
    workplace::Workplace,
};

/// How to load.
#[derive(Args)]
pub(crate) struct Options {
    /// Starts on the same directory, after the first.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
}

/// Measures, and prints.
pub(crate) async fn run(workplace: &Workplace, options: &Options) -> Result<()> {
    let directory = workplace.empty_directory()?;
    let variables = [("QUIRE_DATA_DIR", directory.path().join("data").display().to_string())];
    let start = async || -> Result<Duration> {
        Ok(Service::start(workplace, "quire", directory.path(), &variables).await?.ready_after)
    };
    let (mut first, mut later) = (Latencies::new()?, Latencies::new()?);
    first.record(start().await?);
    for _ in 0..options.rounds {
        later.record(start().await?);
    }
    let row = |name: &str, latencies: &Latencies| {
        [name.to_owned(), latencies.count().to_string()].into_iter().chain(latencies.columns()).collect()
    };
    let [p50, p90, p99, max] = Latencies::HEADINGS;
    print_table(
        "From the start of the process until it is ready, private PostgreSQL included",
        &["data directory", "starts", p50, p90, p99, max],
        &[row("empty", &first), row("existing", &later)],
    );
    Ok(())
}
