//! The model engine: prompts over a chat client, for texts of any length.
//!
//! From the top: [`engine`] reads the document and puts the answer together; [`run`] goes from level to level,
//! each a text that [`pieces`] cuts; [`ask`] gets a reply of the agreed form for one piece; [`call`] makes one
//! call, through the gate ([`passage`]) and again after failures ([`retry`]). [`stage`] and [`scan`] let people
//! read along.

mod ask;
mod budget;
mod call;
mod chat;
mod engine;
mod fence;
mod halt;
mod kept;
mod ledger;
mod level;
mod map;
mod passage;
mod pieces;
mod retry;
mod run;
mod scan;
mod setup;
mod stage;
mod tokens;
mod units;

pub use chat::{Caps, ChatCall, ChatClient, ChatReply, Finish, TextSink};
pub use engine::{ModelEngine, ModelParts};
pub use setup::Limits;
