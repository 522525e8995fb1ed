//! The list of a user's tasks, as the table grows.

use std::time::Instant;

use clap::Args;

use crate::{
    Result,
    client::{Account, Api},
    database::Database,
    report::{Latencies, print_table},
    service::Service,
    workplace::Workplace,
};

const PATHS: [&str; 2] = ["/auth/files/tasks", "/process/tasks"];

/// How to load.
#[derive(Args)]
pub(crate) struct Options {
    /// Rows in the table, one step for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000])]
    rows: Vec<i64>,
    /// Requests for each list.
    #[arg(long, default_value_t = 500)]
    requests: usize,
}

/// One document for each user.
const DOCUMENTS: &str = "\
    insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status) \
    select gen_random_uuid(), id, 'note.txt', 'text/plain', 1, sha256(''), gen_random_uuid()::text, 'COMPLETED' \
    from users where not exists (select from documents where documents.user_id = users.id)";

/// Measures, and prints.
pub(crate) async fn run(workplace: &Workplace, options: &Options) -> Result<()> {
    // Reading is measured: how the rows came in does not matter.
    let database = Database::start(workplace, false).await?;
    let directory = workplace.empty_directory()?;
    let variables = [
        ("QUIRE_DATA_DIR", directory.path().join("data").display().to_string()),
        ("DATABASE_URL", database.url().to_owned()),
        ("WORKER", "off".to_owned()),
        ("DATABASE_STATEMENT_TIMEOUT", "60".to_owned()),
    ];
    let quire = Service::start(workplace, "quire", directory.path(), &variables).await?;
    let api = Api::new(quire.url())?;
    let accounts = api.register(4).await?;
    let (mut rows, mut filled) = (Vec::new(), 0);
    for &wanted in &options.rows {
        fill(&database, &accounts, filled, wanted).await?;
        filled = filled.max(wanted);
        for path in PATHS {
            let latencies = measure(&api, &accounts, path, options.requests).await?;
            rows.push([path.to_owned(), wanted.to_string()].into_iter().chain(latencies.columns()).collect());
        }
    }
    let [p50, p90, p99, max] = Latencies::HEADINGS;
    print_table("The newest 50 tasks of a user, four users", &["list", "rows", p50, p90, p99, max], &rows);
    Ok(())
}

/// Adds completed tasks of all users, in turn, until there are `wanted`.
async fn fill(database: &Database, accounts: &[Account], filled: i64, wanted: i64) -> Result<()> {
    const AT_ONCE: i64 = 500_000;
    let users = accounts.iter().map(|account| account.id().to_string()).collect::<Vec<_>>().join(",");
    database.execute(DOCUMENTS).await?;
    for first in (filled + 1..=wanted).step_by(usize::try_from(AT_ONCE)?) {
        let last = wanted.min(first + AT_ONCE - 1);
        // Ids that grow with time, as those of real tasks do.
        database
            .execute(&format!(
                "insert into tasks (id, user_id, document_id, task_type, max_attempts, status, result, finished_at) \
                 select (lpad(to_hex(1700000000000 + n), 12, '0') || '7000' || '8' || substr(md5(n::text), 1, 15))::uuid, \
                     documents.user_id, documents.id, 'summarize', 5, 'completed', repeat('A sentence. ', 20), now() \
                 from generate_series({first}, {last}) n join documents \
                     on documents.user_id = (array[{users}])[1 + n % {}]",
                accounts.len()
            ))
            .await?;
    }
    database.execute("vacuum analyze tasks").await
}

async fn measure(api: &Api, accounts: &[Account], path: &str, requests: usize) -> Result<Latencies> {
    let mut latencies = Latencies::new()?;
    for account in accounts.iter().cycle().take(requests) {
        let begun = Instant::now();
        let body = api.get(path, account).await?;
        latencies.record(begun.elapsed());
        if body.len() < 1000 {
            return Err(format!("the list at {path} is empty").into());
        }
    }
    Ok(latencies)
}
