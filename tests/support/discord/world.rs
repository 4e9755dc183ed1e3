//! All that the server knows: people, channels, messages, commands, interactions, sessions, and what was refused.

use super::error::{self, ApiError};
use super::faults::Faults;
use super::gateway::{Conn, Session};
use super::interaction::Interaction;
use super::limits::Buckets;
use super::{Options, permissions as p};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::watch;

#[derive(Clone, Debug)]
pub struct User {
    pub id: u64,
    pub name: String,
    pub bot: bool,
    pub roles: BTreeSet<u64>,
    pub member: bool,
    /// Takes direct messages from the bot.
    pub directs: bool,
}

#[derive(Clone, Debug)]
pub struct Role {
    pub id: u64,
    pub name: String,
    pub permissions: u64,
}

/// A text channel (type 0), a direct one (1) or a public thread (11).
#[derive(Clone, Debug)]
pub struct Channel {
    pub id: u64,
    pub kind: u8,
    pub name: String,
    pub topic: String,
    /// As they were given when it was made.
    pub overwrites: serde_json::Value,
    pub parent: Option<u64>,
    /// The other side of a direct channel.
    pub with: Option<u64>,
    /// Taken from the bot here.
    pub denied: u64,
    pub archived: bool,
    pub locked: bool,
    pub auto_archive: i64,
    pub at: String,
}

/// One state of a message; an edit adds another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Version {
    pub content: String,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    pub attachments: Vec<Value>,
    pub flags: u64,
}

#[derive(Clone, Debug)]
pub struct Reaction {
    /// A character, or `name:id`.
    pub emoji: String,
    pub users: Vec<u64>,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub id: u64,
    pub channel: u64,
    pub author: u64,
    /// Oldest first, never empty.
    pub versions: Vec<Version>,
    pub reactions: Vec<Reaction>,
    pub nonce: Option<Value>,
    pub reply_to: Option<u64>,
    /// Ephemeral: seen by this person only.
    pub only_for: Option<u64>,
    pub interaction: Option<u64>,
    /// Who was notified by it.
    pub notified: BTreeSet<u64>,
    pub notified_all: bool,
    pub at: String,
    pub edited: Option<String>,
    pub thread: bool,
}

impl Message {
    pub fn now(&self) -> &Version {
        &self.versions[self.versions.len() - 1]
    }
}

#[derive(Clone, Debug)]
pub struct Command {
    pub id: u64,
    pub guild: Option<u64>,
    pub body: Value,
}

/// Something that the server refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub at_ms: i64,
    /// `POST /channels/{id}/messages`, or `gateway`.
    pub route: String,
    /// HTTP status, or the gateway's close code.
    pub status: u16,
    pub code: u32,
    pub text: String,
}

pub struct World {
    pub options: Options,
    pub token: String,
    last_id: u64,
    pub bot: u64,
    pub guild: u64,
    pub gateway_url: String,
    pub users: BTreeMap<u64, User>,
    pub roles: BTreeMap<u64, Role>,
    pub channels: BTreeMap<u64, Channel>,
    pub messages: BTreeMap<(u64, u64), Message>,
    pub deleted: Vec<Message>,
    /// Nonces that are enforced, with when and where.
    pub nonces: BTreeMap<(u64, String), (i64, u64, u64)>,
    pub commands: Vec<Command>,
    pub command_writes: usize,
    pub command_creates: Vec<i64>,
    pub interactions: BTreeMap<u64, Interaction>,
    pub sessions: BTreeMap<String, Session>,
    pub conns: BTreeMap<u64, Conn>,
    pub identifies: Vec<i64>,
    pub delayed: Vec<(i64, u64, String)>,
    pub held: Vec<(u64, String)>,
    pub buckets: Buckets,
    pub faults: Faults,
    pub requests: BTreeMap<String, usize>,
    pub refusals: Vec<Refusal>,
    pub changed: watch::Sender<u64>,
}

impl World {
    pub fn new(options: Options) -> Self {
        let mut world = Self {
            token: options.token.clone(),
            options,
            last_id: 0,
            bot: 0,
            guild: 0,
            gateway_url: String::new(),
            users: BTreeMap::new(),
            roles: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            deleted: Vec::new(),
            nonces: BTreeMap::new(),
            commands: Vec::new(),
            command_writes: 0,
            command_creates: Vec::new(),
            interactions: BTreeMap::new(),
            sessions: BTreeMap::new(),
            conns: BTreeMap::new(),
            identifies: Vec::new(),
            delayed: Vec::new(),
            held: Vec::new(),
            buckets: Buckets::default(),
            faults: Faults::default(),
            requests: BTreeMap::new(),
            refusals: Vec::new(),
            changed: watch::Sender::new(0),
        };
        world.guild = world.id();
        let everyone = Role { id: world.guild, name: "@everyone".into(), permissions: p::USUAL };
        world.roles.insert(everyone.id, everyone);
        world.bot = world.add_user("signalbox", true);
        world
    }

    /// Milliseconds by the work clock: every limit and deadline is measured with it.
    pub fn ms(&self) -> i64 {
        self.options.clock.now().work.as_millisecond()
    }

    /// The wall clock as Discord writes it.
    pub fn stamp(&self) -> String {
        self.options.clock.now().wall.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string()
    }

    /// A snowflake: the wall clock's milliseconds since 2015, and above every earlier one.
    pub fn id(&mut self) -> u64 {
        let since = self.options.clock.now().wall.as_millisecond() - 1_420_070_400_000;
        let id = u64::try_from(since).unwrap_or(1) << 22;
        self.last_id = id.max(self.last_id + 1);
        self.last_id
    }

    pub fn add_user(&mut self, name: &str, bot: bool) -> u64 {
        let id = self.id();
        let user = User { id, name: name.into(), bot, roles: BTreeSet::new(), member: true, directs: true };
        self.users.insert(id, user);
        id
    }

    pub fn add_channel(&mut self, kind: u8, name: &str) -> u64 {
        let id = self.id();
        self.put_channel(id, kind, name);
        id
    }

    pub fn put_channel(&mut self, id: u64, kind: u8, name: &str) -> &mut Channel {
        let at = self.stamp();
        let channel = Channel {
            id,
            kind,
            name: name.into(),
            topic: String::new(),
            overwrites: serde_json::json!([]),
            parent: None,
            with: None,
            denied: 0,
            archived: false,
            locked: false,
            auto_archive: 1440,
            at,
        };
        self.channels.insert(id, channel);
        self.channels.get_mut(&id).unwrap()
    }

    /// The direct channel between the bot and somebody; made when there is none.
    pub fn direct_channel(&mut self, user: u64) -> u64 {
        if let Some(known) = self.channels.values().find(|c| c.with == Some(user)) {
            return known.id;
        }
        let id = self.add_channel(1, "");
        self.channels.get_mut(&id).unwrap().with = Some(user);
        id
    }

    /// What the bot may do in a channel.
    pub fn allowed(&self, channel: u64) -> u64 {
        let Some(channel) = self.channels.get(&channel) else { return 0 };
        if channel.kind == 1 {
            return p::USUAL & !p::MENTION_EVERYONE;
        }
        let place = channel.parent.and_then(|parent| self.channels.get(&parent)).unwrap_or(channel);
        let bot = &self.users[&self.bot];
        let roles = self.roles.values().filter(|r| r.id == self.guild || bot.roles.contains(&r.id));
        roles.fold(0, |sum, role| sum | role.permissions) & !place.denied & !channel.denied
    }

    /// The channel, when the bot sees it.
    pub fn seen_channel(&self, id: u64) -> Result<&Channel, ApiError> {
        let channel = self.channels.get(&id).ok_or_else(error::unknown_channel)?;
        if self.allowed(id) & p::VIEW_CHANNEL == 0 { Err(error::missing_access()) } else { Ok(channel) }
    }

    pub fn need(&self, channel: u64, permission: u64) -> Result<(), ApiError> {
        self.seen_channel(channel)?;
        if self.allowed(channel) & permission == permission { Ok(()) } else { Err(error::missing_permissions()) }
    }

    /// By id or by name.
    #[track_caller]
    pub fn user_id(&self, who: &str) -> u64 {
        let by_id = who.parse().ok().filter(|id| self.users.contains_key(id));
        let found = by_id.or_else(|| self.users.values().find(|u| u.name == who).map(|u| u.id));
        found.unwrap_or_else(|| panic!("nobody is called {who} here"))
    }

    /// By id or by name.
    #[track_caller]
    pub fn channel_id(&self, which: &str) -> u64 {
        let by_id = which.parse().ok().filter(|id| self.channels.contains_key(id));
        let found = by_id
            .or_else(|| self.channels.values().find(|c| c.name == which && c.kind != 11).map(|channel| channel.id));
        found.unwrap_or_else(|| panic!("there is no channel {which}"))
    }

    pub fn in_channel(&self, channel: u64) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.range((channel, 0)..=(channel, u64::MAX)).map(|(_, message)| message)
    }

    /// A message that the bot may name: not an ephemeral one.
    pub fn open_message(&self, channel: u64, id: u64) -> Result<&Message, ApiError> {
        let found = self.messages.get(&(channel, id)).filter(|m| m.only_for.is_none());
        found.ok_or_else(error::unknown_message)
    }

    pub fn refuse(&mut self, route: &str, status: u16, code: u32, text: &str) {
        let refusal = Refusal { at_ms: self.ms(), route: route.into(), status, code, text: text.into() };
        self.refusals.push(refusal);
    }

    pub fn tell(&self) {
        self.changed.send_modify(|n| *n += 1);
    }
}
