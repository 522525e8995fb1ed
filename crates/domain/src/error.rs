//! Errors as clients see them: one table of codes, one error type.
//!
//! An [`Error`] carries two messages. [`Error::detail`] is a sentence for the person who
//! asked; the source chain is for the log, and is never shown to a client.

use std::{borrow::Cow, collections::BTreeMap, error::Error as StdError, fmt, time::Duration};

/// Result with the domain's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn StdError + Send + Sync>;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// Stable names for what can go wrong. Programs match on [`ErrorCode::as_str`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name on the wire (`code`).
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// A short title, the same for every occurrence (RFC 9457, `title`).
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

error_codes! {
    /// The request could not be read: broken JSON, broken multipart, a bad query string.
    MalformedRequest = "malformed_request", 400, "The request could not be read";
    /// The client stopped sending before the body was complete.
    UploadInterrupted = "upload_interrupted", 400, "The upload ended early";
    /// No credentials were sent.
    NotAuthenticated = "not_authenticated", 401, "Sign in first";
    /// The token is broken, foreign, or of the wrong kind.
    TokenInvalid = "token_invalid", 401, "The token is not valid";
    /// The token was good once.
    TokenExpired = "token_expired", 401, "The token has expired";
    /// Unknown user or wrong password; which of the two is never told.
    InvalidCredentials = "invalid_credentials", 401, "Wrong user name or password";
    /// A message that is signed has no signature, a wrong one, or an old one.
    SignatureInvalid = "signature_invalid", 401, "The signature is not valid";
    /// Signed in, but not allowed.
    Forbidden = "forbidden", 403, "Not allowed";
    /// A signed link that was never given out like that.
    LinkInvalid = "link_invalid", 403, "The link is not valid";
    /// A signed link that was good once.
    LinkExpired = "link_expired", 403, "The link has expired";
    /// Not there, or not yours.
    NotFound = "not_found", 404, "Not found";
    /// The bytes of the document are gone from storage.
    DocumentMissing = "document_missing", 404, "The file is gone";
    /// The document does not have the page that was asked for.
    PageNotFound = "page_not_found", 404, "No such page";
    /// The document has no looks: a sound, or nothing on a page.
    NoPicture = "no_picture", 404, "There is no picture of this document";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The thing is in a state that does not allow this.
    WrongState = "wrong_state", 409, "Not possible in this state";
    /// A virus was found in the document: it is neither read nor given out.
    DocumentQuarantined = "document_quarantined", 409, "The document is in quarantine";
    /// The document has not passed the virus scanner, so it is not given out.
    DocumentNotScanned = "document_not_scanned", 409, "The document has not been scanned";
    /// The document opens only with a password.
    DocumentEncrypted = "document_encrypted", 409, "The document is protected with a password";
    /// The document could not be read, so there is nothing of it to show.
    DocumentUnreadable = "document_unreadable", 409, "The document could not be read";
    /// The user name belongs to someone.
    UsernameTaken = "username_taken", 409, "The user name is taken";
    /// The e-mail address belongs to someone.
    EmailTaken = "email_taken", 409, "The e-mail address is taken";
    /// The piece of an upload is not the next one.
    UploadOffsetMismatch = "upload_offset_mismatch", 409, "Not the next piece";
    /// The document was announced, and its file has not come.
    NotUploaded = "not_uploaded", 409, "The file has not come";
    /// The file that came is not the one that was announced.
    UploadMismatch = "upload_mismatch", 409, "Not the file that was announced";
    /// The object in storage is a document already.
    AlreadyRegistered = "already_registered", 409, "There is a document for it";
    /// The upload is gone: nothing came for too long.
    UploadExpired = "upload_expired", 410, "The upload has expired";
    /// The client speaks another version of the protocol for uploads in pieces.
    TusVersionUnsupported = "tus_version_unsupported", 412, "Another version of the protocol";
    /// What is here is not the version that the client expects (`If-Match`, `If-Unmodified-Since`).
    PreconditionFailed = "precondition_failed", 412, "Not the version you have";
    /// The body is larger than allowed.
    PayloadTooLarge = "payload_too_large", 413, "Too large";
    /// With this file, the user would have more in storage than allowed.
    StorageQuotaExceeded = "storage_quota_exceeded", 413, "Your storage is full";
    /// The content is of a type that is not accepted here.
    UnsupportedMediaType = "unsupported_media_type", 415, "Type not accepted";
    /// Files of this type are not taken in by this installation.
    FileTypeRefused = "file_type_refused", 415, "Files of this type are not accepted";
    /// A program that calls itself something else.
    DisguisedExecutable = "disguised_executable", 415, "A program in disguise";
    /// None of the bytes that were asked for are in the file.
    RangeNotSatisfiable = "range_not_satisfiable", 416, "Not that long";
    /// Understood, but some fields are wrong; `errors` says which.
    ValidationFailed = "validation_failed", 422, "Some fields are not valid";
    /// The file is not the one whose checksum the client sent.
    ChecksumMismatch = "checksum_mismatch", 422, "Not the file that was sent";
    /// The task type exists, but the configured provider cannot do it.
    TaskTypeUnavailable = "task_type_unavailable", 422, "Task type not available";
    /// The document is damaged.
    DocumentCorrupt = "document_corrupt", 422, "The document is damaged";
    /// Reading the document goes over a limit on time, memory or output.
    DocumentTooComplex = "document_too_complex", 422, "The document is too complex";
    /// Another request is sending a piece of the upload.
    UploadLocked = "upload_locked", 423, "Another piece is coming in";
    /// Too many tries at signing in.
    LoginThrottled = "login_throttled", 429, "Too many tries";
    /// This user has sent too many files lately.
    TooManyUploads = "too_many_uploads", 429, "Too many uploads";
    /// This user has too much work waiting.
    TooManyTasks = "too_many_tasks", 429, "Too many tasks are waiting";
    /// The piece of an upload is not the one whose checksum the client sent. The status is that of the
    /// protocol tus.
    UploadChecksumMismatch = "upload_checksum_mismatch", 460, "Not the piece that was sent";
    /// A fault of ours. The log has the cause.
    Internal = "internal_error", 500, "Something went wrong on our side";
    /// The database cannot be reached or does not answer in time.
    DatabaseUnavailable = "database_unavailable", 503, "Not available right now";
    /// Blob storage cannot be reached or is full.
    StorageUnavailable = "storage_unavailable", 503, "Not available right now";
    /// The service behind this one cannot be reached.
    UpstreamUnavailable = "upstream_unavailable", 503, "Not available right now";
    /// More work is waiting than this installation accepts.
    Overloaded = "overloaded", 503, "Too busy right now";
    /// The service behind this one did not answer in time.
    UpstreamTimeout = "upstream_timeout", 504, "No answer in time";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What went wrong, for the client and for the log.
#[derive(Debug)]
pub struct Error {
    /// The stable name; status and title follow from it.
    pub code: ErrorCode,
    /// A sentence for the person who asked. Holds no secret and no internal cause.
    pub detail: Cow<'static, str>,
    /// Field by field, for [`ErrorCode::ValidationFailed`] and the two "taken" codes.
    pub fields: FieldErrors,
    /// When to try again, where that is known.
    pub retry_after: Option<Duration>,
    source: Option<Source>,
}

impl Error {
    /// An error with a sentence for the person who asked.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), fields: FieldErrors::default(), retry_after: None, source: None }
    }

    /// A fault of ours. `context` goes to the log; the client reads a fixed sentence.
    pub fn internal(context: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            ErrorCode::Internal,
            "This is a fault of the server, not of your request. It has been logged under the request id.",
        )
        .with_source(Context { message: context.into(), source: None })
    }

    /// Not there, or not yours: the two are told apart by nothing.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no such {what}, or it is not yours."))
    }

    /// Attaches the cause, for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(match self.source.take() {
            // An internal error keeps its context line in front of the cause.
            Some(context) => {
                Box::new(Context { message: context.to_string().into(), source: Some(source.into()) })
            }
            None => source.into(),
        });
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Attaches one field's message.
    #[must_use]
    pub fn with_field(mut self, field: &str, message: impl Into<String>) -> Self {
        self.fields.add(field, message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[derive(Debug)]
struct Context {
    message: Cow<'static, str>,
    source: Option<Source>,
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Context {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Messages by field name. Collect while checking, then [`into_result`](Self::into_result).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(pub BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// Adds a message to a field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.entry(field.to_owned()).or_default().push(message.into());
    }

    /// Whether nothing was found wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` when nothing was found wrong, else one [`ErrorCode::ValidationFailed`] with all of it.
    ///
    /// # Errors
    /// See above.
    pub fn into_result(self) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = self.0.keys().map(String::as_str).collect();
        let detail = format!("Please check: {}.", names.join(", "));
        Err(Error { fields: self, ..Error::new(ErrorCode::ValidationFailed, detail) })
    }
}

/// The whole chain of causes on one line, for the log.
pub fn chain(error: &dyn StdError) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        line.push_str(": ");
        line.push_str(&next.to_string());
        cause = next.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_statuses_are_errors() {
        let names: HashSet<_> = ErrorCode::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        assert!(ErrorCode::ALL.iter().all(|c| (400..600).contains(&c.status())));
    }

    #[test]
    fn internal_causes_stay_out_of_the_detail_and_in_the_chain() {
        let error = Error::internal("reading the key").with_source(std::io::Error::other("disk on fire"));
        assert!(!error.detail.contains("fire"));
        assert!(chain(&error).ends_with("reading the key: disk on fire"), "{}", chain(&error));
    }

    #[test]
    fn field_errors_become_one_error() {
        let mut fields = FieldErrors::default();
        assert!(fields.clone().into_result().is_ok());
        fields.add("email", "missing");
        fields.add("password", "too short");
        let error = fields.into_result().unwrap_err();
        assert_eq!(error.code, ErrorCode::ValidationFailed);
        assert_eq!(error.detail, "Please check: email, password.");
    }
}
