//! Which documents may be looked at.

use quire_domain::{
    Error, ErrorCode, Result,
    document::{DocumentStatus, ScanVerdict},
};
use quire_store::documents::Document;

/// Decides whether the bytes of a document, and what was made of them, may be looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Openness {
    /// Whether a virus scanner has to have found a document clean.
    only_clean: bool,
}

impl Openness {
    /// With a virus scanner, only what it has found clean.
    pub(crate) fn new(has_scanner: bool) -> Self {
        Self { only_clean: has_scanner }
    }

    /// Refuses what may not be looked at.
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] while the bytes have not come; [`ErrorCode::DocumentQuarantined`];
    /// [`ErrorCode::DocumentNotScanned`].
    pub(crate) fn check(self, document: &Document) -> Result<()> {
        match document.status() {
            DocumentStatus::Initiated => {
                Err(Error::new(ErrorCode::WrongState, "The file has not been uploaded yet."))
            }
            DocumentStatus::Quarantined => Err(Error::new(
                ErrorCode::DocumentQuarantined,
                "A virus was found in this file. It is locked away and cannot be opened.",
            )),
            DocumentStatus::Queued
            | DocumentStatus::Processing
            | DocumentStatus::Completed
            | DocumentStatus::Failed => {
                if self.only_clean {
                    check_is_clean(document)
                } else {
                    Ok(())
                }
            }
        }
    }
}

fn check_is_clean(document: &Document) -> Result<()> {
    let detail = match document.scan_verdict() {
        Some(ScanVerdict::Clean) => return Ok(()),
        Some(_) => "This document goes over a limit of the virus scanner, so it is not given out.",
        None => "This document has not been scanned for viruses yet. A task on it begins with that.",
    };
    Err(Error::new(ErrorCode::DocumentNotScanned, detail))
}
