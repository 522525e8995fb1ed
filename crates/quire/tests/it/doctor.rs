//! `quire doctor`, beside a running Quire and without one.

use std::fs;

use crate::{
    person::Person,
    program::{Place, QUIRE, Said, run},
};

async fn doctor(place: &Place, arguments: &[&str]) -> Said {
    let mut command = place.command(QUIRE, &[]);
    command.arg("doctor").args(arguments);
    run(command, "").await
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
