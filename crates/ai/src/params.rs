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

    /// A text that must be there, trimmed.
    pub(crate) fn required_text(&mut self, name: &'static str, max_chars: usize) -> Option<&'a str> {
        let before = self.errors.0.len();
        let text = self.text(name, max_chars);
        if text.is_none() && self.errors.0.len() == before {
            self.reject(name, "Must be given.");
        }
        text
    }

    /// A list or an object; forms send it as a text that holds its JSON. `null` means "not given".
    pub(crate) fn structure(&mut self, name: &'static str) -> Option<Value> {
        self.known.insert(name);
        match self.given?.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())),
            value => Some(value.clone()),
        }
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
    fn structures_come_as_json_or_as_text_that_holds_it() {
        let given = json!({"a": ["x"], "b": "[\"x\"]", "c": "x, y", "d": null});
        let mut params = Params::new(&given);
        assert_eq!(params.structure("a"), Some(json!(["x"])));
        assert_eq!(params.structure("b"), Some(json!(["x"])));
        assert_eq!(params.structure("c"), Some(json!("x, y")));
        assert_eq!((params.structure("d"), params.structure("e")), (None, None));
    }

    #[test]
    fn what_is_required_is_missed_once() {
        let mut params = Params::new(&Value::Null);
        assert_eq!(params.required_text("a", 10), None);
        assert_eq!(params.finish(json!({})).unwrap_err().0["params.a"], ["Must be given."]);
        let given = json!({"a": 1});
        let mut params = Params::new(&given);
        assert_eq!(params.required_text("a", 10), None);
        assert_eq!(params.finish(json!({})).unwrap_err().0["params.a"], ["Must be a text."]);
    }

    #[test]
    fn null_is_an_empty_object_and_a_list_is_none() {
        assert!(Params::new(&Value::Null).finish(json!({})).is_ok());
        assert!(Params::new(&json!([])).finish(json!({})).is_err());
    }
}
