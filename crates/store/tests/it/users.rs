use std::collections::BTreeSet;

use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;
use quire_domain::{Error, ErrorCode, UserId, user::Role};
use quire_store::{
    audit::{self, Action},
    documents,
    sessions::{self, RefreshToken},
    users::{self, NewUser, ProfileChange, User},
};
use quire_testkit::TestDatabase;
use serde_json::Value;

use crate::support::{Submission, at, claim_one, database, new_user, submit, unique, user};

async fn create(
    connection: &mut AsyncPgConnection,
    username: &str,
    email: &str,
) -> quire_domain::Result<User> {
    users::create(connection, &new_user(username, email)).await
}

fn assert_taken(error: &Error, code: ErrorCode, field: &str) {
    assert_eq!(error.code, code);
    assert_eq!(error.fields.0.keys().collect::<Vec<_>>(), [field]);
}

#[tokio::test]
async fn an_account_reads_back_as_it_was_made() {
    let (_database, mut connection) = database().await;
    let new = NewUser {
        first_name: "Ada",
        last_name: "Lovelace",
        phone: "+44 20 123456",
        birthdate: chrono::NaiveDate::from_ymd_opt(1815, 12, 10),
        role: Role::Superuser,
        ..new_user("Ada", "Ada@Example.com")
    };
    let made = users::create(&mut connection, &new).await.unwrap();
    assert_eq!((made.username.as_str(), made.email.as_str()), ("Ada", "Ada@Example.com"));
    assert_eq!((made.role(), made.active, made.api_calls_count), (Role::Superuser, true, 0));
    assert_eq!(made.wallet, bigdecimal::BigDecimal::from(0));
    assert_eq!(users::find(&mut connection, made.id()).await.unwrap(), Some(made.clone()));
    users::touch_login(&mut connection, made.id(), at(5)).await.unwrap();
    users::set_password_hash(&mut connection, made.id(), "another hash").await.unwrap();
    let (found, hash) = users::find_for_login(&mut connection, "ADA@example.COM").await.unwrap().unwrap();
    assert_eq!((found.id(), found.last_login_at, hash.as_str()), (made.id(), Some(at(5)), "another hash"));
}

/// Each line: ways to write what is one name.
const SAME: [&[&str]; 6] = [
    &["ada", "ADA", "Ａｄａ"],
    &["Ärztin", "äRZTIN", "A\u{308}rztin"],
    &["ﬁnn", "FINN"],
    &["Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"],
    &["straße", "STRASSE", "STRAẞE"],
    &["Иван", "ИВАН"],
];

#[tokio::test]
async fn names_are_unique_however_they_are_written() {
    let (_database, mut connection) = database().await;
    for (number, spellings) in SAME.iter().enumerate() {
        let first = create(&mut connection, spellings[0], &format!("{number}@example.com")).await.unwrap();
        for spelling in *spellings {
            let error = create(&mut connection, spelling, "new@example.com").await.unwrap_err();
            assert_taken(&error, ErrorCode::UsernameTaken, "username");
            let (found, _) = users::find_for_login(&mut connection, spelling).await.unwrap().unwrap();
            assert_eq!(found.id(), first.id(), "{spelling}");
        }
    }
}

#[tokio::test]
async fn addresses_are_unique_however_they_are_written() {
    let (_database, mut connection) = database().await;
    for (number, spellings) in SAME.iter().enumerate() {
        let email = |spelling: &str| format!("{spelling}@Example.com");
        create(&mut connection, &format!("person{number}"), &email(spellings[0])).await.unwrap();
        for spelling in *spellings {
            let error = create(&mut connection, "somebody-new", &email(spelling)).await.unwrap_err();
            assert_taken(&error, ErrorCode::EmailTaken, "email");
        }
    }
    assert_eq!(users::find_for_login(&mut connection, "somebody-new").await.unwrap(), None);
}

#[tokio::test]
async fn of_two_who_register_at_once_one_gets_the_name() {
    let database = TestDatabase::new().await;
    for round in 0..10 {
        let name = format!("round{round}");
        let tries = join_all((0..4).map(|number| {
            let (pool, name) = (database.pool(), name.clone());
            async move {
                create(&mut pool.get().await.unwrap(), &name, &format!("{name}-{number}@example.com")).await
            }
        }))
        .await;
        let codes: Vec<_> = tries.iter().filter_map(|made| made.as_ref().err()).map(|e| e.code).collect();
        assert_eq!(codes, [ErrorCode::UsernameTaken; 3]);
    }
}

#[tokio::test]
async fn a_profile_changes_where_it_is_told_to() {
    let (_database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    let change = ProfileChange {
        username: Some("Countess".into()),
        phone: Some("12345".into()),
        birthdate: Some(chrono::NaiveDate::from_ymd_opt(1815, 12, 10)),
        ..ProfileChange::default()
    };
    let changed = users::update_profile(&mut connection, ada, &change).await.unwrap().unwrap();
    assert_eq!((changed.username.as_str(), changed.email.as_str()), ("Countess", "ada@example.com"));
    assert!(changed.birthdate.is_some());
    // The new name signs in, the old one is free.
    let (found, _) = users::find_for_login(&mut connection, "COUNTESS").await.unwrap().unwrap();
    assert_eq!(found.id(), ada);
    create(&mut connection, "ada", "other@example.com").await.unwrap();

    let clear = ProfileChange { birthdate: Some(None), ..ProfileChange::default() };
    let cleared = users::update_profile(&mut connection, ada, &clear).await.unwrap().unwrap();
    assert_eq!((cleared.birthdate, cleared.phone.as_str()), (None, "12345"));

    let taken = ProfileChange { username: Some("countess".into()), ..ProfileChange::default() };
    let error = users::update_profile(&mut connection, bob, &taken).await.unwrap_err();
    assert_taken(&error, ErrorCode::UsernameTaken, "username");
    let own = users::update_profile(&mut connection, ada, &taken).await.unwrap().unwrap();
    assert_eq!(own.username, "countess");
}

#[tokio::test]
async fn an_inactive_account_is_there_for_sign_in_alone() {
    let (database, mut connection) = database().await;
    let id = user(&mut connection, "ada").await;
    database.execute("update users set active = false").await;
    assert_eq!(users::find(&mut connection, id).await.unwrap(), None);
    assert_eq!(users::password_hash(&mut connection, id).await.unwrap(), None);
    assert!(!users::count_api_call(&mut connection, id).await.unwrap());
    let unchanged = users::update_profile(&mut connection, id, &ProfileChange::default()).await;
    assert_eq!(unchanged.unwrap(), None);
    let (found, _) = users::find_for_login(&mut connection, "ada").await.unwrap().unwrap();
    assert!(!found.active);
}

#[tokio::test]
async fn api_calls_are_counted_one_by_one() {
    const CALLS: i64 = 40;
    let (database, mut connection) = database().await;
    let (id, other) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    let counted = join_all((0..CALLS).map(|_| {
        let pool = database.pool();
        async move { users::count_api_call(&mut pool.get().await.unwrap(), id).await.unwrap() }
    }))
    .await;
    assert!(counted.into_iter().all(|counted| counted));
    assert_eq!(users::find(&mut connection, id).await.unwrap().unwrap().api_calls_count, CALLS);
    assert_eq!(users::find(&mut connection, other).await.unwrap().unwrap().api_calls_count, 0);
    assert!(!users::count_api_call(&mut connection, UserId(i64::MAX)).await.unwrap());
    // The counter's setting is its own: what follows on the connection is durable.
    users::count_api_call(&mut connection, id).await.unwrap();
    let setting = diesel::dsl::sql::<diesel::sql_types::Text>(
        "select coalesce(nullif(current_setting('synchronous_commit'), reset_val), 'unchanged')
         from pg_settings where name = 'synchronous_commit'",
    );
    let setting: String = diesel_async::RunQueryDsl::get_result(setting, &mut connection).await.unwrap();
    assert_eq!(setting, "unchanged");
}

/// Something of this user in every table that can hold it.
async fn fill(connection: &mut AsyncPgConnection, owner: UserId) -> Submission {
    let submission = Submission::of(owner);
    submission.send(connection).await.unwrap();
    submit(connection, owner).await;
    let document = documents::find(connection, owner, submission.document).await.unwrap().unwrap();
    assert!(documents::begin_reading(connection, document.id()).await.unwrap());
    let page = documents::Page { number: 1, text: "text".into(), method: "text".into(), confidence: None };
    let thumbnail = format!("{}.webp", document.storage_key);
    let reading = documents::Reading {
        media_type: "text/plain",
        metadata: &Value::Null,
        pages: &[page],
        thumbnail_key: Some(&thumbnail),
    };
    documents::finish_reading(connection, &document, &reading).await.unwrap();
    let token = RefreshToken {
        token_hash: unique().as_bytes().to_vec(),
        family: unique(),
        user_id: owner.0,
        created_at: at(0),
        expires_at: at(60),
    };
    sessions::insert_refresh_token(connection, &token).await.unwrap();
    sessions::insert_socket_ticket(connection, unique().as_bytes(), owner, at(60)).await.unwrap();
    audit::record(connection, Some(owner), Some(owner), Action::LoggedIn).await.unwrap();
    submission
}

/// How many rows each table has that are this user's, directly or by a document.
async fn rows_of(database: &TestDatabase, owner: UserId) -> Vec<i64> {
    let mine = ["documents", "tasks", "events", "refresh_tokens", "socket_tickets"]
        .map(|table| format!("(select count(*) from {table} where user_id = {owner})"));
    let pages = format!(
        "(select count(*) from document_pages p join documents d on d.id = p.document_id where d.user_id = {owner})"
    );
    let audited =
        format!("(select count(*) from audit_log where actor_id = {owner} or subject_id = {owner})");
    let counts = [mine.join(", "), pages, audited].join(", ");
    database.query_one(&format!("select json_build_array({counts})")).await
}

/// The blobs that nothing names any more. They come in no order: those of one statement share an instant.
async fn listed_blobs(connection: &mut AsyncPgConnection) -> BTreeSet<String> {
    documents::blobs_to_delete(connection, 10).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn nothing_of_a_deleted_user_stays_but_the_record_and_the_list_of_blobs() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    fill(&mut connection, ada).await;
    fill(&mut connection, bob).await;
    let (of_ada, of_bob) = (rows_of(&database, ada).await, rows_of(&database, bob).await);
    assert!(of_ada.iter().all(|count| *count > 0), "{of_ada:?}");
    let keys = format!(
        "select json_agg(key order by key) from documents, unnest(array[storage_key, thumbnail_key]) as key
         where user_id = {ada} and key is not null"
    );
    let keys: Vec<String> = database.query_one(&keys).await;
    assert_eq!(keys.len(), 3);

    assert!(users::delete(&mut connection, ada).await.unwrap());
    assert_eq!(rows_of(&database, ada).await, vec![0; of_ada.len()]);
    assert_eq!(rows_of(&database, bob).await, of_bob);
    let orphans: i64 = database.query_one("select count(*) from document_pages").await;
    assert_eq!(orphans, 1);
    let records: i64 = database.query_one("select count(*) from audit_log where actor_id is null").await;
    assert_eq!(records, 1);

    let keys: BTreeSet<String> = keys.into_iter().collect();
    assert_eq!(listed_blobs(&mut connection).await, keys);
    let forgotten = keys.first().unwrap();
    documents::forget_blob(&mut connection, forgotten).await.unwrap();
    assert_eq!(listed_blobs(&mut connection).await, keys.iter().skip(1).cloned().collect());
    assert!(!users::delete(&mut connection, ada).await.unwrap());
}

#[tokio::test]
async fn a_user_can_be_deleted_while_a_worker_has_a_task() {
    let (_database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    submit(&mut connection, ada).await;
    let claim = claim_one(&mut connection, unique()).await;
    assert!(users::delete(&mut connection, ada).await.unwrap());
    let ended = quire_store::queue::finish(&mut connection, &claim, &quire_store::queue::Ending::Cancelled);
    assert!(!ended.await.unwrap());
}
