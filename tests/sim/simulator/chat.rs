//! A chat platform that fails as real ones do: it refuses for a while, loses its answer after having posted, and people
//! delete messages. It does not look at keys when posting; only `find` does.

use super::checker::{Checker, page_of_row};
use super::core::{Shared, at_once, die, lock, pass};
use async_trait::async_trait;
use signalbox::chat::{Answer, Arrival, ChatError, Envelope, Intake, MadeRoom, MessageRef, NewRoom, Platform, Post};
use signalbox::domain::ids::{ChannelName, PlatformName};
use signalbox::domain::message::{Block, Message};
use signalbox::store::{MemoryStore, Store as _};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A message as it stands.
#[derive(Clone, Debug)]
pub struct Said {
    pub platform: PlatformName,
    pub key: String,
    pub channel: ChannelName,
    pub thread: Option<String>,
    pub message: Message,
    pub deleted: bool,
}

/// A channel that was made for an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub platform: PlatformName,
    pub key: String,
    pub name: ChannelName,
    /// Nothing can be said in it any more.
    pub archived: bool,
}

/// Everything that was ever said, by the platform's own id.
#[derive(Default)]
pub struct Room {
    pub made: Vec<Made>,
    pub said: BTreeMap<String, Said>,
    next: u64,
}

impl Room {
    fn archived(&self, platform: &PlatformName, channel: &ChannelName) -> bool {
        self.made.iter().any(|m| m.platform == *platform && m.name == *channel && m.archived)
    }

    /// The channel that was wanted, made now or, in doubt, before.
    fn make(&mut self, platform: &PlatformName, room: &NewRoom, doubt: bool) -> Option<ChannelName> {
        for name in &room.names {
            match self.made.iter().find(|m| m.platform == *platform && m.name.as_str() == name) {
                None => {
                    let (platform, key, name) = (platform.clone(), room.key.clone(), ChannelName::new(name));
                    self.made.push(Made { platform, key, name: name.clone(), archived: false });
                    return Some(name);
                }
                Some(ours) if doubt && ours.key == room.key && !ours.archived => return Some(ours.name.clone()),
                Some(_) => {}
            }
        }
        None
    }

    fn close(&mut self, platform: &PlatformName, name: &ChannelName) {
        let closed = self.made.iter_mut().filter(|m| m.platform == *platform && m.name == *name);
        closed.for_each(|m| m.archived = true);
    }

    /// Somebody archives a channel.
    pub fn archives(&mut self, n: usize) {
        if let Some(made) = self.made.get_mut(n) {
            made.archived = true;
        }
    }

    /// The messages of a key that were posted, deleted ones included.
    pub fn of_key<'a>(&'a self, platform: &'a PlatformName, key: &'a str) -> impl Iterator<Item = &'a Said> {
        self.said.values().filter(move |s| s.platform == *platform && s.key == key)
    }
}

/// What senders of kept arrivals were told, by key; or what was wrong with working one.
pub type Told = Arc<Mutex<Vec<(String, Result<Answer, String>)>>>;

/// What working arrivals needs.
pub struct Wire {
    pub told: Told,
    pub store: Arc<MemoryStore>,
    /// Names this replica's process.
    pub owner: String,
}

impl Wire {
    /// In its lane everything that came before is closed, as far as the same process holds it. Two processes' clocks may place
    /// what they keep in another order than it came; then either order is right.
    fn overtakes(&self, core: &Shared, arrival: &Arrival) -> Option<String> {
        let open = at_once(self.store.open_inbox(&self.owner, (0, ""), i64::MAX)).unwrap_or_default();
        let key = format!("{}:{}", arrival.platform, arrival.id);
        let lane: Vec<_> = open.iter().filter(|row| row.lane == arrival.lane).map(|row| row.key.as_str()).collect();
        // What somebody else took over meanwhile is in the same order there.
        let first = lane.first().filter(|_| lane.contains(&key.as_str()))?;
        let came = |key: &str| lock(core).kept.get(key).copied();
        (came(first) < came(&key)).then(|| format!("{key} is worked before {first}, which its sender wrote before"))
    }
}

/// An envelope on the wire.
pub fn wire_text(envelope: &Envelope) -> String {
    serde_json::to_string(envelope).unwrap_or_default()
}

/// One replica's connection to one platform.
pub struct SimChat {
    pub name: PlatformName,
    pub room: Arc<Mutex<Room>>,
    pub core: Shared,
    pub checker: Arc<Mutex<Checker>>,
    pub replica: usize,
    pub wire: Wire,
}

impl SimChat {
    /// What goes wrong before anything happens.
    async fn before(&self, key: &str) -> Result<(), ChatError> {
        pass(&self.core, 3_000).await;
        if lock(&self.core).fault(|r| r.crash_at_effect) {
            die(&self.core, self.replica, &format!("before chat does {key}")).await;
        }
        let mut core = lock(&self.core);
        if core.fault(|r| r.chat_later) {
            let most = if core.chance(100) { 600_000 } else { 5_000 };
            let after_ms = core.dice.i64(1..most);
            core.say(format!("r{} chat {key}: later, {after_ms} ms", self.replica));
            return Err(ChatError::Later { what: "too many requests".into(), after_ms });
        }
        if core.fault(|r| r.chat_fails) {
            core.say(format!("r{} chat {key}: unreachable", self.replica));
            return Err(ChatError::Unknown("unreachable".into()));
        }
        Ok(())
    }

    /// What goes wrong after it has happened.
    async fn after(&self, key: &str) -> Result<(), ChatError> {
        if lock(&self.core).fault(|r| r.crash_at_effect) {
            die(&self.core, self.replica, &format!("after chat did {key}")).await;
        }
        pass(&self.core, 3_000).await;
        let mut core = lock(&self.core);
        if core.fault(|r| r.chat_unanswered) {
            core.troubles[self.replica] += 1;
            core.say(format!("r{} chat {key}: done, the answer is lost", self.replica));
            return Err(ChatError::Unknown("no answer".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Platform for SimChat {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        let page = page_of_row(&post.key);
        if let Some(page) = &page {
            lock(&self.checker).page_begins(self.replica, page, &self.core);
        }
        self.before(&post.key).await?;
        if lock(&self.room).archived(&self.name, &post.channel) {
            return Err(ChatError::Barred("that channel is archived".into()));
        }
        if let Some(page) = &page {
            let marked = post.message.blocks.iter().any(|b| matches!(b, Block::Context(_)));
            lock(&self.checker).page_arrives(self.replica, page, marked, &self.core);
        }
        let id = {
            let mut room = lock(&self.room);
            room.next += 1;
            let id = format!("m{}", room.next);
            let said = Said {
                platform: self.name.clone(),
                key: post.key.clone(),
                channel: post.channel.clone(),
                thread: post.thread.as_ref().map(|t| t.id.clone()),
                message: post.message.clone(),
                deleted: false,
            };
            room.said.insert(id.clone(), said);
            id
        };
        {
            let mut core = lock(&self.core);
            core.count("posts");
            core.say(format!("r{} posts {} as {id}", self.replica, post.key));
        }
        self.after(&post.key).await?;
        Ok(MessageRef { channel: post.channel.clone(), id })
    }

    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.before(&at.id).await?;
        {
            let mut room = lock(&self.room);
            let Some(said) = room.said.get_mut(&at.id).filter(|s| !s.deleted) else {
                return Err(ChatError::Gone(at.id.clone()));
            };
            said.message = message.clone();
        }
        {
            let mut core = lock(&self.core);
            core.count("edits");
            core.say(format!("r{} edits {}", self.replica, at.id));
        }
        self.after(&at.id).await
    }

    /// Nothing but "later" is said of what was not decided: only what is done may be told in vain.
    async fn work(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        let key = format!("{}:{}", arrival.platform, arrival.id);
        if let Some(wrong) = self.wire.overtakes(&self.core, arrival) {
            lock(&self.wire.told).push((key.clone(), Err(wrong)));
        }
        pass(&self.core, 3_000).await;
        if lock(&self.core).fault(|r| r.crash_at_effect) {
            die(&self.core, self.replica, &format!("before it works {key}")).await;
        }
        let later = |what: String| ChatError::Later { what, after_ms: 1_000 };
        if lock(&self.core).fault(|r| r.chat_later) {
            return Err(later("too many requests".into()));
        }
        let envelope: Envelope = serde_json::from_str(&arrival.body).map_err(|e| ChatError::Refused(e.to_string()))?;
        let answer = intake.receive(envelope).await.map_err(|e| later(e.reason))?;
        lock(&self.core).count("worked");
        lock(&self.wire.told).push((key.clone(), Ok(answer)));
        self.after(&key).await
    }

    /// Names are unique, as on Slack: in doubt, one of the name that is ours is the one that was wanted.
    async fn make_room(&self, room: &NewRoom, doubt: bool) -> Result<MadeRoom, ChatError> {
        self.before(&room.key).await?;
        let found = lock(&self.room).make(&self.name, room, doubt);
        lock(&self.core).count("rooms");
        let name = found.ok_or_else(|| ChatError::Refused("every name is taken".into()))?;
        self.after(&room.key).await?;
        Ok(MadeRoom { channel: name.clone(), name })
    }

    async fn close_room(&self, room: &ChannelName) -> Result<(), ChatError> {
        self.before(room.as_str()).await?;
        lock(&self.room).close(&self.name, room);
        self.after(room.as_str()).await
    }

    async fn find(
        &self,
        channel: &ChannelName,
        _thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        self.before(key).await?;
        let room = lock(&self.room);
        let found = room
            .said
            .iter()
            .find(|(_, s)| s.platform == self.name && s.channel == *channel && s.key == key && !s.deleted);
        Ok(found.map(|(id, s)| MessageRef { channel: s.channel.clone(), id: id.clone() }))
    }
}
