//! Reading the parameters of a task.

use std::collections::HashSet;

use quire_domain::FieldErrors;
use serde_json::{Map, Value};

/// Reads parameters one by one and collects what is wrong with them.
pub(crate) struct Params<'a> {
    given: Option<&'a Map<String, Value>>,
    known: HashSet<&'static str>,
    errors: FieldErrors,
}

impl<'a> Params<'a> {
    /// Takes an object; `null` stands for an empty one.
    pub(crate) fn new(params: &'a Value) -> Self {
        let mut errors = FieldErrors::default();
        if !params.is_null() && !params.is_object() {
            errors.add("params", "Must be a JSON object.");
        }
        Self { given: params.as_object(), known: HashSet::new(), errors }
    }

    /// An optional text, trimmed; empty and `null` mean "not given".
    pub(crate) fn text(&mut self, name: &'static str, max_chars: usize) -> Option<&'a str> {
        self.known.insert(name);
        let text = match self.given?.get(name)? {
            Value::Null => return None,
            Value::String(text) => text.trim(),
            _ => {
                self.reject(name, "Must be a text.");
                return None;
            }
        };
        if text.chars().count() > max_chars {
            self.reject(name, format!("Must have at most {max_chars} characters."));
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// Notes what is wrong with a parameter.
    pub(crate) fn reject(&mut self, name: &str, message: impl Into<String>) {
        self.errors.add(&format!("params.{name}"), message);
    }

    /// `params` when nothing is wrong; parameters that nobody read are wrong.
    pub(crate) fn finish(mut self, params: Value) -> Result<Value, FieldErrors> {
        let given = self.given.into_iter().flat_map(Map::keys);
        let unknown: Vec<_> = given.filter(|name| !self.known.contains(name.as_str())).cloned().collect();
        for name in unknown {
            self.reject(&name, "This task type has no such parameter.");
        }
        if self.errors.is_empty() { Ok(params) } else { Err(self.errors) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_wrong_and_long_parameters_are_named() {
        let given = json!({"a": 1, "b": "xxxx", "c": "?"});
        let mut params = Params::new(&given);
        assert_eq!(params.text("a", 10), None);
        assert_eq!(params.text("b", 3), None);
        let errors = params.finish(json!({})).unwrap_err();
        assert_eq!(errors.0.into_keys().collect::<Vec<_>>(), ["params.a", "params.b", "params.c"]);
    }

    #[test]
    fn null_is_an_empty_object_and_a_list_is_none() {
        assert!(Params::new(&Value::Null).finish(json!({})).is_ok());
        assert!(Params::new(&json!([])).finish(json!({})).is_err());
    }
}
