//! Where documents are stored.

use std::path::PathBuf;

use quire_backends::blobs::s3::{S3Credentials, S3Options};
use quire_web::config::{Alias, AppEnv, Reader, Section, Variable};

const STORAGE_BACKEND: Variable = Variable::new(
    "STORAGE_BACKEND",
    "Where documents are stored: local (a directory), s3 (a bucket; what APP_ENV=aws chooses) or memory (lost at stop).",
)
.default("local");
const MEDIA_ROOT: Variable =
    Variable::new("MEDIA_ROOT", "The directory of the local storage.").default("./data/media");
const S3_BUCKET_NAME: Variable =
    Variable::new("S3_BUCKET_NAME", "The bucket, with STORAGE_BACKEND=s3; it is made when it is missing.")
        .example("quire-documents")
        .aliases(&[Alias::same("AWS_S3_BUCKET_NAME"), Alias::same("AWS_STORAGE_BUCKET_NAME")]);
const AWS_REGION: Variable = Variable::new(
    "AWS_REGION",
    "The region of the bucket. Not set: that of the profile or the machine, or us-east-1 on a server other than Amazon's.",
)
.example("eu-central-1")
.aliases(&[Alias::same("AWS_S3_REGION_NAME"), Alias::same("AWS_DEFAULT_REGION")]);
const AWS_ENDPOINT_URL: Variable =
    Variable::new("AWS_ENDPOINT_URL", "A server other than Amazon's, for all that speaks its language.")
        .example("http://127.0.0.1:8333");
const AWS_ENDPOINT_URL_S3: Variable =
    Variable::new("AWS_ENDPOINT_URL_S3", "The same for storage alone; it goes before the other.")
        .aliases(&[Alias::same("AWS_S3_ENDPOINT_URL")]);
const S3_PUBLIC_ENDPOINT_URL: Variable = Variable::new(
    "S3_PUBLIC_ENDPOINT_URL",
    "The same server as browsers reach it, if that differs: for links to upload and download.",
)
.example("https://files.example.com");
const S3_FORCE_PATH_STYLE: Variable = Variable::new(
    "S3_FORCE_PATH_STYLE",
    "Whether the bucket is named in the path and not in the host, on or off. Not set: on for a server other than Amazon's.",
);
const AWS_ACCESS_KEY_ID: Variable = Variable::new(
    "AWS_ACCESS_KEY_ID",
    "The id of the key. Not set: what the profile, the container or the machine has.",
)
.secret();
const AWS_SECRET_ACCESS_KEY: Variable = Variable::new("AWS_SECRET_ACCESS_KEY", "The key.").secret();
const AWS_SESSION_TOKEN: Variable =
    Variable::new("AWS_SESSION_TOKEN", "The token that belongs to a key that is good for some hours.")
        .secret();

pub(super) const SECTION: Section<'static> = Section {
    title: "Storage",
    variables: &[
        STORAGE_BACKEND,
        MEDIA_ROOT,
        S3_BUCKET_NAME,
        AWS_REGION,
        AWS_ENDPOINT_URL,
        AWS_ENDPOINT_URL_S3,
        S3_PUBLIC_ENDPOINT_URL,
        S3_FORCE_PATH_STYLE,
        AWS_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY,
        AWS_SESSION_TOKEN,
    ],
};

/// Where documents are stored.
#[derive(Debug, Clone)]
pub enum StorageConfig {
    /// In a directory of this machine.
    Local {
        /// Its root.
        media_root: PathBuf,
    },
    /// In a bucket.
    S3(S3Options),
    /// In memory: for trying things out; gone with the process.
    Memory,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Backend {
    Local,
    S3,
    Memory,
}

impl StorageConfig {
    /// Reads the section. Files have at most `max_size` bytes.
    pub(super) fn read(reader: &mut Reader<'_>, app_env: AppEnv, max_size: u64) -> Self {
        let backends = [("local", Backend::Local), ("s3", Backend::S3), ("memory", Backend::Memory)];
        let chosen = match app_env {
            AppEnv::Aws if !reader.is_set(&STORAGE_BACKEND) => Backend::S3,
            _ => reader.choice(&STORAGE_BACKEND, &backends, Backend::Local),
        };
        match chosen {
            Backend::Local => Self::Local { media_root: reader.text(&MEDIA_ROOT).into() },
            Backend::S3 => Self::S3(read_s3(reader, max_size)),
            Backend::Memory => Self::Memory,
        }
    }
}

fn read_s3(reader: &mut Reader<'_>, max_size: u64) -> S3Options {
    let endpoint = url(reader, &AWS_ENDPOINT_URL_S3).or_else(|| url(reader, &AWS_ENDPOINT_URL));
    let path_style = if reader.is_set(&S3_FORCE_PATH_STYLE) {
        reader.flag(&S3_FORCE_PATH_STYLE)
    } else {
        endpoint.is_some()
    };
    S3Options {
        bucket: reader.text(&S3_BUCKET_NAME),
        region: reader.optional_text(&AWS_REGION),
        endpoint,
        public_endpoint: url(reader, &S3_PUBLIC_ENDPOINT_URL),
        credentials: read_credentials(reader),
        path_style,
        max_size,
    }
}

fn read_credentials(reader: &mut Reader<'_>) -> Option<S3Credentials> {
    let key_id = reader.optional_text(&AWS_ACCESS_KEY_ID);
    let secret = reader.optional_secret(&AWS_SECRET_ACCESS_KEY);
    let session_token = reader.optional_secret(&AWS_SESSION_TOKEN);
    match (key_id, secret) {
        (Some(key_id), Some(secret)) => Some(S3Credentials { key_id, secret, session_token }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            reader.fail("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together; set both or none");
            None
        }
    }
}

/// As the SDK wants it: without a slash at its end.
fn url(reader: &mut Reader<'_>, variable: &Variable) -> Option<String> {
    let url = reader.optional_url(variable)?;
    Some(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use quire_web::config::Environment;

    use super::*;

    fn read(app_env: AppEnv, pairs: &[(&str, &str)]) -> Result<StorageConfig, String> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        let config = StorageConfig::read(&mut reader, app_env, 100);
        reader.finish().map(|()| config).map_err(|errors| errors.to_string())
    }

    fn s3(pairs: &[(&str, &str)]) -> S3Options {
        let pairs = [&[("STORAGE_BACKEND", "s3")], pairs].concat();
        match read(AppEnv::Local, &pairs) {
            Ok(StorageConfig::S3(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn storage_is_a_directory_unless_said_otherwise() {
        assert!(matches!(read(AppEnv::Local, &[]), Ok(StorageConfig::Local { .. })));
        assert!(matches!(read(AppEnv::Production, &[]), Ok(StorageConfig::Local { .. })));
        assert!(matches!(read(AppEnv::Local, &[("STORAGE_BACKEND", "memory")]), Ok(StorageConfig::Memory)));
        let bucket = ("AWS_STORAGE_BUCKET_NAME", "b");
        assert!(matches!(read(AppEnv::Aws, &[bucket]), Ok(StorageConfig::S3(_))));
        assert!(matches!(
            read(AppEnv::Aws, &[("STORAGE_BACKEND", "local")]),
            Ok(StorageConfig::Local { .. })
        ));
    }

    #[test]
    fn a_bucket_has_a_name_and_a_key_has_two_halves() {
        let error = read(AppEnv::Aws, &[("AWS_SECRET_ACCESS_KEY", "half")]).unwrap_err();
        assert!(error.contains("S3_BUCKET_NAME must be set"), "{error}");
        assert!(error.contains("belong together") && !error.contains("half"), "{error}");
    }

    #[test]
    fn names_of_other_systems_are_understood() {
        let options = s3(&[
            ("AWS_S3_BUCKET_NAME", "b"),
            ("AWS_S3_REGION_NAME", "eu-central-1"),
            ("AWS_S3_ENDPOINT_URL", "http://127.0.0.1:8333/"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ]);
        assert_eq!((options.bucket.as_str(), options.max_size), ("b", 100));
        assert_eq!(options.region.as_deref(), Some("eu-central-1"));
        assert_eq!(options.endpoint.as_deref(), Some("http://127.0.0.1:8333"));
        assert_eq!(options.credentials.unwrap().key_id, "id");
        assert!(options.path_style);
    }

    #[test]
    fn on_amazon_the_bucket_is_in_the_host() {
        let options = s3(&[("S3_BUCKET_NAME", "b")]);
        assert!(!options.path_style && options.endpoint.is_none() && options.credentials.is_none());
        assert!(s3(&[("S3_BUCKET_NAME", "b"), ("S3_FORCE_PATH_STYLE", "on")]).path_style);
        let elsewhere =
            [("S3_BUCKET_NAME", "b"), ("AWS_ENDPOINT_URL", "http://a"), ("S3_FORCE_PATH_STYLE", "off")];
        assert!(!s3(&elsewhere).path_style);
    }
}
