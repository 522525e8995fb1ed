use std::net::{Ipv4Addr, TcpListener};

/// A listening socket on a loopback port that nobody else uses. Give it to the server under test.
///
/// # Panics
/// When the machine has no free port.
#[must_use]
pub fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port")
}

/// The number of a loopback port that was free just now, for programs that want a number.
/// Another process may take it first: prefer [`listener`].
///
/// # Panics
/// As [`listener`].
#[must_use]
pub fn free_port() -> u16 {
    listener().local_addr().expect("the address of a listening socket").port()
}
