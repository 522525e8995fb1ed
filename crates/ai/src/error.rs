//! Why a run gave no answer, in classes that call for different reactions.

use std::time::Duration;

use quire_domain::failure::{Failure, FailureCode};

/// Why a run gave no answer.
///
/// Holds classes, never what a provider wrote: its texts may echo the document or part of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AiError {
    /// The provider refused the credentials (401, 403).
    #[error("the provider `{provider}` refused the credentials")]
    Auth {
        /// Which provider.
        provider: &'static str,
    },
    /// The account has nothing left to spend (402, or 429 with `insufficient_quota`).
    #[error("the account at `{provider}` has nothing left to spend")]
    Quota {
        /// Which provider.
        provider: &'static str,
    },
    /// Too many requests (429), after all tries.
    #[error("the provider `{provider}` limits the rate")]
    RateLimited {
        /// Which provider.
        provider: &'static str,
        /// How long the provider asked to wait.
        retry_after: Option<Duration>,
    },
    /// Not reachable, failing, or a stream that was cut (408, 409, 5xx), after all tries.
    #[error("the provider `{provider}` is not available")]
    Unavailable {
        /// Which provider.
        provider: &'static str,
    },
    /// No answer in time.
    #[error("the provider `{provider}` did not answer in time")]
    Timeout {
        /// Which provider.
        provider: &'static str,
    },
    /// The text is longer than the model takes, even in smaller pieces.
    #[error("the text is longer than the model takes")]
    ContextTooLong,
    /// The provider does not accept the request, for example for an unknown model (other 4xx).
    #[error("the provider `{provider}` did not accept the request (status {status:?})")]
    InvalidRequest {
        /// Which provider.
        provider: &'static str,
        /// The HTTP status, where there was one.
        status: Option<u16>,
    },
    /// The provider's filter refused the text or the answer.
    #[error("the provider's filter refused the text or the answer")]
    Filtered,
    /// The answer was cut off at the token limit, twice.
    #[error("the answer was cut off")]
    Truncated,
    /// The answer was not of the agreed shape, twice.
    #[error("the answer was not of the agreed shape")]
    BadOutput,
    /// A limit towards the provider is used up, or the provider is being left alone after failures: no call
    /// was made.
    #[error("no call to the provider `{provider}` for {after:?}")]
    Busy {
        /// Which provider.
        provider: &'static str,
        /// How long that will last.
        after: Duration,
    },
    /// The user's budget does not suffice for the call: it was not made.
    #[error("the budget of the user is spent")]
    BudgetSpent,
    /// What runs share could not be reached; the text is for the log.
    #[error("{0}")]
    Shared(String),
    /// This engine cannot do this to this text.
    #[error("not supported: {0}")]
    Unsupported(Failure),
    /// The document does not say what the caller's schema requires.
    #[error("the document does not fill the caller's schema")]
    Misfit(Failure),
    /// There is no text to work on.
    #[error("the document has no text")]
    NoText,
    /// The run was cancelled.
    #[error("the run was cancelled")]
    Cancelled,
    /// A fault of ours; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same run may succeed later.
    Retry {
        /// No sooner than this, where the provider said so.
        after: Option<Duration>,
    },
    /// The same run may succeed later, and nothing was tried now: that costs no attempt.
    Wait {
        /// No sooner than this.
        after: Duration,
    },
    /// Trying again changes nothing.
    Fail,
}

impl AiError {
    /// Whether the same run may succeed later.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::RateLimited { retry_after, .. } => Verdict::Retry { after: *retry_after },
            Self::Unavailable { .. } | Self::Timeout { .. } | Self::Shared(_) => {
                Verdict::Retry { after: None }
            }
            Self::Busy { after, .. } => Verdict::Wait { after: *after },
            _ => Verdict::Fail,
        }
    }

    /// The failure as the person who submitted the task reads it.
    ///
    /// [`AiError::Cancelled`] is no failure: ask for it before calling this.
    pub fn failure(&self) -> Failure {
        use FailureCode as Code;
        match self {
            Self::Auth { provider } => Failure::new(
                Code::ProviderAuth,
                format!(
                    "The AI provider ({provider}) refused the key of this installation. Its operator has to check it."
                ),
            ),
            Self::Quota { provider } => Failure::new(
                Code::ProviderQuota,
                format!(
                    "The account of this installation at the AI provider ({provider}) has nothing left to spend."
                ),
            ),
            Self::RateLimited { provider, .. } => Failure::new(
                Code::ProviderRateLimited,
                format!(
                    "The AI provider ({provider}) kept refusing because of too many requests. Please try again later."
                ),
            ),
            Self::Unavailable { provider } => Failure::new(
                Code::ProviderUnavailable,
                format!(
                    "The AI provider ({provider}) could not be reached or failed. Please try again later."
                ),
            ),
            Self::Timeout { provider } => Failure::new(
                Code::ProviderTimeout,
                format!("The AI provider ({provider}) did not answer in time. Please try again later."),
            ),
            Self::ContextTooLong => Failure::new(
                Code::ContextTooLong,
                "The document is longer than the model can read, even in pieces. Please submit it in parts.",
            ),
            Self::InvalidRequest { provider, .. } => Failure::new(
                Code::ProviderRequest,
                format!(
                    "The AI provider ({provider}) did not accept the request; the configured model may not exist."
                ),
            ),
            Self::Filtered => Failure::new(
                Code::AnswerFiltered,
                "The AI provider's content filter refused this document or its answer.",
            ),
            Self::Truncated => Failure::new(
                Code::AnswerTruncated,
                "The answer was longer than the model may write, and was cut off.",
            ),
            Self::BadOutput => Failure::new(
                Code::AnswerInvalid,
                "The model's answer did not have the agreed form, also when asked again.",
            ),
            Self::Busy { provider, .. } => Failure::new(
                Code::ProviderBusy,
                format!(
                    "The AI provider ({provider}) is not asked at the moment; the task goes on by itself later."
                ),
            ),
            Self::BudgetSpent => Failure::new(
                Code::BudgetSpent,
                "Your budget for AI tasks does not suffice for this document today. Please try again tomorrow.",
            ),
            Self::Unsupported(failure) | Self::Misfit(failure) => failure.clone(),
            Self::NoText => Failure::new(Code::DocumentEmpty, "The document holds no text to work on."),
            Self::Cancelled => Failure::new(Code::Internal, "The task was cancelled."),
            Self::Shared(_) | Self::Internal(_) => {
                Failure::new(Code::Internal, "Something went wrong on our side while the text was worked on.")
            }
        }
    }

    /// A short name of the class, for logs.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Auth { .. } => "auth",
            Self::Quota { .. } => "quota",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::Timeout { .. } => "timeout",
            Self::ContextTooLong => "context_too_long",
            Self::InvalidRequest { .. } => "invalid_request",
            Self::Filtered => "filtered",
            Self::Truncated => "truncated",
            Self::BadOutput => "bad_output",
            Self::Busy { .. } => "busy",
            Self::BudgetSpent => "budget_spent",
            Self::Shared(_) => "shared",
            Self::Unsupported(_) => "unsupported",
            Self::Misfit(_) => "misfit",
            Self::NoText => "no_text",
            Self::Cancelled => "cancelled",
            Self::Internal(_) => "internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_retried() {
        let after = Some(Duration::from_secs(7));
        let limited = AiError::RateLimited { provider: "openai", retry_after: after };
        assert_eq!(limited.verdict(), Verdict::Retry { after });
        for error in [AiError::Unavailable { provider: "x" }, AiError::Timeout { provider: "x" }] {
            assert_eq!(error.verdict(), Verdict::Retry { after: None });
        }
        for error in
            [AiError::Auth { provider: "x" }, AiError::BadOutput, AiError::NoText, AiError::Cancelled]
        {
            assert_eq!(error.verdict(), Verdict::Fail, "{error}");
        }
    }

    #[test]
    fn internal_causes_stay_out_of_the_failure() {
        let failure = AiError::Internal("thread 7 lost".into()).failure();
        assert_eq!(failure.code, FailureCode::Internal);
        assert!(!failure.message.contains("thread"));
    }
}
