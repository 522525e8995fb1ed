//! The ids of the parts into which a task splits a document.

use quire_domain::{DocumentId, TaskId, task::Task};
use quire_extract::options::SplitPlan;
use sha2::{Digest, Sha256};

use crate::task_type::{ReadingParams, SplitParams, TaskType};

/// The id of a part: the same in every attempt at a task, and as old as the task. The first part has
/// the number 1.
pub(crate) fn part_id(task: TaskId, number: usize) -> DocumentId {
    let digest: [u8; 32] =
        Sha256::new().chain_update(task.0).chain_update(number.to_be_bytes()).finalize().into();
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    let millis = task.0.get_timestamp().map_or(0, |time| {
        let (seconds, nanoseconds) = time.to_unix();
        seconds * 1000 + u64::from(nanoseconds) / 1_000_000
    });
    DocumentId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// The ids that the parts of a task will have, when it says by itself how many they are: with lists of
/// pages. `None` if it does not split.
pub(crate) fn expected_parts(task: &Task) -> Option<Vec<DocumentId>> {
    if !matches!(TaskType::find(&task.task_type), Some(TaskType::SplitPdf)) {
        return None;
    }
    let (_, params) = ReadingParams::separate(&task.params, None);
    let count = match SplitParams::parse(&params).map(|params| params.plan) {
        Ok(SplitPlan::Pages(lists)) => lists.len(),
        _ => 0,
    };
    Some((1..=count).map(|number| part_id(task.id, number)).collect())
}
