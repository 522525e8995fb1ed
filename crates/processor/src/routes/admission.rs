//! Whether a client may send a file, before any of it is read.

use actix_web::{HttpRequest, http::header};
use quire_domain::{Result, UserId};

use super::form::OVERHEAD;
use crate::Processor;

/// Lets a form with a file in, or refuses it by its size, by what waits, by what its user has sent and
/// stored. The answer will tell how many more may come.
pub(super) async fn admit(request: &HttpRequest, processor: &Processor, owner: UserId) -> Result<()> {
    let length = content_length(request);
    processor.intake.check_announced_size(length, OVERHEAD)?;
    admit_file(request, processor, owner, length.unwrap_or_default().saturating_sub(OVERHEAD)).await
}

/// The same for a file that is announced to have so many bytes.
pub(super) async fn admit_file(
    request: &HttpRequest,
    processor: &Processor,
    owner: UserId,
    announced: u64,
) -> Result<()> {
    if let Some(counted) = processor.admission.count_upload(owner).await? {
        counted.rate.tell(request);
        counted.check()?;
    }
    processor.admission.check(owner, announced).await
}

fn content_length(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
