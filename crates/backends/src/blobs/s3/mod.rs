//! Blobs as objects of a bucket, on S3 or on what speaks its language.
//!
//! An object is whole or not there. Keys are unique: an object is written on the condition that
//! there is none (`If-None-Match: *`), and a second one is refused with
//! [`std::io::ErrorKind::AlreadyExists`]; servers that do not know the condition are asked
//! beforehand, which leaves a gap between two at the same time.

mod client;
mod error;
mod multipart;
mod parts;
mod resumable;
mod sign;
mod writer;

use std::{future::ready, io, ops::Range, sync::Arc};

use async_trait::async_trait;
use aws_sdk_s3::{
    Client,
    operation::list_objects_v2::ListObjectsV2Output,
    primitives::{ByteStream as Body, DateTime as SdkDateTime},
};
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use quire_domain::{
    clock::SharedClock,
    ports::blobs::{
        BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream, ListedBlob, LocalFile, SignedDownload,
        SignedRequest, SignedUpload, is_valid_key,
    },
};

pub use self::client::{S3Credentials, S3Options};
use self::{
    error::{Meaning, broken_off, failed, failed_to_write, meaning},
    multipart::{Bucket, part_size},
    writer::S3Writer,
};
use crate::blobs::{checked, checked_prefix, temporary};

/// Where pieces of unfinished blobs are kept.
const INCOMING: &str = ".incoming";

/// Blobs as objects of one bucket. Clones share their connections.
#[derive(Debug, Clone)]
pub struct S3Blobs {
    bucket: Arc<Bucket>,
    /// Signs addresses as clients reach the server.
    public: Client,
    clock: SharedClock,
}

impl S3Blobs {
    /// Storage in the bucket, which is made when it is missing.
    ///
    /// # Errors
    /// When the bucket cannot be reached, made or written to.
    pub async fn open(options: &S3Options, clock: SharedClock) -> Result<Self, BlobError> {
        let (client, public) = client::connect(options).await;
        client::ensure_bucket(&client, &options.bucket).await?;
        client::check_rights(&client, &options.bucket).await?;
        let (name, part_size) = (options.bucket.clone(), part_size(options.max_size));
        let bucket = Arc::new(Bucket { client, name, part_size });
        Ok(Self { bucket, public, clock })
    }

    /// An object, or a part of it; nothing of a part that begins behind the end.
    async fn get(&self, key: &str, range: Option<String>) -> Result<ByteStream, BlobError> {
        let ranged = range.is_some();
        let request = self.bucket.client.get_object().bucket(&self.bucket.name).key(key);
        match request.set_range(range).send().await {
            Ok(object) if ranged && object.content_range.is_none() => {
                Err(BlobError::Io(io::Error::other("S3 gave all of an object for a part of it")))
            }
            Ok(object) => Ok(bytes_of(object.body)),
            Err(error) if ranged && meaning(&error) == Meaning::OutOfRange => Ok(nothing()),
            Err(error) => Err(failed("GetObject", error)),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<BlobInfo>, BlobError> {
        let request = self.bucket.client.head_object().bucket(&self.bucket.name).key(key);
        match request.send().await {
            Ok(object) => {
                let modified = moment(object.last_modified.as_ref());
                Ok(Some(BlobInfo { size: size(object.content_length), modified }))
            }
            Err(error) if meaning(&error) == Meaning::Missing => Ok(None),
            Err(error) => Err(failed("HeadObject", error)),
        }
    }

    /// All objects under names that blobs may have, unfinished ones included.
    fn list_all(&self, prefix: &str) -> BoxStream<'static, Result<ListedBlob, BlobError>> {
        let (store, prefix) = (self.clone(), prefix.to_owned());
        let pages = stream::try_unfold(Place::Begin, move |place| {
            let (store, prefix) = (store.clone(), prefix.clone());
            async move {
                let page = store.page(&prefix, place).await?;
                Ok::<_, BlobError>(page.map(|(blobs, next)| (stream::iter(blobs).map(Ok), next)))
            }
        });
        pages.try_flatten().boxed()
    }

    /// A page of a list, and where the next one begins.
    async fn page(&self, prefix: &str, place: Place) -> Result<Option<(Vec<ListedBlob>, Place)>, BlobError> {
        let token = match place {
            Place::Begin => None,
            Place::At(token) => Some(token),
            Place::End => return Ok(None),
        };
        let request = self.bucket.client.list_objects_v2().bucket(&self.bucket.name).prefix(prefix);
        let page = request.set_continuation_token(token).send().await;
        let page = page.map_err(|e| failed_to_write("ListObjectsV2", e))?;
        let next = page.next_continuation_token.clone().map_or(Place::End, Place::At);
        Ok(Some((listed(page), next)))
    }
}

/// How far a list has come.
enum Place {
    Begin,
    At(String),
    End,
}

#[async_trait]
impl BlobStore for S3Blobs {
    fn bucket(&self) -> Option<&str> {
        Some(&self.bucket.name)
    }

    async fn create(&self, key: &str) -> Result<Box<dyn BlobWriter>, BlobError> {
        if self.head(fitting(key)?).await?.is_some() {
            return Err(BlobError::key_is_taken());
        }
        Ok(Box::new(S3Writer::new(self.bucket.clone(), key)?))
    }

    async fn read(&self, key: &str) -> Result<ByteStream, BlobError> {
        self.get(fitting(key)?, None).await
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<ByteStream, BlobError> {
        // Places beyond this are no numbers to some servers.
        const FAR: u64 = i64::MAX.cast_unsigned();
        if range.is_empty() || range.start >= FAR {
            self.info(key).await?;
            return Ok(nothing());
        }
        let wanted = match range.end {
            FAR.. => format!("bytes={}-", range.start),
            end => format!("bytes={}-{}", range.start, end - 1),
        };
        self.get(fitting(key)?, Some(wanted)).await
    }

    async fn info(&self, key: &str) -> Result<BlobInfo, BlobError> {
        if let Some(info) = self.head(fitting(key)?).await? {
            return Ok(info);
        }
        // The same answer comes when the bucket is gone, which is no matter of this blob.
        client::check_bucket(&self.bucket.client, &self.bucket.name).await?;
        Err(BlobError::NotFound)
    }

    fn list(&self, prefix: &str) -> BoxStream<'static, Result<ListedBlob, BlobError>> {
        match checked_prefix(prefix) {
            Ok(_) => {
                let is_finished = |blob: &ListedBlob| !is_incoming(&blob.key);
                self.list_all(prefix).try_filter(move |blob| ready(is_finished(blob))).boxed()
            }
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    async fn sign_download(&self, key: &str, download: &SignedDownload) -> Result<SignedRequest, BlobError> {
        sign::sign_download(&self.public, &self.bucket.name, fitting(key)?, download, self.clock.now()).await
    }

    async fn sign_upload(&self, key: &str, upload: &SignedUpload) -> Result<SignedRequest, BlobError> {
        sign::sign_upload(&self.public, &self.bucket.name, fitting(key)?, upload, self.clock.now()).await
    }

    /// A temporary file on this machine.
    async fn local_file(&self, key: &str) -> Result<LocalFile, BlobError> {
        temporary::copy(self.read(key).await?).await
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        self.bucket.delete(fitting(key)?).await
    }

    /// Whether the bucket is there. That it can be written to was seen when it was opened.
    async fn check(&self) -> Result<(), BlobError> {
        client::check_bucket(&self.bucket.client, &self.bucket.name).await
    }
}

/// A key that is not one of our own purposes.
fn fitting(key: &str) -> Result<&str, BlobError> {
    if is_incoming(key) { Err(BlobError::InvalidKey) } else { checked(key) }
}

fn is_incoming(key: &str) -> bool {
    key.split('/').next() == Some(INCOMING)
}

fn bytes_of(body: Body) -> ByteStream {
    Box::pin(stream::unfold(body, |mut body| async move {
        let bytes = body.next().await?;
        Some((bytes.map_err(broken_off), body))
    }))
}

fn nothing() -> ByteStream {
    stream::empty().boxed()
}

/// Objects that somebody else has put into the bucket under other names are no blobs.
fn listed(page: ListObjectsV2Output) -> Vec<ListedBlob> {
    let objects = page.contents.unwrap_or_default().into_iter();
    let blobs = objects.filter_map(|object| {
        let (size, modified) = (size(object.size), moment(object.last_modified.as_ref()));
        object.key.filter(|key| is_valid_key(key)).map(|key| ListedBlob { key, size, modified })
    });
    blobs.collect()
}

fn size(told: Option<i64>) -> u64 {
    told.and_then(|size| u64::try_from(size).ok()).unwrap_or_default()
}

fn moment(told: Option<&SdkDateTime>) -> DateTime<Utc> {
    let moment = told.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()));
    moment.unwrap_or_default()
}
