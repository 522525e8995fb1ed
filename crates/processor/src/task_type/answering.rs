//! Parameters of every task that an AI answers: by whom, and whether anew.

use quire_ai::Choice;
use quire_domain::FieldErrors;
use serde_json::{Map, Value};

const PROVIDER: &str = "provider";
const MODEL: &str = "model";
const FRESH: &str = "fresh";

/// The longest name of a provider or a model, in bytes.
const NAME_MAX: usize = 200;

/// How a task is to be answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AnsweringParams {
    /// By whom.
    pub(crate) choice: Choice,
    /// Also if the same was answered before.
    pub(crate) fresh: bool,
}

impl AnsweringParams {
    /// Takes them out of the parameters of a task.
    ///
    /// # Errors
    /// What is wrong, by field name.
    pub(crate) fn take_from(params: &mut Map<String, Value>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut name = |field: &str| match params.remove(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) if text.len() <= NAME_MAX => Some(text),
            Some(_) => {
                errors
                    .add(&format!("params.{field}"), format!("Must be a text of at most {NAME_MAX} bytes."));
                None
            }
        };
        let choice = Choice { provider: name(PROVIDER), model: name(MODEL) };
        let fresh = match params.remove(FRESH) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(fresh)) => fresh,
            Some(_) => {
                errors.add(&format!("params.{FRESH}"), "Must be true or false.");
                false
            }
        };
        if errors.is_empty() { Ok(Self { choice, fresh }) } else { Err(errors) }
    }

    /// Separates the parameters of a stored task: those about answering, and those of its type.
    pub(crate) fn separate(params: &Value) -> (Self, Value) {
        let mut of_type = params.as_object().cloned().unwrap_or_default();
        let answering = Self::take_from(&mut of_type).unwrap_or_default();
        (answering, Value::Object(of_type))
    }
}
