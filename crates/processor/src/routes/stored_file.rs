//! A stored file on its way out: whole or in part, by GET, or only described, to HEAD.

use std::{io, ops::Range};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::{Method, header},
    web::Bytes,
};
use futures_util::stream;
use quire_store::documents::Document;
use quire_web::problem::HttpResult;

use super::{
    conditional::{Validators, Wanted},
    outgoing::{attachment, hex, not_modified, seal},
};
use crate::documents::Documents;

/// A file stays as it is, but its document may be deleted or locked away: ask each time.
const ASK_EACH_TIME: &str = "private, no-cache";

/// The file of a document, under the name and type by which it is sent.
pub(super) struct StoredFile<'a> {
    pub(super) document: &'a Document,
    pub(super) filename: &'a str,
    pub(super) media_type: &'a str,
}

impl<'a> StoredFile<'a> {
    /// Under its own name and type.
    pub(super) fn of(document: &'a Document) -> Self {
        Self { document, filename: &document.filename, media_type: &document.media_type }
    }

    /// Answers a request for the file, with what its conditions and range leave of it.
    pub(super) async fn send(
        &self,
        request: &HttpRequest,
        documents: &Documents,
    ) -> HttpResult<HttpResponse> {
        let length = u64::try_from(self.document.size).unwrap_or_default();
        let digest = hex(self.document.sha256.as_deref().unwrap_or_default());
        let validators = Validators::strong(digest, self.document.created_at);
        let (mut response, range) = match validators.judge(request, Some(length)) {
            Ok(Wanted::Nothing) => return Ok(not_modified(&validators, ASK_EACH_TIME)),
            Ok(Wanted::Whole) => (HttpResponse::Ok(), 0..length),
            Ok(Wanted::Part(first, last)) => (partial(first, last, length), first..last + 1),
            Err(judgement) => return Ok(judgement.into()),
        };
        self.describe(&mut response, &validators);
        if request.method() == Method::HEAD {
            documents.check_file(self.document).await?;
            // The length of a body is told and nothing of it sent.
            let nothing = stream::empty::<io::Result<Bytes>>();
            return Ok(response.body(SizedStream::new(length, nothing)));
        }
        let Range { start, end } = range;
        let bytes = documents.download_file(self.document, range).await?;
        Ok(response.body(SizedStream::new(end - start, bytes)))
    }

    fn describe(&self, response: &mut HttpResponseBuilder, validators: &Validators) {
        seal(response, ASK_EACH_TIME);
        validators.describe(response);
        response
            .insert_header((header::CONTENT_TYPE, self.media_type))
            .insert_header(attachment(self.filename))
            .insert_header((header::ACCEPT_RANGES, "bytes"));
    }
}

fn partial(first: u64, last: u64, length: u64) -> HttpResponseBuilder {
    let mut response = HttpResponse::PartialContent();
    response.insert_header((header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}")));
    response
}
