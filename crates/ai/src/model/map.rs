//! Long texts: pieces are answered two at a time, the replies are joined as the task says.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{
    answer::{Request, TokenUsage},
    clean::fold_whitespace,
    context::RunContext,
    error::AiError,
    schema::Shape,
    task::{Overlap, Part, Reduction, TaskType},
};

use super::{ChatCall, ChatClient, ModelEngine, ask::Ledger, chunk, fence};

/// Calls under way at once.
const IN_FLIGHT: usize = 2;
/// Pieces of one text: above, the cost would surprise.
const MOST_PIECES: usize = 200;
/// Tokens in one piece, however much the model takes: attention and cost both suffer from more.
const LARGEST_PIECE: f64 = 100_000.0;
/// Kept free of every context, for what counting gets wrong.
const MARGIN: f64 = 0.10;
/// A piece that the model calls too long is halved this often.
const HALVINGS: u32 = 2;
/// Times a text may be replaced by the replies to its pieces.
const LEVELS: u32 = 4;
/// The smallest piece worth sending.
const SMALLEST_PIECE: usize = 50;
/// Bytes of our prompts that are at least one token: counting them would load the tokeniser for
/// every short text.
const BYTES_PER_PROMPT_TOKEN: usize = 3;
/// Characters of the piece before that are shown as context.
const CONTEXT_CHARS: usize = 300;

/// One request on its way through an engine.
pub(super) struct Run<'a, C> {
    engine: &'a ModelEngine<C>,
    task: &'static dyn TaskType,
    params: &'a Value,
    context: &'a RunContext,
    system: String,
    wish: String,
    schema: Value,
    shape: Shape,
    ledger: Ledger,
    turns: Semaphore,
    done: AtomicU32,
    total: AtomicU32,
}

impl<'a, C: ChatClient> Run<'a, C> {
    pub(super) fn new(
        engine: &'a ModelEngine<C>,
        request: &'a Request,
        context: &'a RunContext,
    ) -> Result<Self, AiError> {
        let task = request.task_type;
        let schema = task.reply_schema(&request.params);
        Ok(Self {
            system: fence::system(task.prompt(), &schema),
            wish: task.wish(&request.params),
            shape: Shape::new(&schema)?,
            params: &request.params,
            ledger: Ledger::default(),
            turns: Semaphore::new(IN_FLIGHT),
            done: AtomicU32::new(0),
            total: AtomicU32::new(0),
            engine,
            task,
            context,
            schema,
        })
    }

    /// Attempts, tokens and pieces so far.
    pub(super) fn spent(&self) -> (u32, TokenUsage, u32) {
        let (attempts, usage) = self.ledger.spent();
        (attempts, usage, self.total.load(Ordering::Relaxed))
    }

    /// The reply to a text of any length.
    pub(super) async fn reply(&self, mut text: String) -> Result<Value, AiError> {
        let budget = self.budget()?;
        for _ in 0..LEVELS {
            let mut parts = self.parts(&text, budget).await?;
            if parts.len() < 2 {
                return parts.pop().map(|part| part.reply).ok_or(AiError::NoText);
            }
            match self.task.reduce(parts, self.params)? {
                Reduction::Done(reply) => return Ok(reply),
                Reduction::Again(shorter) => text = shorter,
            }
        }
        Err(AiError::ContextTooLong)
    }

    /// Tokens, as counted here, that one piece may have.
    fn budget(&self) -> Result<usize, AiError> {
        let caps = self.engine.client.caps();
        let prompt = (self.system.len() + self.wish.len()) / BYTES_PER_PROMPT_TOKEN;
        let context = f64::from(caps.context_tokens) * (1.0 - MARGIN) - f64::from(caps.max_output_tokens);
        let mut room =
            context / caps.tokens_per_counted - f64::from(u32::try_from(prompt).unwrap_or(u32::MAX));
        if self.task.answers_at_length() {
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

    /// The replies to the pieces of a text, in order.
    async fn parts(&self, text: &str, budget: usize) -> Result<Vec<Part>, AiError> {
        let pieces = if chunk::fits(text, budget).await? {
            vec![text.to_owned()]
        } else {
            self.split(text, budget).await?
        };
        self.map(pieces, None, budget, HALVINGS).await
    }

    async fn split(&self, text: &str, budget: usize) -> Result<Vec<String>, AiError> {
        let overlap = if self.task.overlap() == Overlap::Twentieth { budget / 20 } else { 0 };
        let pieces = chunk::split(text.to_owned(), budget, overlap).await?;
        if pieces.len() > MOST_PIECES { Err(AiError::ContextTooLong) } else { Ok(pieces) }
    }

    async fn map(
        &self,
        pieces: Vec<String>,
        before: Option<String>,
        budget: usize,
        halvings: u32,
    ) -> Result<Vec<Part>, AiError> {
        self.total.fetch_add(u32::try_from(pieces.len()).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.report()?;
        let befores = std::iter::once(before).chain(pieces.iter().map(|piece| Some(end_of(piece))));
        let work: Vec<_> = pieces
            .iter()
            .cloned()
            .zip(befores)
            .map(|(piece, before)| self.piece(piece, before, budget, halvings))
            .collect();
        let parts: Vec<Vec<Part>> = stream::iter(work).buffered(IN_FLIGHT).try_collect().await?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// The reply to one piece, or to its halves when the model calls it too long.
    fn piece(
        &self,
        piece: String,
        before: Option<String>,
        budget: usize,
        halvings: u32,
    ) -> BoxFuture<'_, Result<Vec<Part>, AiError>> {
        async move {
            let shown = before.as_deref().filter(|_| self.task.overlap() == Overlap::Context);
            match self.ask(self.call(shown, &piece)?).await {
                Ok(reply) => {
                    self.done.fetch_add(1, Ordering::Relaxed);
                    self.report()?;
                    Ok(vec![Part { reply, chars: piece.chars().count() }])
                }
                Err(AiError::ContextTooLong) if halvings > 0 => {
                    let half = chunk::tokens(piece.clone()).await?.min(budget) / 2;
                    if half < SMALLEST_PIECE {
                        return Err(AiError::ContextTooLong);
                    }
                    self.total.fetch_sub(1, Ordering::Relaxed);
                    let halves = self.split(&piece, half + half / 20).await?;
                    self.map(halves, before, half, halvings - 1).await
                }
                Err(error) => Err(error),
            }
        }
        .boxed()
    }

    /// Asks when it is its turn: halves of pieces wait like pieces.
    async fn ask(&self, call: ChatCall) -> Result<Value, AiError> {
        let _turn = self.turns.acquire().await.map_err(|_| AiError::Cancelled)?;
        self.engine.ask(call, &self.shape, &self.ledger).await
    }

    fn call(&self, before: Option<&str>, piece: &str) -> Result<ChatCall, AiError> {
        Ok(ChatCall {
            system: self.system.clone(),
            user: fence::user(before, piece, &self.wish)?,
            schema_name: self.task.name(),
            schema: self.schema.clone(),
            is_strict: self.task.has_strict_schema(),
            max_output_tokens: self.engine.client.caps().max_output_tokens,
        })
    }

    fn report(&self) -> Result<(), AiError> {
        self.context.step(self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

/// The last words of a piece.
fn end_of(piece: &str) -> String {
    let start = piece.char_indices().rev().nth(CONTEXT_CHARS - 1).map_or(0, |(at, _)| at);
    let end = &piece[start..];
    let whole =
        if start == 0 { end } else { end.split_once(char::is_whitespace).map_or(end, |(_, rest)| rest) };
    fold_whitespace(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_piece_is_whole_words_of_bounded_length() {
        assert_eq!(end_of("All of  it."), "All of it.");
        let end = end_of(&"wörter und mehr ".repeat(100));
        assert!(end.chars().count() <= CONTEXT_CHARS);
        assert!(["wörter", "und", "mehr"].contains(&end.split(' ').next().unwrap()));
    }
}
