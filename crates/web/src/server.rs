//! Running an HTTP server until it is told to stop.

use std::{
    io,
    net::{TcpListener, ToSocketAddrs},
    time::Duration,
};

use actix_web::{
    App, Error, HttpServer,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
};

use crate::shutdown::Shutdown;

/// An idle connection is kept this long: longer than the 60 s of nginx, so that it is the
/// proxy that closes, and never just as it sends.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// A client has this long to send the head of a request.
const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A client has this long to take note of the end of a connection.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The server's own limit on a graceful stop, in seconds; `Shutdown::hard` comes before.
const STOP_LIMIT: u64 = 3600;

/// Why a port could not be opened, as a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("port {port} is in use; set PORT to another")]
    InUse {
        /// The port.
        port: u16,
    },
    /// Ports below 1024 need privileges.
    #[error("port {port} may not be opened without privileges; set PORT to one above 1023")]
    Privileged {
        /// The port.
        port: u16,
    },
    /// The address is not one of this machine.
    #[error("{host} is not an address of this machine; set HOST to one, such as 127.0.0.1 or 0.0.0.0")]
    Host {
        /// The address.
        host: String,
    },
    /// Something else.
    #[error("cannot listen on {host} port {port}")]
    Other {
        /// The address.
        host: String,
        /// The port.
        port: u16,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// Opens a port; 0 lets the system choose.
///
/// # Errors
/// When it is in use, not allowed, or the host is not this one.
pub fn bind(host: &str, port: u16) -> Result<TcpListener, BindError> {
    let host_error = || BindError::Host { host: host.to_owned() };
    let addresses: Vec<_> = (host, port).to_socket_addrs().map_err(|_| host_error())?.collect();
    TcpListener::bind(&*addresses).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { port },
        io::ErrorKind::PermissionDenied => BindError::Privileged { port },
        io::ErrorKind::AddrNotAvailable => host_error(),
        _ => BindError::Other { host: host.to_owned(), port, source },
    })
}

/// Serves an app until told to stop. After [`Shutdown::soft`] no connection is taken, and
/// requests in hand are answered; after [`Shutdown::hard`] they are dropped. `factory` is
/// called once in each worker.
///
/// Sockets and streams that live long must end on `soft` by themselves.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve<F, T, B>(
    name: &'static str,
    listener: TcpListener,
    workers: usize,
    factory: F,
    shutdown: Shutdown,
) -> io::Result<()>
where
    F: Fn() -> App<T> + Send + Clone + 'static,
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let server = HttpServer::new(factory)
        .workers(workers)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(REQUEST_HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .shutdown_timeout(STOP_LIMIT)
        .disable_signals()
        .listen(listener)?
        .run();
    tracing::info!(service = name, %address, "listening");

    let handle = server.handle();
    let mut running = tokio::spawn(server);
    tokio::select! {
        ended = &mut running => return ended.unwrap_or_else(|e| Err(io::Error::other(e))),
        () = shutdown.soft.cancelled() => {}
        () = shutdown.hard.cancelled() => {}
    }
    let result = tokio::select! {
        // In this order: once hard, not even a graceful stop that is over is waited for.
        biased;
        () = shutdown.hard.cancelled() => {
            running.abort();
            Ok(())
        }
        () = handle.stop(true) => running.await.unwrap_or_else(|e| Err(io::Error::other(e))),
    };
    tracing::info!(service = name, "stopped");
    result
}
