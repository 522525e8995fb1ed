//! Live events, through a server of their own with its own relay.

mod admission;
mod deltas;
mod replay;
mod resilience;
mod socket;
mod stream;

use std::{sync::Arc, time::Duration};

use actix_web::{
    App,
    middleware::{NormalizePath, from_fn},
    web::Data,
};
use chrono::DateTime;
use diesel_async::SimpleAsyncConnection;
use quire_domain::{
    EventId, UserId,
    clock::{FakeClock, SharedClock, SystemClock},
    user::Role,
};
use quire_processor::{
    live::{
        Live, Timing,
        hub::Hub,
        relay::{Relay, RelayHandle},
    },
    routes,
};
use quire_store::{AsyncPgConnection, Pool};
use quire_testkit::{DEADLINE, EventSocket, HttpClient, TestDatabase, listener, wait_until};
use quire_web::{
    WebContext, client_address::TrustedProxies, config::TokenConfig, request, server, shutdown::Shutdown,
    token::Tokens,
};
use serde_json::Value;
use tokio_util::task::TaskTracker;
use utoipa_actix_web::AppExt;

const HOUR: Duration = Duration::from_secs(3600);

/// One process: a relay, a hub and a server.
struct Server {
    hub: Hub,
    relay: RelayHandle,
    shutdown: Shutdown,
    background: TaskTracker,
    client: HttpClient,
}

impl Server {
    async fn start(database: &TestDatabase) -> Self {
        Self::with_timing(database, Timing::default()).await
    }

    /// A server whose relay has begun.
    async fn with_timing(database: &TestDatabase, timing: Timing) -> Self {
        let server = Self::unready(database, timing);
        wait_until("the relay has begun", || async { server.hub.subscribe(UserId(0)).is_some() }).await;
        server
    }

    fn unready(database: &TestDatabase, timing: Timing) -> Self {
        let pool = database.pool();
        let (hub, shutdown, background) = (Hub::default(), Shutdown::new(), TaskTracker::new());
        let relay = Relay::spawn(pool.clone(), hub.clone(), shutdown.clone(), &background);
        background.close();
        let listener = listener();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, pool, hub.clone(), timing, shutdown.clone()));
        Self { hub, relay, shutdown, background, client: HttpClient::new(format!("http://{address}")) }
    }

    fn socket_url(&self, user: UserId, query: &str) -> String {
        format!("{}/process/ws/{user}?{query}", self.client.base_url())
    }

    /// A socket of this user that has been greeted; with the greeting.
    async fn socket(&self, user: UserId, query: &str) -> (EventSocket, Value) {
        let url = self.socket_url(user, &format!("token={}&{query}", token(user)));
        let mut socket = EventSocket::connect(&url).await.unwrap();
        let greeting = socket.next_event(DEADLINE).await;
        assert_eq!(greeting["event"], "connected");
        (socket, greeting)
    }

    /// Waits until everything up to this event has been passed on.
    async fn caught_up(&self, id: i64) {
        wait_until("the relay has caught up", || async {
            self.hub.subscribe(UserId(0)).is_some_and(|place| place.from >= EventId(id))
        })
        .await;
    }
}

/// Whatever a test does, its server ends with it.
impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.soft.cancel();
        self.shutdown.hard.cancel();
    }
}

async fn serve(
    listener: std::net::TcpListener,
    pool: Pool,
    hub: Hub,
    timing: Timing,
    shutdown: Shutdown,
) -> std::io::Result<()> {
    let clock: SharedClock = Arc::new(SystemClock);
    let tokens = tokens(HOUR, clock.clone());
    let live = Live::new(pool, hub, tokens.clone(), clock.clone(), shutdown.clone()).with_timing(timing);
    let context = WebContext { tokens, clock, trusted_proxies: TrustedProxies::default() };
    let factory = move || {
        App::new()
            .into_utoipa_app()
            .configure(routes)
            .into_app()
            .configure(|app| context.configure(app))
            .app_data(Data::new(live.clone()))
            .wrap(NormalizePath::trim())
            .wrap(from_fn(request::finish))
            .wrap(request::span())
    };
    server::serve("live-test", listener, 1, factory, shutdown).await
}

fn tokens(lifetime: Duration, clock: SharedClock) -> Tokens {
    let config = TokenConfig {
        secret: "0123456789abcdef0123456789abcdef".into(),
        previous_secrets: Vec::new(),
        access_lifetime: lifetime,
        refresh_lifetime: HOUR,
    };
    Tokens::new(&config, clock).unwrap()
}

fn token(user: UserId) -> String {
    short_token(user, HOUR)
}

fn short_token(user: UserId, lifetime: Duration) -> String {
    tokens(lifetime, Arc::new(SystemClock)).issue_access(user, Role::User).unwrap().token
}

fn expired_token(user: UserId) -> String {
    let long_ago = FakeClock::at(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
    tokens(HOUR, Arc::new(long_ago)).issue_access(user, Role::User).unwrap().token
}

async fn user(database: &TestDatabase, name: &str) -> UserId {
    database
        .execute(&format!(
            "insert into users (username, username_key, email, email_key, password_hash)
             values ('{name}', '{name}', '{name}@example.org', '{name}@example.org', '')"
        ))
        .await;
    UserId(database.query_one(&format!("select id from users where username = '{name}'")).await)
}

/// SQL that writes events the way the store does: the transaction has its id before the
/// events take their numbers.
fn events_sql(user: UserId, count: usize, message: &str) -> String {
    format!(
        "select pg_current_xact_id();
         insert into events (user_id, name, status, message)
         select {user}, 'task_progress', 'processing', {message} from generate_series(1, {count})"
    )
}

/// Writes events in one transaction.
async fn write(database: &TestDatabase, user: UserId, count: usize) {
    database.execute(&events_sql(user, count, "'working'")).await;
}

/// A transaction that has written one event and is still open.
struct Open(AsyncPgConnection);

impl Open {
    async fn begin(database: &TestDatabase, user: UserId) -> Self {
        let mut connection = database.pool().dedicated().await.unwrap();
        let sql = format!("begin; {}", events_sql(user, 1, "'late'"));
        connection.batch_execute(&sql).await.unwrap();
        Self(connection)
    }

    async fn end(mut self, how: &str) {
        self.0.batch_execute(how).await.unwrap();
    }
}

/// The ids of the next `count` events of a socket.
async fn next_ids(socket: &mut EventSocket, count: usize) -> Vec<i64> {
    let mut ids = Vec::with_capacity(count);
    for _ in 0..count {
        let event = socket.next_event(DEADLINE).await;
        assert_eq!(event["event"], "task_progress");
        ids.push(event["id"].as_i64().unwrap());
    }
    ids
}

/// The ids of this user's stored events.
async fn stored_ids(database: &TestDatabase, user: UserId) -> Vec<i64> {
    database
        .query_one(&format!(
            "select coalesce(json_agg(id order by id), '[]') from events where user_id = {user}"
        ))
        .await
}
