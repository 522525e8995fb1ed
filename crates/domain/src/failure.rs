//! Why a task failed: stable codes that outlive the request, with a sentence for a person.

use std::{borrow::Cow, fmt};

macro_rules! failure_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal;)*) => {
        /// Stable names for why a task ended as `failed` (`error_code` of a task).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FailureCode { $($(#[$doc])* $variant,)* }

        impl FailureCode {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The code with that name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }
        }
    };
}

failure_codes! {
    /// The document wants a password.
    DocumentEncrypted = "document_encrypted";
    /// The document has no content at all.
    DocumentEmpty = "document_empty";
    /// The document has pictures of text, but no text.
    DocumentImageOnly = "document_image_only";
    /// The document is damaged.
    DocumentCorrupt = "document_corrupt";
    /// No reader for this type of file.
    DocumentUnsupported = "document_unsupported";
    /// Reading it went over a limit on time, memory or output, or killed the reader.
    DocumentTooComplex = "document_too_complex";
    /// The document does not have the pages that were asked for.
    PageNotFound = "page_not_found";
    /// A virus was found in the document.
    DocumentQuarantined = "document_quarantined";
    /// The document goes over a limit of the virus scanner, and what was not scanned is not read.
    DocumentNotScanned = "document_not_scanned";
    /// The virus scanner cannot be reached; the task waits for it.
    ScannerUnavailable = "scanner_unavailable";
    /// The virus scanner gave no verdict on the document, every time it was asked.
    ScanFailed = "scan_failed";
    /// The bytes of the document are gone from storage.
    DocumentMissing = "document_missing";
    /// The provider cannot do this to this text (for example a language it does not speak).
    TaskUnsupported = "task_unsupported";
    /// The provider refused our credentials.
    ProviderAuth = "provider_auth";
    /// The provider's account has nothing left to spend.
    ProviderQuota = "provider_quota";
    /// The provider kept refusing for speed.
    ProviderRateLimited = "provider_rate_limited";
    /// The provider could not be reached or failed.
    ProviderUnavailable = "provider_unavailable";
    /// A limit towards the provider is used up, or it is being left alone; the task waits for it.
    ProviderBusy = "provider_busy";
    /// The provider did not answer in time.
    ProviderTimeout = "provider_timeout";
    /// The provider does not accept the request (for example an unknown model).
    ProviderRequest = "provider_request";
    /// The user's budget for AI tasks is spent for today.
    BudgetSpent = "budget_spent";
    /// There is a budget in money, and the price of the model is not known.
    PriceUnknown = "price_unknown";
    /// The text is longer than the model takes, even in pieces.
    ContextTooLong = "context_too_long";
    /// The provider's filter refused the text or the answer.
    AnswerFiltered = "answer_filtered";
    /// The answer was cut off.
    AnswerTruncated = "answer_truncated";
    /// The answer was not of the agreed form, twice.
    AnswerInvalid = "answer_invalid";
    /// The worker was lost every time it tried.
    WorkerLost = "worker_lost";
    /// A fault of ours, every time it was tried.
    Internal = "internal_error";
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a task could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable name.
    pub code: FailureCode,
    /// A sentence that helps the person who submitted it. Nothing private, nothing internal.
    pub message: Cow<'static, str>,
}

impl Failure {
    /// A failure with a sentence for the person who submitted the task.
    pub fn new(code: FailureCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}
