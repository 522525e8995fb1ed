//! The database.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::super::{Reader, Section, Variable};

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`.
    pub url: SecretString,
    /// At most this many connections.
    pub pool_size: usize,
    /// PostgreSQL ends a statement that runs longer.
    pub statement_timeout: Duration,
    /// How long a request waits for a free connection.
    pub wait_timeout: Duration,
}

impl DatabaseConfig {
    /// Where the database is; the all-in-one run asks whether it is set.
    pub const DATABASE_URL: Variable = Variable::new("DATABASE_URL", "PostgreSQL to connect to.")
        .example("postgres://quire:password@localhost:5432/quire")
        .secret();
    /// The part-wise way to say the same; it counts as set when this one is.
    pub const POSTGRES_HOST: Variable =
        Variable::new("POSTGRES_HOST", "Host of PostgreSQL, instead of DATABASE_URL.").example("localhost");
    const POSTGRES_PORT: Variable =
        Variable::new("POSTGRES_PORT", "Port of PostgreSQL, with POSTGRES_HOST.").default("5432");
    const POSTGRES_DB: Variable =
        Variable::new("POSTGRES_DB", "Name of the database, with POSTGRES_HOST.").default("quire");
    const POSTGRES_USER: Variable =
        Variable::new("POSTGRES_USER", "User of the database, with POSTGRES_HOST.").default("quire");
    const POSTGRES_PASSWORD: Variable =
        Variable::new("POSTGRES_PASSWORD", "Password of that user, with POSTGRES_HOST.").secret();
    const POOL_SIZE: Variable =
        Variable::new("DATABASE_POOL_SIZE", "At most this many connections.").default("10");
    const STATEMENT_TIMEOUT: Variable =
        Variable::new("DATABASE_STATEMENT_TIMEOUT", "Seconds after which the database ends a statement.")
            .default("30");
    const WAIT_TIMEOUT: Variable =
        Variable::new("DATABASE_WAIT_TIMEOUT", "Seconds that a request waits for a free connection.")
            .default("5");

    /// What is read here.
    pub const SECTION: Section<'static> = Section {
        title: "Database",
        variables: &[
            Self::DATABASE_URL,
            Self::POSTGRES_HOST,
            Self::POSTGRES_PORT,
            Self::POSTGRES_DB,
            Self::POSTGRES_USER,
            Self::POSTGRES_PASSWORD,
            Self::POOL_SIZE,
            Self::STATEMENT_TIMEOUT,
            Self::WAIT_TIMEOUT,
        ],
    };

    /// Reads the section. `DATABASE_URL` wins over `POSTGRES_HOST`; one of them must be set.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let from_parts = !reader.is_set(&Self::DATABASE_URL) && reader.is_set(&Self::POSTGRES_HOST);
        let url = if from_parts {
            Self::url_from_parts(reader)
        } else {
            reader.required(&Self::DATABASE_URL, "be a URL with postgres://", String::new(), |text| {
                postgres_url(text).map(|_| text.to_owned())
            })
        };
        Self {
            url: url.into(),
            pool_size: reader.count(&Self::POOL_SIZE, 1..=1000),
            statement_timeout: reader.seconds(&Self::STATEMENT_TIMEOUT, 1..=3600),
            wait_timeout: reader.seconds(&Self::WAIT_TIMEOUT, 1..=300),
        }
    }

    fn url_from_parts(reader: &mut Reader<'_>) -> String {
        let host = reader.text(&Self::POSTGRES_HOST);
        let port = reader.port(&Self::POSTGRES_PORT);
        let database = reader.text(&Self::POSTGRES_DB);
        let user = reader.text(&Self::POSTGRES_USER);
        let password = reader.optional_secret(&Self::POSTGRES_PASSWORD);
        let url = || {
            let mut url = Url::parse("postgres://localhost").ok()?;
            url.set_host(Some(&host)).ok()?;
            url.set_port(Some(port)).ok()?;
            url.set_username(&user).ok()?;
            url.set_password(password.as_ref().map(ExposeSecret::expose_secret)).ok()?;
            url.path_segments_mut().ok()?.push(&database);
            Some(url.to_string())
        };
        url().unwrap_or_else(|| {
            reader.reject(&Self::POSTGRES_HOST, "must be the name or address of a host");
            String::new()
        })
    }
}

fn postgres_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "postgres" | "postgresql").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::{super::read, *};

    #[test]
    fn the_database_is_given_as_a_url_or_in_parts() {
        let url = |pairs: &[(&str, &str)]| {
            read(pairs, DatabaseConfig::read).map(|config| config.url.expose_secret().to_owned())
        };
        assert_eq!(url(&[("DATABASE_URL", "postgres://a@b/c")]).unwrap(), "postgres://a@b/c");
        assert_eq!(
            url(&[("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD", "p@ss/w:rd"), ("POSTGRES_USER", "me")])
                .unwrap(),
            "postgres://me:p%40ss%2Fw%3Ard@db:5432/quire"
        );
        assert_eq!(
            url(&[("POSTGRES_HOST", "db"), ("DATABASE_URL", "postgresql://b")]).unwrap(),
            "postgresql://b"
        );
        assert!(url(&[]).unwrap_err().contains("DATABASE_URL (or DATABASE_URL_FILE) must be set"));
        let error = url(&[("DATABASE_URL", "mysql://root:hunter2@b")]).unwrap_err();
        assert!(error.contains("DATABASE_URL must be a URL with postgres://"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
