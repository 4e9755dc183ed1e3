//! Chat: one trait for every platform, and the neutral message rendered for each.
//!
//! A platform knows nothing of deployments. Outbound it posts and edits neutral messages. Inbound, what arrives from another
//! machine goes a fixed way: the platform verifies it, hands it to [`Inbox::keep`] as the text it is, acknowledges once that
//! returned, and is then asked to [`Platform::work`] it: read it, hand it to [`Intake::receive`] as an [`Envelope`], and
//! tell the sender. What stops in between is worked again after the next start.

#[cfg(any(feature = "discord", feature = "slack"))]
mod backoff;
#[cfg(any(feature = "discord", feature = "slack"))]
mod clip;
pub mod console;
#[cfg(feature = "discord")]
pub mod discord;
pub mod doctor;
#[cfg(any(feature = "discord", feature = "slack"))]
mod health;
#[cfg(any(feature = "discord", feature = "slack"))]
mod pace;
#[cfg(feature = "slack")]
mod picture;
mod read_back;
#[cfg(any(feature = "discord", feature = "slack"))]
mod recode;
#[cfg(any(feature = "discord", feature = "slack"))]
mod sign;
#[cfg(feature = "slack")]
pub mod slack;
#[cfg(any(feature = "discord", feature = "slack"))]
mod socket;
#[cfg(any(feature = "discord", feature = "slack"))]
mod split;
pub mod text;
mod token;
mod wire;

pub use read_back::READ_BACK;
pub use token::Token;
pub use wire::{asked, wire};

use crate::domain::ids::{ChannelName, PersonId, PlatformName, Role};
use crate::domain::message::{Form, Message};
use crate::domain::policy::Policy;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The policy of the moment: who people are on a platform, and what they are called.
pub type PolicyNow = Arc<dyn Fn() -> Arc<Policy> + Send + Sync>;

/// Where a message stands on a platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageRef {
    pub channel: ChannelName,
    /// The platform's own id of the message.
    pub id: String,
}

/// A new message. `key` is its idempotency key: posting it twice leaves one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Post {
    pub key: String,
    pub channel: ChannelName,
    /// The message whose thread it goes into.
    pub thread: Option<MessageRef>,
    /// Seen only by this person.
    pub only_for: Option<PersonId>,
    pub message: Message,
}

/// Why a platform did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// Try again, not before this many milliseconds.
    #[error("{what}; again in {after_ms} ms")]
    Later { what: String, after_ms: i64 },
    /// It may or may not have happened: ask [`Platform::find`] before posting again.
    #[error("no answer from the platform: {0}")]
    Unknown(String),
    /// The message or channel no longer exists.
    #[error("gone: {0}")]
    Gone(String),
    /// It was not done, and works once a person has changed something: a token, a right, an invitation.
    #[error("{0}")]
    Barred(String),
    /// It will never work as it is.
    #[error("refused: {0}")]
    Refused(String),
}

/// A chat platform, outbound.
#[async_trait]
pub trait Platform: Send + Sync {
    fn name(&self) -> &PlatformName;

    /// Posts once per key.
    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError>;

    /// Replaces a message in place.
    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError>;

    /// The message that was posted under `key`, into the thread of that message if there is one.
    async fn find(
        &self,
        channel: &ChannelName,
        thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError>;

    /// The message that was posted under `key` for this person alone; `channel` is that of the post.
    async fn find_alone(
        &self,
        _person: &PersonId,
        channel: &ChannelName,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        self.find(channel, None, key).await
    }

    /// Works something that was kept: reads it, hands it to `intake`, and tells the sender what came of it. It is called again
    /// after a crash or [`ChatError::Later`], and then hands in the same [`Envelope::id`]. What cannot be read is counted and
    /// logged by its type, and is done with that.
    async fn work(&self, _arrival: &Arrival, _intake: &dyn Intake) -> Result<(), ChatError> {
        Ok(())
    }

    /// The reactions that stand on a message now, by people and not by ourselves.
    ///
    /// # Errors
    /// Besides those of any call, `Refused` where reactions cannot be read: nothing is to be made of that.
    async fn reactions(&self, _at: &MessageRef) -> Result<Vec<Reacted>, ChatError> {
        Err(ChatError::Refused("reactions cannot be read back here".into()))
    }

    /// A message that somebody wrote, as it reads now; `None` when it is gone.
    ///
    /// # Errors
    /// Besides those of any call, `Refused` where messages cannot be read.
    async fn spoken(&self, _at: &MessageRef) -> Result<Option<Spoken>, ChatError> {
        Err(ChatError::Refused("messages cannot be read here".into()))
    }

    /// Makes a channel, once for each [`NewRoom::key`]: `doubt` says that an earlier call may have made it.
    ///
    /// # Errors
    /// `Later` and `Unknown` are tried again for some seconds; anything else means that there is none.
    async fn make_room(&self, _room: &NewRoom, _doubt: bool) -> Result<MadeRoom, ChatError> {
        Err(ChatError::Refused("channels cannot be made here".into()))
    }

    /// Asks a person into a channel that was made; where everybody sees it anyway, nothing happens.
    async fn invite(&self, _room: &ChannelName, _person: &PersonId) -> Result<(), ChatError> {
        Ok(())
    }

    /// Puts a channel aside that was made, where that can be undone.
    async fn close_room(&self, _room: &ChannelName) -> Result<(), ChatError> {
        Ok(())
    }

    /// What a channel is called for ever, whatever people call it; `None` where that cannot be told.
    async fn channel_key(&self, channel: &ChannelName) -> Option<String> {
        Some(channel.to_string())
    }

    /// Why nothing works here before a person has changed something, and what; `None` while it works or comes back by itself.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Roles that the platform's own groups give, by account.
    async fn roles(&self) -> Result<BTreeMap<String, BTreeSet<Role>>, ChatError> {
        Ok(BTreeMap::new())
    }
}

/// A channel to be made for the work on one incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoom {
    /// Names the incident; in doubt the channel is found by it, or by its name and when it was made.
    pub key: String,
    /// What it may be called, the first choice first.
    pub names: Vec<String>,
    pub topic: String,
    /// Whoever sees this channel may see the new one, and nobody else.
    pub beside: ChannelName,
    /// It is not older than this.
    pub since: jiff::Timestamp,
}

/// A channel that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeRoom {
    /// What messages go to: it stays when people rename the channel. See [`Platform::channel_key`].
    pub channel: ChannelName,
    /// What people read.
    pub name: ChannelName,
}

/// What was delivered to us, verified and not yet read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub platform: PlatformName,
    /// Unique for ever on that platform; becomes [`Envelope::id`].
    pub id: String,
    /// Its type in the platform's words, for counts and logs: `slash_commands`, `reaction_added`, `INTERACTION_CREATE`.
    pub kind: String,
    /// Arrivals of one lane are worked one after the other, as they came; usually the sender's account.
    pub lane: String,
    /// The signature it came with; empty where a connection proves the sender.
    pub proof: String,
    /// As it came, but for secrets that nobody needs any more.
    pub body: String,
}

/// What [`Inbox::keep`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    New,
    /// It was kept before; the platform delivers it once more, and is told that it arrived.
    Again,
    /// It was kept before with the very same signature: somebody plays it back.
    Replayed,
}

/// An emoji that a person has put on a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reacted {
    pub account: String,
    pub emoji: String,
}

/// A message as it reads, with what it hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    pub account: String,
    /// What the platform calls whoever wrote it.
    pub name: String,
    /// As it was typed; empty where only its place may be read.
    pub text: String,
    pub at: jiff::Timestamp,
    /// Where it can be opened.
    pub link: Option<String>,
    /// The first message of its thread, as [`MessageRef::id`] has it.
    pub thread: Option<String>,
}

/// What arrives from a platform, after its signature was verified and before anything else is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub platform: PlatformName,
    /// Unique for ever on that platform; a second arrival is the same act.
    pub id: String,
    /// The sender's account on that platform.
    pub account: String,
    pub channel: ChannelName,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Body {
    /// A command line, with or without its slash.
    Command { text: String, thread: Option<String> },
    /// A reaction put on, or taken off, a message.
    Reaction { message: String, emoji: String, added: bool },
    /// A button of a message, by its wire form, with the fields of its form if it had one.
    Click { message: String, action: String, fields: BTreeMap<String, String> },
}

/// What the sender is told, privately, at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub messages: Vec<Message>,
    /// Opened for the sender; submitted as a click of `action`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<(String, Form)>,
}

/// Where platforms hand in what arrived. Returns after the act is stored and decided.
#[async_trait]
pub trait Intake: Send + Sync {
    /// # Errors
    /// When it could not be stored; the platform must then not acknowledge, so that it arrives again.
    async fn receive(&self, envelope: Envelope) -> Result<Answer, IntakeError>;
}

/// An intake that keeps what arrives before anybody reads it, for platforms on other machines.
#[async_trait]
pub trait Inbox: Intake {
    /// Stores it under its id. When this returned, it is acknowledged; it is worked soon after, by [`Platform::work`].
    ///
    /// # Errors
    /// When it could not be stored; it must not be acknowledged then.
    async fn keep(&self, arrival: Arrival) -> Result<Kept, IntakeError>;

    /// The form this act asks its sender to fill in, when it lacks something: the action it submits, and its fields. Answered from
    /// memory, so that a platform which must open a form at once can.
    fn form(&self, envelope: &Envelope) -> Option<(String, Form)>;

    /// What can come next at the end of a command line.
    fn complete(&self, line: &str) -> Vec<Offer>;

    /// The connection stands again after it did not: reactions and roles that changed meanwhile are read back.
    async fn connected(&self, platform: &PlatformName);
}

/// One way to go on with a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The whole line after choosing it.
    pub insert: String,
    /// The words it adds.
    pub label: String,
    pub help: String,
}

/// What arrived was not stored.
#[derive(Clone, Debug, thiserror::Error)]
#[error("signalbox cannot store this now ({reason}); nothing was done, try again in a moment")]
pub struct IntakeError {
    pub reason: String,
}
