//! A chat behind the scripted one: the same script played over a real adapter and whatever stands behind it.
//!
//! Without a wire, people's acts go straight to the engine. With one, the wire makes them happen on its side, as if somebody
//! typed there, and hands in what arrives; the scripted chat is still told everything, so that both can be compared.

use super::{ScriptChat, Talk};
use crate::chat::text::Reader;
use crate::chat::{Answer, Body, Platform};
use crate::clock::VirtualClock;
use crate::engine::Engine;
use async_trait::async_trait;
use std::sync::Arc;

/// What a person does. Ids of messages are those of the scripted chat.
#[derive(Clone, Debug)]
pub struct Acted {
    pub person: String,
    /// The person's account on the platform; the person itself when config names none.
    pub account: String,
    pub channel: String,
    pub body: Body,
}

/// The other side of a platform.
#[async_trait]
pub trait Wire: Send + Sync {
    /// What the engine speaks to. It tells the scripted chat as well, under ids that it maps.
    fn platform(&self) -> Arc<dyn Platform>;

    /// Lets the person act, hands in what arrives, and gives what the engine answered.
    ///
    /// # Errors
    /// When the act could not be done there, or nobody was told.
    async fn act(&self, engine: &Arc<Engine>, act: Acted) -> Result<Answer, String>;

    /// A person writes something that is no command.
    ///
    /// # Errors
    /// When it could not be done there.
    async fn talk(&self, talk: &Talk) -> Result<(), String>;

    /// Whoever wrote it changes it, or takes it away.
    ///
    /// # Errors
    /// When it could not be done there.
    async fn retell(&self, talk: &str, text: Option<&str>) -> Result<(), String>;

    /// Where people see something else than the scripted chat has; nothing when both agree.
    async fn differences(&self, chat: &ScriptChat, reader: &Reader) -> Vec<String>;
}

/// Makes a world's wire.
pub type NewWire = Arc<dyn Fn(&Arc<ScriptChat>, &Arc<VirtualClock>) -> Arc<dyn Wire> + Send + Sync>;
