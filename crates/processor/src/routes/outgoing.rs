//! What responses have that carry what strangers wrote: names, and what a browser may do.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue},
};
use quire_domain::{DocumentId, Error};
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

/// `Content-Disposition: attachment` with a file name (RFC 6266): for clients that know no other
/// form one in ASCII, for the others the name itself (RFC 8187).
pub(super) fn attachment(filename: &str) -> ContentDisposition {
    let plain: String = filename
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' })
        .collect();
    let mut parameters = Vec::with_capacity(2);
    let extended = (plain != filename).then(|| {
        DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: filename.as_bytes().to_vec(),
        })
    });
    parameters.push(DispositionParam::Filename(plain));
    parameters.extend(extended);
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
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
    fn file_names_arrive_whole_and_break_no_header() {
        for (name, header) in [
            ("report.pdf", r#"attachment; filename="report.pdf""#),
            ("my report.pdf", r#"attachment; filename="my report.pdf""#),
            (
                "Zeugnis für Jürgen.pdf",
                r#"attachment; filename="Zeugnis f_r J_rgen.pdf"; filename*=UTF-8''Zeugnis%20f%C3%BCr%20J%C3%BCrgen.pdf"#,
            ),
            ("100%.txt", r#"attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt"#),
            ("a\"b\\c.txt", r#"attachment; filename="a_b_c.txt"; filename*=UTF-8''a%22b%5Cc.txt"#),
            ("a\r\nx: y", r#"attachment; filename="a__x: y"; filename*=UTF-8''a%0D%0Ax%3A%20y"#),
        ] {
            assert_eq!(attachment(name).to_string(), header);
        }
    }

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
