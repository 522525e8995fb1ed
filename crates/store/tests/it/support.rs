//! Users, documents and tasks to begin with.

use std::time::Duration;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use quire_domain::{DocumentId, TaskId, UserId, details::DocumentDetails, ids::uuid_v7, user::Role};
use quire_store::{
    AsyncPgConnection, Connection,
    documents::NewDocument,
    queue::{self, Claim, Completion, Ending},
    tasks::{self, NewTask, Submitted},
    users::{self, NewUser},
};
use quire_testkit::TestDatabase;
use serde_json::{Value, json};
use uuid::Uuid;

/// Long enough for every test.
pub(crate) const LEASE: Duration = Duration::from_secs(300);

/// A fixed moment, and so many seconds more.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_768_478_400 + seconds, 0).unwrap()
}

/// A random UUID.
pub(crate) fn unique() -> Uuid {
    uuid_v7(at(0))
}

/// A database, and a connection to it.
pub(crate) async fn database() -> (TestDatabase, Connection) {
    let database = TestDatabase::new().await;
    let connection = database.pool().get().await.unwrap();
    (database, connection)
}

pub(crate) fn new_user<'a>(username: &'a str, email: &'a str) -> NewUser<'a> {
    NewUser {
        username,
        email,
        password_hash: "the hash",
        first_name: "",
        last_name: "",
        phone: "",
        birthdate: None,
        role: Role::User,
    }
}

pub(crate) async fn user(connection: &mut AsyncPgConnection, name: &str) -> UserId {
    let email = format!("{name}@example.com");
    users::create(connection, &new_user(name, &email)).await.unwrap().id()
}

/// A document with one task, as it is submitted.
pub(crate) struct Submission {
    pub(crate) owner: UserId,
    pub(crate) task: TaskId,
    pub(crate) document: DocumentId,
    pub(crate) sha256: [u8; 32],
    pub(crate) storage_key: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) max_attempts: i16,
}

impl Submission {
    pub(crate) fn of(owner: UserId) -> Self {
        let mut sha256 = [7; 32];
        sha256[..16].copy_from_slice(unique().as_bytes());
        Self {
            owner,
            sha256,
            task: TaskId(unique()),
            document: DocumentId(unique()),
            storage_key: format!("uploads/{}", unique()),
            idempotency_key: None,
            max_attempts: 3,
        }
    }

    pub(crate) fn with_key(mut self, key: &str) -> Self {
        self.idempotency_key = Some(key.to_owned());
        self
    }

    pub(crate) async fn send(&self, connection: &mut AsyncPgConnection) -> quire_domain::Result<Submitted> {
        let document = NewDocument {
            id: self.document,
            user_id: self.owner,
            filename: "report.pdf",
            declared_type: Some("application/pdf"),
            media_type: "application/pdf",
            size: 7,
            sha256: &self.sha256,
            storage_key: &self.storage_key,
            details: &DocumentDetails::default(),
        };
        let params = json!({"length": "short"});
        tasks::submit_document(connection, &document, &[self.new_task(&params)]).await
    }

    pub(crate) fn new_task<'a>(&'a self, params: &'a Value) -> NewTask<'a> {
        NewTask {
            id: self.task,
            task_type: "summarize",
            params,
            max_attempts: self.max_attempts,
            idempotency_key: self.idempotency_key.as_deref(),
            document_password: None,
        }
    }
}

/// Submits one more document of this user, and gives its task.
pub(crate) async fn submit(connection: &mut AsyncPgConnection, owner: UserId) -> TaskId {
    let submission = Submission::of(owner);
    assert_eq!(submission.send(connection).await.unwrap(), Submitted::Accepted);
    submission.task
}

/// Claims for a worker, beginning with the first user.
pub(crate) async fn claim(connection: &mut AsyncPgConnection, worker: Uuid, limit: i32) -> Vec<Claim> {
    queue::claim(connection, worker, LEASE, UserId(0), limit).await.unwrap()
}

/// Claims the one task that waits.
pub(crate) async fn claim_one(connection: &mut AsyncPgConnection, worker: Uuid) -> Claim {
    let mut claims = claim(connection, worker, 10).await;
    assert_eq!(claims.len(), 1);
    claims.remove(0)
}

/// A task that is done.
pub(crate) fn completion() -> Ending {
    Ending::Completed(Box::new(Completion {
        result: "Short.".into(),
        output: json!({"summary": "Short."}),
        warnings: json!(["one page is empty"]),
        provider: "local".into(),
        model: "textrank".into(),
        input_tokens: Some(12),
        output_tokens: Some(3),
        cost: Some("0.00012345".parse::<BigDecimal>().unwrap()),
        answer_key: None,
    }))
}

/// A task with all its columns.
pub(crate) async fn row(database: &TestDatabase, task: TaskId) -> Value {
    database.query_one(&format!("select to_json(t) from tasks t where id = '{task}'")).await
}

/// The names of the events of a task, oldest first.
pub(crate) async fn events(database: &TestDatabase, task: TaskId) -> Vec<String> {
    let events = format!("select json_agg(name order by id) from events where task_id = '{task}'");
    database.query_one(&events).await
}

/// Lets the leases of all tasks run out.
pub(crate) async fn let_leases_expire(database: &TestDatabase) {
    database
        .execute("update tasks set lease_until = now() - interval '1 second' where status = 'processing'")
        .await;
}
