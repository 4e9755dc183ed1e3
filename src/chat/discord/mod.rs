//! Discord: everything that names serenity stands below here.
//!
//! serenity builds what is sent (routes, embeds, components, commands); sending is our own, see [`rest`]. What is shown is made
//! in [`render`]. Message ids are kept as `CHANNEL:MESSAGE`, where CHANNEL is the thread's id for a message in a thread.
//!
//! A click's custom id is not the action itself: [`render::custom::unpack`] gives the action as [`super::wire`] made it, and
//! says whether it must be asked about first. Then the click is answered by [`DiscordPlatform::question`], only for the
//! clicker, whose "Yes" button carries the action. The form of a submitted modal is under [`render::custom`] as well.

mod answer;
pub mod arrival;
pub mod gateway;
mod inbound;
pub mod register;
pub mod render;
pub mod rest;

use super::{Arrival, ChatError, Intake, MessageRef, Platform, PolicyNow, Post, Token};
use crate::clock::Clock;
use crate::domain::ids::{ChannelName, PlatformName, Role};
use crate::domain::message::Message;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name under which Discord is known in config and in the journal.
pub const NAME: &str = "discord";

/// What the adapter is told. `app` makes it from the config's section.
#[derive(Clone, Debug)]
pub struct Settings {
    pub token: Token,
    pub guild: u64,
    /// `https://discord.com`, or an emulator's, without a slash at its end.
    pub base_url: String,
    /// Ids of channels that are not looked up by name.
    pub channels: BTreeMap<ChannelName, String>,
    /// The server's role to ours.
    pub roles: BTreeMap<String, Role>,
}

/// One Discord server.
pub struct DiscordPlatform {
    name: PlatformName,
    settings: Settings,
    clock: Arc<dyn Clock>,
    policy: PolicyNow,
    rest: rest::Rest,
    commands: Vec<register::CommandSpec>,
    inbound: inbound::memory::Memory,
}

impl DiscordPlatform {
    #[must_use]
    pub fn new(settings: Settings, client: reqwest::Client, clock: Arc<dyn Clock>, policy: PolicyNow) -> Self {
        let rest = rest::Rest::new(client, &settings.base_url, settings.token.clone(), Arc::clone(&clock));
        Self {
            name: PlatformName::new(NAME),
            settings,
            clock,
            policy,
            rest,
            commands: Vec::new(),
            inbound: inbound::memory::Memory::default(),
        }
    }

    /// The commands that are registered, and that invocations are read by.
    #[must_use]
    pub fn with_commands(mut self, commands: Vec<register::CommandSpec>) -> Self {
        self.commands = commands;
        self
    }

    #[must_use]
    pub fn rest(&self) -> &rest::Rest {
        &self.rest
    }

    #[must_use]
    pub fn commands(&self) -> &[register::CommandSpec] {
        &self.commands
    }

    /// A message as Discord takes it; `key` keeps it findable, see [`Platform::find`].
    #[must_use]
    pub fn rendered(&self, message: &Message, key: Option<&str>) -> render::Rendered {
        render::message(message, &render::Names { policy: &(self.policy)(), channels: &BTreeMap::new() }, key)
    }

    /// What a click that must be asked about is answered with: the question, and a button that carries the action.
    #[must_use]
    pub fn question(&self, custom_id: &str, label: &str) -> render::Rendered {
        render::question(custom_id, label, None)
    }

    /// The channel's name for the core; one that config does not name is called by its id.
    pub async fn channel_name(&self, id: &str) -> ChannelName {
        ChannelName::new(id)
    }
}

#[async_trait]
impl Platform for DiscordPlatform {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, _post: &Post) -> Result<MessageRef, ChatError> {
        Err(ChatError::Unknown("not yet".into()))
    }

    async fn edit(&self, _at: &MessageRef, _message: &Message) -> Result<(), ChatError> {
        Err(ChatError::Unknown("not yet".into()))
    }

    async fn find(
        &self,
        _channel: &ChannelName,
        _thread: Option<&MessageRef>,
        _key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        Ok(None)
    }

    async fn work(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        self.worked(arrival, intake).await
    }
}
