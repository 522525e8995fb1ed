use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::{App, web};
use quire_web::{
    http_client::{ClientLimits, client},
    server::{BindError, bind, serve},
    shutdown::Shutdown,
};
use tokio::sync::Semaphore;

const LIMITS: ClientLimits =
    ClientLimits { connect: Duration::from_secs(10), read: Duration::from_secs(30), total: None };

/// What a handler waits for, and tells.
#[derive(Clone)]
struct Gate {
    entered: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

async fn slow(gate: web::Data<Gate>) -> &'static str {
    gate.entered.add_permits(1);
    let _permit = gate.open.acquire().await;
    "done"
}

struct Running {
    url: String,
    gate: Gate,
    shutdown: Shutdown,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

fn start() -> Running {
    let listener = bind("127.0.0.1", 0).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (shutdown, gate) =
        (Shutdown::new(), Gate { entered: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) });
    let data = gate.clone();
    let factory = move || App::new().app_data(web::Data::new(data.clone())).route("/", web::get().to(slow));
    Running {
        server: tokio::spawn(serve("test", listener, 1, factory, shutdown.clone())),
        url,
        gate,
        shutdown,
    }
}

#[tokio::test]
async fn a_soft_stop_finishes_what_is_in_hand() {
    let running = start();
    let client = client(LIMITS).unwrap();
    let request = tokio::spawn(client.get(&running.url).send());
    running.gate.entered.acquire().await.unwrap().forget();
    running.shutdown.soft.cancel();
    running.gate.open.add_permits(1);
    let response = request.await.unwrap().unwrap();
    assert_eq!(response.text().await.unwrap(), "done");
    running.server.await.unwrap().unwrap();
    assert!(client.get(&running.url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn a_hard_stop_waits_for_nobody() {
    let running = start();
    let client = client(LIMITS).unwrap();
    let request = tokio::spawn(client.get(&running.url).send());
    running.gate.entered.acquire().await.unwrap().forget();
    running.shutdown.soft.cancel();
    running.shutdown.hard.cancel();
    running.server.await.unwrap().unwrap();
    request.abort();
}

#[test]
fn a_port_in_use_is_said_in_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = bind("127.0.0.1", port).unwrap_err();
    assert_eq!(error.to_string(), format!("port {port} is in use; set PORT to another"));
    assert!(matches!(bind("192.0.2.1", 0), Err(BindError::Host { .. })));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let listener = bind("127.0.0.1", 0).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let shutdown = Shutdown::new();
    let factory = || App::new().route("/", web::get().to(async || web::Redirect::to("/elsewhere")));
    let server = tokio::spawn(serve("test", listener, 1, factory, shutdown.clone()));
    let response = client(LIMITS).unwrap().get(&url).send().await.unwrap();
    assert_eq!(response.status(), 307);
    shutdown.hard.cancel();
    server.await.unwrap().unwrap();
}
