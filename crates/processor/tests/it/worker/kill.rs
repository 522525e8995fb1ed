//! Workers in processes of their own, killed in the middle of their work.

use futures_util::{StreamExt, stream};
use quire_testkit::wait_until;
use serde_json::{Value, json};
use tokio::process::Child;

use crate::support::{Quire, Setup, TEXT};

const TASKS: usize = 200;

fn start_worker(quire: &Quire) -> Child {
    quire.program().arg("worker").env("WORKER_CONCURRENCY", "4").env("WORKER_LEASE", "2").spawn().unwrap()
}

#[tokio::test]
async fn a_killed_worker_loses_no_task_and_doubles_none() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let submit = |n: usize| {
        let (user, text) = (&user, format!("{TEXT} This is number {n}."));
        async move { user.submit_file("notes.txt", text.into()).await }
    };
    stream::iter(0..TASKS).map(submit).buffer_unordered(8).collect::<Vec<_>>().await;

    let completed = async || quire.count("tasks where status = 'completed'").await;
    let (mut victim, _survivor) = (start_worker(&quire), start_worker(&quire));
    wait_until("a quarter is done", || async { completed().await >= 50 }).await;
    victim.kill().await.unwrap();
    assert!(completed().await < 200, "the worker was killed too late");
    let _successor = start_worker(&quire);
    wait_until("all is done", || async { completed().await == 200 }).await;

    let per_task: Vec<Value> = quire
        .database
        .query_all(
            "select count(*) as tasks, completions, failures from (
                 select t.id, count(*) filter (where e.name = 'task_completed') as completions,
                     count(*) filter (where e.name in ('task_failed', 'task_cancelled')) as failures
                 from tasks t join events e on e.task_id = t.id group by t.id
             ) as counted group by completions, failures",
        )
        .await;
    assert_eq!(per_task, [json!({"tasks": TASKS, "completions": 1, "failures": 0})]);
    assert_eq!(quire.count("tasks where result is null").await, 0);
    assert_eq!(quire.count("documents where status = 'COMPLETED'").await, 200);
    assert_eq!(quire.count("document_pages").await, 200);
}
