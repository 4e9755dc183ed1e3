//! A chat that remembers everything: what was posted, every edit, and who could see it.
//!
//! Like a real platform it posts once per key, edits in place and says when a message is gone. It can be down.

use crate::chat::{ChatError, MadeRoom, MessageRef, NewRoom, Platform, Post, Spoken};
use crate::clock::{Clock as _, VirtualClock};
use crate::domain::ids::{ChannelName, PersonId, PlatformName};
use crate::domain::message::Message;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A message as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The platform's id.
    pub id: String,
    /// The idempotency key it was posted under.
    pub key: String,
    pub channel: ChannelName,
    /// The id of the message in whose thread it is.
    pub thread: Option<String>,
    pub only_for: Option<PersonId>,
    /// As posted, then after each edit; never empty.
    pub versions: Vec<(Timestamp, Message)>,
    /// Deleted by somebody; edits find it gone.
    pub gone: bool,
}

impl Said {
    /// As it reads now.
    #[must_use]
    pub fn message(&self) -> Message {
        self.versions.last().map(|(_, m)| m.clone()).unwrap_or_default()
    }
}

/// What a person wrote, which is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    pub id: String,
    pub account: String,
    pub channel: ChannelName,
    /// The id of the message in whose thread it is.
    pub thread: Option<String>,
    pub text: String,
    pub at: Timestamp,
    pub gone: bool,
}

/// Something was posted or edited: which message, and which of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatEvent {
    pub at: Timestamp,
    pub id: String,
    /// 0: posted.
    pub version: usize,
}

/// A channel that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    pub name: ChannelName,
    /// Who was asked in, as they were.
    pub guests: Vec<PersonId>,
    /// It was put aside: nothing more can be said in it.
    pub closed: bool,
}

#[derive(Debug, Default)]
struct State {
    said: Vec<Said>,
    talk: Vec<Talk>,
    events: Vec<ChatEvent>,
    /// Channels that were made, by their keys.
    rooms: BTreeMap<String, Room>,
    /// No channels are made.
    shut: bool,
    /// Since when it is down.
    down: Option<Timestamp>,
}

/// The scripted platform.
#[derive(Debug)]
pub struct ScriptChat {
    name: PlatformName,
    clock: Arc<VirtualClock>,
    state: Mutex<State>,
}

impl ScriptChat {
    #[must_use]
    pub fn new(name: PlatformName, clock: Arc<VirtualClock>) -> Self {
        Self { name, clock, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The longer it is away, the less often it wants to be asked.
    fn away(&self, since: Timestamp) -> ChatError {
        let gone = self.clock.now().wall.as_millisecond() - since.as_millisecond();
        ChatError::Later { what: "the chat is down".into(), after_ms: (gone / 10).clamp(5_000, 300_000) }
    }

    #[must_use]
    pub fn platform(&self) -> &PlatformName {
        &self.name
    }

    /// While it is down, nothing is posted or edited.
    pub fn set_down(&self, down: bool) {
        let now = self.clock.now().wall;
        self.lock().down = down.then_some(now);
    }

    /// No channels are made any more, and those that were are gone; or they are made again.
    pub fn set_shut(&self, shut: bool) {
        let mut state = self.lock();
        state.shut = shut;
        state.rooms.values_mut().for_each(|room| room.closed |= shut);
    }

    /// The channel of this incident that stands open: its key begins with the incident's.
    #[must_use]
    pub fn room(&self, incident: &str) -> Option<Room> {
        let state = self.lock();
        let of_it = |key: &str| key == incident || key.split_once('.').is_some_and(|(first, _)| first == incident);
        state.rooms.iter().find(|(key, room)| !room.closed && of_it(key)).map(|(_, room)| room.clone())
    }

    /// Deletes a message, as a moderator would.
    pub fn delete(&self, id: &str) {
        if let Some(said) = self.lock().said.iter_mut().find(|s| s.id == id) {
            said.gone = true;
        }
    }

    /// Somebody writes something; gives its id.
    pub fn talks(&self, account: &str, channel: ChannelName, thread: Option<String>, text: &str) -> String {
        let at = self.clock.now().wall;
        let mut state = self.lock();
        let id = format!("t{}", state.talk.len() + 1);
        let (account, text) = (account.to_owned(), text.to_owned());
        state.talk.push(Talk { id: id.clone(), account, channel, thread, text, at, gone: false });
        id
    }

    /// Whoever wrote it changes it, or takes it away.
    pub fn retells(&self, id: &str, text: Option<&str>) {
        if let Some(talk) = self.lock().talk.iter_mut().find(|t| t.id == id) {
            talk.gone = text.is_none();
            text.unwrap_or_default().clone_into(&mut talk.text);
        }
    }

    /// What people wrote and did not take away, oldest first.
    #[must_use]
    pub fn talk(&self) -> Vec<Talk> {
        self.lock().talk.iter().filter(|t| !t.gone).cloned().collect()
    }

    /// Every message, oldest first.
    #[must_use]
    pub fn said(&self) -> Vec<Said> {
        self.lock().said.iter().filter(|s| !s.gone).cloned().collect()
    }

    /// Messages of a channel that are in no thread.
    #[must_use]
    pub fn channel(&self, name: &str) -> Vec<Said> {
        let mut said = self.said();
        said.retain(|s| s.channel.as_str() == name && s.thread.is_none());
        said
    }

    /// Messages in the thread of a message.
    #[must_use]
    pub fn thread(&self, id: &str) -> Vec<Said> {
        let mut said = self.said();
        said.retain(|s| s.thread.as_deref() == Some(id));
        said
    }

    /// A message by its id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Said> {
        self.lock().said.iter().find(|s| s.id == id && !s.gone).cloned()
    }

    /// A message by its key, such as `card:D-1`.
    #[must_use]
    pub fn keyed(&self, key: &str) -> Option<Said> {
        self.lock().said.iter().find(|s| s.key == key && !s.gone).cloned()
    }

    /// What was posted and edited, from the `from`th event on.
    #[must_use]
    pub fn events(&self, from: usize) -> Vec<ChatEvent> {
        self.lock().events.get(from..).unwrap_or_default().to_vec()
    }
}

#[async_trait]
impl Platform for ScriptChat {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        let at = self.clock.now().wall;
        let mut state = self.lock();
        if let Some(since) = state.down {
            return Err(self.away(since));
        }
        if state.rooms.values().any(|room| room.closed && room.name == post.channel) {
            return Err(ChatError::Barred(format!("#{} is archived", post.channel)));
        }
        if let Some(said) = state.said.iter().rfind(|s| s.key == post.key && s.channel == post.channel) {
            return Ok(MessageRef { channel: said.channel.clone(), id: said.id.clone() });
        }
        let id = format!("m{}", state.said.len() + 1);
        state.said.push(Said {
            id: id.clone(),
            key: post.key.clone(),
            channel: post.channel.clone(),
            thread: post.thread.as_ref().map(|t| t.id.clone()),
            only_for: post.only_for.clone(),
            versions: vec![(at, post.message.clone())],
            gone: false,
        });
        state.events.push(ChatEvent { at, id: id.clone(), version: 0 });
        Ok(MessageRef { channel: post.channel.clone(), id })
    }

    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        let now = self.clock.now().wall;
        let mut state = self.lock();
        if let Some(since) = state.down {
            return Err(self.away(since));
        }
        let shut: Vec<_> = state.rooms.values().filter(|r| r.closed).map(|r| r.name.clone()).collect();
        let Some(said) = state.said.iter_mut().find(|s| s.id == at.id && !s.gone) else {
            return Err(ChatError::Gone(format!("there is no message {}", at.id)));
        };
        if shut.contains(&said.channel) {
            return Err(ChatError::Gone(format!("#{} is archived", said.channel)));
        }
        said.versions.push((now, message.clone()));
        let version = said.versions.len() - 1;
        state.events.push(ChatEvent { at: now, id: at.id.clone(), version });
        Ok(())
    }

    async fn find(
        &self,
        channel: &ChannelName,
        _thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        let state = self.lock();
        if let Some(since) = state.down {
            return Err(self.away(since));
        }
        let found = state.said.iter().find(|s| s.key == key && &s.channel == channel && !s.gone);
        Ok(found.map(|s| MessageRef { channel: s.channel.clone(), id: s.id.clone() }))
    }

    async fn make_room(&self, room: &NewRoom, _doubt: bool) -> Result<MadeRoom, ChatError> {
        let mut state = self.lock();
        if let Some(since) = state.down {
            return Err(self.away(since));
        }
        if state.shut {
            return Err(ChatError::Barred("the chat lets nobody make channels".into()));
        }
        if let Some(made) = state.rooms.get(&room.key).filter(|made| !made.closed) {
            return Ok(MadeRoom { channel: made.name.clone(), name: made.name.clone() });
        }
        let free = |name: &&String| !state.rooms.values().any(|made| made.name.as_str() == name.as_str());
        let name = room.names.iter().find(free).map(|name| ChannelName::new(name));
        let name = name.ok_or_else(|| ChatError::Refused("every name is taken".into()))?;
        state.rooms.insert(room.key.clone(), Room { name: name.clone(), guests: Vec::new(), closed: false });
        Ok(MadeRoom { channel: name.clone(), name })
    }

    async fn invite(&self, room: &ChannelName, person: &PersonId) -> Result<(), ChatError> {
        let mut state = self.lock();
        let room = state.rooms.values_mut().find(|made| made.name == *room && !made.closed);
        room.ok_or_else(|| ChatError::Gone("no such channel".into()))?.guests.push(person.clone());
        Ok(())
    }

    async fn close_room(&self, room: &ChannelName) -> Result<(), ChatError> {
        self.lock().rooms.values_mut().filter(|made| made.name == *room).for_each(|made| made.closed = true);
        Ok(())
    }

    async fn spoken(&self, at: &MessageRef) -> Result<Option<Spoken>, ChatError> {
        let state = self.lock();
        if let Some(since) = state.down {
            return Err(self.away(since));
        }
        let found = state.talk.iter().find(|t| t.id == at.id && !t.gone);
        Ok(found.map(|t| Spoken {
            account: t.account.clone(),
            name: t.account.clone(),
            text: t.text.clone(),
            at: t.at,
            link: None,
            thread: t.thread.clone(),
        }))
    }
}
