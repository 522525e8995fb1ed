//! `POST /process/submit`.

mod form;
mod outage;
mod refusals;
mod repetition;
mod size;
