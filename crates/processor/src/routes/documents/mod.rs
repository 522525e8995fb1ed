//! `/documents`: documents as their users keep them.

mod delete;
mod edit;
mod get;
mod list;
mod query;
mod text;
mod view;

pub(super) use delete::{delete_document, delete_documents};
pub(super) use edit::update_document;
pub(super) use get::get_document;
pub(super) use list::list_documents;
pub(super) use text::get_document_text;

use quire_domain::FieldErrors;

/// A parameter that is `true` or `false`; what is wrong goes to its field.
fn flag(name: &str, text: Option<&str>, errors: &mut FieldErrors) -> bool {
    match text {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            errors.add(name, "This is true or false.");
            false
        }
    }
}
