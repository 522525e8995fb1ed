//! What a request may choose.

use std::fmt;

use quire_domain::failure::{Failure, FailureCode};

use super::Engines;
use crate::{engine::SharedEngine, providers::Provider};

/// Who is to do a task, where the caller chooses; nothing chosen means the configured one.
///
/// A choice is binding: where somebody was chosen, nobody else is asked. Whoever names the receiver of a
/// document does not want it to go elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The name of a provider.
    pub provider: Option<String>,
    /// The name of a model: of that provider, or of the first that offers it.
    pub model: Option<String>,
}

/// A choice that this installation does not offer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ChoiceError {
    /// What the sentence is about.
    pub field: ChoiceField,
    /// A sentence that says what to choose or to configure.
    pub message: String,
}

/// A parameter by which a request chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceField {
    /// `provider`.
    Provider,
    /// `model`.
    Model,
}

impl ChoiceField {
    /// The name of the field in errors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "params.provider",
            Self::Model => "params.model",
        }
    }
}

impl fmt::Display for ChoiceField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<ChoiceError> for Failure {
    /// For a choice that was offered when it was made.
    fn from(error: ChoiceError) -> Self {
        Self::new(FailureCode::TaskUnsupported, error.message)
    }
}

impl Choice {
    /// Whether nothing is chosen.
    pub fn is_open(&self) -> bool {
        self.provider.is_none() && self.model.is_none()
    }
}

/// A provider that requests may choose.
#[derive(Clone)]
pub struct Offer {
    /// An engine for each model, the configured one first; never empty.
    pub(super) engines: Vec<SharedEngine>,
}

impl Offer {
    /// Its name.
    pub fn provider(&self) -> &'static str {
        self.engines.first().map_or("", |engine| engine.info().provider)
    }

    /// Its models, the configured one first.
    pub fn models(&self) -> Vec<String> {
        self.engines.iter().map(|engine| engine.info().model).collect()
    }

    fn model(&self, name: &str) -> Option<&SharedEngine> {
        self.engines.iter().find(|engine| engine.info().model == name)
    }
}

impl Engines {
    /// The engine of a choice that is not open.
    pub(super) fn chosen(&self, choice: &Choice) -> Result<&SharedEngine, ChoiceError> {
        match (choice.provider.as_deref(), choice.model.as_deref()) {
            (None, None) => Ok(&self.standard),
            (Some(provider), None) => {
                let offer = self.offer(provider)?;
                // Never empty.
                Ok(offer.engines.first().unwrap_or(&self.standard))
            }
            (Some(provider), Some(model)) => {
                let offer = self.offer(provider)?;
                offer.model(model).ok_or_else(|| unknown_model(model, std::slice::from_ref(offer)))
            }
            (None, Some(model)) => self
                .offers
                .iter()
                .find_map(|offer| offer.model(model))
                .ok_or_else(|| unknown_model(model, &self.offers)),
        }
    }

    fn offer(&self, name: &str) -> Result<&Offer, ChoiceError> {
        if let Some(offer) = self.offers.iter().find(|offer| offer.provider() == name) {
            return Ok(offer);
        }
        let why = match name.parse::<Provider>() {
            Err(_) => format!("There is no provider {}.", shown(name)),
            Ok(provider) => match self.lacking.iter().find(|(lacking, _)| *lacking == provider) {
                Some((_, variable)) => format!(
                    "The provider `{provider}` is not set up in this installation: its operator has to set {variable}."
                ),
                None => format!("The provider `{provider}` cannot be chosen in this installation."),
            },
        };
        let names: Vec<_> = self.offers.iter().map(Offer::provider).collect();
        let message = format!("{why} Available: {}.", names.join(", "));
        Err(ChoiceError { field: ChoiceField::Provider, message })
    }
}

fn unknown_model(name: &str, offers: &[Offer]) -> ChoiceError {
    let models: Vec<_> =
        offers.iter().map(|offer| format!("{} ({})", offer.models().join(", "), offer.provider())).collect();
    let message = format!(
        "The model {} cannot be chosen in this installation. Available: {}.",
        shown(name),
        models.join("; ")
    );
    ChoiceError { field: ChoiceField::Model, message }
}

/// A name that a request brought, for a sentence: short, and nothing but a name.
fn shown(name: &str) -> String {
    const LONGEST: usize = 60;
    let plain: String = name.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let more = if plain.len() < name.len() { "…" } else { "" };
    format!("`{plain}{more}`")
}
