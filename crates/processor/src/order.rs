//! What a client wants done.

use serde_json::Value;

use crate::task_type::{ReadingParams, TaskType};

/// What a client asked for, checked: it can be done here.
#[derive(Clone)]
pub struct Order {
    pub(crate) task_type: TaskType,
    pub(crate) params: Value,
    pub(crate) reading: ReadingParams,
    pub(crate) idempotency_key: Option<String>,
}
