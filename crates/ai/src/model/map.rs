//! The replies to the pieces of one text: some at a time, kept ones without a call, halves where the model calls
//! a piece too long.

use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use serde_json::Value;

use crate::{
    error::AiError,
    ports::{KeptReply, ReplyKey},
    task::{Overlap, Part},
};

use super::{
    ask::{Question, ask},
    budget::{self, SMALLEST_PIECE},
    chat::ChatCall,
    fence,
    level::Level,
    pieces::{Piece, cut},
    run::Run,
    stage::{Place, Voice},
    tokens::{blocking, count},
};

impl Run<'_> {
    /// The replies to pieces, in order. `parent` is the place of the piece that they are parts of.
    ///
    /// # Errors
    /// The first failure, once the calls that were under way are done.
    pub(super) async fn map(
        &self,
        level: Level<'_>,
        pieces: Vec<Piece>,
        parent: &[u32],
    ) -> Result<Vec<Part>, AiError> {
        self.plan(pieces.len())?;
        let work: Vec<_> = (0..)
            .zip(pieces)
            .map(|(place, piece)| self.piece(level, [parent, &[place]].concat(), piece))
            .collect();
        let outcomes: Vec<_> = stream::iter(work).buffered(self.in_flight()).collect().await;
        self.caller.halt.check()?;
        let parts: Vec<Vec<Part>> = outcomes.into_iter().collect::<Result<_, _>>()?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// The reply to one piece, or to its halves when the model calls it too long.
    fn piece<'b>(
        &'b self,
        level: Level<'b>,
        place: Place,
        piece: Piece,
    ) -> BoxFuture<'b, Result<Vec<Part>, AiError>> {
        async move {
            self.caller.halt.check()?;
            let outcome = match self.part(level, &place, &piece).await {
                Err(AiError::ContextTooLong) if level.halvings > 0 => self.halves(level, place, piece).await,
                part => part.map(|part| vec![part]),
            };
            outcome.inspect_err(|error| self.caller.halt.fail(error))
        }
        .boxed()
    }

    async fn part(&self, level: Level<'_>, place: &Place, piece: &Piece) -> Result<Part, AiError> {
        let voice = level.stage.map_or_else(Voice::silent, |stage| stage.voice(place.clone()));
        let before = level.source.before(piece).filter(|_| self.task.overlap() == Overlap::Context);
        let text = level.source.text(piece);
        let key = self.keys.of(before.as_deref(), text);
        let reply = match self.kept(key).await? {
            Some(reply) => {
                voice.whole(&reply);
                reply
            }
            None => {
                let question = self.question(before.as_deref(), text, piece.tokens)?;
                let reply = self.answered(question, key, &voice).await?;
                voice.done();
                reply
            }
        };
        self.done()?;
        Ok(Part { reply, chars: text.chars().count() })
    }

    async fn halves(&self, level: Level<'_>, place: Place, piece: Piece) -> Result<Vec<Part>, AiError> {
        // Short pieces were not counted yet.
        let (source, counted) = (Arc::clone(level.source), piece.clone());
        let tokens = blocking(move || count(source.text(&counted))).await?;
        let half = tokens.min(level.budget) / 2;
        if half < SMALLEST_PIECE {
            return Err(AiError::ContextTooLong);
        }
        let halves = cut(level.source, piece.range, half + half / 20, self.overlap(half)).await?;
        self.replace();
        // Halves are the answer only where pieces are.
        let stage = level.stage.filter(|_| self.task.answers_at_length());
        if let Some(stage) = stage {
            stage.divide(&place, halves.len());
        }
        let level = Level { stage, budget: half, halvings: level.halvings - 1, ..level };
        self.map(level, halves, &place).await
    }

    /// The reply that was kept, if it still has the agreed form.
    async fn kept(&self, key: ReplyKey) -> Result<Option<Value>, AiError> {
        let Some(kept) = self.context.replies.find(key).await? else { return Ok(None) };
        let Ok(reply) = self.shape.read(&kept.reply.to_string()) else { return Ok(None) };
        self.caller.ledger.saved(kept.usage);
        Ok(Some(reply))
    }

    /// Asks when it is its turn, and keeps the reply.
    async fn answered(&self, question: Question, key: ReplyKey, voice: &Voice<'_>) -> Result<Value, AiError> {
        let _turn = self.turns.acquire().await.map_err(|_| AiError::Cancelled)?;
        self.caller.halt.check()?;
        let kept = ask(&self.caller, question, &self.shape, voice).await?;
        let reply = kept.reply.clone();
        self.keep(key, kept).await;
        Ok(reply)
    }

    /// Keeps a reply, on a task of its own: it was paid for, whatever becomes of this run. A keeper that fails
    /// is no reason to lose the reply now.
    async fn keep(&self, key: ReplyKey, kept: KeptReply) {
        let replies = Arc::clone(&self.context.replies);
        let kept = tokio::spawn(async move { replies.keep(key, &kept).await }).await;
        let class = match kept {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.class(),
            Err(_) => "panic",
        };
        tracing::warn!(class, "a reply could not be kept");
    }

    fn question(&self, before: Option<&str>, text: &str, tokens: usize) -> Result<Question, AiError> {
        let call = ChatCall {
            system: self.system.clone(),
            user: fence::user(before, text, &self.wish)?,
            schema_name: self.task.name(),
            schema: self.schema.clone(),
            is_strict: self.task.has_strict_schema(),
            max_output_tokens: self.caps.max_output_tokens,
        };
        let beside = call.system.len() + call.user.len() - text.len();
        Ok(Question { input_tokens: budget::of_call(self.caps, tokens, beside), call })
    }
}
