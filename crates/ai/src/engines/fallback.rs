//! Asking the next provider while one cannot answer.

use serde_json::{Value, json};

use crate::{
    answer::{Answer, EngineInfo, Request},
    context::RunContext,
    engine::SharedEngine,
    error::{AiError, Verdict},
    task::Warning,
};

/// Asks one engine after another until one answers. An answer of another than was `meant` says so.
///
/// When none does, the error that promises most is returned: one after which it is enough to wait before
/// one after which the run may be repeated, and that before a lasting one; among equals the one with the
/// shorter wait, then the first.
pub(super) async fn run(
    meant: EngineInfo,
    engines: &[SharedEngine],
    request: &Request,
    context: &RunContext,
) -> Result<Answer, AiError> {
    let mut most_hopeful: Option<AiError> = None;
    for (at, engine) in engines.iter().enumerate() {
        let error = match engine.run(request, context).await {
            Ok(answer) if engine.info() == meant => return Ok(answer),
            Ok(answer) => return Ok(told(answer, &meant)),
            Err(error) => error,
        };
        if is_final(&error) {
            return Err(error);
        }
        let goes_on = is_of_provider(&error);
        if goes_on && let Some(next) = engines.get(at + 1) {
            tracing::warn!(
                provider = engine.info().provider,
                class = error.class(),
                next = next.info().provider,
                "a provider cannot answer, asking the next"
            );
        }
        most_hopeful = Some(match most_hopeful {
            Some(first) if rank(&first) <= rank(&error) => first,
            _ => error,
        });
        if !goes_on {
            break;
        }
    }
    Err(most_hopeful.unwrap_or_else(|| AiError::Internal("no engine to ask".into())))
}

/// Whether the error is about the provider, so that another may do better.
///
/// What is about the document (its length, a filter, an answer of another form) is not: a document is
/// sent to others when a provider is away, never for what it says. What is about the user (budget,
/// cancellation) or about us would be the same everywhere.
fn is_of_provider(error: &AiError) -> bool {
    match error {
        AiError::Auth { .. }
        | AiError::Quota { .. }
        | AiError::RateLimited { .. }
        | AiError::Unavailable { .. }
        | AiError::Timeout { .. }
        | AiError::Busy { .. }
        // The model does not exist (any more).
        | AiError::InvalidRequest { status: Some(404), .. }
        // No method for this language: nothing was sent to anybody.
        | AiError::Unsupported(_) => true,
        AiError::InvalidRequest { .. }
        | AiError::ContextTooLong
        | AiError::Filtered
        | AiError::Truncated
        | AiError::BadOutput
        | AiError::Misfit(_)
        | AiError::BudgetSpent
        | AiError::Shared(_)
        | AiError::NoText
        | AiError::Cancelled
        | AiError::Internal(_) => false,
    }
}

/// Whether the error ends the run whatever happened before.
fn is_final(error: &AiError) -> bool {
    matches!(error, AiError::Cancelled | AiError::BudgetSpent | AiError::NoText)
}

/// Less is better: how much hope an error leaves, then for how long to wait.
fn rank(error: &AiError) -> (u8, std::time::Duration) {
    match error.verdict() {
        Verdict::Wait { after } => (0, after),
        Verdict::Retry { after } => (1, after.unwrap_or_default()),
        Verdict::Fail => (2, std::time::Duration::ZERO),
    }
}

/// The answer, with a warning that somebody else was meant to give it.
fn told(mut answer: Answer, meant: &EngineInfo) -> Answer {
    let warning = Warning::new(
        "provider_fallback",
        format!(
            "{} was meant to do this and could not; {} ({}) did, by the configured order of providers.",
            meant.provider, answer.provider, answer.model
        ),
    );
    if let Some(warnings) = answer.output.get_mut("warnings").and_then(Value::as_array_mut) {
        warnings.push(json!(warning));
    }
    answer.warnings.push(warning);
    answer
}
