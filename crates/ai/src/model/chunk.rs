//! Cutting a text into pieces that fit a model.

use text_splitter::{ChunkConfig, TextSplitter};
use tiktoken_rs::{CoreBPE, o200k_base_singleton};

use crate::error::AiError;

use super::blocking;

/// Tokens of `o200k` in a text. A token is at least one byte, so short texts need no counting.
fn count(text: &str) -> usize {
    tokenizer().encode_ordinary(text).len()
}

fn tokenizer() -> &'static CoreBPE {
    o200k_base_singleton()
}

/// Tokens of `o200k` in a text.
pub(super) async fn tokens(text: String) -> Result<usize, AiError> {
    blocking(move || count(&text)).await
}

/// Whether a text has at most `budget` tokens.
pub(super) async fn fits(text: &str, budget: usize) -> Result<bool, AiError> {
    if text.len() <= budget {
        return Ok(true);
    }
    let text = text.to_owned();
    Ok(tokens(text).await? <= budget)
}

/// Cuts a text into pieces of at most `budget` tokens, at paragraph, else sentence, else word
/// borders; neighbours share up to `overlap` tokens.
pub(super) async fn split(text: String, budget: usize, overlap: usize) -> Result<Vec<String>, AiError> {
    blocking(move || {
        let config = ChunkConfig::new(budget)
            .with_sizer(tokenizer())
            .with_overlap(overlap)
            .map_err(|e| AiError::Internal(format!("a piece smaller than its overlap: {e}")))?;
        Ok(TextSplitter::new(config).chunks(&text).map(str::to_owned).collect())
    })
    .await?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        (1..=60).map(|i| format!("This is sentence number {i} of the report.\n\n")).collect()
    }

    #[tokio::test]
    async fn pieces_fit_and_nothing_is_lost() {
        let pieces = split(text(), 100, 0).await.unwrap();
        assert!(pieces.len() > 4);
        assert!(pieces.iter().all(|piece| count(piece) <= 100));
        let joined = pieces.join(" ");
        assert!((1..=60).all(|i| joined.contains(&format!("number {i} of"))));
        assert!(pieces.iter().all(|piece| piece.starts_with("This") && piece.ends_with("report.")));
    }

    #[tokio::test]
    async fn neighbours_share_what_was_asked_for() {
        let pieces = split(text(), 100, 20).await.unwrap();
        let last = pieces[0].rsplit("\n\n").next().unwrap();
        assert!(pieces[1].contains(last), "{last}");
    }

    #[tokio::test]
    async fn short_texts_fit_without_counting() {
        assert!(fits("short", 5).await.unwrap());
        assert!(fits("internationalisation", 10).await.unwrap());
        assert!(!fits(&text(), 100).await.unwrap());
    }
}
