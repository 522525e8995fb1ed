//! The origin under which a client knows the service, for addresses that are given to it.

use actix_web::{HttpRequest, http::header::HOST};

use crate::client_address::TrustedProxies;

/// Scheme and host of the request, such as `https://documents.example.com`: what belongs in front of a
/// path that the client is to be told. The host is that of the `Host` header, which proxies pass on;
/// the scheme is what a trusted proxy says in `X-Forwarded-Proto`, else that of the connection.
/// `None` where a request names no host.
pub fn origin(request: &HttpRequest) -> Option<String> {
    let host = request.headers().get(HOST)?.to_str().ok().filter(|host| is_host(host))?;
    let scheme = forwarded_scheme(request).unwrap_or_else(|| request.app_config().secure().into());
    Some(format!("{}://{host}", scheme.as_str()))
}

/// The address of something under this origin; `path` begins with `/`. Only the path, where the
/// request names no host: that is an address, too.
pub fn absolute(request: &HttpRequest, path: &str) -> String {
    format!("{}{path}", origin(request).unwrap_or_default())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl From<bool> for Scheme {
    fn from(secure: bool) -> Self {
        if secure { Self::Https } else { Self::Http }
    }
}

/// What the nearest proxy says, if it is trusted: the last entry.
fn forwarded_scheme(request: &HttpRequest) -> Option<Scheme> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let default = TrustedProxies::default;
    let trusted = request.app_data::<TrustedProxies>().cloned().unwrap_or_else(default);
    if !trusted.contains(peer) {
        return None;
    }
    let value = request.headers().get_all("x-forwarded-proto").last()?.to_str().ok()?;
    match value.rsplit(',').next()?.trim() {
        scheme if scheme.eq_ignore_ascii_case("https") => Some(Scheme::Https),
        scheme if scheme.eq_ignore_ascii_case("http") => Some(Scheme::Http),
        _ => None,
    }
}

/// A name or address with or without a port: nothing that could end the host of an address.
fn is_host(host: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (1..=260).contains(&host.len()) && host.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of(peer: &str, headers: &[(&'static str, &str)]) -> Option<String> {
        let request = TestRequest::default().peer_addr(peer.parse().unwrap());
        let request = headers.iter().fold(request, |request, header| request.append_header(*header));
        origin(&request.to_http_request())
    }

    #[test]
    fn the_scheme_is_what_a_trusted_proxy_says() {
        let host = ("host", "documents.example.com");
        let https = Some("https://documents.example.com".to_owned());
        let http = Some("http://documents.example.com".to_owned());
        assert_eq!(of("127.0.0.1:1", &[host]), http);
        assert_eq!(of("127.0.0.1:1", &[host, ("x-forwarded-proto", "https")]), https);
        assert_eq!(of("192.0.2.9:1", &[host, ("x-forwarded-proto", "https")]), http);
        // What the client put in front of what the proxy says.
        assert_eq!(of("127.0.0.1:1", &[host, ("x-forwarded-proto", "https, http")]), http);
        assert_eq!(of("127.0.0.1:1", &[host, ("x-forwarded-proto", "gopher")]), http);
    }

    #[test]
    fn a_host_is_a_host() {
        for (host, origin) in [
            ("127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("[::1]:8080", Some("http://[::1]:8080")),
            ("a/b", None),
            ("user@host", None),
            ("a b", None),
            ("", None),
        ] {
            assert_eq!(of("127.0.0.1:1", &[("host", host)]).as_deref(), origin, "{host}");
        }
    }

    #[test]
    fn without_a_host_a_path_is_all_there_is() {
        let request = TestRequest::default().to_http_request();
        assert_eq!(absolute(&request, "/blobs/a"), "/blobs/a");
    }
}
