//! What a task type is.

use quire_domain::{FieldErrors, failure::Failure};
use serde::Serialize;
use serde_json::Value;

use crate::{context::RunContext, error::AiError};
pub use crate::{document::Document, quote::Checked};

/// One kind of work on a text: what it takes, what it gives, and how both engines do it.
pub trait TaskType: Send + Sync {
    /// The name on the wire (`task_type`).
    fn name(&self) -> &'static str;

    /// A short title, for people.
    fn title(&self) -> &'static str;

    /// One or two sentences, for people and for the API's documentation.
    fn description(&self) -> &'static str;

    /// JSON schema of the parameters.
    fn params_schema(&self) -> Value;

    /// JSON schema of `data` in the answer's envelope.
    fn output_schema(&self) -> Value;

    /// Checks parameters and fills in defaults.
    ///
    /// # Errors
    /// What is wrong, by field name (`params.target_language`).
    fn check_params(&self, params: &Value) -> Result<Value, FieldErrors>;

    /// Whether there is a deterministic method for these parameters, whatever the text.
    ///
    /// # Errors
    /// A failure whose sentence names what to configure.
    fn local_support(&self, _params: &Value) -> Result<(), Failure> {
        Ok(())
    }

    /// Does the task by its deterministic method. Called on a thread that may block.
    ///
    /// # Errors
    /// [`AiError::Unsupported`] for a text the method cannot serve; [`AiError::Cancelled`].
    fn answer_locally(&self, job: &LocalJob<'_>) -> Result<Draft, AiError>;

    /// The instructions for a model.
    fn prompt(&self) -> Prompt;

    /// JSON schema of what a model has to answer. Every property is required, nothing else is
    /// allowed, what is optional may be null: the form that all providers' strict modes share.
    fn reply_schema(&self, params: &Value) -> Value;

    /// Whether [`reply_schema`](Self::reply_schema) has the form that all strict modes share. A schema that
    /// callers bring may not: it is then shown to the model and checked, not enforced by the provider.
    fn has_strict_schema(&self) -> bool {
        true
    }

    /// The property of the reply whose text people may read while it is being written: a text, or a list
    /// of texts.
    fn streamed(&self) -> Option<&'static str> {
        None
    }

    /// The wish itself with its parameters, repeated after the text.
    fn wish(&self, params: &Value) -> String;

    /// What the pieces of a long text share with their neighbours.
    fn overlap(&self) -> Overlap {
        Overlap::None
    }

    /// Whether the answer is about as long as the text, so that a piece must fit twice.
    fn answers_at_length(&self) -> bool {
        false
    }

    /// Joins the replies for the pieces of a long text. `parts` holds at least two.
    ///
    /// # Errors
    /// [`AiError::BadOutput`] when the replies do not fit together.
    fn reduce(&self, parts: Vec<Part>, params: &Value) -> Result<Reduction, AiError>;

    /// Turns a reply of [`reply_schema`](Self::reply_schema) into data of
    /// [`output_schema`](Self::output_schema), checking against the document what can be checked.
    ///
    /// # Errors
    /// [`AiError::BadOutput`] when the reply says nothing usable.
    fn finish(&self, reply: Value, document: &Document, params: &Value) -> Result<Draft, AiError>;
}

/// Something the reader of an answer should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Stable name, for programs.
    pub code: String,
    /// A sentence, for people.
    pub message: String,
}

impl Warning {
    /// A warning with a stable name and a sentence.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// What a task type makes of its method's or its model's output.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Data of the task type's output schema.
    pub data: Value,
    /// The same, as text for people.
    pub result: String,
    /// What the reader should know.
    pub warnings: Vec<Warning>,
}

/// The instructions of a task type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt {
    /// Name and number; the number grows with each change of the text or of the reply's schema.
    pub version: &'static str,
    /// The text.
    pub text: &'static str,
}

/// What the pieces of a text share with their neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// Nothing.
    None,
    /// A twentieth of a piece, so that what is cut in one is whole in the other.
    Twentieth,
    /// The end of the piece before is shown, not worked on.
    Context,
}

/// The reply for one piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The reply, of the task type's reply schema.
    pub reply: Value,
    /// Characters of the piece.
    pub chars: usize,
}

/// What becomes of the replies for the pieces.
#[derive(Debug, Clone, PartialEq)]
pub enum Reduction {
    /// They are joined.
    Done(Value),
    /// They make a shorter text, on which the same task is done again.
    Again(String),
}

/// One task for a deterministic method.
pub struct LocalJob<'a> {
    pub(crate) document: &'a Document,
    pub(crate) params: &'a Value,
    pub(crate) context: &'a RunContext,
}

/// `value` as `T`; a reply that passed its schema always is.
///
/// # Errors
/// [`AiError::BadOutput`].
pub(crate) fn decode<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, AiError> {
    serde_json::from_value(value).map_err(|_| AiError::BadOutput)
}
