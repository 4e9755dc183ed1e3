//! What is said about rosters: the card of a hand-off, what people are told of it, and answers.

mod answers;
mod card;
mod foreseen;
mod notices;

pub use answers::{handoff_ahead, on_call, week};
pub use card::{handoff_cards, handoff_key};
pub use foreseen::{foreseen, unreachable};
pub(super) use notices::roster as notices;

use crate::domain::ids::ChannelName;
use crate::domain::policy::Policy;

/// Where a roster's hand-offs are told.
fn channel(policy: &Policy, name: &str) -> ChannelName {
    let own = policy.response.rosters.get(name).and_then(|r| r.channel.clone());
    own.unwrap_or_else(|| policy.channels.incidents.clone())
}
