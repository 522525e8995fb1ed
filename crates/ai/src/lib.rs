//! Text in, answer out: the task types and the two engines that do them.
//!
//! A [`TaskType`](task::TaskType) says what is wanted: its parameters, the shape of its answer,
//! its prompt, how the pieces of a long text come together, and its deterministic method, if it
//! has one. An [`Engine`] does it:
//!
//! - [`LocalEngine`] by deterministic methods, with no network and no key. It never passes
//!   itself off as a model: provider `local`, model `local-rules-2`.
//! - [`ModelEngine`] by prompts over a [`ChatClient`]; one client per provider.
//!
//! A new task type is one file in `src/tasks/` and one line in its list; a new provider is one
//! file of facts in `src/providers/` and one line in its list.
//!
//! [`Engines`] holds what the configuration allows for, and finds the engine for each task. What runs
//! share with each other (kept replies, limits, budgets) is a port of this crate: see [`ports`].

mod answer;
mod clean;
mod client;
mod config;
mod context;
mod cost;
mod document;
mod engine;
mod engines;
mod error;
mod evidence;
mod languages;
mod local;
#[cfg(feature = "measuring")]
pub mod measuring;
mod model;
mod params;
pub mod ports;
mod price;
mod prompts;
mod providers;
mod quote;
pub mod registry;
mod schema;
mod split;
pub mod task;
mod tasks;
#[cfg(feature = "testing")]
pub mod testing;

pub use answer::{Answer, EngineInfo, Request};
pub use config::{AiConfig, ConfigError, ProviderSettings, RetryPolicy, Timeouts};
pub use context::{Delta, DeltaSink, Progress, ProgressSink, RunContext};
pub use cost::{Cost, TokenUsage};
pub use document::PageText;
pub use engine::{Engine, SharedEngine};
pub use engines::{Choice, ChoiceError, ChoiceField, Engines, Offer, SharedEngines, chat_client, engine};
pub use error::{AiError, Verdict};
pub use evidence::look_up;
pub use local::{LOCAL_MODEL, LocalEngine};
pub use model::{Caps, ChatCall, ChatClient, ChatReply, Finish, Limits, ModelEngine, ModelParts, TextSink};
pub use price::{PriceError, PriceTable};
pub use prompts::{PromptError, PromptSet};
pub use providers::{Provider, UnknownProvider, Variables, Wire};
pub use quote::{Check, Checked};
pub use task::Warning;
