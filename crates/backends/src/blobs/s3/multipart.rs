//! Uploads in parts (S3 API: multipart upload), and objects in one piece: what writers are made of.

use std::io;

use aws_sdk_s3::{
    Client,
    primitives::ByteStream as Body,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart},
};
use bytes::Bytes;
use quire_domain::{ports::blobs::BlobError, random};

use super::{
    client::for_transfer,
    error::{Meaning, failed, failed_to_write, meaning},
};

/// The most parts that an upload may have.
const MAX_PARTS: u64 = 10_000;

/// The smallest size of parts that is used here. S3 wants 5 MiB at least of all but the last.
const MIN_PART: u64 = 8 * 1024 * 1024;

/// The largest part that S3 takes.
const MAX_PART: u64 = 5 * 1024 * 1024 * 1024;

/// Metadata by which a writer knows its own object again.
const MARK: &str = "quire-upload";

/// A bucket, and how to write to it.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) client: Client,
    pub(super) name: String,
    /// All parts of an upload but the last have this size: some servers demand it.
    pub(super) part_size: usize,
}

/// Parts of the smallest size with which a blob of `max_size` bytes has not too many of them.
pub(super) fn part_size(max_size: u64) -> usize {
    const MEBIBYTE: u64 = 1024 * 1024;
    let needed = max_size.div_ceil(MAX_PARTS).div_ceil(MEBIBYTE).saturating_mul(MEBIBYTE);
    usize::try_from(needed.clamp(MIN_PART, MAX_PART)).unwrap_or(usize::MAX)
}

/// A mark that no other writer has.
pub(super) fn new_mark() -> Result<String, BlobError> {
    let unique = random::bytes::<16>().map_err(|e| BlobError::Io(io::Error::other(e)))?;
    Ok(format!("{:032x}", u128::from_le_bytes(unique)))
}

impl Bucket {
    /// Writes an object in one piece, unless there is one.
    pub(super) async fn put(&self, key: &str, bytes: Bytes, mark: &str) -> Result<(), BlobError> {
        let request = self.client.put_object().bucket(&self.name).key(key).metadata(MARK, mark);
        let request = request.if_none_match("*").body(Body::from(bytes));
        match request.customize().config_override(for_transfer()).send().await {
            Ok(_) => Ok(()),
            Err(error) if meaning(&error) == Meaning::Taken && self.has_mark(key, mark).await => Ok(()),
            Err(error) => Err(failed_to_write("PutObject", error)),
        }
    }

    /// Begins an upload in parts and gives its id.
    pub(super) async fn begin(&self, key: &str, mark: &str) -> Result<String, BlobError> {
        let request = self.client.create_multipart_upload().bucket(&self.name).key(key);
        let request = request.metadata(MARK, mark).checksum_algorithm(ChecksumAlgorithm::Crc32);
        let begun = request.send().await.map_err(|e| failed_to_write("CreateMultipartUpload", e))?;
        begun.upload_id.ok_or_else(|| BlobError::Io(io::Error::other("S3 gave an upload without an id")))
    }

    /// Sends a part; `number` counts from 1.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] when there is no such upload any more.
    pub(super) async fn send_part(
        &self,
        key: &str,
        id: &str,
        number: i32,
        bytes: Bytes,
    ) -> Result<CompletedPart, BlobError> {
        let request = self.client.upload_part().bucket(&self.name).key(key).upload_id(id);
        let request = request.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32);
        let request = request.body(Body::from(bytes)).customize().config_override(for_transfer());
        let sent = request.send().await.map_err(|e| failed("UploadPart", e))?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag)
            .set_checksum_crc32(sent.checksum_crc32)
            .build())
    }

    /// Puts the parts together, unless there is an object under the key.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] when there is no such upload any more.
    pub(super) async fn complete(
        &self,
        key: &str,
        id: &str,
        parts: Vec<CompletedPart>,
        mark: &str,
    ) -> Result<(), BlobError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.client.complete_multipart_upload().bucket(&self.name).key(key).upload_id(id);
        let request = request.if_none_match("*").multipart_upload(parts);
        match request.customize().config_override(for_transfer()).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(meaning(&error), Meaning::Taken | Meaning::Missing)
                    && self.has_mark(key, mark).await =>
            {
                Ok(())
            }
            Err(error) => Err(failed("CompleteMultipartUpload", error)),
        }
    }

    /// Gives up an upload in parts; one that is gone stays so.
    pub(super) async fn abort(&self, key: &str, id: &str) -> Result<(), BlobError> {
        let request = self.client.abort_multipart_upload().bucket(&self.name).key(key).upload_id(id);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if meaning(&error) == Meaning::Missing => Ok(()),
            Err(error) => Err(failed("AbortMultipartUpload", error)),
        }
    }

    /// Removes an object; what is not there is removed already.
    pub(super) async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.client.delete_object().bucket(&self.name).key(key).send().await {
            Ok(_) => Ok(()),
            Err(error) if meaning(&error) == Meaning::Missing => Ok(()),
            Err(error) => Err(failed("DeleteObject", error)),
        }
    }

    /// Whether the object under the key is the one that was written with this mark: the answer
    /// to an earlier try, which was done, may have been lost on its way to us.
    async fn has_mark(&self, key: &str, mark: &str) -> bool {
        let found = self.client.head_object().bucket(&self.name).key(key).send().await;
        found.is_ok_and(|object| {
            object.metadata.is_some_and(|metadata| metadata.get(MARK).is_some_and(|found| found == mark))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_small_as_their_number_allows() {
        const MEBIBYTE: u64 = 1 << 20;
        for (max_size, size) in [
            (1, 8 * MEBIBYTE),
            (100 * MEBIBYTE, 8 * MEBIBYTE),
            (80_000 * MEBIBYTE, 8 * MEBIBYTE),
            (80_000 * MEBIBYTE + 1, 9 * MEBIBYTE),
            (5 << 40, 525 * MEBIBYTE),
            (u64::MAX, MAX_PART),
        ] {
            assert_eq!(part_size(max_size) as u64, size, "{max_size}");
        }
    }
}
