//! What can be asked for: the AI's task types, and what Quire does to a document by itself.

mod answering;
mod read;
mod reading;
pub(crate) mod split;

use quire_ai::{Choice, Engines, task};
use quire_domain::{FieldErrors, failure::Failure};
use serde_json::Value;

pub(crate) use self::{
    answering::AnsweringParams, read::NAME as READ, reading::ReadingParams, split::SplitParams,
};

/// A type of task.
#[derive(Clone, Copy)]
pub(crate) enum TaskType {
    /// The AI answers, from the text.
    Answer(&'static dyn task::TaskType),
    /// The document is read, and nothing more.
    Read,
    /// A PDF document is split into several.
    SplitPdf,
}

impl TaskType {
    /// Every task type, in the order of the documentation.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        quire_ai::registry::task_types()
            .iter()
            .map(|known| Self::Answer(*known))
            .chain([Self::Read, Self::SplitPdf])
    }

    /// The task type with that name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::all().find(|known| known.name() == name)
    }

    /// The name on the wire (`task_type`).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Answer(known) => known.name(),
            Self::Read => read::NAME,
            Self::SplitPdf => split::NAME,
        }
    }

    /// A short title, for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Answer(known) => known.title(),
            Self::Read => read::TITLE,
            Self::SplitPdf => split::TITLE,
        }
    }

    /// One or two sentences, for people and for the API's documentation.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Answer(known) => known.description(),
            Self::Read => read::DESCRIPTION,
            Self::SplitPdf => split::DESCRIPTION,
        }
    }

    /// Whether somebody answers, from the text, who can be chosen.
    pub(crate) fn is_answered(self) -> bool {
        matches!(self, Self::Answer(_))
    }

    /// Name and number of the instructions for whoever answers if nobody is chosen, where there are any.
    pub(crate) fn prompt_version(self, engines: &Engines) -> Option<String> {
        match self {
            Self::Answer(known) => engines.prompt_version(&Choice::default(), known).ok(),
            Self::Read | Self::SplitPdf => None,
        }
    }

    /// JSON schema of the parameters, with those that every task takes.
    pub(crate) fn params_schema(self) -> Value {
        let mut schema = match self {
            Self::Answer(known) => known.params_schema(),
            Self::Read => read::params_schema(),
            Self::SplitPdf => split::params_schema(),
        };
        if let Some(properties) = schema["properties"].as_object_mut() {
            properties.extend(ReadingParams::properties());
            if self.is_answered() {
                properties.extend(AnsweringParams::properties());
            }
        }
        schema
    }

    /// JSON schema of `data` in the answer.
    pub(crate) fn output_schema(self) -> Value {
        match self {
            Self::Answer(known) => known.output_schema(),
            Self::Read => read::output_schema(),
            Self::SplitPdf => split::output_schema(),
        }
    }

    /// Checks parameters (without those that every task takes) and fills in defaults.
    ///
    /// # Errors
    /// What is wrong, by field name (`params.target_language`).
    pub(crate) fn check_params(self, params: &Value) -> Result<Value, FieldErrors> {
        match self {
            Self::Answer(known) => known.check_params(params),
            Self::Read => read::check_params(params),
            Self::SplitPdf => SplitParams::parse(params).map(|_| params.clone()),
        }
    }

    /// Whether whoever is chosen does tasks of this type with these parameters.
    ///
    /// # Errors
    /// A failure whose sentence names what to choose or to configure.
    pub(crate) fn check_support(
        self,
        engines: &Engines,
        choice: &Choice,
        params: &Value,
    ) -> Result<(), Failure> {
        match self {
            Self::Answer(known) => engines.check(choice, known, params),
            Self::Read | Self::SplitPdf => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let names: HashSet<_> = TaskType::all().map(TaskType::name).collect();
        assert_eq!(names.len(), TaskType::all().count());
        assert!(names.iter().all(|name| TaskType::find(name).is_some_and(|found| found.name() == *name)));
        assert!(TaskType::find("SPLIT_PDF").is_none());
    }

    #[test]
    fn every_task_type_is_described_with_what_every_task_takes() {
        for known in TaskType::all() {
            assert!(!known.title().is_empty() && known.description().ends_with('.'), "{}", known.name());
            let schema = known.params_schema();
            assert!(schema["properties"]["password"].is_object(), "{}", known.name());
            assert_eq!(schema["properties"]["fresh"].is_object(), known.is_answered(), "{}", known.name());
            assert!(known.output_schema().is_object());
        }
    }
}
