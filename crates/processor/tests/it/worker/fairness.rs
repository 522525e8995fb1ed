//! One user's many tasks do not keep another's waiting.

use quire_domain::{TaskId, UserId, ids::uuid_v7};
use quire_store::queue::{self, Claim};

use crate::support::{Quire, SECOND, Setup, User};

/// Gives a user `count` tasks, older than all others.
async fn many(quire: &Quire, user: &User, count: usize) {
    let document = user.submit_text().await.document;
    quire
        .database
        .execute(&format!(
            "insert into tasks (id, user_id, document_id, task_type, max_attempts, run_at)
             select gen_random_uuid(), {}, '{document}', 'summarize', 5, now() - interval '1 hour'
             from generate_series(1, {})",
            user.id,
            count - 1
        ))
        .await;
}

async fn claim(quire: &Quire, after: UserId, limit: i32) -> Vec<Claim> {
    let worker = uuid_v7(quire.surroundings.clock.now());
    let mut connection = quire.database.pool().get().await.unwrap();
    queue::claim(&mut connection, worker, 60 * SECOND, after, limit).await.unwrap()
}

fn of(claims: &[Claim], user: &User) -> usize {
    claims.iter().filter(|claim| claim.user_id() == user.id).count()
}

#[tokio::test]
async fn everybody_has_a_turn_in_the_first_round() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    many(&quire, &ada, 50).await;
    bob.submit_text().await;
    let claims = claim(&quire, UserId(0), 4).await;
    assert_eq!((of(&claims, &ada), of(&claims, &bob)), (2, 1));
    // Alone, she has all there is room for.
    assert_eq!(of(&claim(&quire, UserId(0), 4).await, &ada), 4);
}

#[tokio::test]
async fn with_room_for_one_users_take_turns() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    many(&quire, &ada, 50).await;
    bob.submit_text().await;
    let first = claim(&quire, UserId(0), 1).await;
    assert_eq!(of(&first, &ada), 1);
    let second = claim(&quire, ada.id, 1).await;
    assert_eq!(of(&second, &bob), 1);
    assert!(claim(&quire, bob.id, 1).await.is_empty());
}

#[tokio::test]
async fn a_users_own_tasks_are_done_in_order() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let mut expected = Vec::new();
    for _ in 0..4 {
        expected.push(user.submit_text().await.task.parse::<TaskId>().unwrap());
    }
    for task in expected {
        assert_eq!(claim(&quire, UserId(0), 1).await[0].id(), task);
    }
}

#[tokio::test]
async fn two_workers_never_claim_the_same_task() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    many(&quire, &user, 60).await;
    let claim = || claim(&quire, UserId(0), 15);
    let (a, b, c, d) = tokio::join!(claim(), claim(), claim(), claim());
    let mut ids: Vec<_> = [a, b, c, d].concat().iter().map(Claim::id).collect();
    let claimed = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), claimed);
    let processing = quire.count("tasks where status = 'processing' and attempt = 1").await;
    assert_eq!(i64::try_from(claimed).unwrap(), processing);
}

/// The same through a whole worker with room for one.
#[tokio::test]
async fn the_only_task_of_a_user_does_not_wait_for_the_many_of_another() {
    let quire = Setup::new().await.set("WORKER_CONCURRENCY", 1).start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    many(&quire, &ada, 20).await;
    let task = bob.submit_text().await.task;
    let worker = quire.start_worker();
    bob.wait_for(&task, "completed").await;
    worker.stop().await;
    let before: i64 = quire
        .database
        .query_one(&format!(
            "select count(*) from events where name = 'task_started' and user_id = {} and id <
                 (select id from events where name = 'task_started' and task_id = '{task}')",
            ada.id
        ))
        .await;
    assert_eq!(before, 1);
}
