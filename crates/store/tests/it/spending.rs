//! Budgets and what is spent of them.

use bigdecimal::BigDecimal;
use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;
use quire_domain::UserId;
use quire_store::{
    queue,
    spending::{self, Amount, Budget, Day, Reserved, Spent},
};

use crate::support::{at, claim_one, completion, database, submit, unique, user};

fn dollars(text: &str) -> BigDecimal {
    text.parse().unwrap()
}

fn amount(tokens: i64, cost: &str) -> Amount {
    Amount { tokens, cost: dollars(cost) }
}

fn spent(input_tokens: i64, output_tokens: i64, cost: Option<&str>) -> Spent {
    Spent { input_tokens, cached_input_tokens: input_tokens / 2, output_tokens, cost: cost.map(dollars) }
}

fn of_tokens(tokens: i64) -> Budget {
    Budget { tokens: Some(tokens), cost: None }
}

fn of_dollars(cost: &str) -> Budget {
    Budget { tokens: None, cost: Some(dollars(cost)) }
}

/// Reserves for five minutes.
async fn reserve(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    wanted: &Amount,
    budget: &Budget,
    seconds: i64,
) -> Reserved {
    spending::reserve(connection, owner, wanted, budget, at(seconds), at(seconds + 300)).await.unwrap()
}

async fn reserve_some(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    wanted: &Amount,
    budget: &Budget,
) -> i64 {
    match reserve(connection, owner, wanted, budget, 0).await {
        Reserved::Yes(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn today(connection: &mut AsyncPgConnection, owner: UserId, seconds: i64) -> Day {
    let day = at(seconds).date_naive();
    let mut days = spending::days(connection, owner, day, day).await.unwrap();
    days.pop().unwrap_or_else(|| Day::empty(day))
}

#[tokio::test]
async fn calls_at_once_cannot_spend_the_same_rest() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for budget in [of_tokens(1_050), of_dollars("1.05")] {
        let reserved =
            join_all(
                (0..30).map(|_| {
                    let (pool, budget) = (database.pool(), budget.clone());
                    async move {
                        reserve(&mut pool.get().await.unwrap(), ada, &amount(100, "0.1"), &budget, 0).await
                    }
                }),
            );
        let reserved = reserved.await;
        assert_eq!(reserved.iter().filter(|one| matches!(one, Reserved::Yes(_))).count(), 10, "{budget:?}");
        assert_eq!(reserved.iter().filter(|one| matches!(one, Reserved::Later)).count(), 20, "{budget:?}");
        assert_eq!(spending::reserved(&mut connection, ada, at(0)).await.unwrap(), amount(1_000, "1.0"));
        database.execute("delete from reservations").await;
    }
}

#[tokio::test]
async fn what_is_settled_is_spent_and_the_rest_is_free_again() {
    let (_database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let bob = user(&mut connection, "bob").await;
    let budget = Budget { tokens: Some(1_000), cost: Some(dollars("1")) };
    let call = reserve_some(&mut connection, ada, &amount(900, "0.9"), &budget).await;
    assert_eq!(reserve(&mut connection, ada, &amount(200, "0"), &budget, 0).await, Reserved::Later);
    assert_eq!(reserve(&mut connection, ada, &amount(0, "0.2"), &budget, 0).await, Reserved::Later);
    assert_eq!(reserve(&mut connection, ada, &amount(1_001, "0"), &budget, 0).await, Reserved::Never);
    assert!(matches!(reserve(&mut connection, bob, &amount(1_000, "1"), &budget, 0).await, Reserved::Yes(_)));

    let took = spent(300, 100, Some("0.25"));
    for _ in 0..2 {
        // Said twice, it is booked once.
        spending::settle(&mut connection, call, &took, at(1)).await.unwrap();
    }
    let day = today(&mut connection, ada, 1).await;
    assert_eq!((day.calls, day.unpriced_calls), (1, 0));
    assert_eq!((day.input_tokens, day.cached_input_tokens, day.output_tokens), (300, 150, 100));
    assert_eq!(day.known_cost(), Some(&dollars("0.25")));
    assert_eq!(reserve(&mut connection, ada, &amount(601, "0"), &budget, 1).await, Reserved::Never);
    assert_eq!(reserve(&mut connection, ada, &amount(0, "0.76"), &budget, 1).await, Reserved::Never);
    let rest = reserve_some(&mut connection, ada, &amount(600, "0.75"), &budget).await;
    spending::release(&mut connection, rest).await.unwrap();
    assert!(matches!(
        reserve(&mut connection, ada, &amount(600, "0.75"), &budget, 1).await,
        Reserved::Yes(_)
    ));
}

#[tokio::test]
async fn a_lost_reservation_expires_and_the_next_day_begins_anew() {
    const DAY: i64 = 24 * 60 * 60;
    let (_database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let budget = of_tokens(100);
    let call = reserve_some(&mut connection, ada, &amount(100, "0"), &budget).await;
    assert_eq!(reserve(&mut connection, ada, &amount(1, "0"), &budget, 299).await, Reserved::Later);
    assert!(matches!(reserve(&mut connection, ada, &amount(1, "0"), &budget, 300).await, Reserved::Yes(_)));
    assert_eq!(spending::sweep_expired(&mut connection, at(300)).await.unwrap(), 0);
    // Who was only slow still settles.
    spending::settle(&mut connection, call, &spent(100, 0, None), at(400)).await.unwrap();
    assert_eq!(reserve(&mut connection, ada, &amount(1, "0"), &budget, 900).await, Reserved::Never);
    let tomorrow = reserve(&mut connection, ada, &amount(100, "0"), &budget, DAY).await;
    assert!(matches!(tomorrow, Reserved::Yes(_)));
    assert_eq!(spending::sweep_expired(&mut connection, at(601)).await.unwrap(), 1);
}

#[tokio::test]
async fn one_call_without_a_price_makes_the_cost_of_its_day_unknown() {
    let (_database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for cost in [Some("0.5"), None] {
        let call = reserve_some(&mut connection, ada, &amount(1, "0"), &Budget::default()).await;
        spending::settle(&mut connection, call, &spent(1, 1, cost), at(0)).await.unwrap();
    }
    let day = today(&mut connection, ada, 0).await;
    assert_eq!((day.calls, day.unpriced_calls, day.known_cost()), (2, 1, None));
    // What is known still counts towards the budget.
    assert_eq!(reserve(&mut connection, ada, &amount(0, "0.6"), &of_dollars("1"), 0).await, Reserved::Never);
}

#[tokio::test]
async fn completed_tasks_are_counted_with_their_ending() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for _ in 0..2 {
        submit(&mut connection, ada).await;
        let claim = claim_one(&mut connection, unique()).await;
        for _ in 0..2 {
            queue::finish(&mut connection, &claim, &completion()).await.unwrap();
        }
    }
    assert_eq!(database.query_one::<i64>("select sum(tasks) from spending").await, 2);
    // They stay when the documents go.
    database.execute("delete from documents").await;
    assert_eq!(database.query_one::<i64>("select sum(tasks) from spending").await, 2);
}
