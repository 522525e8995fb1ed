//! The kept replies of one user.

use async_trait::async_trait;
use quire_ai::{
    AiError, TokenUsage,
    ports::{KeptReply, Replies, ReplyKey},
};
use quire_domain::{DocumentId, Result, TaskId, UserId};
use quire_store::{Pool, replies};
use sha2::{Digest, Sha256};

use super::shared;

pub(super) struct DocumentReplies {
    pool: Pool,
    user: UserId,
    document: DocumentId,
    /// A task that wants no reply but its own, of an earlier attempt.
    only_of: Option<TaskId>,
}

impl DocumentReplies {
    pub(super) fn new(pool: Pool, user: UserId, document: DocumentId, only_of: Option<TaskId>) -> Self {
        Self { pool, user, document, only_of }
    }

    /// The key under which a reply is kept.
    fn key(&self, key: ReplyKey) -> [u8; 32] {
        match self.only_of {
            None => key.0,
            Some(task) => Sha256::new_with_prefix(task.0).chain_update(key.0).finalize().into(),
        }
    }

    async fn find_row(&self, key: ReplyKey) -> Result<Option<replies::KeptReply>> {
        replies::find(&mut *self.pool.get().await?, self.user, &self.key(key)).await
    }

    async fn keep_row(&self, key: ReplyKey, row: &replies::KeptReply) -> Result<()> {
        replies::keep(&mut *self.pool.get().await?, self.user, self.document, &self.key(key), row).await
    }
}

#[async_trait]
impl Replies for DocumentReplies {
    async fn find(&self, key: ReplyKey) -> Result<Option<KeptReply>, AiError> {
        let row = self.find_row(key).await.map_err(|error| shared(&error))?;
        Ok(row.map(|row| KeptReply {
            reply: row.reply,
            usage: TokenUsage {
                input_tokens: row.input_tokens,
                cached_input_tokens: row.cached_input_tokens,
                output_tokens: row.output_tokens,
                reasoning_tokens: row.reasoning_tokens,
            },
        }))
    }

    async fn keep(&self, key: ReplyKey, kept: &KeptReply) -> Result<(), AiError> {
        let TokenUsage { input_tokens, cached_input_tokens, output_tokens, reasoning_tokens } = kept.usage;
        let row = replies::KeptReply {
            reply: kept.reply.clone(),
            input_tokens,
            cached_input_tokens,
            output_tokens,
            reasoning_tokens,
        };
        self.keep_row(key, &row).await.map_err(|error| shared(&error))
    }
}
