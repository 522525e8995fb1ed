//! The sections that both services have.

mod database;
mod http;
mod log;
mod surroundings;
mod token;
mod uploads;

pub use database::DatabaseConfig;
pub use http::{CorsOrigins, HttpConfig};
pub use log::{LogConfig, LogFormat};
pub use surroundings::AppEnv;
pub use token::{SECRET_MIN_BYTES, TokenConfig};
pub use uploads::UploadLimit;

/// Reads a section from these variables; the errors as text.
#[cfg(test)]
fn read<T>(pairs: &[(&str, &str)], read: impl FnOnce(&mut super::Reader<'_>) -> T) -> Result<T, String> {
    let environment = super::Environment::from_pairs(pairs.iter().copied());
    let mut reader = super::Reader::new(&environment);
    let section = read(&mut reader);
    reader.finish().map(|()| section).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Section, help_text},
        *,
    };

    #[test]
    fn the_help_has_every_shared_variable() {
        let http = HttpConfig::variables("8000");
        let sections = [
            AppEnv::SECTION,
            Section { title: "HTTP", variables: &http },
            DatabaseConfig::SECTION,
            TokenConfig::SECTION,
            LogConfig::SECTION,
        ];
        let text = help_text(&sections);
        for variable in sections.iter().flat_map(|section| section.variables) {
            assert!(text.contains(&format!("\n  {}\n", variable.name)), "{}", variable.name);
        }
        assert!(text.contains("8000"));
    }
}
