//! The gateway's configuration.

use std::time::Duration;

use hyper::Uri;
use quire_web::config::{
    AppEnv, DatabaseConfig, HttpConfig, LogConfig, Reader, Section, TokenConfig, UploadLimit, Variable,
};

use crate::{passwords::PasswordCost, proxy::ProxyConfig, throttle::ThrottleConfig};

const PROCESSOR_URL: Variable =
    Variable::new("PROCESSOR_URL", "Where the processor listens: uploads are passed on to it.")
        .default("http://127.0.0.1:8002");
const PROCESSOR_TIMEOUT: Variable = Variable::new(
    "PROCESSOR_TIMEOUT",
    "Seconds that the processor may take to accept the next part of an upload, and to answer after the last.",
)
.default("60");

const MAX_FAILURES_PER_ACCOUNT: Variable = Variable::new(
    "LOGIN_MAX_FAILURES_PER_ACCOUNT",
    "Wrong passwords for one account, after which sign-in waits for the end of the window.",
)
.default("10");
const MAX_FAILURES_PER_ADDRESS: Variable = Variable::new(
    "LOGIN_MAX_FAILURES_PER_ADDRESS",
    "Wrong passwords from one address, after which sign-in waits for the end of the window.",
)
.default("50");
const LOGIN_WINDOW: Variable =
    Variable::new("LOGIN_WINDOW", "Seconds for which wrong passwords are counted.").default("900");

/// What the gateway itself needs to know, apart from what every service has.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Where uploads go.
    pub proxy: ProxyConfig,
    /// Brakes on guessing passwords.
    pub throttle: ThrottleConfig,
    /// How long a refresh token is good, and with it a session that is not used.
    pub refresh_lifetime: Duration,
    /// How much work one password is. Not a variable: less than recommended is for tests only.
    pub password_cost: PasswordCost,
}

impl GatewayConfig {
    /// The variables that only the gateway reads.
    pub const SECTIONS: [Section<'static>; 2] = [
        Section { title: "The way to the processor", variables: &[PROCESSOR_URL, PROCESSOR_TIMEOUT] },
        Section {
            title: "Sign-in",
            variables: &[MAX_FAILURES_PER_ACCOUNT, MAX_FAILURES_PER_ADDRESS, LOGIN_WINDOW],
        },
    ];

    /// Reads the sections.
    pub fn read(reader: &mut Reader<'_>, tokens: &TokenConfig) -> Self {
        Self {
            proxy: ProxyConfig {
                processor_url: processor_url(reader),
                processor_timeout: reader.seconds(&PROCESSOR_TIMEOUT, 1..=3600),
                max_upload_size: UploadLimit::read(reader),
            },
            throttle: ThrottleConfig {
                max_failures_per_account: count(reader, &MAX_FAILURES_PER_ACCOUNT),
                max_failures_per_address: count(reader, &MAX_FAILURES_PER_ADDRESS),
                window: reader.seconds(&LOGIN_WINDOW, 1..=86_400),
            },
            refresh_lifetime: tokens.refresh_lifetime,
            password_cost: PasswordCost::RECOMMENDED,
        }
    }
}

/// The two services share a network, and their certificates end in front of it.
fn processor_url(reader: &mut Reader<'_>) -> Uri {
    let must = "be an address with http:// and without a path";
    reader.required(&PROCESSOR_URL, must, Uri::default(), |text| {
        let uri = text.parse::<Uri>().ok()?;
        let plain = uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none();
        (plain && uri.host().is_some()).then_some(uri)
    })
}

fn count(reader: &mut Reader<'_>, variable: &Variable) -> i64 {
    i64::try_from(reader.number(variable, 1..=1_000_000)).unwrap_or(i64::MAX)
}

/// All that the gateway reads from its environment when it runs as a process of its own.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// In what surroundings it runs.
    pub app_env: AppEnv,
    /// Where and how to listen.
    pub http: HttpConfig,
    /// How to log.
    pub log: LogConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// Access tokens.
    pub tokens: TokenConfig,
    /// The gateway itself.
    pub gateway: GatewayConfig,
}

impl ServiceConfig {
    /// The port when `PORT` is not set.
    pub const DEFAULT_PORT: &'static str = "8001";

    /// Reads all sections; what is wrong is collected by the reader.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let tokens = TokenConfig::read(reader);
        Self {
            app_env: AppEnv::read(reader),
            http: HttpConfig::read(reader, Self::DEFAULT_PORT),
            log: LogConfig::read(reader),
            database: DatabaseConfig::read(reader),
            gateway: GatewayConfig::read(reader, &tokens),
            tokens,
        }
    }
}

/// The reference of all variables, for `--help`.
pub fn help() -> String {
    let http = HttpConfig::variables(ServiceConfig::DEFAULT_PORT);
    let [processor, sign_in] = GatewayConfig::SECTIONS;
    quire_web::config::help_text(&[
        AppEnv::SECTION,
        Section { title: "HTTP", variables: &http },
        LogConfig::SECTION,
        DatabaseConfig::SECTION,
        TokenConfig::SECTION,
        UploadLimit::SECTION,
        processor,
        sign_in,
    ])
}

#[cfg(test)]
mod tests {
    use quire_web::config::Environment;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<ServiceConfig, Vec<String>> {
        let environment = Environment::from_pairs(pairs.iter().copied()).with_defaults([
            ("DATABASE_URL", "postgres://quire@localhost/quire"),
            ("JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ]);
        let mut reader = Reader::new(&environment);
        let config = ServiceConfig::read(&mut reader);
        reader.finish().map(|()| config).map_err(|errors| errors.0)
    }

    #[test]
    fn the_defaults_are_usable() {
        let config = read(&[]).unwrap();
        assert_eq!(config.http.port, 8001);
        assert_eq!(config.gateway.proxy.processor_url, "http://127.0.0.1:8002/");
        assert_eq!(config.gateway.proxy.max_upload_size, 100 * 1024 * 1024);
        assert_eq!(config.gateway.throttle.window, Duration::from_secs(900));
        assert_eq!(config.gateway.password_cost, PasswordCost::RECOMMENDED);
    }

    #[test]
    fn addresses_that_cannot_work_are_refused_at_start() {
        for url in ["https://processor:8002", "processor:8002", "http://processor/process", "ftp://x"] {
            let errors = read(&[("PROCESSOR_URL", url)]).unwrap_err();
            assert!(errors[0].starts_with("PROCESSOR_URL must be an address with http://"), "{errors:?}");
        }
        assert!(read(&[("PROCESSOR_URL", "http://processor:8002/")]).is_ok());
    }

    #[test]
    fn old_names_of_the_upload_limit_are_understood() {
        let config = read(&[("MAX_FILE_SIZE_MB", "5")]).unwrap();
        assert_eq!(config.gateway.proxy.max_upload_size, 5 * 1024 * 1024);
    }

    #[test]
    fn the_help_lists_what_is_read() {
        let help = help();
        for name in
            ["PORT", "DATABASE_URL", "JWT_SECRET_KEY", "PROCESSOR_URL", "LOGIN_WINDOW", "MAX_UPLOAD_SIZE"]
        {
            assert!(help.contains(&format!("\n  {name}\n")), "{name}");
        }
    }
}
