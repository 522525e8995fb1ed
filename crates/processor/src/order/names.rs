//! The task types that a client names.

use quire_domain::{Error, ErrorCode, Result};

use crate::task_type::TaskType;

/// The most tasks that one request makes.
pub(super) const MAX_TASK_TYPES: usize = 10;

/// Names of task types, as a client wrote them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TaskTypeNames(Vec<String>);

impl TaskTypeNames {
    /// The task type of that name alone.
    pub(crate) fn one(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// Those in a text: one, or several with commas between. What is empty names nothing.
    pub(crate) fn parse(text: &str) -> Self {
        let mut names = Self::default();
        names.add(text);
        names
    }

    /// Those that are named one by one.
    pub(crate) fn list(names: Vec<String>) -> Self {
        Self(names)
    }

    /// More of them.
    pub(crate) fn add(&mut self, text: &str) {
        let named = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        self.0.extend(named.map(str::to_owned));
    }

    /// This one, if none is named.
    pub(crate) fn or(self, default: &str) -> Self {
        if self.0.is_empty() { Self::one(default) } else { self }
    }

    /// Whether none is named.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The task types, in their order.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`], naming those that do not exist, and those that come twice.
    pub(crate) fn find(&self) -> Result<Vec<TaskType>> {
        if self.0.is_empty() {
            return Err(invalid("Name a task type.".to_owned()));
        }
        if self.0.len() > MAX_TASK_TYPES {
            let count = self.0.len();
            return Err(invalid(format!("These are {count} task types; ask for at most {MAX_TASK_TYPES}.")));
        }
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        for name in &self.0 {
            match TaskType::find(name) {
                Some(task_type) => found.push(task_type),
                None => unknown.push(name.as_str()),
            }
        }
        if !unknown.is_empty() {
            let known: Vec<_> = TaskType::all().map(TaskType::name).collect();
            let message =
                format!("There is no task type {}. There are: {}.", quoted(&unknown), known.join(", "));
            return Err(invalid(message));
        }
        let names = self.0.iter().enumerate();
        let twice: Vec<_> = names
            .filter(|(place, name)| self.0[..*place].iter().filter(|earlier| earlier == name).count() == 1)
            .map(|(_, name)| name.as_str())
            .collect();
        if twice.is_empty() {
            return Ok(found);
        }
        Err(invalid(format!("Ask for a task type once; {} comes twice.", quoted(&twice))))
    }
}

/// What a client sent is repeated in part only.
fn quoted(names: &[&str]) -> String {
    let shorten = |name: &str| name.chars().filter(|c| !c.is_control()).take(40).collect::<String>();
    let quoted: Vec<_> = names.iter().map(|name| format!("`{}`", shorten(name))).collect();
    quoted.join(", ")
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::ValidationFailed, message.clone()).with_field("task_type", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> std::result::Result<Vec<&'static str>, String> {
        let found = TaskTypeNames::parse(text).find();
        found.map(|found| found.into_iter().map(TaskType::name).collect()).map_err(|e| e.detail.into_owned())
    }

    #[test]
    fn one_or_several_are_named() {
        assert_eq!(found("qa").unwrap(), ["qa"]);
        assert_eq!(found(" read , ,summarize,").unwrap(), ["read", "summarize"]);
        assert_eq!(TaskTypeNames::parse(" , ").or("read"), TaskTypeNames::one("read"));
        let mut names = TaskTypeNames::parse("qa");
        names.add("read,sentiment");
        assert_eq!(names, TaskTypeNames::parse("qa,read,sentiment"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(
            found("qa,paint,read,si\u{7}ng")
                .unwrap_err()
                .starts_with("There is no task type `paint`, `sing`.")
        );
        assert_eq!(
            found("qa,read,qa,read,read").unwrap_err(),
            "Ask for a task type once; `qa`, `read` comes twice."
        );
        assert_eq!(found(&"x,".repeat(11)).unwrap_err(), "These are 11 task types; ask for at most 10.");
        assert_eq!(found("").unwrap_err(), "Name a task type.");
    }
}
