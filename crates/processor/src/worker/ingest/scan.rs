//! Scanning a document for viruses, before anything else looks at its bytes.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::StreamExt;
use quire_domain::{
    document::{DocumentStatus, ScanVerdict},
    error::chain,
    failure::{Failure, FailureCode},
    ports::{
        blobs::{BlobError, ByteStream},
        scanner::{ScanError, SharedScanner, Verdict},
    },
};
use quire_store::{
    documents::{self, Document},
    scans,
};

use super::{WorkerParts, fail, missing};
use crate::{intake::storage_failed, worker::stop::Stop};

/// The document, when it may be read: it is clean, or there is no scanner. One that was read before
/// there was a scanner is scanned now.
pub(super) async fn scanned(parts: &WorkerParts, document: Document) -> Result<Document, Stop> {
    let Some(scanner) = &parts.scanner else { return Ok(document) };
    let is_open = !matches!(document.status(), DocumentStatus::Initiated | DocumentStatus::Quarantined);
    if !is_open || document.scan_verdict() == Some(ScanVerdict::Clean) {
        return Ok(document);
    }
    documents::begin_reading(&mut *parts.pool.get().await?, document.id()).await?;
    match scan(parts, scanner, &document).await? {
        Ok(Verdict::Clean) => clean(parts, document).await,
        Ok(Verdict::Infected { signature }) => infected(parts, &document, &signature).await,
        Err(error) => Err(no_verdict(parts, &document, error).await?),
    }
}

/// What the scanner says of the bytes of the document. The outer error is of storage.
async fn scan(
    parts: &WorkerParts,
    scanner: &SharedScanner,
    document: &Document,
) -> Result<Result<Verdict, ScanError>, Stop> {
    let bytes = match parts.blobs.read(&document.storage_key).await {
        Ok(bytes) => bytes,
        Err(BlobError::NotFound) => return fail(parts, document, missing()).await,
        Err(error) => return Err(storage_failed(error).into()),
    };
    let (bytes, read) = counted(bytes);
    let verdict = scanner.scan(bytes).await;
    let whole = u64::try_from(document.size) == Ok(read.load(Ordering::Relaxed));
    Ok(match verdict {
        Ok(Verdict::Clean) if !whole => Err(ScanError::Unreadable(io::Error::other(
            "storage gave another number of bytes than the document has",
        ))),
        verdict => verdict,
    })
}

/// The same bytes, and how many of them have been read.
fn counted(bytes: ByteStream) -> (ByteStream, Arc<AtomicU64>) {
    let read = Arc::new(AtomicU64::new(0));
    let count = read.clone();
    let counting = bytes.inspect(move |piece| {
        if let Ok(piece) = piece {
            count.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    });
    (Box::pin(counting), read)
}

async fn clean(parts: &WorkerParts, document: Document) -> Result<Document, Stop> {
    let mut connection = parts.pool.get().await?;
    scans::record_clean(&mut connection, document.id()).await?;
    let found = documents::find(&mut connection, document.user_id(), document.id()).await?;
    found.ok_or_else(|| Stop::Fail(missing()))
}

async fn infected(parts: &WorkerParts, document: &Document, signature: &str) -> Result<Document, Stop> {
    let failure = Failure::new(
        FailureCode::DocumentQuarantined,
        "A virus was found in this document. It is locked away and cannot be opened.",
    );
    let mut connection = parts.pool.get().await?;
    if scans::quarantine(&mut connection, document, signature, &failure).await? {
        tracing::warn!(scan.signature = signature, "a virus was found in a document");
        parts.signal.written();
    }
    Err(Stop::Fail(failure))
}

async fn no_verdict(parts: &WorkerParts, document: &Document, error: ScanError) -> Result<Stop, Stop> {
    tracing::warn!(error = chain(&error), "a document could not be scanned for viruses");
    let limit = match error {
        ScanError::TooLarge => "its size (`StreamMaxLength`, `MaxFileSize` and `MaxScanSize`)".to_owned(),
        ScanError::LimitExceeded(limit) => format!("`{limit}`"),
        ScanError::Unavailable(_) => {
            return Ok(Stop::Wait(
                Failure::new(
                    FailureCode::ScannerUnavailable,
                    "The virus scanner cannot be reached. The task waits for it.",
                ),
                None,
            ));
        }
        ScanError::NoVerdict(_) => {
            return Ok(Stop::Retry(
                Failure::new(
                    FailureCode::ScanFailed,
                    "The virus scanner gave no verdict on this document, so it was not read. Please try again later.",
                ),
                None,
            ));
        }
        ScanError::Unreadable(error) => return Ok(storage_failed(error.into()).into()),
    };
    let failure = Failure::new(
        FailureCode::DocumentNotScanned,
        format!(
            "This document goes over a limit of the virus scanner, so it was not read. When the operator has \
             raised {limit} in the settings of clamd, the task can be tried again."
        ),
    );
    let mut connection = parts.pool.get().await?;
    scans::record_not_scanned(&mut connection, document.id(), &failure).await?;
    Ok(Stop::Fail(failure))
}
