//! `/documents/{id}/cv`: profiles of curricula vitae.

mod body;
mod edit;
mod get;
mod history;
mod view;

pub(crate) use edit::update_cv;
pub(crate) use get::get_cv;
pub(crate) use history::list_cv_edits;

use super::conditional::Validators;
use crate::cv::{CvFormat, profile::Profile};

/// Profiles are private, and a cache asks before it shows one.
const CACHING: &str = "private, no-cache";

/// By what a version of a profile is known again, in one of its formats.
fn validators(profile: &Profile, format: Option<CvFormat>) -> Validators {
    let tag = match format {
        None => profile.version.to_string(),
        Some(format) => format!("{}-{}", profile.version, format.as_str()),
    };
    Validators::strong(tag, profile.updated_at)
}
