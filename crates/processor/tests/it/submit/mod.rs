//! `POST /process/submit`.

mod content;
mod duplicates;
mod form;
mod limits;
mod outage;
mod refusals;
mod repetition;
mod several;
mod size;
