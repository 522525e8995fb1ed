//! What a client wants done with a document: one task, or several of different types.

mod names;
mod params;

use quire_ai::{Choice, SharedEngines};
use quire_domain::{Error, ErrorCode, FieldErrors, Result};
use serde_json::{Map, Value};

pub(crate) use self::names::TaskTypeNames;
use self::params::Written;
use crate::{
    preflight::Preflight,
    task_type::{ReadingParams, TaskType},
};

/// What a client asked for, checked: it can be done here.
#[derive(Clone)]
pub struct Order {
    /// At least one.
    pub(crate) jobs: Vec<Job>,
    /// How the document is to be read, whatever is done with it.
    pub(crate) reading: ReadingParams,
    pub(crate) idempotency_key: Option<String>,
}

impl Order {
    /// The type and the parameters of each task.
    pub(crate) fn work(&self) -> impl Iterator<Item = (TaskType, &Value)> {
        self.jobs.iter().map(|job| (job.task_type, &job.params))
    }
}

/// One of the tasks that a client asked for.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) task_type: TaskType,
    /// As they are stored with the task.
    pub(crate) params: Value,
}

impl Order {
    /// How many tasks it makes.
    pub(crate) fn tasks(&self) -> usize {
        self.jobs.len()
    }

    /// The idempotency keys of the tasks. The first has that of the request; those of the others hold a
    /// space, which no client can send.
    pub(crate) fn idempotency_keys(&self) -> Option<Vec<String>> {
        self.idempotency_key.as_deref().map(|key| task_keys(key).take(self.tasks()).collect())
    }
}

/// The idempotency keys that the tasks of a request may have.
pub(crate) fn task_keys(key: &str) -> impl Iterator<Item = String> {
    let others = (2..=names::MAX_TASK_TYPES).map(move |number| format!("{key} {number}"));
    std::iter::once(key.to_owned()).chain(others)
}

/// Checks what clients ask for. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Orders {
    engines: SharedEngines,
    preflight: Preflight,
}

impl Orders {
    pub(crate) fn new(engines: SharedEngines, preflight: Preflight) -> Self {
        Self { engines, preflight }
    }

    /// Checks what a client asks for: the task types exist, the parameters fit, and whoever is to answer
    /// can do it.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] by field, [`ErrorCode::TaskTypeUnavailable`].
    pub(crate) fn check(
        &self,
        names: &TaskTypeNames,
        params: Map<String, Value>,
        idempotency_key: Option<String>,
    ) -> Result<Order> {
        let Written { reading, jobs } = Written::take_apart(&names.find()?, params).map_err(invalid)?;
        self.preflight.check_languages(&reading)?;
        let jobs = jobs.into_iter().map(|job| self.check_job(job, &reading)).collect::<Result<_>>()?;
        Ok(Order { jobs, reading, idempotency_key })
    }

    /// Refuses what can be seen to be wrong before the file has come; parameters may still follow it.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(crate) fn refuse_early(&self, names: &TaskTypeNames, params: Map<String, Value>) -> Result<()> {
        let task_types = names.find()?;
        let Ok(Written { jobs, reading }) = Written::take_apart(&task_types, params) else { return Ok(()) };
        for job in jobs {
            match self.check_job(job, &reading) {
                Err(error) if error.code != ErrorCode::ValidationFailed => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Who answers, for those who have to say so.
    pub(crate) fn engines(&self) -> &SharedEngines {
        &self.engines
    }

    /// Whether tasks of this type are done here without anything chosen, and if not, why.
    pub(crate) fn refusal(&self, task_type: TaskType) -> Option<String> {
        // Without parameters, a task type that needs some is refused for that alone.
        let params = task_type.check_params(&Value::Object(Map::new())).unwrap_or_default();
        let supported = task_type.check_support(&self.engines, &Choice::default(), &params);
        supported.err().map(|failure| failure.message.into_owned())
    }

    fn check_job(&self, job: params::WrittenJob, reading: &ReadingParams) -> Result<Job> {
        let params::WrittenJob { task_type, place, answering, params } = job;
        let mut params = task_type
            .check_params(&Value::Object(params))
            .and_then(|params| answering.check(&self.engines).map(|()| params))
            .map_err(|errors| invalid(place.name(errors)))?;
        task_type.check_support(&self.engines, &answering.choice, &params).map_err(|failure| {
            Error::new(ErrorCode::TaskTypeUnavailable, failure.message.clone())
                .with_field("task_type", failure.message)
        })?;
        reading.show_in(&mut params);
        answering.show_in(&mut params);
        Ok(Job { task_type, params })
    }
}

fn invalid(fields: FieldErrors) -> Error {
    fields.into_result().err().unwrap_or_else(|| Error::internal("an order was refused without a reason"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_request_are_its_own() {
        let keys: Vec<_> = task_keys("k").collect();
        assert_eq!((keys.len(), keys[0].as_str(), keys[1].as_str()), (10, "k", "k 2"));
        assert!(keys.iter().skip(1).all(|key| key.contains(' ')));
    }
}
