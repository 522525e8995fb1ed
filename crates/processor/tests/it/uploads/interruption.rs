//! Connections that break, processes that end: what has come stays, and nothing is mixed up.

use quire_testkit::{HttpClient, free_port, wait_for, wait_until};

use super::{
    MIB, assert_became, assert_nothing_left, checksum, create, head, lines, offset, patch, piece,
    raw_piece::RawPiece, sha256, stored_sha256,
};
use crate::support::{Setup, User};

/// Numbers that are the same in every run.
pub(super) struct Seeded(pub(super) u64);

impl Seeded {
    /// The next one (xorshift64).
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Sends so many bytes of a piece and hangs up.
async fn break_off(client: &HttpClient, user: &User, upload: &str, at: usize, whole: &[u8], send: usize) {
    let mut piece = RawPiece::begin(client, &user.token, upload, at, whole.len() - at, "").await;
    piece.send(&whole[at..at + send]).await;
}

#[tokio::test]
async fn connections_may_break_anywhere() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(3 * MIB, 1);
    for seed in 1..=5 {
        let mut random = Seeded(seed);
        let upload = create(&user, bytes.len(), "").await;
        let (mut at, mut sent) = (0, 0);
        for _ in 0..8 {
            let send = random.below(bytes.len() - at);
            break_off(&user.client, &user, &upload, at, &bytes, send).await;
            sent = sent.max(at + send);
            let come = offset(&user.client, &upload).await;
            assert!((at..=sent).contains(&come), "{at}, {sent}: {come}");
            at = come;
        }
        // A piece that broke off may still be on its way into the server: whoever is told that the
        // offset is another one by now asks again.
        let last = wait_for("the rest is taken", || async {
            let at = offset(&user.client, &upload).await;
            let answer = patch(&user.client, &upload, at, &bytes[at..]).await;
            (answer.status != 409).then_some(answer)
        })
        .await;
        assert_became(&user, &last.expect_status(204), &bytes).await;
        assert_eq!(stored_sha256(&quire).await, sha256(&bytes), "seed {seed}");
        quire.database.execute("delete from documents; delete from blob_deletions").await;
    }
}

#[tokio::test]
async fn what_came_of_a_piece_with_a_checksum_does_not_count_when_it_breaks_off() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(MIB, 1);
    let upload = create(&user, bytes.len(), "").await;
    patch(&user.client, &upload, 0, &bytes[..1_000]).await.assert_status(204);
    let header = format!("upload-checksum: {}\r\n", checksum(&bytes[1_000..]));
    let mut broken = RawPiece::begin(&user.client, &user.token, &upload, 1_000, MIB - 1_000, &header).await;
    broken.send(&bytes[1_000..500_000]).await;
    drop(broken);
    assert_eq!(offset(&user.client, &upload).await, 1_000);
    let last = patch(&user.client, &upload, 1_000, &bytes[1_000..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
}

#[tokio::test]
async fn another_process_goes_on_where_the_first_one_was() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(2 * MIB, 1);
    let upload = create(&user, bytes.len(), "").await;
    patch(&user.client, &upload, 0, &bytes[..MIB]).await.assert_status(204);
    let (replica, client) = quire.start_replica().await;
    let client = client.with_token(&user.token);
    assert_eq!(offset(&client, &upload).await, MIB);
    patch(&client, &upload, MIB, &bytes[MIB..MIB + 7]).await.assert_status(204);
    replica.stop().await;
    let last = patch(&user.client, &upload, MIB + 7, &bytes[MIB + 7..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
    assert_eq!(stored_sha256(&quire).await, sha256(&bytes));
}

/// A piece that is on its way when its server is asked to stop is written down and told to go on later.
#[tokio::test]
async fn a_server_that_stops_keeps_what_has_come() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(MIB, 1);
    let upload = create(&user, bytes.len(), "").await;
    let (replica, client) = quire.start_replica().await;
    let mut sending = RawPiece::begin(&client, &user.token, &upload, 0, bytes.len(), "").await;
    sending.send(&bytes[..300_000]).await;
    wait_until("the piece is received", || async {
        quire.count("uploads where holder is not null").await == 1
    })
    .await;
    replica.begin_to_stop();
    assert_eq!(sending.status().await, 503);
    let come = offset(&user.client, &upload).await;
    assert!(come <= 300_000, "{come}");
    let last = patch(&user.client, &upload, come, &bytes[come..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
    replica.stop().await;
}

/// The process is killed in the middle of a piece. What was made durable is there, and no more is
/// believed to be.
#[tokio::test]
async fn a_process_that_is_killed_loses_little_and_mixes_nothing_up() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(48 * MIB, 1);
    let upload = create(&user, bytes.len(), "").await;

    let port = free_port().to_string();
    let mut server = quire.program().env("PORT", &port).env("WORKER", "off").spawn().unwrap();
    let client = HttpClient::new(format!("http://127.0.0.1:{port}")).with_token(&user.token);
    wait_until("the server is alive", || async {
        let asked = quire.program().arg("healthcheck").env("PORT", &port).status();
        asked.await.unwrap().success()
    })
    .await;
    let mut sending = RawPiece::begin(&client, &user.token, &upload, 0, bytes.len(), "").await;
    sending.send(&bytes[..40 * MIB]).await;
    let durable = wait_for("some of it is durable", || async {
        let received: i64 = quire.database.query_one("select received from uploads").await;
        (received > 0).then_some(usize::try_from(received).unwrap())
    })
    .await;
    server.kill().await.unwrap();

    assert!((32 * MIB..40 * MIB).contains(&durable), "{durable}");
    assert_eq!(offset(&user.client, &upload).await, durable);
    // The lease of the one that was killed runs out.
    let last = wait_for("the upload is free", || async {
        let answer = patch(&user.client, &upload, durable, &bytes[durable..]).await;
        (answer.status != 423).then_some(answer)
    })
    .await;
    assert_became(&user, &last.expect_status(204), &bytes).await;
    assert_eq!(stored_sha256(&quire).await, sha256(&bytes));
    assert_eq!(quire.files().len(), 1);
}

/// The row of the account goes while a piece comes in.
#[tokio::test]
async fn a_deleted_account_leaves_no_bytes() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(MIB, 1);
    let upload = create(&user, bytes.len(), "").await;
    patch(&user.client, &upload, 0, &bytes[..1_000]).await.assert_status(204);
    quire.database.execute(&format!("delete from users where id = {}", user.id)).await;
    assert_eq!(head(&user.client, &upload).await.status, 404);
    assert_eq!(quire.files().len(), 1);
    quire.housekeeping().clean_up().await.unwrap();
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn without_the_database_the_client_is_asked_to_come_back() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(2_000, 1);
    let upload = create(&user, bytes.len(), "").await;
    patch(&user.client, &upload, 0, &bytes[..1_000]).await.assert_status(204);
    quire.database.take_away().await;
    let away = piece(&user.client, &upload, 1_000, &bytes[1_000..]).send().await;
    away.assert_problem(503, "database_unavailable");
    assert!(away.header("retry-after").is_some());
    quire.bring_back_database().await;
    let last = patch(&user.client, &upload, 1_000, &bytes[1_000..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
}
