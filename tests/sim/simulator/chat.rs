//! A chat platform that fails as real ones do: it refuses for a while, loses its answer after having posted, and people
//! delete messages. It does not look at keys when posting; only `find` does.

use super::core::{Shared, die, lock, pass};
use async_trait::async_trait;
use signalbox::chat::{ChatError, MessageRef, Platform, Post};
use signalbox::domain::ids::{ChannelName, PlatformName};
use signalbox::domain::message::Message;
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

/// Everything that was ever said, by the platform's own id.
#[derive(Default)]
pub struct Room {
    pub said: BTreeMap<String, Said>,
    next: u64,
}

impl Room {
    /// The messages of a key that were posted, deleted ones included.
    pub fn of_key<'a>(&'a self, platform: &'a PlatformName, key: &'a str) -> impl Iterator<Item = &'a Said> {
        self.said.values().filter(move |s| s.platform == *platform && s.key == key)
    }
}

/// One replica's connection to one platform.
pub struct SimChat {
    pub name: PlatformName,
    pub room: Arc<Mutex<Room>>,
    pub core: Shared,
    pub replica: usize,
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
        self.before(&post.key).await?;
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
