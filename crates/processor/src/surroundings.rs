//! What lies outside the processor, as the configuration has it.

use std::{path::Path, sync::Arc};

use quire_ai::{Engines, SharedEngines};
use quire_backends::blobs::{links::Links, local::LocalBlobs, memory::MemoryBlobs, s3::S3Blobs};
use quire_domain::{
    Error, Result,
    error::chain,
    ports::{
        blobs::{BlobError, SharedBlobStore},
        clock::SharedClock,
        scanner::SharedScanner,
    },
};
use quire_extract::{DocumentReader, child::ChildPool};
use quire_store::Pool;
use quire_web::{config::TokenConfig, shutdown::Shutdown, token::Tokens};
use secrecy::ExposeSecret;

use crate::config::{ProcessorConfig, StorageConfig};

/// What lies outside the processor: given by `main`, replaced in tests.
#[derive(Clone)]
pub struct Surroundings {
    /// The database.
    pub pool: Pool,
    /// Verifies access tokens.
    pub tokens: Tokens,
    /// Tells the time.
    pub clock: SharedClock,
    /// Where the bytes of documents are kept.
    pub blobs: SharedBlobStore,
    /// Signs links to blobs, and knows its own again.
    pub links: Links,
    /// Looks for viruses, if documents are to be scanned.
    pub scanner: Option<SharedScanner>,
    /// Answers AI tasks.
    pub engines: SharedEngines,
    /// Reads documents.
    pub reader: Arc<DocumentReader>,
    /// Tells everybody when to stop.
    pub shutdown: Shutdown,
}

impl Surroundings {
    /// What the configuration asks for.
    ///
    /// # Errors
    /// When storage cannot be used, the provider's configuration does not suffice, or characters are
    /// to be recognised and cannot.
    pub async fn new(
        config: &ProcessorConfig,
        pool: Pool,
        tokens: Tokens,
        clock: SharedClock,
        shutdown: Shutdown,
    ) -> Result<Self> {
        let engines = Engines::new(&config.ai)
            .map_err(|e| Error::internal("setting up the AI provider").with_source(e))?;
        let children = ChildPool::of_this_program(config.reading.limits.clone())
            .map_err(|e| Error::internal("finding this program").with_source(e))?;
        let reader = config.reading.reader(children).await;
        let reader = Arc::new(reader.map_err(|e| Error::internal("setting up OCR").with_source(e))?);
        let links = signed_links(&config.tokens, &clock);
        let blobs = open_storage(&config.storage, &clock, &links).await?;
        let scanner = config.scanning.scanner();
        if let Some(scanner) = &scanner
            && let Err(error) = scanner.check().await
        {
            tracing::warn!(error = chain(&error), "the virus scanner does not answer; documents wait for it");
        }
        Ok(Self { pool, tokens, clock, blobs, links, scanner, engines: engines.into(), reader, shutdown })
    }
}

/// Signs links to blobs that the processor serves itself. Their keys are derived from the secrets of
/// tokens, and so rotate with them.
pub fn signed_links(config: &TokenConfig, clock: &SharedClock) -> Links {
    let previous = config.previous_secrets.iter().map(|secret| secret.expose_secret().as_bytes());
    Links::new(config.secret.expose_secret().as_bytes(), previous, clock.clone())
}

/// The blob storage that the configuration asks for.
///
/// # Errors
/// When it cannot be used.
pub async fn open_storage(
    config: &StorageConfig,
    clock: &SharedClock,
    links: &Links,
) -> Result<SharedBlobStore> {
    Ok(match config {
        StorageConfig::Local { media_root } => Arc::new(
            open_directory(media_root, clock)
                .await
                .map_err(|e| Error::internal("opening the directory of MEDIA_ROOT").with_source(e))?
                .with_links(links.clone()),
        ),
        StorageConfig::S3(options) => Arc::new(
            S3Blobs::open(options, clock.clone())
                .await
                .map_err(|e| Error::internal("opening the bucket of S3_BUCKET_NAME").with_source(e))?,
        ),
        StorageConfig::Memory => Arc::new(MemoryBlobs::default().with_links(links.clone())),
    })
}

/// Also removes what uploads of processes that were killed have left.
async fn open_directory(media_root: &Path, clock: &SharedClock) -> Result<LocalBlobs, BlobError> {
    let blobs = LocalBlobs::open(media_root).await?;
    let swept = blobs.sweep_incoming(clock.now()).await?;
    if swept > 0 {
        tracing::info!(files = swept, "removed unfinished uploads of a process that was lost");
    }
    Ok(blobs)
}
