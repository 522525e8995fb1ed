//! The connection to S3, or to what speaks its language: where, as whom, and how patiently.

use std::{io, time::Duration};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::{
    Client,
    config::{Builder, Credentials, retry::RetryConfig, timeout::TimeoutConfig},
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use quire_domain::ports::blobs::BlobError;
use secrecy::{ExposeSecret, SecretString};

use super::error::{Meaning, failed, failed_to_write, meaning};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one try of a request may take that carries no bytes of blobs.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// The same for one that carries some, or has the server put them together. A stream that
/// stalls is ended much earlier, by the SDK.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(300);

/// How often a request is tried, with growing and random pauses.
const ATTEMPTS: u32 = 4;

/// The region of those who know none, and the one that is named by leaving it out.
const FIRST_REGION: &str = "us-east-1";

/// Where blobs are kept, and as whom they are written.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// The bucket; it is made when it is missing.
    pub bucket: String,
    /// The region; by the SDK's own search (environment, profile, machine) when absent.
    pub region: Option<String>,
    /// A server other than that of Amazon.
    pub endpoint: Option<String>,
    /// The same server as clients reach it, if that differs: for signed addresses.
    pub public_endpoint: Option<String>,
    /// As whom; by the SDK's own search when absent.
    pub credentials: Option<S3Credentials>,
    /// Whether the bucket is named in the path and not in the host.
    pub path_style: bool,
    /// The largest blob, in bytes: the size of parts follows from it.
    pub max_size: u64,
}

/// A key for S3.
#[derive(Debug, Clone)]
pub struct S3Credentials {
    /// Its id.
    pub key_id: String,
    /// The key.
    pub secret: SecretString,
    /// What belongs to a key that is good for some hours.
    pub session_token: Option<SecretString>,
}

impl From<&S3Credentials> for Credentials {
    fn from(key: &S3Credentials) -> Self {
        let token = key.session_token.as_ref().map(|token| token.expose_secret().to_owned());
        Self::new(&key.key_id, key.secret.expose_secret(), token, None, "configuration")
    }
}

/// A client to work with, and one that signs addresses for others.
pub(super) async fn connect(options: &S3Options) -> (Client, Client) {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts(ATTEMPT_TIMEOUT));
    let region =
        options.region.clone().or_else(|| options.endpoint.as_ref().map(|_| FIRST_REGION.to_owned()));
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    if let Some(key) = &options.credentials {
        loader = loader.credentials_provider(Credentials::from(key));
    }
    let base = loader.load().await;
    let build = |endpoint: Option<&String>| {
        let mut config = Builder::from(&base).force_path_style(options.path_style);
        config.set_endpoint_url(endpoint.cloned());
        Client::from_conf(config.build())
    };
    let public = options.public_endpoint.as_ref().or(options.endpoint.as_ref());
    (build(options.endpoint.as_ref()), build(public))
}

/// For requests that carry bytes of blobs.
pub(super) fn for_transfer() -> Builder {
    Builder::new().timeout_config(timeouts(TRANSFER_TIMEOUT))
}

fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(attempt).build()
}

/// Whether the bucket is there and may be listed.
pub(super) async fn check_bucket(client: &Client, bucket: &str) -> Result<(), BlobError> {
    client.head_bucket().bucket(bucket).send().await.map_err(|e| failed_to_write("HeadBucket", e))?;
    Ok(())
}

/// Makes the bucket unless it is there.
pub(super) async fn ensure_bucket(client: &Client, bucket: &str) -> Result<(), BlobError> {
    match client.head_bucket().bucket(bucket).send().await {
        Ok(_) => return Ok(()),
        Err(error) if meaning(&error) == Meaning::Missing => {}
        Err(error) => return Err(failed("HeadBucket", error)),
    }
    let mut request = client.create_bucket().bucket(bucket);
    let region = client.config().region().map(Region::as_ref);
    if let Some(region) = region.filter(|region| *region != FIRST_REGION) {
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region))
            .build();
        request = request.create_bucket_configuration(place);
    }
    match request.send().await {
        Ok(_) => {
            tracing::info!(s3.bucket = bucket, "made the bucket");
            Ok(())
        }
        // Another process was quicker.
        Err(error) if error.as_service_error().is_some_and(|e| e.is_bucket_already_owned_by_you()) => Ok(()),
        Err(error) => Err(failed_to_write("CreateBucket", error)),
    }
}

/// Blobs that nobody may write are found out at start, and not by the first upload. Leaves nothing.
pub(super) async fn check_rights(client: &Client, bucket: &str) -> Result<(), BlobError> {
    const KEY: &str = "quire-check";
    let begun = client.create_multipart_upload().bucket(bucket).key(KEY).send().await;
    let begun = begun.map_err(|e| failed_to_write("CreateMultipartUpload", e))?;
    let id = begun.upload_id.ok_or_else(|| BlobError::Io(io::Error::other("an upload without an id")))?;
    let aborted = client.abort_multipart_upload().bucket(bucket).key(KEY).upload_id(id).send().await;
    aborted.map_err(|e| failed_to_write("AbortMultipartUpload", e))?;
    Ok(())
}
