//! `/api/files/`: a file with its metadata comes in, and goes out again by the key of its object.

mod fetch;
mod metadata;
mod upload;

pub(super) use self::{fetch::fetch_object, upload::upload_object};
