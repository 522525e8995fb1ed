//! One piece at a time, on all replicas; and a client that comes back does not wait for its own ghost.

use std::time::Instant;

use quire_testkit::wait_until;

use super::{MIB, assert_became, create, head, lines, offset, offset_in, patch, raw_piece::RawPiece, tus};
use crate::support::{Quire, SECOND, Setup};

async fn wait_until_held(quire: &Quire) {
    let held = "uploads where holder is not null";
    wait_until("a piece is received", || async { quire.count(held).await == 1 }).await;
}

#[tokio::test]
async fn while_bytes_come_in_no_other_piece_is_taken() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(MIB, 1);
    let upload = create(&user, bytes.len(), "").await;
    let (_replica, other) = quire.start_replica().await;
    let other = other.with_token(&user.token);
    let mut sending = RawPiece::begin(&user.client, &user.token, &upload, 0, bytes.len(), "").await;
    sending.send(&bytes[..1]).await;
    wait_until_held(&quire).await;

    // A little now and then is enough to go on.
    let trickle = async {
        let mut at = 1;
        loop {
            sending.send(&bytes[at..at + 10]).await;
            at += 10;
            tokio::time::sleep(SECOND / 10).await;
        }
    };
    let refusals = async {
        let (piece, here) = (patch(&other, &upload, 0, &bytes), patch(&user.client, &upload, 0, &bytes));
        let end = tus(&other, "DELETE", &upload).send();
        let (piece, here, end, asked) = tokio::join!(piece, here, end, head(&other, &upload));
        for refused in [piece, here, end] {
            refused.assert_problem(423, "upload_locked");
        }
        asked.assert_status(200);
    };
    tokio::select! {
        () = refusals => {}
        () = trickle => {}
    }
    drop(sending);
    let come = offset(&user.client, &upload).await;
    let last = patch(&other, &upload, come, &bytes[come..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
}

#[tokio::test]
async fn of_two_pieces_at_once_one_is_taken() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(2 * MIB, 1);
    let upload = create(&user, bytes.len(), "").await;
    let pieces = (0..4).map(|_| patch(&user.client, &upload, 0, &bytes[..MIB]));
    let answers = futures_util::future::join_all(pieces).await;
    let taken = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(taken, 1, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 204) {
        assert!(matches!(refused.status.as_u16(), 409 | 423), "{refused:?}");
    }
    let last = patch(&user.client, &upload, MIB, &bytes[MIB..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
}

/// The connection is dead, and nobody has told the server. The client that comes back is on another
/// replica, and is not made to wait for the lease to run out.
#[tokio::test]
async fn a_silent_connection_gives_way_with_all_that_it_brought() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(MIB, 1);
    let upload = create(&user, bytes.len(), "").await;
    let (_replica, other) = quire.start_replica().await;
    let other = other.with_token(&user.token);
    let mut silent = RawPiece::begin(&user.client, &user.token, &upload, 0, bytes.len(), "").await;
    silent.send(&bytes[..200_000]).await;
    wait_until_held(&quire).await;

    let asked = Instant::now();
    let come = offset_in(&head(&other, &upload).await.expect_status(200));
    assert_eq!(come, 200_000);
    let last = patch(&other, &upload, come, &bytes[come..]).await.expect_status(204);
    assert!(asked.elapsed() < 7 * SECOND, "{:?}", asked.elapsed());
    assert_became(&user, &last, &bytes).await;
    assert_eq!(silent.status().await, 400);
}

/// Who lost the upload, because it was taken for dead, changes nothing any more.
#[tokio::test]
async fn who_lost_an_upload_changes_nothing() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(MIB, 1);
    let upload = create(&user, bytes.len(), "").await;
    patch(&user.client, &upload, 0, &bytes[..1_000]).await.assert_status(204);
    let mut lost = RawPiece::begin(&user.client, &user.token, &upload, 1_000, bytes.len() - 1_000, "").await;
    lost.send(&lines(100_000, 9)).await;
    wait_until_held(&quire).await;
    quire.database.execute("update uploads set holder = gen_random_uuid(), lease_until = now()").await;
    assert_eq!(lost.status().await, 423);
    assert_eq!(offset(&user.client, &upload).await, 1_000);
    let last = patch(&user.client, &upload, 1_000, &bytes[1_000..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
}
