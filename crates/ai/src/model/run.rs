//! One request on its way through the engine, level by level: the replies to the pieces of a text are joined, or
//! make a shorter text with which the same is done.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering},
};

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{
    answer::{Request, Spent},
    context::RunContext,
    error::AiError,
    schema::Shape,
    task::{Overlap, Reduction, TaskType, Warning},
};

use super::{
    budget,
    call::Caller,
    chat::{Caps, ChatClient},
    fence,
    kept::Keys,
    level::Level,
    pieces::{Piece, Source, cut},
    setup::{Limits, Setup},
    stage::Stage,
};

/// Times a text may be replaced by the replies to its pieces.
const LEVELS: u32 = 4;
/// A piece that the model calls too long is halved this often.
const HALVINGS: u32 = 2;

/// One request on its way.
pub(super) struct Run<'a> {
    pub(super) task: &'static dyn TaskType,
    pub(super) context: &'a RunContext,
    pub(super) caller: Caller<'a>,
    pub(super) caps: Caps,
    pub(super) system: String,
    pub(super) wish: String,
    pub(super) schema: Value,
    pub(super) shape: Shape,
    pub(super) keys: Keys,
    /// Calls that may be under way: halves of pieces wait like pieces.
    pub(super) turns: Semaphore,
    limits: Limits,
    params: &'a Value,
    steps: Steps,
    left_out: OnceLock<Warning>,
}

/// Pieces done, and pieces in all.
#[derive(Default)]
struct Steps {
    done: AtomicU32,
    total: AtomicU32,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        client: &'a dyn ChatClient,
        setup: &'a Setup,
        request: &'a Request,
        context: &'a RunContext,
    ) -> Result<Self, AiError> {
        let (task, params) = (request.task_type, &request.params);
        let instructions = setup.prompts.of(task);
        let schema = task.reply_schema(params);
        let (system, wish) = (fence::system(instructions.text, &schema), task.wish(params));
        Ok(Self {
            keys: Keys::new(&setup.info, instructions, &system, &wish, params),
            shape: Shape::new(&schema)?,
            caller: Caller::new(client, setup, context),
            caps: client.caps(),
            turns: Semaphore::new(setup.limits.in_flight.max(1)),
            limits: setup.limits,
            steps: Steps::default(),
            left_out: OnceLock::new(),
            task,
            context,
            system,
            wish,
            schema,
            params,
        })
    }

    /// What was spent so far.
    pub(super) fn spent(&self) -> Spent {
        self.caller.ledger.spent()
    }

    /// Pieces so far, on all levels.
    pub(super) fn pieces(&self) -> u32 {
        self.steps.total.load(Ordering::Relaxed)
    }

    /// The warning that a part of the text was left out, where one was.
    pub(super) fn left_out(&self) -> Option<Warning> {
        self.left_out.get().cloned()
    }

    /// The reply to a text of any length.
    ///
    /// # Errors
    /// The first failure of a piece; [`AiError::ContextTooLong`] when the text does not get short enough.
    pub(super) async fn reply(&self, source: Source) -> Result<Value, AiError> {
        let prompt = self.system.len() + self.wish.len();
        let budget = budget::of_piece(self.caps, prompt, self.task.answers_at_length())?;
        let mut source = Arc::new(source);
        for _ in 0..LEVELS {
            let mut pieces = cut(&source, source.range(), budget, self.overlap(budget)).await?;
            self.leave_out(&source, &mut pieces)?;
            let stage = self.stage(pieces.len());
            let level = Level { source: &source, stage: stage.as_ref(), budget, halvings: HALVINGS };
            let mut parts = self.map(level, pieces, &[]).await?;
            if parts.len() < 2 {
                return parts.pop().map(|part| part.reply).ok_or(AiError::NoText);
            }
            match self.task.reduce(parts, self.params)? {
                Reduction::Done(reply) => return Ok(reply),
                Reduction::Again(shorter) => source = Arc::new(Source::plain(shorter, source.language())),
            }
        }
        Err(AiError::ContextTooLong)
    }

    /// Tokens that neighbouring pieces share.
    pub(super) fn overlap(&self, budget: usize) -> usize {
        if self.task.overlap() == Overlap::Twentieth { budget / 20 } else { 0 }
    }

    /// Leaves out what is beyond the limit of pieces, with a warning.
    fn leave_out(&self, source: &Source, pieces: &mut Vec<Piece>) -> Result<(), AiError> {
        let most = self.limits.most_pieces.max(1);
        let Some(first) = pieces.get(most) else { return Ok(()) };
        let (from, to) =
            source.pages(&(first.range.start..source.range().end)).ok_or(AiError::ContextTooLong)?;
        let pages = if from == to { format!("page {from}") } else { format!("pages {from} to {to}") };
        let message = format!(
            "The document is longer than this installation has a model read: the answer does not cover all of \
             {pages}. Submit it in parts to have everything read."
        );
        self.left_out.get_or_init(|| Warning::new("text_left_out", message));
        pieces.truncate(most);
        Ok(())
    }

    /// Where people read along: if the replies of this level, in their order, are what the answer is made of.
    fn stage(&self, pieces: usize) -> Option<Stage> {
        let property = self.task.streamed()?;
        let is_answer = pieces == 1 || self.task.answers_at_length();
        is_answer.then(|| Stage::new(Arc::clone(&self.context.deltas), property, pieces))
    }

    /// Calls that may be under way at once.
    pub(super) fn in_flight(&self) -> usize {
        self.limits.in_flight.max(1)
    }

    /// So many pieces more.
    pub(super) fn plan(&self, pieces: usize) -> Result<(), AiError> {
        self.steps.total.fetch_add(u32::try_from(pieces).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.report()
    }

    /// A piece is replaced by others.
    pub(super) fn replace(&self) {
        self.steps.total.fetch_sub(1, Ordering::Relaxed);
    }

    /// A piece is done.
    pub(super) fn done(&self) -> Result<(), AiError> {
        self.steps.done.fetch_add(1, Ordering::Relaxed);
        self.report()
    }

    fn report(&self) -> Result<(), AiError> {
        self.context.step(self.steps.done.load(Ordering::Relaxed), self.pieces())
    }
}
