//! Parameters as clients write them, and to which task each belongs.
//!
//! For one task type they stand side by side: `{"target_language": "de"}`. For several, those of a type
//! stand under its name: `{"translate": {"target_language": "de"}}`; beside the names may stand what
//! all tasks take: how the document is read (`password`, ...), and who answers (`provider`, ...).

use std::mem;

use quire_domain::FieldErrors;
use serde_json::{Map, Value};

use crate::task_type::{AnsweringParams, ReadingParams, TaskType};

/// The most that all parameters of a request may take as JSON, in bytes.
const PARAMS_MAX: usize = 64 * 1024;

/// Parameters, taken apart.
pub(super) struct Written {
    pub(super) reading: ReadingParams,
    pub(super) jobs: Vec<WrittenJob>,
}

/// The parameters of one task.
pub(super) struct WrittenJob {
    pub(super) task_type: TaskType,
    pub(super) place: Place,
    pub(super) answering: AnsweringParams,
    /// Of its type, not checked.
    pub(super) params: Map<String, Value>,
}

/// Where the parameters of a task stand.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// In `params`.
    Top,
    /// In `params`, under the name of the task type.
    Under(&'static str),
}

impl Place {
    /// Errors of a task's parameters, by where the client has written them.
    pub(super) fn name(self, mut errors: FieldErrors) -> FieldErrors {
        let Self::Under(name) = self else { return errors };
        let moved = |field: String| match field.strip_prefix("params") {
            Some(rest) => format!("params.{name}{rest}"),
            None => field,
        };
        errors.0 = mem::take(&mut errors.0).into_iter().map(|(field, why)| (moved(field), why)).collect();
        errors
    }
}

impl Written {
    /// Takes the parameters of these task types apart.
    ///
    /// # Errors
    /// What is wrong, by field name.
    pub(super) fn take_apart(
        task_types: &[TaskType],
        mut params: Map<String, Value>,
    ) -> Result<Self, FieldErrors> {
        check_size(&params)?;
        if let [task_type] = *task_types {
            let reading = ReadingParams::take_from(&mut params)?;
            let answering = answering(task_type, &mut params)?;
            let job = WrittenJob { task_type, place: Place::Top, answering, params };
            return Ok(Self { reading, jobs: vec![job] });
        }
        let reading = ReadingParams::take_from(&mut params)?;
        let for_all = AnsweringParams::take_written(&mut params);
        let mut errors = FieldErrors::default();
        let mut jobs = Vec::new();
        for task_type in task_types {
            let written = params.remove(task_type.name());
            match job(*task_type, written, &for_all) {
                Ok(job) => jobs.push(job),
                Err(wrong) => errors.0.extend(wrong.0),
            }
        }
        if !for_all.is_empty() && !task_types.iter().any(|known| known.is_answered()) {
            for name in for_all.keys() {
                errors.add(&format!("params.{name}"), "None of these task types has this parameter.");
            }
        }
        for name in params.keys() {
            errors.add(&format!("params.{name}"), misplaced(task_types));
        }
        if errors.is_empty() { Ok(Self { reading, jobs }) } else { Err(errors) }
    }
}

/// One of several tasks.
fn job(
    task_type: TaskType,
    written: Option<Value>,
    for_all: &Map<String, Value>,
) -> Result<WrittenJob, FieldErrors> {
    let place = Place::Under(task_type.name());
    let mut params = match written {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(place.name(wrong("params", "Must be a JSON object."))),
    };
    let mut errors = FieldErrors::default();
    for name in ReadingParams::NAMES.into_iter().filter(|name| params.contains_key(*name)) {
        let message = "This is about the document: write it beside the names of the task types.";
        errors.add(&format!("params.{name}"), message);
    }
    if !errors.is_empty() {
        return Err(place.name(errors));
    }
    if task_type.is_answered() {
        for (name, value) in for_all {
            params.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    let answering = answering(task_type, &mut params).map_err(|errors| place.name(errors))?;
    Ok(WrittenJob { task_type, place, answering, params })
}

/// Takes out who answers, where anybody does.
fn answering(task_type: TaskType, params: &mut Map<String, Value>) -> Result<AnsweringParams, FieldErrors> {
    if task_type.is_answered() { AnsweringParams::take_from(params) } else { Ok(AnsweringParams::default()) }
}

fn check_size(params: &Map<String, Value>) -> Result<(), FieldErrors> {
    // What was read from JSON can be written as such.
    let size = serde_json::to_vec(params).map_or(0, |json| json.len());
    if size <= PARAMS_MAX {
        return Ok(());
    }
    Err(wrong("params", &format!("Parameters have at most {} KiB of JSON.", PARAMS_MAX / 1024)))
}

fn misplaced(task_types: &[TaskType]) -> String {
    let names: Vec<_> = task_types.iter().map(|known| format!("`{}`", known.name())).collect();
    format!(
        "With several task types, write the parameters of each under its name. Here these are: {}.",
        names.join(", ")
    )
}

fn wrong(field: &str, message: &str) -> FieldErrors {
    let mut errors = FieldErrors::default();
    errors.add(field, message);
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::order::TaskTypeNames;

    fn taken(names: &str, params: Value) -> Result<Written, Vec<String>> {
        let Value::Object(params) = params else { panic!("an object") };
        let task_types = TaskTypeNames::parse(names).find().unwrap();
        Written::take_apart(&task_types, params).map_err(|errors| errors.0.into_keys().collect())
    }

    /// The names of the parameters that are wrong.
    fn refused(names: &str, params: Value) -> Vec<String> {
        taken(names, params).err().expect("a refusal")
    }

    fn of_types(written: Written) -> Value {
        written.jobs.into_iter().map(|job| Value::Object(job.params)).collect()
    }

    #[test]
    fn those_of_one_type_stand_side_by_side() {
        let written =
            taken("translate", json!({"target_language": "de", "password": "p", "model": "m"})).unwrap();
        assert_eq!(written.reading.password.as_deref(), Some("p"));
        assert_eq!(written.jobs[0].answering.choice.model.as_deref(), Some("m"));
        assert_eq!(of_types(written), json!([{"target_language": "de"}]));
    }

    #[test]
    fn those_of_several_stand_under_their_names() {
        let params = json!({
            "translate": {"target_language": "de", "model": "own"}, "summarize": null,
            "password": "p", "model": "all", "fresh": "true",
        });
        let written = taken("summarize,translate,read", params).unwrap();
        assert_eq!(written.reading.password.as_deref(), Some("p"));
        let models: Vec<_> = written.jobs.iter().map(|job| job.answering.choice.model.as_deref()).collect();
        assert_eq!(models, [Some("all"), Some("own"), None]);
        let fresh: Vec<_> = written.jobs.iter().map(|job| job.answering.fresh).collect();
        assert_eq!(fresh, [true, true, false]);
        assert_eq!(of_types(written), json!([{}, {"target_language": "de"}, {}]));
    }

    #[test]
    fn what_stands_elsewhere_is_named() {
        for (names, params, field) in [
            ("summarize,translate", json!({"target_language": "de"}), "params.target_language"),
            ("summarize,qa", json!({"translate": {}}), "params.translate"),
            ("summarize,qa", json!({"qa": "Why?"}), "params.qa"),
            ("summarize,qa", json!({"qa": {"password": "p"}}), "params.qa.password"),
            ("summarize,qa", json!({"qa": {"fresh": 1}}), "params.qa.fresh"),
            ("read,split_pdf", json!({"fresh": true}), "params.fresh"),
        ] {
            assert_eq!(refused(names, params.clone()), [field], "{params}");
        }
    }

    #[test]
    fn too_much_of_them_is_refused() {
        assert_eq!(refused("qa", json!({"question": "x".repeat(PARAMS_MAX)})), ["params"]);
        assert!(taken("qa", json!({"question": "x".repeat(PARAMS_MAX - 100)})).is_ok());
    }
}
