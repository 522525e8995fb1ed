//! What is found in a CV, before it is checked: what rules find, and what models reply.

use serde::{Deserialize, Serialize};

/// A value with the passage that shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quoted {
    pub(crate) value: String,
    pub(crate) quote: Option<String>,
}

impl Quoted {
    pub(crate) fn new(value: impl Into<String>, quote: impl Into<String>) -> Self {
        Self { value: value.into(), quote: Some(quote.into()) }
    }
}

/// One position held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) title: Option<String>,
    pub(crate) company: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) start: Option<String>,
    pub(crate) end: Option<String>,
    pub(crate) is_current: bool,
    pub(crate) description: Option<String>,
    pub(crate) quote: Option<String>,
}

/// One course of education.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Study {
    pub(crate) degree: Option<String>,
    pub(crate) field: Option<String>,
    pub(crate) institution: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) start: Option<String>,
    pub(crate) end: Option<String>,
    pub(crate) quote: Option<String>,
}

/// One language spoken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spoken {
    pub(crate) value: String,
    pub(crate) level: Option<String>,
    pub(crate) quote: Option<String>,
}

/// Everything found in a CV.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fields {
    pub(crate) is_cv: bool,
    pub(crate) name: Option<Quoted>,
    pub(crate) headline: Option<Quoted>,
    pub(crate) emails: Vec<Quoted>,
    pub(crate) phones: Vec<Quoted>,
    pub(crate) linkedin: Option<Quoted>,
    pub(crate) github: Option<Quoted>,
    pub(crate) urls: Vec<Quoted>,
    pub(crate) address: Option<Quoted>,
    pub(crate) city: Option<Quoted>,
    pub(crate) postal_code: Option<Quoted>,
    pub(crate) country: Option<Quoted>,
    pub(crate) birthday: Option<Quoted>,
    pub(crate) nationality: Option<Quoted>,
    pub(crate) work_experience: Vec<Job>,
    pub(crate) education: Vec<Study>,
    pub(crate) skills: Vec<Quoted>,
    pub(crate) languages: Vec<Spoken>,
}
