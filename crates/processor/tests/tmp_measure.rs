#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, dead_code, unused_imports, unreachable_pub, clippy::print_stdout)]
#[path = "it/live/mod.rs"]
mod live;
use std::time::Instant;
use live::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
fn rss() -> u64 {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    s.lines().find(|l| l.starts_with("VmRSS")).unwrap().split_whitespace().nth(1).unwrap().parse().unwrap()
}
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure() {
    let database = quire_testkit::TestDatabase::new().await;
    let server = Server::start(&database).await;
    let anna = user(&database, "anna").await;
    let bert = user(&database, "bert").await;
    let address = server.client.base_url().strip_prefix("http://").unwrap().to_owned();
    let (t, n) = (token(anna), 8000);
    let mut keep = Vec::new();
    let before = rss();
    for _ in 0..n {
        let mut s = tokio::net::TcpStream::connect(&address).await.unwrap();
        s.write_all(format!("GET /process/ws/{anna}?token={t} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").as_bytes()).await.unwrap();
        let mut b = [0u8; 1024];
        s.read(&mut b).await.unwrap();
        keep.push(s);
    }
    quire_testkit::wait_until("all", || async { server.hub.subscribers() >= n }).await;
    println!("per socket {} KiB", (rss() - before) as f64 / n as f64);
    let (mut socket, _) = server.socket(bert, "").await;
    let mut conn = database.pool().dedicated().await.unwrap();
    use diesel_async::SimpleAsyncConnection;
    let mut ms = vec![];
    for i in 0..1000 {
        conn.batch_execute(&events_sql(bert, 1, "'x'")).await.unwrap();
        let at = Instant::now();
        server.relay.signal().written();
        next_ids(&mut socket, 1).await;
        ms.push(at.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(std::time::Duration::from_millis(i % 7)).await;
    }
    ms.sort_by(f64::total_cmp);
    println!("commit to socket ms p50 {:.1} p99 {:.1} max {:.1}", ms[500], ms[990], ms[999]);
    let at = Instant::now();
    database.execute(&events_sql(anna, 1, "'x'")).await;
    server.relay.signal().written();
    for s in &mut keep { let mut b = [0u8; 2048]; let k = s.read(&mut b).await.unwrap(); assert!(k > 0); }
    println!("one event to {n} sockets: {:?}; per socket after {} KiB", at.elapsed(), (rss() - before) as f64 / n as f64);
}
