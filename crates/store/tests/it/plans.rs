//! With many rows, what is asked often reads no table from end to end.

use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use quire_domain::{
    EventId, TaskId, UserId,
    search::Query,
    task::{TaskFilter, TaskStatus},
};
use quire_store::{
    events,
    library::{self, DocumentFilter, DocumentList, Sort, SortBy},
    queue::{self, Ending},
    tasks,
};
use quire_testkit::TestDatabase;

use crate::support::{LEASE, unique};

const USERS: i64 = 500;

/// 50,000 tasks of 500 users, a tenth of them pending, some being worked on, and their events.
async fn fill(database: &TestDatabase) {
    database
        .execute(&format!(
            "insert into users (username, username_key, email, email_key, password_hash)
                 select n, n, n, n, '' from generate_series(1, {USERS}) n;
             insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status)
                 select gen_random_uuid(), id, 'a', 'text/plain', 1, sha256('a'), id, 'QUEUED' from users;
             insert into tasks (id, user_id, document_id, task_type, max_attempts, status, lease_until, worker,
                     idempotency_key)
                 select gen_random_uuid(), d.user_id, d.id, 'summarize', 5, s.status,
                     case s.status when 'processing' then now() + interval '1 hour' end,
                     case s.status when 'processing' then gen_random_uuid() end,
                     case when n % 50 = 0 then n::text end
                 from documents d cross join generate_series(1, 100) n cross join lateral (select
                     case when n % 10 = 0 then 'pending' when n = 1 then 'processing' else 'completed' end) s (status);
             insert into events (user_id, name, task_id, document_id)
                 select user_id, 'task_queued', id, document_id from tasks;
             analyze;",
        ))
        .await;
}

/// How often this transaction has read a table from end to end, and how often by an index.
async fn scans(connection: &mut AsyncPgConnection, table: &str) -> (i64, i64) {
    #[derive(diesel::QueryableByName)]
    struct Scans {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        whole: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        indexed: i64,
    }
    let scans: Scans = diesel::sql_query(format!(
        "select seq_scan as whole, coalesce(idx_scan, 0)::bigint as indexed
         from pg_stat_xact_user_tables where relname = '{table}'"
    ))
    .get_result(connection)
    .await
    .unwrap();
    (scans.whole, scans.indexed)
}

/// Checks what was run since the last check: indexes of `table` were used, and it was not
/// read from end to end.
struct Watch {
    table: &'static str,
    before: (i64, i64),
}

impl Watch {
    async fn begin(connection: &mut AsyncPgConnection, table: &'static str) -> Self {
        let before = scans(connection, table).await;
        Self { table, before }
    }

    async fn check(&mut self, connection: &mut AsyncPgConnection, what: &str) {
        let (whole, indexed) = scans(connection, self.table).await;
        assert_eq!(whole, self.before.0, "{what} reads {} from end to end", self.table);
        assert!(indexed > self.before.1, "{what} does not read {}", self.table);
        self.before = (whole, indexed);
    }
}

#[tokio::test]
async fn often_asked_questions_are_answered_by_indexes() {
    let database = TestDatabase::new().await;
    fill(&database).await;
    let mut connection = database.pool().get().await.unwrap();
    let connection = &mut connection;
    // The counters are those of one transaction, and of one process.
    connection.batch_execute("begin; set local max_parallel_workers_per_gather = 0").await.unwrap();
    let mut tasks = Watch::begin(connection, "tasks").await;

    let worker = unique();
    let claims = queue::claim(connection, worker, LEASE, UserId(0), 8).await.unwrap();
    assert_eq!(claims.len(), 8);
    tasks.check(connection, "claim").await;
    let one = queue::claim(connection, worker, LEASE, UserId(USERS / 2), 1).await.unwrap();
    assert_eq!(one.len(), 1);
    tasks.check(connection, "claim in the middle").await;
    let claimed: Vec<TaskId> = claims.iter().map(queue::Claim::id).collect();
    assert_eq!(queue::renew(connection, worker, &claimed, LEASE).await.unwrap().len(), 8);
    tasks.check(connection, "renew").await;
    assert!(queue::report_progress(connection, &claims[0], 5, "Working.").await.unwrap());
    tasks.check(connection, "report_progress").await;
    assert!(queue::finish(connection, &claims[0], &Ending::HandedBack).await.unwrap());
    tasks.check(connection, "finish").await;
    assert_eq!(queue::recover_expired(connection).await.unwrap(), 0);
    tasks.check(connection, "recover_expired").await;

    let owner = claims[0].user_id();
    let filters = [
        TaskFilter::default(),
        TaskFilter { before: Some(claims[0].id()), ..TaskFilter::default() },
        TaskFilter { status: Some(TaskStatus::Completed), ..TaskFilter::default() },
        TaskFilter { status: Some(TaskStatus::Failed), ..TaskFilter::default() },
        TaskFilter { document_id: Some(claims[0].document_id()), ..TaskFilter::default() },
    ];
    for filter in filters {
        tasks::list(connection, owner, &filter, 50).await.unwrap();
        tasks.check(connection, &format!("list with {filter:?}")).await;
    }
    assert!(tasks::find(connection, owner, claims[0].id()).await.unwrap().is_some());
    tasks.check(connection, "find").await;
    assert!(tasks::find_by_idempotency_key(connection, owner, "50").await.unwrap().is_some());
    tasks.check(connection, "find_by_idempotency_key").await;
    let keys: Vec<_> = (1..=10).map(|number| (10 * number).to_string()).collect();
    let found = tasks::find_all_by_idempotency_key(connection, owner, &keys).await.unwrap();
    assert!(found.len() > 1);
    tasks.check(connection, "find_all_by_idempotency_key").await;
    let ids: Vec<_> = found.iter().map(|task| task.id).collect();
    assert_eq!(tasks::find_all(connection, owner, &ids).await.unwrap(), found);
    tasks.check(connection, "find_all").await;
    assert_eq!(tasks::count_open(connection, owner, 5).await.unwrap(), 5);
    tasks.check(connection, "count_open").await;
    assert_eq!(tasks::count_pending(connection, 100_000).await.unwrap(), USERS * 10 - 8);
    tasks.check(connection, "count_pending").await;
    assert!(tasks::cancel(connection, owner, claims[0].id()).await.unwrap().is_some());
    tasks.check(connection, "cancel").await;
    connection.batch_execute("rollback").await.unwrap();
}

#[tokio::test]
async fn the_log_of_events_is_read_by_indexes() {
    let database = TestDatabase::new().await;
    fill(&database).await;
    let mut connection = database.pool().get().await.unwrap();
    let connection = &mut connection;
    connection.batch_execute("begin; set local max_parallel_workers_per_gather = 0").await.unwrap();
    let mut log = Watch::begin(connection, "events").await;
    let read = events::replay(connection, UserId(7), EventId(0), EventId(i64::MAX), 1_000).await.unwrap();
    assert_eq!(read.len(), 100);
    log.check(connection, "replay").await;
    events::LogReader::at_end(connection).await.unwrap();
    log.check(connection, "the end of the log").await;
    connection.batch_execute("rollback").await.unwrap();
}

const PASSAGES: i64 = 20_000;

/// 20,000 passages of 2,000 documents of 20 users. Each has the words `common` and one of its own:
/// `rare1` is the first of the first user.
async fn fill_library(database: &TestDatabase) {
    database
        .execute(&format!(
            "alter table documents disable trigger documents_search;
             insert into users (username, username_key, email, email_key, password_hash)
                 select n, n, n, n, '' from generate_series(1, 20) n;
             insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status)
                 select gen_random_uuid(), id, n, 'text/plain', n, sha256('a'), format('%s-%s', id, n), 'COMPLETED'
                 from users cross join generate_series(1, 100) n;
             insert into search_passages (document_id, page, start, length, words)
                 select d.id, n, 0, 10, format('''@%s'' ''common'':1 ''rare%s'':2', d.user_id,
                     row_number() over (order by d.user_id, d.id, n))::tsvector
                 from documents d cross join generate_series(1, {PASSAGES} / 2000) n;"
        ))
        .await;
    database.execute("vacuum analyze").await;
}

/// How many passages a search has read.
async fn passages_read(connection: &mut AsyncPgConnection) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Read {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        rows: i64,
    }
    let read: Read = diesel::sql_query(
        "select (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint as rows
         from pg_stat_xact_user_tables where relname = 'search_passages'",
    )
    .get_result(connection)
    .await
    .unwrap();
    read.rows
}

#[tokio::test]
async fn lists_and_searches_read_what_their_owner_has() {
    let database = TestDatabase::new().await;
    fill_library(&database).await;
    let owner = UserId(database.query_one("select min(id) from users").await);
    let mut connection = database.pool().get().await.unwrap();
    let connection = &mut connection;
    connection.batch_execute("begin; set local max_parallel_workers_per_gather = 0").await.unwrap();
    let mut documents = Watch::begin(connection, "documents").await;
    let filter = DocumentFilter::default();
    for by in [SortBy::Created, SortBy::Filename, SortBy::Size] {
        let sort = Sort { by, is_descending: true };
        let mut list = DocumentList { filter: &filter, query: None, sort, after: None, limit: 10 };
        let page = library::list(connection, owner, &list).await.unwrap();
        documents.check(connection, &format!("the first page by {by:?}")).await;
        list.after = page.last().map(|last| &last.key);
        assert_eq!(library::list(connection, owner, &list).await.unwrap().len(), 10);
        documents.check(connection, &format!("the second page by {by:?}")).await;
    }

    let sort = Sort { by: SortBy::Relevance, is_descending: true };
    let of_owner = PASSAGES / 20;
    for (text, found, read) in [
        ("common", 100, of_owner),
        ("common -rare1x", 100, of_owner),
        ("\"common rare1\"", 1, 1),
        ("\"rare1\" OR \"rare2\"", 1, of_owner),
        ("nowhere", 0, 0),
    ] {
        let mut passages = Watch::begin(connection, "search_passages").await;
        let before = passages_read(connection).await;
        let query = Query::parse(text).unwrap();
        let list = DocumentList { filter: &filter, query: Some(&query), sort, after: None, limit: 200 };
        let listed = library::list(connection, owner, &list).await.unwrap();
        passages.check(connection, text).await;
        assert_eq!(listed.len(), found, "{text}");
        let rows = passages_read(connection).await - before;
        assert!(rows <= 2 * read, "{text} reads {rows} passages");
    }
    connection.batch_execute("rollback").await.unwrap();
}
