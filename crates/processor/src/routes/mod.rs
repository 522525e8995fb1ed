//! Routes: they take requests apart, call a use case, and put answers together.

mod admission;
mod announced;
mod blobs;
mod conditional;
mod cv;
mod docs;
mod documents;
mod export;
mod files;
mod form;
mod live;
mod objects;
mod outgoing;
mod pictures;
mod records;
mod stored_file;
mod submission;
mod submit;
mod task_types;
mod tasks;
mod uploads;
mod usage;
mod values;

pub use docs::docs;

use actix_web::App;
use quire_web::openapi::Complete;
use utoipa::{
    Modify,
    openapi::{InfoBuilder, OpenApi},
};
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

/// Every route of the service; health and API documents are added by who serves it.
pub fn routes(app: &mut ServiceConfig<'_>) {
    uploads::routes(app);
    app.service(submit::submit_document)
        .service(tasks::create_task)
        .service(tasks::list_tasks)
        .service(tasks::get_task)
        .service(tasks::cancel_task)
        .service(tasks::retry_task)
        .service(export::export_task)
        .service(task_types::list_task_types)
        .service(usage::get_usage)
        .service(files::upload_file)
        .service(files::get_file)
        .service(files::get_file_status)
        .service(files::download_file)
        .service(files::head_file)
        .service(blobs::fetch_blob)
        .service(blobs::head_blob)
        .service(blobs::store_blob)
        .service(pictures::get_thumbnail)
        .service(pictures::get_page_picture)
        .service(documents::list_documents)
        .service(documents::delete_documents)
        .service(documents::get_document)
        .service(documents::update_document)
        .service(documents::delete_document)
        .service(documents::get_document_text)
        .service(cv::get_cv)
        .service(cv::update_cv)
        .service(cv::list_cv_edits)
        .service(announced::initiate_upload)
        .service(announced::enqueue_document)
        .service(objects::upload_object)
        .service(objects::fetch_object)
        .service(records::list_records)
        .service(records::get_record)
        .service(records::create_record)
        .service(live::open_socket)
        .service(live::create_socket_ticket)
        .service(live::stream_events);
}

/// The description of the service's routes.
#[must_use]
pub fn openapi() -> OpenApi {
    let (_, mut api) = App::new().into_utoipa_app().configure(routes).split_for_parts();
    Complete.modify(&mut api);
    api.info = InfoBuilder::new()
        .title("Quire processor")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Documents in, answers out: submit documents, follow their tasks, receive live events.",
        ))
        .build();
    api
}
