//! What responses have that carry what strangers wrote: names, and what a browser may do.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{self, HeaderName},
};
use quire_domain::{DocumentId, Error, document};
use utoipa::ToSchema;

use super::conditional::Validators;

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "bodies are sent as they are; this is their description")]
pub(super) struct FileBytes(Vec<u8>);

/// Nothing that a file says is done: no scripts, no requests, no forms, no plug-ins.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox";

/// Seals a response with content of a document: a browser takes it for nothing but what it is
/// declared to be, runs nothing of it, and keeps it for nobody else.
pub(super) fn seal(response: &mut HttpResponseBuilder, caching: &'static str) {
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, caching))
        .append_header((header::VARY, "authorization"));
}

/// The header that has a browser save a file under its name.
pub(super) fn attachment(filename: &str) -> (HeaderName, String) {
    (header::CONTENT_DISPOSITION, document::attachment(filename))
}

/// The name of a file without its extension, if it has one.
pub(super) fn stem(filename: &str) -> &str {
    match filename.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty()
                && (1..=10).contains(&extension.len())
                && extension.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            stem
        }
        _ => filename,
    }
}

/// To a client that has what it asks for already.
pub(super) fn not_modified(validators: &Validators, caching: &'static str) -> HttpResponse {
    let mut response = HttpResponse::NotModified();
    seal(&mut response, caching);
    validators.describe(&mut response);
    response.finish()
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An id that is not one names no document: 404, as for one that is not there.
pub(super) fn document_id(text: &str) -> Result<DocumentId, Error> {
    text.parse().map_err(|_| Error::not_found("document"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_an_extension_is_taken_off() {
        for (name, stem_of_it) in [
            ("report.pdf", "report"),
            ("report.final.docx", "report.final"),
            ("report", "report"),
            ("Dr. Who", "Dr. Who"),
            (".pdf", ".pdf"),
            ("v1.", "v1."),
        ] {
            assert_eq!(stem(name), stem_of_it);
        }
    }
}
