//! Addresses with a signature of S3's own (AWS Signature Version 4, in the query).

use std::{
    io,
    time::{Duration, SystemTime},
};

use aws_sdk_s3::{
    Client,
    config::{Builder, RequestChecksumCalculation},
    presigning::{PresignedRequest, PresigningConfig},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, SubsecRound, Utc};
use quire_domain::{
    document::attachment,
    ports::blobs::{BlobError, SignedDownload, SignedRequest, SignedUpload},
};

use super::error::failed;
use crate::blobs::links::expiry;

/// The longest time that S3 lets an address be good for.
const LONGEST: Duration = Duration::from_hours(7 * 24);

pub(super) async fn sign_download(
    client: &Client,
    bucket: &str,
    key: &str,
    download: &SignedDownload,
    now: DateTime<Utc>,
) -> Result<SignedRequest, BlobError> {
    let term = Term::new(now, download.expires_in)?;
    let request = client.get_object().bucket(bucket).key(key);
    let request = request.response_content_disposition(attachment(&download.filename));
    let request = request.response_content_type(&download.media_type);
    let signed = request.presigned(term.config).await.map_err(|e| failed("signing GetObject", e))?;
    Ok(described("GET", &signed, term.expires_at))
}

pub(super) async fn sign_upload(
    client: &Client,
    bucket: &str,
    key: &str,
    upload: &SignedUpload,
    now: DateTime<Utc>,
) -> Result<SignedRequest, BlobError> {
    let term = Term::new(now, upload.expires_in)?;
    let size = upload.size.map(i64::try_from).transpose().map_err(|e| BlobError::Io(io::Error::other(e)))?;
    let request = client
        .put_object()
        .bucket(bucket)
        .key(key)
        .if_none_match("*")
        .set_content_length(size)
        .set_content_type(upload.media_type.clone())
        .set_checksum_sha256(upload.sha256.map(|digest| BASE64.encode(digest)));
    // There is no body yet whose checksum could be signed.
    let config = Builder::new().request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    let signed = request.customize().config_override(config).presigned(term.config).await;
    Ok(described("PUT", &signed.map_err(|e| failed("signing PutObject", e))?, term.expires_at))
}

struct Term {
    config: PresigningConfig,
    expires_at: DateTime<Utc>,
}

impl Term {
    fn new(now: DateTime<Utc>, lasts: Duration) -> Result<Self, BlobError> {
        // Signatures have whole seconds.
        let (now, lasts) = (now.trunc_subsecs(0), lasts.min(LONGEST));
        let config = PresigningConfig::builder().start_time(SystemTime::from(now)).expires_in(lasts);
        let config = config.build().map_err(|e| BlobError::Io(io::Error::other(e)))?;
        Ok(Self { config, expires_at: expiry(now, lasts) })
    }
}

fn described(method: &'static str, signed: &PresignedRequest, expires_at: DateTime<Utc>) -> SignedRequest {
    // Clients tell these by themselves.
    let is_told = |name: &str| matches!(name, "host" | "content-length");
    let headers = signed.headers().filter(|(name, _)| !is_told(name));
    SignedRequest {
        method,
        url: signed.uri().to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        expires_at,
    }
}
