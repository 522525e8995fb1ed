use quire_domain::ErrorCode;
use quire_store::listen;
use quire_testkit::{DEADLINE, TestDatabase};
use tokio::sync::mpsc;

#[tokio::test]
async fn a_notification_wakes_every_listener_until_the_connection_ends() {
    let database = TestDatabase::new().await;
    let mut listeners = Vec::new();
    for _ in 0..2 {
        let (wake, mut woken) = mpsc::unbounded_channel();
        let pool = database.pool();
        let listening = tokio::spawn(async move {
            listen::listen(&pool, || wake.send(()).unwrap(), |_| panic!("told")).await
        });
        // It says itself that listening has begun.
        tokio::time::timeout(DEADLINE, woken.recv()).await.unwrap().unwrap();
        listeners.push((listening, woken));
    }
    for _ in 0..3 {
        listen::notify(&mut database.pool().get().await.unwrap()).await.unwrap();
        for (_, woken) in &mut listeners {
            tokio::time::timeout(DEADLINE, woken.recv()).await.unwrap().unwrap();
        }
    }
    database.cut_connections().await;
    for (listening, mut woken) in listeners {
        // Either way the caller listens again: an error, or the end of the stream.
        let ended = tokio::time::timeout(DEADLINE, listening).await.unwrap().unwrap();
        if let Err(error) = ended {
            assert_eq!(error.code, ErrorCode::DatabaseUnavailable, "{error:?}");
        }
        assert!(woken.recv().await.is_none(), "woken more often than notified");
    }
}

#[tokio::test]
async fn without_a_database_nothing_is_listened_to() {
    let database = TestDatabase::new().await;
    database.take_away().await;
    let error = listen::listen(&database.pool(), || panic!("woken"), |_| panic!("told")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::DatabaseUnavailable);
}

#[tokio::test]
async fn messages_are_heard_by_all_in_their_order_and_wake_nobody() {
    let database = TestDatabase::new().await;
    let (say, mut heard) = mpsc::unbounded_channel();
    let pool = database.pool();
    let wake = say.clone();
    let _listening = tokio::spawn(async move {
        let hear = |message: &str| say.send(message.to_owned()).unwrap();
        listen::listen(&pool, || wake.send("woken".into()).unwrap(), hear).await
    });
    let mut next = async || tokio::time::timeout(DEADLINE, heard.recv()).await.unwrap().unwrap();
    assert_eq!(next().await, "woken", "listening has begun");
    let long = "x".repeat(listen::MESSAGE_MAX);
    let messages = [long, "it's \"quoted\", \\ ü".to_owned(), "3".to_owned()];
    let mut connection = database.pool().get().await.unwrap();
    listen::tell(&mut connection, &messages).await.unwrap();
    for message in &messages {
        assert_eq!(&next().await, message);
    }
    let too_long = ["1".to_owned(), "x".repeat(listen::MESSAGE_MAX + 1)];
    listen::tell(&mut connection, &too_long).await.unwrap_err();
    listen::tell(&mut connection, &["last".to_owned()]).await.unwrap();
    assert_eq!(next().await, "last");
}
