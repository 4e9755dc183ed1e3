//! Chat: one trait for every platform, and the neutral message rendered for each.
//!
//! A platform knows nothing of deployments. Outbound it posts and edits neutral messages; inbound it turns what arrives
//! into an [`Envelope`] and hands it to [`Intake`], which stores before it answers.

pub mod console;
pub mod text;

use crate::domain::ids::{ChannelName, PersonId, PlatformName};
use crate::domain::message::{Form, Message};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

    /// The message that was posted under `key`, when there is one.
    async fn find(&self, channel: &ChannelName, key: &str) -> Result<Option<MessageRef>, ChatError>;
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

/// What arrived was not stored.
#[derive(Clone, Debug, thiserror::Error)]
#[error("signalbox cannot store this now ({reason}); nothing was done, try again in a moment")]
pub struct IntakeError {
    pub reason: String,
}
