//! The address of the client, also behind proxies, so that throttling hits the right one.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use ipnet::IpNet;

/// Networks of proxies whose `X-Forwarded-For` is believed. Cheap to clone; put it in the
/// app's data, else loopback alone is believed.
#[derive(Debug, Clone)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// These networks, and no other.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(networks.into_iter().collect())
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self::new(["127.0.0.0/8", "::1"].into_iter().filter_map(parse_network))
    }
}

/// An address, or a network such as `10.0.0.0/8`.
pub(crate) fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}

/// The address of the client: the peer's, or, while the peer is a trusted proxy, what
/// `X-Forwarded-For` says, read from the right, where our own proxies wrote. Entries further
/// left are the client's own invention and are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The address of the client of this request; `0.0.0.0` where the transport has none.
    pub fn of(request: &HttpRequest) -> Self {
        let Some(peer) = request.peer_addr() else {
            return Self(Ipv4Addr::UNSPECIFIED.into());
        };
        let default = TrustedProxies::default;
        let trusted = request.app_data::<TrustedProxies>().cloned().unwrap_or_else(default);
        let forwarded: Vec<&str> = request
            .headers()
            .get_all("x-forwarded-for")
            .map(|value| value.to_str().unwrap_or_default())
            .flat_map(|value| value.split(','))
            .collect();
        Self(behind(peer.ip().to_canonical(), &forwarded, &trusted))
    }
}

fn behind(peer: IpAddr, forwarded: &[&str], trusted: &TrustedProxies) -> IpAddr {
    let mut address = peer;
    for entry in forwarded.iter().rev() {
        if !trusted.contains(address) {
            break;
        }
        match parse_entry(entry.trim()) {
            Some(next) => address = next,
            None => break,
        }
    }
    address
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    bare.parse::<IpAddr>()
        .or_else(|_| entry.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

impl FromRequest for ClientAddress {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn client(peer: &str, headers: &[&str]) -> String {
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap()).app_data(
            TrustedProxies::new(["127.0.0.1", "10.0.0.0/8", "::1"].into_iter().filter_map(parse_network)),
        );
        for header in headers {
            request = request.append_header(("x-forwarded-for", *header));
        }
        ClientAddress::of(&request.to_http_request()).0.to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("192.0.2.9:1", &["198.51.100.1"]), "192.0.2.9");
    }

    #[test]
    fn what_a_client_put_in_front_is_not_believed() {
        assert_eq!(client("127.0.0.1:1", &["1.1.1.1, 203.0.113.5"]), "203.0.113.5");
        assert_eq!(client("127.0.0.1:1", &["1.1.1.1", "203.0.113.5, 10.1.2.3"]), "203.0.113.5");
        assert_eq!(client("127.0.0.1:1", &["10.0.0.1, 203.0.113.5"]), "203.0.113.5");
    }

    #[test]
    fn nonsense_ends_the_walk() {
        assert_eq!(client("127.0.0.1:1", &["203.0.113.5, unknown"]), "127.0.0.1");
        assert_eq!(client("127.0.0.1:1", &["203.0.113.5, evil, 10.1.1.1"]), "10.1.1.1");
        assert_eq!(client("127.0.0.1:1", &[]), "127.0.0.1");
    }

    #[test]
    fn every_way_to_write_an_address() {
        for (entry, address) in [
            ("203.0.113.5:4711", "203.0.113.5"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:203.0.113.5", "203.0.113.5"),
        ] {
            assert_eq!(client("[::1]:1", &[entry]), address, "{entry}");
        }
        assert_eq!(client("[::ffff:10.0.0.1]:1", &["203.0.113.5"]), "203.0.113.5");
    }
}
