//! One text on its way to an answer.

use std::sync::Arc;

use super::{pieces::Source, stage::Stage};

/// What the pieces of one text have in common.
#[derive(Clone, Copy)]
pub(super) struct Level<'a> {
    pub(super) source: &'a Arc<Source>,
    /// Where they are heard.
    pub(super) stage: Option<&'a Stage>,
    /// Tokens in a piece.
    pub(super) budget: usize,
    /// How often one may still be halved.
    pub(super) halvings: u32,
}
