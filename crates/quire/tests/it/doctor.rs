//! `quire doctor`, beside a running Quire and without one.

use std::fs;

use quire_testkit::Seaweed;

use crate::{
    person::Person,
    program::{Place, QUIRE, Said, run},
    walkthrough,
};

async fn doctor(place: &Place, arguments: &[&str]) -> Said {
    let mut command = place.command(QUIRE, &[]);
    command.arg("doctor").args(arguments);
    run(command, "").await
}

/// Of all that is in this place, everything is as it should be.
pub(crate) async fn finds_nothing(place: &Place) {
    let sound = doctor(place, &["--grace", "0"]).await;
    sound.assert_succeeded();
    assert!(sound.errors.contains("Nothing is wrong."), "{}", sound.errors);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_what_is_forgotten_goes() {
    let place = Place::new();
    let mut quire = place.quire(&[]);
    let client = quire.ready().await;
    Person::register(&client, "ada").await.summarize().await;
    let sound = doctor(&place, &["--grace", "0"]).await;
    sound.assert_succeeded();
    for sentence in ["Looked at 1 blobs and 1 documents.", "Nothing is wrong."] {
        assert!(sound.errors.contains(sentence), "{}", sound.errors);
    }
    quire.interrupt().await;

    let forgotten = place.data().join("media/uploads/user-1/forgotten");
    fs::write(&forgotten, "bytes").unwrap();
    doctor(&place, &[]).await.assert_succeeded();
    doctor(&place, &["--grace", "0"]).await.assert_failed("1 blobs are named by no document");
    assert!(forgotten.exists());
    doctor(&place, &["--grace", "0", "--delete-orphans"]).await.assert_succeeded();
    assert!(!forgotten.exists());

    fs::remove_dir_all(forgotten.parent().unwrap()).unwrap();
    let lost = doctor(&place, &["--grace", "0"]).await;
    lost.assert_failed("1 documents have lost their bytes");
    assert!(place.postgres_pid().is_none(), "PostgreSQL was left running");
}

/// All doors, storage in a bucket; and afterwards everything is in its place.
#[tokio::test]
async fn nothing_is_wrong_after_a_walk_through_all_doors_in_a_bucket() {
    let server = Seaweed::shared().await;
    let bucket = Seaweed::new_bucket();
    let variables = [
        ("STORAGE_BACKEND", "s3"),
        ("S3_BUCKET_NAME", bucket.as_str()),
        ("AWS_REGION", Seaweed::REGION),
        ("AWS_ENDPOINT_URL", server.endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", server.key_id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", server.secret.as_str()),
    ];
    let place = Place::new();
    let mut quire = place.quire(&variables);
    let client = quire.ready().await;
    walkthrough::passes(&place, client.base_url()).await;
    walkthrough::doors_are_open(&place, client.base_url()).await;
    let mut command = place.command(QUIRE, &variables);
    command.args(["doctor", "--grace", "0"]);
    let examined = run(command, "").await;
    examined.assert_succeeded();
    assert!(examined.errors.contains("Nothing is wrong."), "{}", examined.errors);
    quire.interrupt().await;
}
