//! Configuration: environment variables, read once at start into typed sections.
//!
//! Every variable is declared once, as a [`Variable`]: its name, the names it had elsewhere,
//! its default, and a sentence of help. [`Reader`] parses by that declaration and collects
//! *all* errors; [`help_text`] renders the same declarations for `--help`.
//!
//! ```
//! use quire_web::config::{Environment, Reader, Section, Variable, help_text};
//!
//! const LIMIT: Variable = Variable::new("LIMIT", "How many at once.").default("4");
//! const SECTION: Section = Section { title: "Work", variables: &[LIMIT] };
//!
//! let environment = Environment::from_pairs([("LIMIT", "many")]);
//! let mut reader = Reader::new(&environment);
//! reader.number(&LIMIT, 1..=64);
//! let errors = reader.finish().unwrap_err();
//! assert!(errors.to_string().contains("LIMIT must be a whole number from 1 to 64"));
//! assert!(help_text(&[SECTION]).contains("[default: 4]"));
//! ```

mod environment;
mod help;
mod reader;
mod sections;
mod variable;

pub use environment::{DotEnvError, Environment};
pub use help::{env_example, help_text};
pub use reader::{ConfigErrors, Reader};
pub use sections::{
    AppEnv, CorsOrigins, DatabaseConfig, HttpConfig, LogConfig, LogFormat, SECRET_MIN_BYTES, TokenConfig,
    UploadLimit,
};
pub use variable::{Alias, Section, Variable};
