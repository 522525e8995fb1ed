//! The task types that exist.

use crate::{task::TaskType, tasks};

/// Every task type, in the order of the documentation.
pub fn task_types() -> &'static [&'static dyn TaskType] {
    tasks::ALL
}

/// The task type with that name.
pub fn find(name: &str) -> Option<&'static dyn TaskType> {
    task_types().iter().copied().find(|task| task.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let names: HashSet<_> = task_types().iter().map(|task| task.name()).collect();
        assert_eq!(names.len(), task_types().len());
        for name in
            ["summarize", "extract_keywords", "sentiment", "translate", "qa", "ask", "extract", "classify"]
        {
            assert_eq!(find(name).map(TaskType::name), Some(name));
        }
        assert!(find("Summarize").is_none());
    }

    #[test]
    fn every_task_type_is_described_and_has_sound_schemas() {
        for task in task_types() {
            assert!(!task.title().is_empty() && task.description().ends_with('.'), "{}", task.name());
            for schema in [task.params_schema(), task.output_schema(), task.reply_schema(&Value::Null)] {
                assert!(jsonschema::meta::is_valid(&schema), "{}: {schema}", task.name());
                assert_eq!(schema["additionalProperties"], Value::Bool(false), "{}", task.name());
            }
            assert!(task.prompt().version.starts_with(&format!("{}/", task.name())));
        }
    }

    #[test]
    fn every_task_type_takes_what_it_requires_and_rejects_strange_parameters() {
        for task in task_types() {
            match task.check_params(&Value::Null) {
                Ok(params) => assert!(params.is_object(), "{}", task.name()),
                Err(errors) => {
                    let required = task.params_schema()["required"].take();
                    let required = required
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|name| format!("params.{}", name.as_str().unwrap()));
                    assert!(required.eq(errors.0.into_keys()), "{}", task.name());
                }
            }
            let errors = task.check_params(&serde_json::json!({"strange": 1})).unwrap_err();
            assert!(errors.0.contains_key("params.strange"), "{}", task.name());
        }
    }
}
