//! Full-text search, in a library of many pages.

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    Result,
    client::{Account, Api},
    database::{Database, number},
    report::{Latencies, print_table},
    service::Service,
    workplace::Workplace,
};

/// Pages of one document.
const PAGES_EACH: i64 = 50;

/// Words of one page.
const WORDS_EACH: i64 = 400;

/// How long the indexer may take for each page.
const PATIENCE_PER_PAGE: Duration = Duration::from_millis(50);

/// How to load.
#[derive(Args)]
pub(crate) struct Options {
    /// Pages of text in the library; half of them belong to one user.
    #[arg(long, default_value_t = 100_000)]
    pages: i64,
    /// Requests for each search.
    #[arg(long, default_value_t = 100)]
    requests: usize,
}

/// What is searched for, and what it stands for. The pages are made by [`fill`].
const SEARCHES: [(&str, &str); 6] = [
    ("a word on one page", "w7needle"),
    ("a word on every hundredth page", "hundredth"),
    ("a word on every page", "everywhere"),
    ("two words, one rare", "everywhere%20w7needle"),
    ("a phrase on every hundredth page", "%22the%20hundredth%22"),
    ("a word that is nowhere", "nowhere"),
];

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
    let accounts = api.register(2).await?;
    let begun = Instant::now();
    for account in &accounts {
        fill(&database, account, options.pages / 2).await?;
    }
    let indexed = wait_until_indexed(&database, options.pages, begun).await?;
    database.execute("vacuum analyze").await?;
    println!(
        "{} pages were indexed in {:.0} s, as they were stored.\n",
        options.pages,
        indexed.as_secs_f64()
    );

    let owner = accounts.first().ok_or("an account was expected")?;
    let mut rows = Vec::new();
    for (name, query) in SEARCHES {
        let path = format!("/documents?q={query}");
        let mut latencies = Latencies::new()?;
        for _ in 0..options.requests.max(1) {
            let begun = Instant::now();
            api.get(&path, owner).await?;
            latencies.record(begun.elapsed());
        }
        rows.push([name.to_owned()].into_iter().chain(latencies.columns()).collect());
    }
    let [p50, p90, p99, max] = Latencies::HEADINGS;
    print_table(
        &format!("Search in {} of {} pages", options.pages / 2, options.pages),
        &["search", p50, p90, p99, max],
        &rows,
    );
    Ok(())
}

/// Documents with pages of made-up words, of which some are on every page and one on one.
async fn fill(database: &Database, account: &Account, pages: i64) -> Result<()> {
    let (user, documents) = (account.id(), pages / PAGES_EACH);
    database
        .execute(&format!(
            "insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status) \
             select gen_random_uuid(), {user}, 'report-' || n || '.pdf', 'application/pdf', 1, \
                 sha256(({user} || '-' || n)::bytea), gen_random_uuid()::text, 'COMPLETED' \
             from generate_series(1, {documents}) n"
        ))
        .await?;
    database
        .execute(&format!(
            "insert into document_pages (document_id, number, text, method) \
             select document.id, page, 'everywhere ' \
                 || case when (row * {PAGES_EACH} + page) % 100 = 0 then 'the hundredth ' else '' end \
                 || case when row = 7 and page = 1 then 'w7needle ' else '' end \
                 || (select string_agg('w' || (hashint8(row * 1000003 + page * 1009 + word) & 32767), ' ') \
                     from generate_series(1, {WORDS_EACH}) word), 'text' \
             from (select id, row_number() over (order by id) as row from documents where user_id = {user}) document, \
                 generate_series(1, {PAGES_EACH}) page"
        ))
        .await
}

async fn wait_until_indexed(database: &Database, pages: i64, begun: Instant) -> Result<Duration> {
    let mut connection = database.connect().await?;
    let limit = PATIENCE_PER_PAGE * u32::try_from(pages)?;
    while number(&mut connection, "select count(*) from search_pending").await? > 0 {
        if begun.elapsed() > limit {
            return Err(format!("the pages were not indexed within {limit:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(begun.elapsed())
}
