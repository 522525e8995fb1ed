//! Parameters of every task that is answered from the text, about who answers.

use quire_ai::{Choice, Engines};
use quire_domain::FieldErrors;
use serde_json::{Map, Value, json};

const PROVIDER: &str = "provider";
const MODEL: &str = "model";
const FRESH: &str = "fresh";

/// The longest name of a provider or model, in bytes.
const NAME_MAX: usize = 200;

/// Who is to answer, and whether anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AnsweringParams {
    /// Who is to answer.
    pub(crate) choice: Choice,
    /// Whether an answer that was given before does not do.
    pub(crate) fresh: bool,
}

impl AnsweringParams {
    const NAMES: [&str; 3] = [PROVIDER, MODEL, FRESH];

    /// Their JSON schemas, by name.
    pub(super) fn properties() -> Map<String, Value> {
        let properties = json!({
            PROVIDER: {
                "type": "string", "maxLength": NAME_MAX, "examples": ["local"],
                "description": "Who is to answer, if not the provider that the installation prefers.",
            },
            MODEL: {
                "type": "string", "maxLength": NAME_MAX,
                "description": "Which model of the provider is to answer.",
            },
            FRESH: {
                "type": "boolean", "default": false,
                "description": "Whether the answer is to be made anew, also when the same was asked before.",
            },
        });
        if let Value::Object(properties) = properties { properties } else { Map::new() }
    }

    /// Takes them out of the parameters of a task.
    ///
    /// # Errors
    /// What is wrong, by field name.
    pub(crate) fn take_from(params: &mut Map<String, Value>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let choice = Choice {
            provider: take_name(params, PROVIDER, &mut errors),
            model: take_name(params, MODEL, &mut errors),
        };
        let fresh = match params.remove(FRESH) {
            None | Some(Value::Null) => Some(false),
            Some(Value::Bool(fresh)) => Some(fresh),
            // Fields of a form are text.
            Some(Value::String(text)) => match text.as_str() {
                "true" | "1" => Some(true),
                "" | "false" | "0" => Some(false),
                _ => None,
            },
            Some(_) => None,
        };
        let fresh = fresh.unwrap_or_else(|| {
            errors.add("params.fresh", "Must be true or false.");
            false
        });
        if errors.is_empty() { Ok(Self { choice, fresh }) } else { Err(errors) }
    }

    /// Takes them out as they are written.
    pub(crate) fn take_written(params: &mut Map<String, Value>) -> Map<String, Value> {
        Self::NAMES.into_iter().filter_map(|name| params.remove_entry(name)).collect()
    }

    /// Separates the parameters of a stored task: those about who answers, and those of its type.
    pub(crate) fn separate(params: &Value) -> (Self, Value) {
        let mut of_type = params.as_object().cloned().unwrap_or_default();
        let answering = Self::take_from(&mut of_type).unwrap_or_default();
        (answering, Value::Object(of_type))
    }

    /// Puts those back that say something.
    pub(crate) fn show_in(&self, params: &mut Value) {
        let Some(params) = params.as_object_mut() else { return };
        for (name, value) in [(PROVIDER, &self.choice.provider), (MODEL, &self.choice.model)] {
            if let Some(value) = value {
                params.insert(name.to_owned(), value.as_str().into());
            }
        }
        if self.fresh {
            params.insert(FRESH.to_owned(), true.into());
        }
    }

    /// Refuses a provider or model that nobody here is.
    ///
    /// # Errors
    /// What is wrong, by field name.
    pub(crate) fn check(&self, engines: &Engines) -> Result<(), FieldErrors> {
        engines.info(&self.choice).map(drop).map_err(|error| {
            let mut errors = FieldErrors::default();
            errors.add(error.field.as_str(), error.message);
            errors
        })
    }
}

fn take_name(params: &mut Map<String, Value>, name: &str, errors: &mut FieldErrors) -> Option<String> {
    match params.remove(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.trim().is_empty() => None,
        Some(Value::String(text)) if text.len() <= NAME_MAX && !text.chars().any(char::is_control) => {
            Some(text.trim().to_owned())
        }
        Some(_) => {
            errors.add(&format!("params.{name}"), format!("Must be a name of at most {NAME_MAX} bytes."));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use quire_ai::testing::ScriptedEngine;

    use super::*;

    fn taken(params: Value) -> (Result<AnsweringParams, FieldErrors>, Value) {
        let Value::Object(mut params) = params else { panic!("an object") };
        (AnsweringParams::take_from(&mut params), Value::Object(params))
    }

    fn fields(errors: FieldErrors) -> Vec<String> {
        errors.0.into_keys().collect()
    }

    #[test]
    fn they_are_taken_out_and_put_back() {
        let all = json!({"provider": "openai", "model": "m", "fresh": true, "length": "short"});
        let (params, mut rest) = taken(all.clone());
        let params = params.unwrap();
        assert_eq!(rest, json!({"length": "short"}));
        params.show_in(&mut rest);
        assert_eq!(rest, all);
        assert_eq!(AnsweringParams::separate(&rest), (params, json!({"length": "short"})));
        let mut nothing = json!({});
        AnsweringParams::default().show_in(&mut nothing);
        assert_eq!(nothing, json!({}));
    }

    #[test]
    fn fields_of_a_form_and_empty_ones_are_understood() {
        for (fresh, meant) in [("true", true), ("1", true), ("false", false), ("0", false), ("", false)] {
            assert_eq!(taken(json!({"fresh": fresh})).0.unwrap().fresh, meant, "{fresh}");
        }
        let empty = json!({"provider": " ", "model": null, "fresh": null});
        assert_eq!(taken(empty).0.unwrap(), AnsweringParams::default());
    }

    #[test]
    fn strange_ones_are_named() {
        let strange = json!({"provider": 7, "model": "x".repeat(201), "fresh": "perhaps"});
        assert_eq!(
            fields(taken(strange).0.unwrap_err()),
            ["params.fresh", "params.model", "params.provider"]
        );
        assert_eq!(fields(taken(json!({"model": "a\nb"})).0.unwrap_err()), ["params.model"]);
    }

    #[test]
    fn nobody_else_can_be_chosen() {
        let engines = Engines::only(ScriptedEngine::new([]));
        let check = |params| taken(params).0.unwrap().check(&engines).map_err(fields);
        for known in [json!({}), json!({"provider": "scripted"}), json!({"model": "scripted-1"})] {
            assert_eq!(check(known), Ok(()));
        }
        assert_eq!(check(json!({"provider": "nobody", "model": "x"})), Err(vec!["params.provider".into()]));
        assert_eq!(check(json!({"provider": "scripted", "model": "x"})), Err(vec!["params.model".into()]));
    }
}
