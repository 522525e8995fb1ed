//! Development or production.

use super::super::{Reader, Section, Variable};

/// In what surroundings Quire runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppEnv {
    /// On one machine: files on disk, queue in the database.
    Local,
    /// For real: secrets must be given, nothing is generated.
    Production,
    /// For real, on Amazon's services: files in a bucket.
    Aws,
}

impl AppEnv {
    const APP_ENV: Variable = Variable::new(
        "APP_ENV",
        "Surroundings: local, production (no secret is generated: they must be given), or aws (the same, with files on S3).",
    )
    .default("local");

    /// What is read here.
    pub const SECTION: Section<'static> = Section { title: "Surroundings", variables: &[Self::APP_ENV] };

    /// Reads the section.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        reader.choice(
            &Self::APP_ENV,
            &[("local", Self::Local), ("production", Self::Production), ("aws", Self::Aws)],
            Self::Local,
        )
    }

    /// Whether secrets must be given.
    pub fn is_production(self) -> bool {
        matches!(self, Self::Production | Self::Aws)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::read, *};

    #[test]
    fn surroundings_are_one_of_three() {
        assert_eq!(read(&[("APP_ENV", "Production")], AppEnv::read).unwrap(), AppEnv::Production);
        assert_eq!(read(&[("APP_ENV", "aws")], AppEnv::read).unwrap(), AppEnv::Aws);
        assert!(AppEnv::Production.is_production() && AppEnv::Aws.is_production());
        assert!(!AppEnv::Local.is_production());
        let error = read(&[("APP_ENV", "prod")], AppEnv::read).unwrap_err();
        assert!(error.contains("APP_ENV must be one of local, production, aws, not `prod`"), "{error}");
    }
}
