//! The one PostgreSQL that all test processes share.
//!
//! `TEST_DATABASE_URL` names an existing server (a role that may create databases);
//! otherwise a private one is started on demand, beside the build output, and left
//! running for the next test. `quire-test-servers stop` ends it.

use std::fs;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use quire_store::private_server::{Options, PrivateServer, StartError};
use tokio::sync::OnceCell;

use crate::database;
use crate::shared::{Place, build_directory};

/// Names an existing server to test against.
const URL_VARIABLE: &str = "TEST_DATABASE_URL";
const DIRECTORY: &str = "quire-test-postgres";
/// Many test processes at once, each with a few pools.
const MAX_CONNECTIONS: u16 = 400;

/// The URL of the administrative database, of a server that accepts connections.
///
/// # Panics
/// When no server can be started.
pub async fn url() -> &'static str {
    static URL: OnceCell<String> = OnceCell::const_new();
    URL.get_or_init(|| async {
        match std::env::var(URL_VARIABLE) {
            Ok(url) if !url.is_empty() => url,
            _ => start().await.unwrap_or_else(|error| panic!("the test database: {}", chain(&error))),
        }
    })
    .await
}

/// Stops the shared private server; nothing happens when it does not run.
///
/// # Errors
/// When it does not stop.
pub async fn stop() -> Result<(), StartError> {
    for place in Place::candidates() {
        if place.data_dir.exists() {
            let _lock = place.lock().await;
            match PrivateServer::stop_left_running(&place.data_dir).await {
                // Where it could not be started it does not run.
                Ok(()) | Err(StartError::Unreachable { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

async fn start() -> Result<String, StartError> {
    let [beside_the_build, temporary] = Place::candidates();
    match beside_the_build.url().await {
        // Root's build output may be closed to the account that the server runs as.
        Err(StartError::Unreachable { .. }) => temporary.url().await,
        answer => answer,
    }
}

impl Place {
    fn candidates() -> [Self; 2] {
        let target = build_directory();
        let temporary = match &target {
            Some(target) => {
                format!("{DIRECTORY}-{}", database::short_hash(target.as_os_str().as_encoded_bytes()))
            }
            None => DIRECTORY.to_owned(),
        };
        let temporary = std::env::temp_dir().join(temporary);
        let beside = target.map_or_else(|| temporary.clone(), |target| target.join(DIRECTORY));
        [Self { data_dir: beside }, Self { data_dir: temporary }]
    }

    /// Starts the server unless it runs. One process at a time: the others wait and find it running.
    async fn url(&self) -> Result<String, StartError> {
        let _lock = self.lock().await;
        let known = fs::read_to_string(self.beside("url")).unwrap_or_default();
        if !known.is_empty() && answers(&known).await {
            return Ok(known);
        }
        let options =
            Options { durable: false, max_connections: MAX_CONNECTIONS, ..Options::new(&self.data_dir) };
        let server = PrivateServer::start(options).await?;
        let url = server.url("postgres");
        database::drop_leftovers(&url).await;
        fs::write(self.beside("url"), &url).expect("a file beside the test database");
        server.leave_running();
        Ok(url)
    }
}

/// Whether a server is there. One that is merely busy is: starting another would stop it.
async fn answers(url: &str) -> bool {
    match AsyncPgConnection::establish(url).await {
        Ok(_) => true,
        Err(error) => error.to_string().contains("too many clients"),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
