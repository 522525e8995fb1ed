//! Counting tokens, and the thread on which that is done.

use tiktoken_rs::{CoreBPE, o200k_base_singleton};

use crate::error::AiError;

/// Bytes that are counted at once. The tokeniser's expressions and merges take more than linear time where
/// nothing separates words, and documents may be made so.
const WINDOW: usize = 4 * 1024;

/// Tokens of `o200k` in a text, in linear time: where a window ends within a word, one too many.
pub(super) fn count(text: &str) -> usize {
    let (mut rest, mut tokens) = (text, 0);
    while !rest.is_empty() {
        let (window, behind) = rest.split_at(window(rest));
        tokens += tokenizer().count_ordinary(window);
        rest = behind;
    }
    tokens
}

/// Bytes up to the last white space within a window: a token begins with the space before a word.
fn window(text: &str) -> usize {
    if text.len() <= WINDOW {
        return text.len();
    }
    let end = text.floor_char_boundary(WINDOW);
    text[..end].rfind(char::is_whitespace).filter(|at| *at > 0).unwrap_or(end)
}

fn tokenizer() -> &'static CoreBPE {
    o200k_base_singleton()
}

/// Runs work that computes for a while on a thread that may.
///
/// # Errors
/// [`AiError::Internal`] when that thread was lost.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AiError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|_| AiError::Internal("the thread that prepares texts was lost".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_hardly_change_the_count_of_prose() {
        let text: String =
            (1..=1_000).map(|i| format!("This is sentence number {i} of the report. ")).collect();
        let (counted, exact) = (count(&text), tokenizer().count_ordinary(&text));
        assert!((exact..=exact + exact / 1_000 + 1).contains(&counted), "{counted} {exact}");
    }

    #[test]
    fn texts_without_words_are_counted_in_linear_time() {
        for c in ["a", " ", "日", "\u{1F600}", "\n"] {
            let text = c.repeat(20_000);
            assert!((1..=text.len()).contains(&count(&text)), "{c:?}");
        }
        assert_eq!(count(""), 0);
    }
}
