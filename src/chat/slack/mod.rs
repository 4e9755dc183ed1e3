//! Slack: one workspace behind [`Platform`].
//!
//! Outbound it promises that a message is posted once per key (its metadata carries the key, so a lost answer is looked up),
//! that an edit keeps its place, that nothing typed can notify anybody, and that no address but the configured one, or what
//! belongs to it, is ever asked. Deliberately absent: waiting. Who may not act yet is told when, see [`super::pace`].

mod answer;
mod api;
mod arrival;
mod ask;
mod directory;
mod doctor;
mod error;
mod find;
mod home;
mod http;
mod inbound;
mod origin;
mod post;
mod reacted;
mod render;
mod room;
mod socket;
mod spoken;
mod unsigned;
mod upload;

pub use doctor::Examination;
pub use error::SlackError;
pub use http::router;
pub use socket::{Door, SocketMode};

use super::health::Health;
use super::pace::Pace;
use super::{
    Arrival, ChatError, Intake, MadeRoom, MessageRef, NewRoom, Platform, PolicyNow, Post, Reacted, Spoken, Token,
};
use crate::clock::Clock;
use crate::domain::ids::{ChannelName, PersonId, PlatformName, Role};
use crate::domain::message::Message;
use api::Api;
use async_trait::async_trait;
use directory::Directory;
use find::Unsent;
use origin::Origin;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use upload::Uploads;

/// The name under which Slack is known in config and in the journal.
pub const NAME: &str = "slack";

/// The Web API, unless config names another.
pub const BASE_URL: &str = "https://slack.com/api";

/// Where signed requests are taken.
pub const PATH: &str = "/slack";

/// What the adapter is told. `app` makes it from the config's section.
#[derive(Clone, Debug)]
pub struct Settings {
    pub bot_token: Token,
    /// Opens sockets.
    pub app_token: Option<Token>,
    /// Verifies signed requests.
    pub signing_secret: Option<Token>,
    /// `https://slack.com/api`, or an emulator's, without a slash at its end.
    pub base_url: String,
    /// Ids of channels that are not looked up by name.
    pub channels: BTreeMap<ChannelName, String>,
    /// User group to role.
    pub groups: BTreeMap<String, Role>,
}

/// One Slack workspace.
pub struct SlackPlatform {
    name: PlatformName,
    settings: Settings,
    clock: Arc<dyn Clock>,
    policy: PolicyNow,
    api: Api,
    /// For the absolute addresses that Slack hands out; follows no redirects.
    http: reqwest::Client,
    origin: Origin,
    pace: Pace,
    health: Health,
    directory: Directory,
    inbound: inbound::Memory,
    uploads: Uploads,
    unsent: Unsent,
}

impl SlackPlatform {
    /// `http` must follow no redirects.
    ///
    /// # Errors
    /// When the base URL is none, or the machine's certificates cannot be used.
    pub fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        policy: PolicyNow,
        http: reqwest::Client,
    ) -> Result<Self, SlackError> {
        let origin = Origin::of(&settings.base_url)?;
        let api = Api::new(&settings)?;
        Ok(Self {
            name: PlatformName::new(NAME),
            pace: Pace::new(Arc::clone(&clock)),
            health: Health::new(NAME),
            directory: Directory::new(&settings.channels),
            inbound: inbound::Memory::default(),
            uploads: Uploads::default(),
            unsent: Unsent::default(),
            settings,
            clock,
            policy,
            api,
            http,
            origin,
        })
    }

    /// How much is remembered, by name, for tests of growth. Each has its bound in [`crate::limits`].
    #[must_use]
    pub fn remembered(&self) -> BTreeMap<&'static str, usize> {
        let [unread, told] = self.inbound.len();
        BTreeMap::from([
            ("buckets", self.pace.remembered()),
            ("channels", self.directory.len()),
            ("pictures", self.uploads.len()),
            ("told", told),
            ("unread", unread),
            ("unsent", self.unsent.len()),
        ])
    }
}

impl SlackPlatform {
    /// Signed requests are taken, or not any more; of its sockets the platform knows by itself.
    pub fn listens(&self, does: bool) {
        self.health.connected(does);
    }
}

#[async_trait]
impl Platform for SlackPlatform {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        self.post_once(post).await
    }

    async fn work(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        self.worked(arrival, intake).await
    }

    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.replace(at, message).await
    }

    async fn find(
        &self,
        channel: &ChannelName,
        thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        self.look_up(channel, thread, key).await
    }

    async fn find_alone(
        &self,
        person: &PersonId,
        channel: &ChannelName,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        self.look_up_alone(person, channel, key).await
    }

    async fn reactions(&self, at: &MessageRef) -> Result<Vec<Reacted>, ChatError> {
        self.reacted(at).await
    }

    async fn spoken(&self, at: &MessageRef) -> Result<Option<Spoken>, ChatError> {
        self.read_message(at).await
    }

    async fn make_room(&self, room: &NewRoom, doubt: bool) -> Result<MadeRoom, ChatError> {
        self.make_channel(room, doubt).await
    }

    async fn invite(&self, room: &ChannelName, person: &PersonId) -> Result<(), ChatError> {
        self.ask_in(room, person).await
    }

    async fn close_room(&self, room: &ChannelName) -> Result<(), ChatError> {
        self.archive(room).await
    }

    async fn channel_key(&self, channel: &ChannelName) -> Option<String> {
        self.channel_id(channel).await.ok()
    }

    fn trouble(&self) -> Option<String> {
        self.health.trouble()
    }

    async fn roles(&self) -> Result<BTreeMap<String, BTreeSet<Role>>, ChatError> {
        self.group_roles().await
    }
}
