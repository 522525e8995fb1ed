//! Who gets which task, and when.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use quire_domain::{TaskId, UserId};
use quire_store::{
    queue::{self, Claim},
    tasks,
};
use quire_testkit::TestDatabase;

use crate::support::{
    LEASE, claim, claim_one, database, events, let_leases_expire, row, submit, unique, user,
};

fn ids(claims: &[Claim]) -> HashSet<TaskId> {
    claims.iter().map(Claim::id).collect()
}

/// How many claims each of these users has.
fn shares(claims: &[Claim], users: &[UserId]) -> Vec<usize> {
    users.iter().map(|user| claims.iter().filter(|claim| claim.user_id() == *user).count()).collect()
}

async fn put_off(database: &TestDatabase, task: TaskId, seconds: i64) {
    let run_at = format!("now() + interval '{seconds} seconds'");
    database.execute(&format!("update tasks set run_at = {run_at} where id = '{task}'")).await;
}

#[tokio::test]
async fn a_claim_says_what_to_do_and_leaves_its_mark() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let task = submit(&mut connection, ada).await;
    let worker = unique();
    let claim = claim_one(&mut connection, worker).await;
    assert_eq!((claim.id(), claim.user_id()), (task, ada));
    assert_eq!((claim.task_type.as_str(), &claim.params["length"]), ("summarize", &"short".into()));
    assert_eq!((claim.attempt, claim.max_attempts), (1, 3));
    let row = row(&database, task).await;
    assert_eq!((row["status"].as_str(), row["attempt"].as_i64()), (Some("processing"), Some(1)));
    assert_eq!(row["worker"], worker.to_string());
    assert!(row["started_at"].is_string());
    let lease =
        format!("select extract(epoch from lease_until - started_at)::bigint from tasks where id = '{task}'");
    assert_eq!(database.query_one::<u64>(&lease).await, LEASE.as_secs());
    assert_eq!(events(&database, task).await, ["task_queued", "task_started"]);
}

#[tokio::test]
async fn one_users_tasks_are_claimed_in_the_order_they_are_due() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let mut due = Vec::new();
    for seconds in [-10, -30, -20] {
        let task = submit(&mut connection, ada).await;
        put_off(&database, task, seconds).await;
        due.push((seconds, task));
    }
    due.sort();
    for (_, task) in due {
        assert_eq!(claim(&mut connection, unique(), 1).await[0].id(), task);
    }
    assert!(claim(&mut connection, unique(), 1).await.is_empty());
}

#[tokio::test]
async fn nothing_is_claimed_before_its_time() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let task = submit(&mut connection, ada).await;
    put_off(&database, task, 60).await;
    assert!(claim(&mut connection, unique(), 10).await.is_empty());
    put_off(&database, task, 0).await;
    assert_eq!(claim_one(&mut connection, unique()).await.id(), task);
}

#[tokio::test]
async fn a_thousand_tasks_of_one_do_not_keep_anothers_waiting() {
    let (_database, mut connection) = database().await;
    let mut users = Vec::new();
    for (name, tasks) in [("many", 12), ("one", 1), ("two", 2)] {
        let id = user(&mut connection, name).await;
        for _ in 0..tasks {
            submit(&mut connection, id).await;
        }
        users.push(id);
    }
    // An equal share for each, from the first user on.
    assert_eq!(shares(&claim(&mut connection, unique(), 3).await, &users), [1, 1, 1]);
    // From the user after the one whose turn it was: the first of them gets a worker that is free.
    let next = queue::claim(&mut connection, unique(), LEASE, users[0], 1).await.unwrap();
    assert_eq!(shares(&next, &users), [0, 0, 1]);
    // Alone, one user gets everything, up to the limit.
    assert_eq!(shares(&claim(&mut connection, unique(), 5).await, &users), [5, 0, 0]);
    assert_eq!(shares(&claim(&mut connection, unique(), 100).await, &users), [6, 0, 0]);
    assert!(claim(&mut connection, unique(), 100).await.is_empty());
}

#[tokio::test]
async fn turns_go_round_all_users() {
    let (_database, mut connection) = database().await;
    let mut users = Vec::new();
    for number in 0..5 {
        let id = user(&mut connection, &format!("user{number}")).await;
        for _ in 0..3 {
            submit(&mut connection, id).await;
        }
        users.push(id);
    }
    let mut last = UserId(0);
    let mut turns = Vec::new();
    while turns.len() < 15 {
        let claims = queue::claim(&mut connection, unique(), LEASE, last, 1).await.unwrap();
        last = claims.first().map_or(UserId(0), Claim::user_id);
        turns.extend(claims.first().map(Claim::user_id));
    }
    assert_eq!(turns, users.repeat(3));
}

#[tokio::test]
async fn never_more_than_asked_for() {
    let (_database, mut connection) = database().await;
    for number in 0..7 {
        let id = user(&mut connection, &format!("user{number}")).await;
        for _ in 0..4 {
            submit(&mut connection, id).await;
        }
    }
    assert!(claim(&mut connection, unique(), 0).await.is_empty());
    for limit in [1, 2, 3, 5, 8] {
        let claims = claim(&mut connection, unique(), limit).await;
        assert_eq!(claims.len(), usize::try_from(limit).unwrap());
        assert_eq!(ids(&claims).len(), claims.len());
    }
}

#[tokio::test]
async fn no_two_workers_get_the_same_task() {
    const WORKERS: usize = 4;
    const TASKS: usize = 160;
    let (database, mut connection) = database().await;
    for number in 0..8 {
        let id = user(&mut connection, &format!("user{number}")).await;
        for _ in 0..TASKS / 8 {
            submit(&mut connection, id).await;
        }
    }
    let claimed = join_all((0..WORKERS).map(|number| {
        let pool = database.pool();
        tokio::spawn(async move {
            let (mut connection, worker) = (pool.get().await.unwrap(), unique());
            let mut mine = Vec::new();
            let mut limit = 1;
            while tasks::count_pending(&mut connection, 1).await.unwrap() > 0 {
                mine.extend(claim(&mut connection, worker, limit).await.iter().map(Claim::id));
                limit = limit % 4 + 1 + i32::try_from(number % 2).unwrap();
            }
            mine
        })
    }))
    .await;
    let claimed: Vec<TaskId> = claimed.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(claimed.len(), TASKS);
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), TASKS);
    let started: usize = database.query_one("select count(*) from events where name = 'task_started'").await;
    assert_eq!(started, TASKS);
    let once: bool = database.query_one("select bool_and(attempt = 1) from tasks").await;
    assert!(once);
}

#[tokio::test]
async fn a_heartbeat_renews_what_is_held_and_tells_what_is_not() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for _ in 0..4 {
        submit(&mut connection, ada).await;
    }
    let (worker, another) = (unique(), unique());
    let mine: Vec<TaskId> = claim(&mut connection, worker, 3).await.iter().map(Claim::id).collect();
    let of_another = claim_one(&mut connection, another).await.id();
    tasks::cancel(&mut connection, ada, mine[1]).await.unwrap();
    // Taken for lost, and claimed by somebody else.
    let lose = format!("update tasks set worker = '{another}' where id = '{}'", mine[2]);
    database.execute(&lose).await;
    let_leases_expire(&database).await;

    let asked = [mine.clone(), vec![of_another, TaskId(unique())]].concat();
    let held = queue::renew(&mut connection, worker, &asked, Duration::from_secs(90)).await.unwrap();
    let mut held: Vec<_> = held.iter().map(|held| (held.id(), held.cancel_requested)).collect();
    held.sort_by_key(|(_, cancel)| *cancel);
    assert_eq!(held, [(mine[0], false), (mine[1], true)]);
    let renewed = "select json_agg(id order by cancel_requested) from tasks where lease_until > now()";
    assert_eq!(database.query_one::<Vec<String>>(renewed).await, [mine[0].to_string(), mine[1].to_string()]);
    assert!(queue::renew(&mut connection, worker, &[], LEASE).await.unwrap().is_empty());
}
