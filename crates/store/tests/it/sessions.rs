use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;
use quire_domain::UserId;
use quire_store::sessions::{self, Redeemed, RefreshToken};
use uuid::Uuid;

use crate::support::{at, database, unique, user};

/// Stores a token of a family that is good for a minute.
async fn token(connection: &mut AsyncPgConnection, owner: UserId, family: Uuid) -> Vec<u8> {
    let token_hash = unique().as_bytes().to_vec();
    let token = RefreshToken {
        token_hash: token_hash.clone(),
        family,
        user_id: owner.0,
        created_at: at(0),
        expires_at: at(60),
    };
    sessions::insert_refresh_token(connection, &token).await.unwrap();
    token_hash
}

async fn redeem(connection: &mut AsyncPgConnection, token: &[u8], seconds: i64) -> Redeemed {
    sessions::redeem_refresh_token(connection, token, at(seconds)).await.unwrap()
}

#[tokio::test]
async fn a_token_is_good_once_and_then_ends_its_family() {
    let (_database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let (family, another_family) = (unique(), unique());
    let first = token(&mut connection, ada, family).await;
    let other_session = token(&mut connection, ada, another_family).await;

    assert_eq!(redeem(&mut connection, &first, 1).await, Redeemed::Fresh { user_id: ada, family });
    let second = token(&mut connection, ada, family).await;
    assert_eq!(redeem(&mut connection, &second, 2).await, Redeemed::Fresh { user_id: ada, family });
    let third = token(&mut connection, ada, family).await;

    assert_eq!(redeem(&mut connection, &first, 3).await, Redeemed::Reused { user_id: ada });
    for token in [&first, &second, &third] {
        assert_eq!(redeem(&mut connection, token, 4).await, Redeemed::Unknown);
    }
    let still = redeem(&mut connection, &other_session, 5).await;
    assert_eq!(still, Redeemed::Fresh { user_id: ada, family: another_family });
}

#[tokio::test]
async fn of_two_at_the_same_moment_one_is_fresh() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for _ in 0..25 {
        let family = unique();
        let token = token(&mut connection, ada, family).await;
        let mut outcomes = join_all((0..2).map(|_| {
            let (pool, token) = (database.pool(), token.clone());
            async move { redeem(&mut pool.get().await.unwrap(), &token, 1).await }
        }))
        .await;
        outcomes.sort_by_key(|outcome| matches!(outcome, Redeemed::Reused { .. }));
        assert_eq!(outcomes, [Redeemed::Fresh { user_id: ada, family }, Redeemed::Reused { user_id: ada }]);
    }
}

#[tokio::test]
async fn expired_foreign_and_inactive_tokens_are_unknown() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let (first, second) =
        (token(&mut connection, ada, unique()).await, token(&mut connection, ada, unique()).await);
    assert_eq!(redeem(&mut connection, &first, 60).await, Redeemed::Unknown);
    assert!(matches!(redeem(&mut connection, &first, 59).await, Redeemed::Fresh { .. }));
    assert_eq!(redeem(&mut connection, b"never made", 1).await, Redeemed::Unknown);
    database.execute("update users set active = false").await;
    assert_eq!(redeem(&mut connection, &second, 1).await, Redeemed::Unknown);
    database.execute("update users set active = true").await;
    assert!(matches!(redeem(&mut connection, &second, 1).await, Redeemed::Fresh { .. }));
}

#[tokio::test]
async fn sessions_are_ended_by_their_owner_one_or_all() {
    let (_database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    let family = unique();
    let here = token(&mut connection, ada, family).await;
    let older_here = token(&mut connection, ada, family).await;
    let there = token(&mut connection, ada, unique()).await;
    let of_bob = token(&mut connection, bob, unique()).await;

    assert!(!sessions::end_session(&mut connection, bob, &here).await.unwrap());
    assert!(sessions::end_session(&mut connection, ada, &here).await.unwrap());
    assert!(!sessions::end_session(&mut connection, ada, &here).await.unwrap());
    assert_eq!(redeem(&mut connection, &older_here, 1).await, Redeemed::Unknown);
    assert!(matches!(redeem(&mut connection, &there, 1).await, Redeemed::Fresh { .. }));

    let last = token(&mut connection, ada, unique()).await;
    sessions::end_all_sessions(&mut connection, ada).await.unwrap();
    assert_eq!(redeem(&mut connection, &last, 1).await, Redeemed::Unknown);
    assert!(matches!(redeem(&mut connection, &of_bob, 1).await, Redeemed::Fresh { .. }));
}

#[tokio::test]
async fn a_ticket_lets_in_once_and_in_time() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for (ticket, expires) in [(b"one", 30), (b"two", 30)] {
        sessions::insert_socket_ticket(&mut connection, ticket, ada, at(expires)).await.unwrap();
    }
    let tries = join_all((0..4).map(|_| {
        let pool = database.pool();
        async move {
            sessions::redeem_socket_ticket(&mut pool.get().await.unwrap(), b"one", at(29)).await.unwrap()
        }
    }))
    .await;
    assert_eq!(tries.into_iter().flatten().collect::<Vec<_>>(), [ada]);
    // One that came too late is spent as well.
    for seconds in [30, 29] {
        let redeemed = sessions::redeem_socket_ticket(&mut connection, b"two", at(seconds)).await;
        assert_eq!(redeemed.unwrap(), None);
    }
}

#[tokio::test]
async fn what_has_expired_is_swept() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    token(&mut connection, ada, unique()).await;
    sessions::insert_socket_ticket(&mut connection, b"late", ada, at(61)).await.unwrap();
    assert_eq!(sessions::sweep_expired(&mut connection, at(59)).await.unwrap(), 0);
    assert_eq!(sessions::sweep_expired(&mut connection, at(60)).await.unwrap(), 1);
    let left = "select (select count(*) from refresh_tokens) + 10 * (select count(*) from socket_tickets)";
    assert_eq!(database.query_one::<i64>(left).await, 10);
    assert_eq!(sessions::sweep_expired(&mut connection, at(61)).await.unwrap(), 1);
}
