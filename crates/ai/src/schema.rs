//! Checking that a model's words are the data that was agreed on.

use jsonschema::{PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;

use crate::{
    clean::{clean, shorten},
    error::AiError,
};

/// Problems told to a model that is asked to mend its answer: more would not help it.
const PROBLEMS: usize = 8;
const PROBLEM_CHARS: usize = 200;
/// Bytes that one compiled pattern may take: patterns come from callers too.
const PATTERN_BYTES: usize = 1 << 20;

/// A JSON schema, ready to check answers.
pub(crate) struct Shape {
    validator: Validator,
}

impl Shape {
    /// Compiles a schema.
    ///
    /// # Errors
    /// [`AiError::Internal`] when it is no schema.
    pub(crate) fn new(schema: &Value) -> Result<Self, AiError> {
        let validator = jsonschema::options()
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES))
            .build(schema)
            .map_err(|e| AiError::Internal(format!("a task's schema: {e}")))?;
        Ok(Self { validator })
    }

    /// The places where data does not have this shape, as JSON pointers; never what stands there.
    pub(crate) fn misfits(&self, value: &Value) -> Vec<String> {
        let place = |error: ValidationError<'_>| match error.kind() {
            ValidationErrorKind::Required { property } => {
                format!("{}/{}", error.instance_path(), property.as_str().unwrap_or_default())
            }
            _ => error.instance_path().to_string(),
        };
        self.validator.iter_errors(value).take(PROBLEMS).map(place).collect()
    }

    /// Parses an answer, checks it, and takes invisible characters out of its texts. Models that are not held to a schema like to put the
    /// JSON into a Markdown fence: that is taken off.
    ///
    /// # Errors
    /// What is wrong, in lines for the model.
    pub(crate) fn read(&self, answer: &str) -> Result<Value, Vec<String>> {
        let value: Value = serde_json::from_str(unfence(answer))
            .map_err(|e| vec![format!("This is not valid JSON: {e}.")])?;
        let problems: Vec<_> = self
            .validator
            .iter_errors(&value)
            .take(PROBLEMS)
            .map(|error| shorten(&format!("At `{}`: {error}", error.instance_path()), PROBLEM_CHARS))
            .collect();
        if problems.is_empty() { Ok(cleaned(value)) } else { Err(problems) }
    }
}

/// Texts of an answer get the treatment of texts of a document: what no reader sees goes.
fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean(&text)),
        Value::Array(values) => values.into_iter().map(cleaned).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, cleaned(value))).collect(),
        other => other,
    }
}

fn unfence(answer: &str) -> &str {
    let answer = answer.trim();
    let Some(inner) = answer.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else {
        return answer;
    };
    inner.strip_prefix("json").unwrap_or(inner).trim()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape() -> Shape {
        Shape::new(&json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}))
            .unwrap()
    }

    #[test]
    fn invisible_characters_leave_every_text() {
        let shape = Shape::new(&json!({"type": "object"})).unwrap();
        let read = shape.read(r#"{"a": ["x\u202Ey"], "b": {"c": "\u200Bz"}, "n": 1}"#);
        assert_eq!(read, Ok(json!({"a": ["xy"], "b": {"c": "z"}, "n": 1})));
    }

    #[test]
    fn fences_come_off_and_problems_are_named() {
        assert_eq!(shape().read("```json\n{\"n\": 1}\n```"), Ok(json!({"n": 1})));
        assert!(shape().read("{\"n\": 1").unwrap_err()[0].contains("not valid JSON"));
        assert!(shape().read("{\"n\": \"one\"}").unwrap_err()[0].contains("/n"));
    }
}
