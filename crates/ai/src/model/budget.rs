//! How many tokens go where.

use crate::error::AiError;

use super::chat::Caps;

/// Tokens in one piece, however much the model takes: attention and cost both suffer from more. The built-in
/// prices hold for calls of this size.
const LARGEST_PIECE: f64 = 100_000.0;
/// The smallest piece worth sending.
pub(super) const SMALLEST_PIECE: usize = 50;
/// Kept free of every context, for what counting gets wrong.
const MARGIN: f64 = 0.10;
/// Bytes of our prompts that are at least one token: counting them would load the tokeniser for every short
/// text.
const BYTES_PER_PROMPT_TOKEN: usize = 3;
/// The same, on the safe side for any text.
const BYTES_PER_TOKEN: usize = 2;

/// Tokens, as counted here, that one piece may have beside a prompt of so many bytes.
///
/// # Errors
/// [`AiError::ContextTooLong`] when no piece worth sending fits.
pub(super) fn of_piece(caps: Caps, prompt_bytes: usize, answers_at_length: bool) -> Result<usize, AiError> {
    let context = f64::from(caps.context_tokens) * (1.0 - MARGIN) - f64::from(caps.max_output_tokens);
    let mut room = context / caps.tokens_per_counted - float(prompt_bytes / BYTES_PER_PROMPT_TOKEN);
    if answers_at_length {
        // Two thirds of the answer's room: some languages need more tokens for the same text.
        room = room.min(f64::from(caps.max_output_tokens) / caps.tokens_per_counted * 2.0 / 3.0);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and LARGEST_PIECE"
    )]
    let budget = room.clamp(0.0, LARGEST_PIECE) as usize;
    if budget < SMALLEST_PIECE { Err(AiError::ContextTooLong) } else { Ok(budget) }
}

/// Tokens of the model that a call sends, rather too many: a piece of `counted` tokens, and so many bytes
/// beside it.
pub(super) fn of_call(caps: Caps, counted: usize, bytes_beside: usize) -> u32 {
    let counted = float(counted) + f64::from(rough_tokens(bytes_beside));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    let tokens = (counted * caps.tokens_per_counted).ceil() as u32;
    tokens
}

/// At most so many tokens are in so many bytes of any usual text.
pub(super) fn rough_tokens(bytes: usize) -> u32 {
    u32::try_from(bytes / BYTES_PER_TOKEN).unwrap_or(u32::MAX)
}

fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(context_tokens: u32, max_output_tokens: u32, tokens_per_counted: f64) -> Caps {
        Caps { context_tokens, max_output_tokens, tokens_per_counted, enforces_schema: true }
    }

    #[test]
    fn a_piece_leaves_room_for_prompt_answer_and_mistakes() {
        assert_eq!(of_piece(caps(10_000, 2_000, 1.0), 3_000, false), Ok(6_000));
        assert_eq!(of_piece(caps(10_000, 2_000, 1.0), 3_000, true), Ok(1_333));
        assert_eq!(of_piece(caps(10_000, 2_000, 2.0), 3_000, false), Ok(2_500));
        assert_eq!(of_piece(caps(2_000_000, 2_000, 1.0), 3_000, false), Ok(100_000));
        assert_eq!(of_piece(caps(1_000, 500, 1.0), 3_000, false), Err(AiError::ContextTooLong));
    }

    #[test]
    fn a_call_is_estimated_on_the_safe_side() {
        assert_eq!(of_call(caps(10_000, 2_000, 1.3), 1_000, 201), 1_430);
        assert_eq!(of_call(caps(10_000, 2_000, 1.3), usize::MAX, usize::MAX), u32::MAX);
    }
}
