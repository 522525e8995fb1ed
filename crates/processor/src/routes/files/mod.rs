//! `/files/`: a file comes in with a form, is told about, and goes out again.

pub(super) mod download;
mod read;
mod upload;
mod view;

pub(super) use self::{
    download::{download_file, head_file},
    read::{get_file, get_file_status},
    upload::upload_file,
};
