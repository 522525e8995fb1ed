//! Where and how to listen.

use std::num::NonZero;

use ipnet::IpNet;
use reqwest::Url;

use super::super::{Reader, Variable};
use crate::client_address::{TrustedProxies, parse_network};

/// Whose pages may call from a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Everybody's (`*`).
    Any,
    /// These; the pages of Quire's own origin need no mention.
    Only(Vec<String>),
}

/// Where and how to listen.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Address or host name to listen on.
    pub host: String,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// Whose pages may call.
    pub cors_allowed_origins: CorsOrigins,
    /// Threads that serve requests.
    pub workers: usize,
    /// Who is believed about the address of the client.
    pub trusted_proxies: TrustedProxies,
}

impl HttpConfig {
    const HOST: Variable =
        Variable::new("HOST", "Address to listen on; 0.0.0.0 for all.").default("127.0.0.1");
    const CORS: Variable = Variable::new(
        "CORS_ALLOWED_ORIGINS",
        "Origins whose pages may call the API, with commas between, or * for all. Not set: none but its own.",
    )
    .example("https://app.example.com");
    const WORKERS: Variable =
        Variable::new("HTTP_WORKERS", "Threads that serve requests. Not set: one for each core.");
    const PROXIES: Variable = Variable::new(
        "TRUSTED_PROXIES",
        "Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, with commas between.",
    )
    .default("127.0.0.0/8,::1");

    const fn port(default: &'static str) -> Variable {
        Variable::new("PORT", "Port to listen on; 0 for any that is free.").default(default)
    }

    /// What is read here, for a [`Section`](crate::config::Section) of the help; `port` is the
    /// default of `PORT`.
    pub const fn variables(port: &'static str) -> [Variable; 5] {
        [Self::HOST, Self::port(port), Self::CORS, Self::WORKERS, Self::PROXIES]
    }

    /// Reads the section; `port` is the default of `PORT`.
    pub fn read(reader: &mut Reader<'_>, port: &'static str) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let workers = reader.optional_number(&Self::WORKERS, 1..=1024);
        Self {
            host: reader.text(&Self::HOST),
            port: reader.port(&Self::port(port)),
            cors_allowed_origins: Self::read_origins(reader),
            workers: workers.and_then(|n| usize::try_from(n).ok()).unwrap_or(cores),
            trusted_proxies: TrustedProxies::new(reader.parsed_list::<IpNet>(
                &Self::PROXIES,
                "IP addresses or networks such as 10.0.0.0/8",
                parse_network,
            )),
        }
    }

    fn read_origins(reader: &mut Reader<'_>) -> CorsOrigins {
        if reader.list(&Self::CORS).iter().any(|origin| origin == "*") {
            return CorsOrigins::Any;
        }
        let each = "origins such as https://app.example.com, without a path";
        CorsOrigins::Only(reader.parsed_list(&Self::CORS, each, |text| {
            let url = Url::parse(text).ok()?;
            let origin = url.origin().ascii_serialization();
            let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
            (matches!(url.scheme(), "http" | "https") && bare).then_some(origin)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::read, *};

    #[test]
    fn http_has_defaults_and_checks_origins_and_proxies() {
        let config = read(&[], |reader| HttpConfig::read(reader, "8001")).unwrap();
        assert_eq!((config.host.as_str(), config.port), ("127.0.0.1", 8001));
        assert_eq!(config.cors_allowed_origins, CorsOrigins::Only(vec![]));
        assert!(config.workers >= 1);

        let origins = |text| {
            read(&[("CORS_ALLOWED_ORIGINS", text)], |reader| HttpConfig::read(reader, "1"))
                .map(|config| config.cors_allowed_origins)
        };
        assert_eq!(
            origins("https://a.example/, http://localhost:3000").unwrap(),
            CorsOrigins::Only(vec!["https://a.example".to_owned(), "http://localhost:3000".to_owned()])
        );
        assert_eq!(origins("*").unwrap(), CorsOrigins::Any);
        assert!(origins("a.example").unwrap_err().contains("CORS_ALLOWED_ORIGINS must be a list of origins"));
        assert!(origins("https://a.example/path").is_err());

        let proxies = [("TRUSTED_PROXIES", "10.0.0.0/8, gateway")];
        let error = read(&proxies, |reader| HttpConfig::read(reader, "1")).unwrap_err();
        assert!(error.contains("TRUSTED_PROXIES must be a list of IP addresses"), "{error}");
    }
}
