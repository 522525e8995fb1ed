//! A gateway of one test's own.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{
    App,
    middleware::{NormalizePath, from_fn},
};
use chrono::{DateTime, Utc};
use quire_domain::clock::FakeClock;
use quire_gateway::{Gateway, GatewayConfig, PasswordCost, ProxyConfig, ThrottleConfig, openapi, routes};
use quire_testkit::{Answer, HttpClient, TestDatabase, listener};
use quire_web::{
    WebContext, client_address::TrustedProxies, config::TokenConfig, problem::AllowedMethods, request,
    server, shutdown::Shutdown, token::Tokens,
};
use serde_json::{Value, json};
use utoipa_actix_web::AppExt;

pub(crate) const PASSWORD: &str = "correct horse battery";
const SECRET: &str = "a secret that is only for tests, and long";

pub(crate) struct TestGateway {
    pub(crate) database: TestDatabase,
    pub(crate) clock: FakeClock,
    pub(crate) gateway: Gateway,
    pub(crate) client: HttpClient,
    pub(crate) address: SocketAddr,
    shutdown: Shutdown,
}

/// Somebody who is signed in.
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) client: HttpClient,
}

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_768_478_400, 0).unwrap()
}

/// Tokens as the gateway under test issues them, by this clock.
pub(crate) fn tokens(secret: &str, clock: FakeClock) -> Tokens {
    let config = TokenConfig {
        secret: secret.into(),
        previous_secrets: Vec::new(),
        access_lifetime: Duration::from_secs(900),
        refresh_lifetime: Duration::from_secs(86_400),
    };
    Tokens::new(&config, Arc::new(clock)).unwrap()
}

/// Tokens that the gateway under test accepts, issued at another time.
pub(crate) fn tokens_at(time: DateTime<Utc>) -> Tokens {
    tokens(SECRET, FakeClock::at(time))
}

fn config() -> GatewayConfig {
    GatewayConfig {
        proxy: ProxyConfig {
            // Nobody listens there.
            processor_url: "http://127.0.0.1:1".parse().unwrap(),
            processor_timeout: Duration::from_secs(20),
            max_upload_size: 1024 * 1024,
        },
        throttle: ThrottleConfig {
            max_failures_per_account: 3,
            max_failures_per_address: 5,
            window: Duration::from_secs(900),
        },
        refresh_lifetime: Duration::from_secs(86_400),
        password_cost: PasswordCost { memory_kib: 8, iterations: 1, lanes: 1 },
    }
}

impl TestGateway {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut GatewayConfig)) -> Self {
        let mut config = config();
        change(&mut config);
        let database = TestDatabase::new().await;
        let clock = FakeClock::at(now());
        let tokens = tokens(SECRET, clock.clone());
        let context = WebContext {
            tokens: tokens.clone(),
            clock: Arc::new(clock.clone()),
            trusted_proxies: TrustedProxies::default(),
        };
        let gateway = Gateway::new(config, database.pool(), tokens, Arc::new(clock.clone())).unwrap();
        let listener = listener();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let methods = AllowedMethods::new(&[&openapi()]);
        let served = gateway.clone();
        let factory = move || {
            App::new()
                .into_utoipa_app()
                .configure(routes)
                .into_app()
                .configure(|app| context.configure(app))
                .configure(|app| served.data(app))
                .app_data(methods.clone())
                .wrap(NormalizePath::trim())
                .wrap(from_fn(request::finish))
                .wrap(request::span())
        };
        tokio::spawn(server::serve("gateway-test", listener, 2, factory, shutdown.clone()));
        Self {
            database,
            clock,
            gateway,
            client: HttpClient::new(format!("http://{address}")),
            address,
            shutdown,
        }
    }

    /// Registers somebody of that name, with [`PASSWORD`].
    pub(crate) async fn person(&self, name: &str) -> Person {
        let form = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
        let answer = self.client.post("/auth/register", &form).await.expect_status(201);
        let body: Value = answer.json();
        let access = body["access"].as_str().unwrap().to_owned();
        Person {
            id: body["user"]["id"].as_i64().unwrap(),
            client: self.client.with_token(&access),
            access,
            refresh: body["refresh"].as_str().unwrap().to_owned(),
        }
    }

    pub(crate) async fn log_in(&self, name: &str, password: &str) -> Answer {
        let form = json!({"username": name, "password": password});
        self.client.post("/auth/login", &form).await
    }

    pub(crate) async fn refresh(&self, refresh: &str) -> Answer {
        self.client.post("/auth/token/refresh", &json!({"refresh": refresh})).await
    }

    /// The actions in the audit log, oldest first.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let rows: Vec<Value> = self.database.query_all("select action from audit_log order by id").await;
        rows.iter().map(|row| row["action"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        self.shutdown.hard.cancel();
    }
}

/// The fields that a problem complains of.
pub(crate) fn fields(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_object().unwrap();
    errors.keys().map(String::as_str).collect()
}
