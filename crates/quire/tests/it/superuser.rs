//! `quire createsuperuser`, beside a running Quire and without one.

use quire_testkit::TestDatabase;
use serde_json::Value;

use crate::{
    person::{Person, log_in},
    program::{Place, QUIRE, Said, run},
};

const PASSWORD: &str = "a long and secret one";

async fn create(
    place: &Place,
    variables: &[(&str, &str)],
    username: &str,
    email: &str,
    password: &str,
) -> Said {
    let mut command = place.command(QUIRE, variables);
    command.args(["createsuperuser", "--username", username, "--email", email, "--password-stdin"]);
    run(command, &format!("{password}\n")).await
}

#[tokio::test]
async fn it_works_beside_a_running_quire_and_without_one() {
    let place = Place::new();
    let stopped = create(&place, &[], "root", "root@example.com", PASSWORD).await;
    stopped.assert_succeeded();
    assert!(stopped.errors.contains("The superuser root was created."), "{}", stopped.errors);
    assert!(place.postgres_pid().is_none(), "PostgreSQL was left running");

    let mut quire = place.quire(&[]);
    let client = quire.ready().await;
    create(&place, &[], "second", "second@example.com", PASSWORD).await.assert_succeeded();
    client.get("/health/ready").await.assert_status(200);
    for name in ["root", "second"] {
        let person = Person::log_in(&client, name, PASSWORD).await;
        let profile: Value = person.get("/auth/profile/").await.expect_status(200).json();
        assert_eq!((&profile["role"], &profile["username"]), (&"superuser".into(), &name.into()));
    }
    log_in(&client, "root", "another password").await.assert_problem(401, "invalid_credentials");
    quire.interrupt().await;
    assert!(!quire.log().contains(PASSWORD) && !stopped.errors.contains(PASSWORD));
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_a_sentence() {
    let (place, database) = (Place::new(), TestDatabase::empty().await);
    let variables = [("DATABASE_URL", database.url())];
    create(&place, &variables, "root", "root@example.com", PASSWORD).await.assert_succeeded();
    let cases = [
        ("ROOT", "new@example.com", PASSWORD, "This user name is taken."),
        ("another", "Root@Example.com", PASSWORD, "There is an account with this e-mail address."),
        ("another", "new@example.com", "short", "A password has at least 8 characters."),
        ("another", "new@example.com", "", "A password has at least 8 characters."),
        ("a b", "new@example.com", PASSWORD, "A user name has letters, digits"),
        ("another", "nowhere", PASSWORD, "This is not an e-mail address."),
        ("x", "y", "z", "A user name has 3 to 150 characters."),
    ];
    for (username, email, password, sentence) in cases {
        create(&place, &variables, username, email, password).await.assert_failed(sentence);
    }
    let users = "select json_agg(json_build_array(username, role)) from users";
    let users: Value = database.query_one(users).await;
    assert_eq!(users, serde_json::json!([["root", "superuser"]]));
    let recorded: Value = database.query_one("select json_agg(action) from audit_log").await;
    assert_eq!(recorded, serde_json::json!(["superuser_created"]));
    assert!(!place.data().join("postgres").exists());
}

#[tokio::test]
async fn without_a_terminal_it_says_what_to_give() {
    let place = Place::new();
    for (given, missing) in [
        (&[][..], "there is no terminal to ask at; give --email"),
        (&["--email", "a@example.com"], "there is no terminal to ask at; give --username"),
        (
            &["--email", "a@example.com", "--username", "ada"],
            "there is no terminal to ask at; give --password-stdin",
        ),
    ] {
        let mut command = place.command(QUIRE, &[]);
        command.arg("createsuperuser").args(given);
        run(command, "").await.assert_failed(missing);
    }
    assert!(!place.data().join("postgres").exists());
}
