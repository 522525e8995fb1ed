//! Tasks on their way in, and as their users read them.

use futures_util::future::join_all;
use quire_domain::{
    DocumentId, ErrorCode, TaskId, UserId,
    ids::uuid_v7,
    task::{TaskFilter, TaskStatus},
};
use quire_store::{
    documents,
    tasks::{self, Submitted},
};
use quire_testkit::TestDatabase;
use serde_json::Value;

use crate::support::{Submission, at, claim, database, row, submit, unique, user};

#[tokio::test]
async fn a_submission_is_stored_whole() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let submission = Submission::of(ada).with_key("once");
    assert_eq!(submission.send(&mut connection).await.unwrap(), Submitted::Accepted);
    let task = tasks::find(&mut connection, ada, submission.task).await.unwrap().unwrap();
    assert_eq!((task.status, task.document_id), (TaskStatus::Pending, submission.document));
    assert_eq!((task.filename.as_str(), task.task_type.as_str()), ("report.pdf", "summarize"));
    let document = documents::find(&mut connection, ada, submission.document).await.unwrap().unwrap();
    assert_eq!((document.sha256, document.size), (Some(submission.sha256.to_vec()), 7));
    let event: Value = database.query_one("select to_json(e) from events e").await;
    assert_eq!(
        (event["name"].as_str(), event["filename"].as_str()),
        (Some("task_queued"), Some("report.pdf"))
    );
    let found = tasks::find_by_idempotency_key(&mut connection, ada, "once").await.unwrap().unwrap();
    assert_eq!(found, task);
}

#[tokio::test]
async fn of_two_with_one_key_at_once_one_is_accepted() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for round in 0..20 {
        let key = format!("key {round}");
        let outcomes = join_all((0..2).map(|_| {
            let (pool, submission) = (database.pool(), Submission::of(ada).with_key(&key));
            async move { submission.send(&mut pool.get().await.unwrap()).await.unwrap() }
        }))
        .await;
        let accepted = outcomes.iter().filter(|outcome| **outcome == Submitted::Accepted).count();
        assert_eq!(accepted, 1, "{outcomes:?}");
    }
    // Of the others nothing was stored.
    let counts = "select json_build_array((select count(*) from documents), (select count(*) from tasks),
        (select count(*) from events))";
    assert_eq!(database.query_one::<Vec<i64>>(counts).await, [20; 3]);
}

#[tokio::test]
async fn a_key_is_its_users_own() {
    let (_database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    for (owner, outcome) in
        [(ada, Submitted::Accepted), (bob, Submitted::Accepted), (ada, Submitted::Repeated)]
    {
        assert_eq!(Submission::of(owner).with_key("mine").send(&mut connection).await.unwrap(), outcome);
    }
    assert_eq!(tasks::find_by_idempotency_key(&mut connection, bob, "other").await.unwrap(), None);
    // Without a key, everything is new.
    for _ in 0..2 {
        submit(&mut connection, ada).await;
    }
}

#[tokio::test]
async fn further_tasks_are_for_the_owner_of_the_document() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    let first = Submission::of(ada);
    first.send(&mut connection).await.unwrap();
    let further = Submission::of(ada).with_key("further");
    let task = further.new_task(&Value::Null);
    for (owner, document) in [(bob, first.document), (ada, DocumentId(unique()))] {
        assert_eq!(
            tasks::create(&mut connection, owner, document, std::slice::from_ref(&task)).await.unwrap(),
            None
        );
    }
    let created = tasks::create(&mut connection, ada, first.document, &[task]).await.unwrap();
    assert_eq!(created, Some(Submitted::Accepted));
    let stored = row(&database, further.task).await;
    assert_eq!(stored["document_id"], first.document.to_string());
    let again = Submission::of(ada).with_key("further");
    let created =
        tasks::create(&mut connection, ada, first.document, &[again.new_task(&Value::Null)]).await.unwrap();
    assert_eq!(created, Some(Submitted::Repeated));
}

#[tokio::test]
async fn nothing_is_stored_for_an_account_that_is_gone() {
    let (_database, mut connection) = database().await;
    let error = Submission::of(UserId(77)).send(&mut connection).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal);
}

async fn listed(database: &TestDatabase, owner: UserId, filter: &TaskFilter, limit: i64) -> Vec<TaskId> {
    let mut connection = database.pool().get().await.unwrap();
    tasks::list(&mut connection, owner, filter, limit).await.unwrap().iter().map(|task| task.id).collect()
}

#[tokio::test]
async fn lists_are_the_users_own_newest_first_and_by_page() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    let mut newest_first = Vec::new();
    for seconds in 0..5 {
        let task = TaskId(uuid_v7(at(seconds)));
        Submission { task, ..Submission::of(ada) }.send(&mut connection).await.unwrap();
        submit(&mut connection, bob).await;
        newest_first.insert(0, task);
    }
    assert_eq!(listed(&database, ada, &TaskFilter::default(), 10).await, newest_first);
    let mut pages = Vec::new();
    loop {
        let filter = TaskFilter { before: pages.last().copied(), ..TaskFilter::default() };
        let page = listed(&database, ada, &filter, 2).await;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        pages.extend(page);
    }
    assert_eq!(pages, newest_first);
    for task in newest_first {
        assert_eq!(tasks::find(&mut connection, bob, task).await.unwrap(), None);
    }
}

#[tokio::test]
async fn lists_are_filtered() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let submission = Submission::of(ada);
    submission.send(&mut connection).await.unwrap();
    let others = [submit(&mut connection, ada).await, submit(&mut connection, ada).await];
    tasks::cancel(&mut connection, ada, others[0]).await.unwrap();
    let filters = [
        (TaskFilter { status: Some(TaskStatus::Cancelled), ..TaskFilter::default() }, vec![others[0]]),
        (TaskFilter { status: Some(TaskStatus::Completed), ..TaskFilter::default() }, vec![]),
        (
            TaskFilter { document_id: Some(submission.document), ..TaskFilter::default() },
            vec![submission.task],
        ),
        (TaskFilter { task_type: Some("translate".into()), ..TaskFilter::default() }, vec![]),
    ];
    for (filter, tasks) in filters {
        assert_eq!(listed(&database, ada, &filter, 10).await, tasks, "{filter:?}");
    }
    let all = TaskFilter { task_type: Some("summarize".into()), ..TaskFilter::default() };
    assert_eq!(listed(&database, ada, &all, 10).await.len(), 3);
}

#[tokio::test]
async fn what_waits_is_counted_up_to_a_limit() {
    let (_database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    for _ in 0..3 {
        submit(&mut connection, ada).await;
    }
    submit(&mut connection, bob).await;
    assert_eq!(tasks::count_open(&mut connection, ada, 10).await.unwrap(), 3);
    assert_eq!(tasks::count_open(&mut connection, ada, 2).await.unwrap(), 2);
    assert_eq!(tasks::count_pending(&mut connection, 10).await.unwrap(), 4);
    assert_eq!(tasks::count_pending(&mut connection, 3).await.unwrap(), 3);
    // What is being worked on does not wait.
    assert_eq!(claim(&mut connection, unique(), 2).await.len(), 2);
    assert_eq!(tasks::count_pending(&mut connection, 10).await.unwrap(), 2);
}
