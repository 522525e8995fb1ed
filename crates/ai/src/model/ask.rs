//! One question to the model, until its answer has the agreed form.

use crate::{cost::TokenUsage, error::AiError, ports::KeptReply, schema::Shape};

use super::{
    budget::rough_tokens,
    call::Caller,
    chat::{ChatCall, Finish},
    fence,
    stage::Voice,
};

/// A call, and about how many tokens it sends.
pub(super) struct Question {
    pub(super) call: ChatCall,
    pub(super) input_tokens: u32,
}

/// Asks until the answer has the agreed form: an answer that was cut off gets more room once, an answer of
/// another form is sent back once with what is wrong. The usage is that of all tries that were paid for.
///
/// # Errors
/// [`AiError::Truncated`], [`AiError::BadOutput`], [`AiError::Filtered`], or why there was no reply.
pub(super) async fn ask(
    caller: &Caller<'_>,
    question: Question,
    shape: &Shape,
    voice: &Voice<'_>,
) -> Result<KeptReply, AiError> {
    let Question { mut call, mut input_tokens } = question;
    let (mut is_enlarged, mut is_repaired, mut usage) = (false, false, TokenUsage::default());
    loop {
        let reply = caller.complete(&call, input_tokens, voice).await?;
        usage += reply.usage;
        match reply.finish {
            Finish::Filtered => return Err(AiError::Filtered),
            Finish::Truncated if is_enlarged => return Err(AiError::Truncated),
            Finish::Truncated => {
                is_enlarged = true;
                call.max_output_tokens = call.max_output_tokens.saturating_mul(2);
                continue;
            }
            Finish::Complete => {}
        }
        match shape.read(&reply.text) {
            Ok(reply) => return Ok(KeptReply { reply, usage }),
            Err(_) if is_repaired => return Err(AiError::BadOutput),
            Err(problems) => {
                is_repaired = true;
                tracing::info!(problems = problems.len(), "answer of another form, asking again");
                call.user = fence::repair(&call.user, &reply.text, &problems)?;
                input_tokens = input_tokens.saturating_add(rough_tokens(reply.text.len()));
            }
        }
    }
}
