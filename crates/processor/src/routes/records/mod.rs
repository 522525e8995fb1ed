//! `/api/records/`: documents as records, as clients of older systems read and make them.

mod list;
mod register;
mod view;

pub(super) use self::{
    list::{get_record, list_records},
    register::create_record,
    view::{RecordView, file_url},
};
