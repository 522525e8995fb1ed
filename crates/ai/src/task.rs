//! What a task type is.

use quire_domain::{FieldErrors, failure::Failure};
use serde_json::Value;

use crate::error::AiError;
pub use crate::{
    answer::Draft,
    document::Document,
    local::LocalJob,
    model::{Overlap, Part, Prompt, Reduction},
};

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
    fn reply_schema(&self) -> Value;

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

/// `value` as `T`; a reply that passed its schema always is.
///
/// # Errors
/// [`AiError::BadOutput`].
pub(crate) fn decode<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, AiError> {
    serde_json::from_value(value).map_err(|_| AiError::BadOutput)
}
