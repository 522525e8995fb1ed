//! What is logged.

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use super::super::{Alias, Reader, Section, Variable};

/// What is logged, and how it looks.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// A level, or a filter in the syntax of `tracing_subscriber::EnvFilter`.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl LogConfig {
    const LEVEL: Variable = Variable::new(
        "LOG_LEVEL",
        "error, warn, info, debug or trace; or a filter such as `info,quire_store=debug`.",
    )
    .default("info")
    .aliases(&[Alias::same("RUST_LOG")]);
    const FORMAT: Variable = Variable::new(
        "LOG_FORMAT",
        "pretty, json, or auto (pretty on a terminal, else json). Logs go to standard error.",
    )
    .default("auto");

    /// What is read here.
    pub const SECTION: Section<'static> = Section { title: "Logs", variables: &[Self::LEVEL, Self::FORMAT] };

    /// Reads the section.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let must = "be error, warn, info, debug, trace or a filter such as `info,quire_store=debug`";
        Self {
            level: reader
                .required(&Self::LEVEL, must, String::new(), |text| is_filter(text).then(|| text.to_owned())),
            format: reader.choice(
                &Self::FORMAT,
                &[("auto", LogFormat::Auto), ("pretty", LogFormat::Pretty), ("json", LogFormat::Json)],
                LogFormat::Auto,
            ),
        }
    }
}

/// Stricter than `EnvFilter`, which takes a misspelt level for the name of a target and then
/// logs nothing else.
fn is_filter(text: &str) -> bool {
    let level = |part: &str| part.trim().parse::<LevelFilter>().is_ok();
    text.split(',').all(|part| part.contains('=') || level(part)) && EnvFilter::try_new(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{super::read, *};

    #[test]
    fn filters_and_formats_are_checked() {
        for good in ["debug", "WARN", "off", "info,quire_store=debug"] {
            assert_eq!(read(&[("LOG_LEVEL", good)], LogConfig::read).unwrap().level, good);
        }
        assert!(read(&[("LOG_LEVEL", "verbose")], LogConfig::read).is_err());
        let error = read(&[("RUST_LOG", "quire=loud"), ("LOG_FORMAT", "xml")], LogConfig::read).unwrap_err();
        assert!(error.contains("RUST_LOG must be error, warn"), "{error}");
        assert!(error.contains("LOG_FORMAT must be one of auto, pretty, json"), "{error}");
    }
}
