//! What the workspace holds: people, channels, messages, views, files, and everything that was asked of it.

use super::delivery::Sent;
use super::faults::Faults;
use super::message::Message;
use super::options::Options;
use super::rates::Buckets;
use super::socket::SocketRow;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub const TEAM: &str = "T0SIGNAL01";
pub const TEAM_NAME: &str = "Railway";
pub const TEAM_DOMAIN: &str = "railway";
pub const ENTERPRISE: &str = "E0SIGNAL01";
pub const APP: &str = "A0SIGNAL01";
pub const BOT_USER: &str = "U0SIGNAL01";
pub const BOT: &str = "B0SIGNAL01";
pub const BOT_NAME: &str = "signalbox";

#[derive(Clone, Debug)]
pub struct User {
    pub id: String,
    pub name: String,
    pub real_name: String,
    pub zone: String,
    pub is_bot: bool,
    pub deleted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Public,
    Private,
    Direct,
}

#[derive(Clone, Debug)]
pub struct Channel {
    pub id: String,
    /// Of a direct message: empty.
    pub name: String,
    pub kind: Kind,
    pub members: BTreeSet<String>,
    pub archived: bool,
    /// When the app made it, in seconds.
    pub made: Option<i64>,
    pub topic: String,
    pub messages: Vec<Message>,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub id: String,
    pub handle: String,
    pub users: BTreeSet<String>,
    pub disabled: bool,
}

/// What a person did that lets the app open a view, once and soon.
#[derive(Clone, Debug)]
pub struct Trigger {
    pub user: String,
    pub at_ms: i64,
    pub used: bool,
    /// The view it came from, for pushing onto it.
    pub view: Option<String>,
}

/// What is behind a `response_url`.
#[derive(Clone, Debug)]
pub struct Hook {
    pub user: String,
    pub channel: String,
    pub at_ms: i64,
    pub uses: u32,
    /// The message whose button was pressed: `replace_original` replaces it.
    pub message: Option<String>,
}

#[derive(Clone, Debug)]
pub struct View {
    pub id: String,
    pub user: String,
    /// As the app sent it, with `block_id`s filled in.
    pub body: Value,
    pub hash: String,
    pub root: String,
    pub previous: Option<String>,
    pub external_id: String,
    /// A person has it in front of them.
    pub open: bool,
    /// What the app answered to the last submission: field by field.
    pub errors: BTreeMap<String, String>,
    pub opened_ms: i64,
}

#[derive(Clone, Debug)]
pub struct File {
    pub id: String,
    pub name: String,
    pub title: String,
    pub length: u64,
    pub alt_text: String,
    pub bytes: Vec<u8>,
    pub uploaded: bool,
    pub completed: bool,
    pub channel: Option<String>,
    pub thread_ts: Option<String>,
}

/// A call of the Web API or of a response URL.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub at_ms: i64,
    pub args: Value,
    /// `ok`, or the error it was refused with.
    pub outcome: String,
}

/// Something the workspace refused, and why in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub method: String,
    pub error: String,
    pub details: Vec<String>,
}

pub struct World {
    pub options: Options,
    pub users: BTreeMap<String, User>,
    pub channels: BTreeMap<String, Channel>,
    pub groups: BTreeMap<String, Group>,
    pub views: BTreeMap<String, View>,
    /// By user.
    pub homes: BTreeMap<String, View>,
    pub files: BTreeMap<String, File>,
    pub triggers: BTreeMap<String, Trigger>,
    pub hooks: BTreeMap<String, Hook>,
    pub sockets: Vec<SocketRow>,
    pub sockets_ever: u64,
    /// Socket addresses that were handed out and not used.
    pub tickets: BTreeSet<String>,
    pub requests: VecDeque<Request>,
    pub request_counts: BTreeMap<String, u64>,
    pub refusals: Vec<Refusal>,
    pub buckets: Buckets,
    pub faults: Faults,
    pub sent: BTreeMap<u64, Sent>,
    /// Deliveries that are neither acknowledged nor given up.
    pub waiting: BTreeSet<u64>,
    /// Which delivery an envelope carries.
    pub envelopes: BTreeMap<String, u64>,
    /// Counts deliveries by socket, so that each takes its turn.
    pub turn: usize,
    /// `http://127.0.0.1:PORT`.
    pub origin: String,
    /// `ws://127.0.0.1:PORT`.
    pub socket_origin: String,
    next: u64,
    last_ts_us: i64,
}

impl World {
    pub fn new(options: Options, origin: String, socket_origin: String) -> Self {
        let bot = User {
            id: BOT_USER.into(),
            name: BOT_NAME.into(),
            real_name: BOT_NAME.into(),
            zone: "UTC".into(),
            is_bot: true,
            deleted: false,
        };
        Self {
            options,
            users: BTreeMap::from([(BOT_USER.into(), bot)]),
            channels: BTreeMap::new(),
            groups: BTreeMap::new(),
            views: BTreeMap::new(),
            homes: BTreeMap::new(),
            files: BTreeMap::new(),
            triggers: BTreeMap::new(),
            hooks: BTreeMap::new(),
            sockets: Vec::new(),
            sockets_ever: 0,
            tickets: BTreeSet::new(),
            requests: VecDeque::new(),
            request_counts: BTreeMap::new(),
            refusals: Vec::new(),
            buckets: Buckets::default(),
            faults: Faults::default(),
            sent: BTreeMap::new(),
            waiting: BTreeSet::new(),
            envelopes: BTreeMap::new(),
            turn: 0,
            origin,
            socket_origin,
            next: 0,
            last_ts_us: 0,
        }
    }

    pub fn now(&self) -> i64 {
        self.options.clock.now().wall.as_millisecond()
    }

    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// An id in Slack's shape.
    pub fn id(&mut self, letter: &str) -> String {
        format!("{letter}0{:08}", self.number())
    }

    /// A timestamp no other message of the workspace has.
    pub fn ts(&mut self) -> String {
        let us = (self.now() * 1000).max(self.last_ts_us + 1);
        self.last_ts_us = us;
        format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
    }

    pub fn channel_named(&self, name: &str) -> Option<&Channel> {
        self.channels.values().find(|channel| !channel.name.is_empty() && channel.name == name)
    }

    /// By id, `#name` or name.
    pub fn find_channel(&self, id: &str) -> Option<String> {
        if self.channels.contains_key(id) {
            return Some(id.to_owned());
        }
        self.channel_named(id.trim_start_matches('#')).map(|channel| channel.id.clone())
    }

    /// By id, `@name` or name.
    pub fn find_user(&self, id: &str) -> Option<String> {
        let name = id.trim_start_matches('@');
        self.users.values().find(|user| user.id == id || user.name == name).map(|user| user.id.clone())
    }

    /// The direct message between the app and a person, made when there is none.
    pub fn direct(&mut self, user: &str) -> String {
        let found = self.channels.values().find(|c| c.kind == Kind::Direct && c.members.contains(user));
        if let Some(channel) = found {
            return channel.id.clone();
        }
        let id = self.id("D");
        let members = BTreeSet::from([user.to_owned(), BOT_USER.to_owned()]);
        let channel = Channel {
            id: id.clone(),
            name: String::new(),
            kind: Kind::Direct,
            members,
            archived: false,
            made: None,
            topic: String::new(),
            messages: Vec::new(),
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    pub fn message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.channels.get(channel)?.messages.iter().find(|message| message.ts == ts)
    }

    pub fn message_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.channels.get_mut(channel)?.messages.iter_mut().find(|message| message.ts == ts)
    }

    pub fn refuse(&mut self, method: &str, error: &str, details: Vec<String>) {
        self.refusals.push(Refusal { method: method.into(), error: error.into(), details });
    }

    pub fn remember(&mut self, request: Request) {
        *self.request_counts.entry(request.method.clone()).or_default() += 1;
        self.requests.push_back(request);
        while self.requests.len() > self.options.remember {
            self.requests.pop_front();
        }
    }

    /// A trigger for a person, as payloads carry it.
    pub fn trigger(&mut self, user: &str, view: Option<String>) -> String {
        let number = self.number();
        let id = format!("{}.{}.{:032x}", number + 1_000_000, 42, number);
        let at_ms = self.now();
        self.triggers.insert(id.clone(), Trigger { user: user.into(), at_ms, used: false, view });
        while self.triggers.len() > self.options.remember {
            self.triggers.pop_first();
        }
        id
    }

    /// A response URL for a person in a channel.
    pub fn hook(&mut self, user: &str, channel: &str, message: Option<String>) -> String {
        let key = format!("{TEAM}/{:012}/test-hook-{:06}", self.number(), self.next);
        let (user, channel, at_ms) = (user.to_owned(), channel.to_owned(), self.now());
        self.hooks.insert(key.clone(), Hook { user, channel, at_ms, uses: 0, message });
        while self.hooks.len() > self.options.remember {
            self.hooks.pop_first();
        }
        format!("{}/hooks/{key}", self.origin)
    }
}

impl User {
    pub fn json(&self) -> Value {
        json!({
            "id": self.id, "team_id": TEAM, "name": self.name, "deleted": self.deleted, "real_name": self.real_name,
            "tz": self.zone, "is_bot": self.is_bot, "is_app_user": false, "is_admin": false, "updated": 1_700_000_000,
            "profile": {"real_name": self.real_name, "display_name": self.name, "team": TEAM, "avatar_hash": "g0"},
        })
    }
}

impl Channel {
    pub fn json(&self) -> Value {
        if self.kind == Kind::Direct {
            let user = self.members.iter().find(|member| *member != BOT_USER);
            return json!({"id": self.id, "created": 1_700_000_000, "is_im": true, "is_archived": false, "user": user,
                "is_org_shared": false, "is_user_deleted": false, "priority": 0});
        }
        json!({
            "id": self.id, "name": self.name, "name_normalized": self.name, "created": self.made.unwrap_or(1_700_000_000),
            "creator": if self.made.is_some() { BOT_USER } else { "U0CREATOR1" },
            "is_channel": self.kind == Kind::Public, "is_group": self.kind == Kind::Private,
            "is_im": false, "is_mpim": false, "is_private": self.kind == Kind::Private, "is_archived": self.archived,
            "is_general": false, "is_shared": false, "is_ext_shared": false, "is_org_shared": false, "unlinked": 0,
            "is_member": self.members.contains(BOT_USER), "num_members": self.members.len(), "previous_names": [],
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        })
    }
}
