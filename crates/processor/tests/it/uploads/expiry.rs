//! Uploads of which nothing more comes.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use quire_domain::{clock::FakeClock, user::Role};

use super::{assert_became, assert_nothing_left, create, head, lines, offset, patch, tus};
use crate::support::{Quire, Setup, User};

async fn start() -> (Quire, User, FakeClock) {
    let clock = FakeClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let quire = Setup::new().await.clock(Arc::new(clock.clone())).set("UPLOAD_EXPIRY", 2).start().await;
    let user = quire.user("ada").await;
    (quire, user, clock)
}

/// The same person after a while, with a new token.
fn later(quire: &Quire, user: User, clock: &FakeClock, hours: i64) -> User {
    clock.advance(TimeDelta::hours(hours));
    let token = quire.surroundings.tokens.issue_access(user.id, Role::User).unwrap().token;
    User { client: quire.client.with_token(&token), token, ..user }
}

#[tokio::test]
async fn an_upload_of_which_nothing_comes_expires_and_goes() {
    let (quire, user, clock) = start().await;
    let (idle, begun) = (create(&user, 1_000, "").await, create(&user, 1_000, "").await);
    patch(&user.client, &begun, 0, &lines(600, 1)).await.assert_status(204);
    let user = later(&quire, user, &clock, 2);
    for upload in [&idle, &begun] {
        assert_eq!(head(&user.client, upload).await.status, 410);
        patch(&user.client, upload, 0, b"x").await.assert_problem(410, "upload_expired");
        tus(&user.client, "DELETE", upload).send().await.assert_problem(410, "upload_expired");
    }
    assert_eq!(quire.files().len(), 1);
    quire.housekeeping().clean_up().await.unwrap();
    assert_nothing_left(&quire).await;
    assert_eq!(head(&user.client, &begun).await.status, 404);
}

#[tokio::test]
async fn each_piece_gives_more_time() {
    let (quire, mut user, clock) = start().await;
    let bytes = lines(400, 1);
    let upload = create(&user, bytes.len(), "").await;
    for at in [0, 100, 200] {
        patch(&user.client, &upload, at, &bytes[at..at + 100]).await.assert_status(204);
        user = later(&quire, user, &clock, 1);
        quire.housekeeping().clean_up().await.unwrap();
        assert_eq!(offset(&user.client, &upload).await, at + 100);
    }
    let last = patch(&user.client, &upload, 300, &bytes[300..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
}

#[tokio::test]
async fn the_document_outlives_its_upload() {
    let (quire, user, clock) = start().await;
    let bytes = lines(1_000, 1);
    let upload = create(&user, bytes.len(), "").await;
    let last = patch(&user.client, &upload, 0, &bytes).await.expect_status(204);
    let user = later(&quire, user, &clock, 3);
    assert_eq!(head(&user.client, &upload).await.status, 410);
    quire.housekeeping().clean_up().await.unwrap();
    assert_eq!(quire.count("uploads").await, 0);
    assert_became(&user, &last, &bytes).await;
}

/// Storage that is away does not make housekeeping forget.
#[tokio::test]
async fn what_cannot_be_removed_now_is_removed_later() {
    let (quire, user, clock) = start().await;
    let upload = create(&user, 1_000, "").await;
    patch(&user.client, &upload, 0, &lines(600, 1)).await.assert_status(204);
    clock.advance(TimeDelta::hours(3));
    let (media, aside) = (quire.media.path().to_owned(), quire.media.path().with_extension("aside"));
    std::fs::rename(&media, &aside).unwrap();
    quire.housekeeping().clean_up().await.unwrap();
    assert_eq!(quire.count("uploads").await, 1);
    std::fs::rename(&aside, &media).unwrap();
    quire.housekeeping().clean_up().await.unwrap();
    assert_nothing_left(&quire).await;
}
