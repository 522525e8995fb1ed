//! `/process/tasks` and `/process/task-types`.

mod create;
mod list;
mod states;
mod task_types;
