//! Discord: everything that names serenity stands below here.
//!
//! serenity builds what is sent (routes, embeds, components, commands); sending is our own, see [`rest`]. What is shown is made
//! in [`render`]. Message ids are kept as `CHANNEL:MESSAGE`, where CHANNEL is the thread's id for a message in a thread.
//!
//! A click's custom id is not the action itself: [`render::custom::unpack`] gives the action as [`super::wire()`] made it, and
//! says whether it must be asked about first. Then the click is answered by [`DiscordPlatform::question`], only for the
//! clicker, whose "Yes" button carries the action. The form of a submitted modal is under [`render::custom`] as well.

mod answer;
pub mod arrival;
pub mod buckets;
pub mod directory;
mod doctor;
pub mod gateway;
mod inbound;
mod place;
mod post;
mod recent;
pub mod register;
pub mod render;
pub mod rest;
mod room;
mod spoken;

pub use doctor::Examination;
pub use gateway::{Gateway, StoreSeat};

use super::health::Health;
use super::{
    Arrival, ChatError, Intake, MadeRoom, MessageRef, NewRoom, Platform, PolicyNow, Post, Reacted, Spoken, Token,
};
use crate::chat::recode::recoded;
use crate::clock::Clock;
use crate::domain::ids::{ChannelName, PersonId, PlatformName, Role};
use crate::domain::message::Message;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The name under which Discord is known in config and in the journal.
pub const NAME: &str = "discord";

/// Discord, unless config names another.
pub const BASE_URL: &str = "https://discord.com";

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
    directory: directory::Directory,
    recent: recent::Recent,
    /// Threads that are known to be there, by their id.
    threads: recent::Recent,
    inbound: inbound::memory::Memory,
    health: Arc<Health>,
}

impl DiscordPlatform {
    #[must_use]
    pub fn new(settings: Settings, client: reqwest::Client, clock: Arc<dyn Clock>, policy: PolicyNow) -> Self {
        let health = Arc::new(Health::new(NAME));
        let rest = rest::Rest::new(client, &settings.base_url, settings.token.clone(), Arc::clone(&clock));
        let rest = rest.telling(Arc::clone(&health));
        let directory = directory::Directory::new(&settings.channels);
        Self {
            name: PlatformName::new(NAME),
            settings,
            clock,
            policy,
            rest,
            commands: Vec::new(),
            directory,
            recent: recent::Recent::default(),
            threads: recent::Recent::default(),
            inbound: inbound::memory::Memory::default(),
            health,
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

    /// How much is remembered, by name, for tests of growth. Each has its bound in [`crate::limits`].
    #[must_use]
    pub fn remembered(&self) -> BTreeMap<&'static str, usize> {
        let [firsts, directs, unread] = self.inbound.len();
        BTreeMap::from([
            ("buckets", self.rest.remembered()),
            ("channels", self.known().len()),
            ("directs", directs),
            ("firsts", firsts),
            ("posted", self.recent.len()),
            ("threads", self.threads.len()),
            ("unread", unread),
        ])
    }

    /// A message as Discord takes it; `key` keeps it findable, see [`Platform::find`].
    #[must_use]
    pub fn rendered(&self, message: &Message, key: Option<&str>) -> render::Rendered {
        let (channels, message) = (self.known(), recoded(message, |command| self.typed(command)));
        render::message(&message, &render::Names { policy: &(self.policy)(), channels: &channels }, key)
    }

    /// `/deploy-status D-42`, where others type `/deploy status D-42`: names of commands have no spaces here.
    fn typed(&self, command: &str) -> Option<String> {
        let rest_of = |name: &str| {
            let rest = command.strip_prefix('/')?.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| rest.to_owned())
        };
        let two_words = self.commands.iter().filter(|spec| spec.name.contains(' '));
        let known = two_words.filter_map(|spec| Some((&spec.name, rest_of(&spec.name)?)));
        let (name, rest) = known.max_by_key(|(name, _)| name.len())?;
        Some(format!("/{}{rest}", name.replace(' ', "-")))
    }

    /// What a click that must be asked about is answered with: the question, which the custom id brings, and a button that
    /// carries the action. `label` is the clicked button's, which asks where the question had no room.
    #[must_use]
    pub fn question(&self, custom_id: &str, label: &str) -> render::Rendered {
        let channels = self.known();
        render::question(custom_id, label, &render::Names { policy: &(self.policy)(), channels: &channels })
    }
}

#[async_trait]
impl Platform for DiscordPlatform {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        self.post_once(post).await
    }

    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.edit_in_place(at, message).await
    }

    async fn find(
        &self,
        channel: &ChannelName,
        thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        self.find_posted(channel, thread, key).await
    }

    async fn find_alone(
        &self,
        person: &PersonId,
        channel: &ChannelName,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        self.find_told(person, channel, key).await
    }

    async fn work(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        self.worked(arrival, intake).await
    }

    async fn reactions(&self, at: &MessageRef) -> Result<Vec<Reacted>, ChatError> {
        self.standing_reactions(at).await
    }

    async fn spoken(&self, at: &MessageRef) -> Result<Option<Spoken>, ChatError> {
        self.read_message(at).await
    }

    async fn make_room(&self, room: &NewRoom, _doubt: bool) -> Result<MadeRoom, ChatError> {
        self.make_channel(room).await
    }

    async fn channel_key(&self, channel: &ChannelName) -> Option<String> {
        self.channel_id(channel).await.ok().map(|id| id.to_string())
    }

    fn trouble(&self) -> Option<String> {
        self.health.trouble()
    }

    async fn roles(&self) -> Result<BTreeMap<String, BTreeSet<Role>>, ChatError> {
        self.member_roles().await
    }
}
