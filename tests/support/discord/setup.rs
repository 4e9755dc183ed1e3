//! What a test sets up, orders, and asks of the server.

use super::FakeDiscord;
use super::faults::Faults;
use super::gateway::Out;
use super::gateway::Session;
use super::interaction::Interaction;
use super::noise::Noise;
use super::world::{Channel, Command, Message, Refusal, Role, User, Version};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::MutexGuard;

/// The faults, while the server stands still.
pub struct FaultsNow<'a>(MutexGuard<'a, super::World>);

impl std::ops::Deref for FaultsNow<'_> {
    type Target = Faults;
    fn deref(&self) -> &Faults {
        &self.0.faults
    }
}

impl std::ops::DerefMut for FaultsNow<'_> {
    fn deref_mut(&mut self) -> &mut Faults {
        &mut self.0.faults
    }
}

/// Who and what there is. People, roles and channels are named by their id or their name.
impl FakeDiscord {
    pub fn guild(&self) -> u64 {
        self.world().guild
    }

    pub fn bot(&self) -> u64 {
        self.world().bot
    }

    /// A text channel.
    pub fn add_channel(&self, name: &str) -> u64 {
        let mut world = self.world();
        let id = world.add_channel(0, name);
        let event = world.channel(&world.channels[&id]);
        world.dispatch_in(id, "CHANNEL_CREATE", &event);
        id
    }

    /// Channels that have a topic, and the overwrites of that one.
    pub fn made_beside(&self, channel: &str) -> (Vec<Channel>, Value) {
        let world = self.world();
        let made = world.channels.values().filter(|c| !c.topic.is_empty()).cloned().collect();
        let beside = world.channel(&world.channels[&world.channel_id(channel)]);
        (made, beside["permission_overwrites"].clone())
    }

    pub fn remove_channel(&self, channel: &str) {
        let mut world = self.world();
        let id = world.channel_id(channel);
        let event = world.channel(&world.channels[&id]);
        world.dispatch_in(id, "CHANNEL_DELETE", &event);
        world.channels.remove(&id);
    }

    /// A person, member of the guild.
    pub fn add_user(&self, name: &str) -> u64 {
        self.world().add_user(name, false)
    }

    /// The same, with this id.
    pub fn add_user_as(&self, id: u64, name: &str) {
        let mut world = self.world();
        let made = world.add_user(name, false);
        if let Some(user) = world.users.remove(&made) {
            world.users.insert(id, User { id, ..user });
        }
    }

    pub fn add_role(&self, name: &str) -> u64 {
        let mut world = self.world();
        let id = world.id();
        world.roles.insert(id, Role { id, name: name.into(), permissions: 0 });
        id
    }

    /// Sets a person's roles, by id.
    pub fn set_roles(&self, user: &str, roles: &[u64]) {
        let mut world = self.world();
        let user = world.user_id(user);
        world.users.get_mut(&user).unwrap().roles = roles.iter().copied().collect();
    }

    /// The person takes no direct messages of the bot.
    pub fn close_directs(&self, user: &str) {
        let mut world = self.world();
        let user = world.user_id(user);
        world.users.get_mut(&user).unwrap().directs = false;
    }

    /// Gives everybody on the server these permissions, the bot too.
    pub fn let_everybody(&self, permissions: u64) {
        let mut world = self.world();
        let guild = world.guild;
        world.roles.get_mut(&guild).unwrap().permissions |= permissions;
    }

    /// Takes permissions from the bot in a channel and its threads.
    pub fn deny(&self, channel: &str, permissions: u64) {
        let mut world = self.world();
        let id = world.channel_id(channel);
        world.channels.get_mut(&id).unwrap().denied |= permissions;
    }

    pub fn allow(&self, channel: &str, permissions: u64) {
        let mut world = self.world();
        let id = world.channel_id(channel);
        world.channels.get_mut(&id).unwrap().denied &= !permissions;
    }

    pub fn set_noise(&self, noise: Noise) {
        self.world().options.noise = noise;
    }

    pub fn knows(&self, user: &str) -> bool {
        self.world().users.values().any(|known| known.name == user)
    }

    pub fn is_thread(&self, channel: u64) -> bool {
        self.world().channels.get(&channel).is_some_and(|channel| channel.kind == 11)
    }

    pub fn id_of_user(&self, user: &str) -> u64 {
        self.world().user_id(user)
    }

    pub fn id_of_channel(&self, channel: &str) -> u64 {
        self.world().channel_id(channel)
    }
}

/// What happened.
impl FakeDiscord {
    /// The messages of a channel, thread or direct channel, ephemeral ones among them, oldest first.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        let world = self.world();
        let id = world.channel_id(channel);
        world.in_channel(id).cloned().collect()
    }

    /// The messages of the direct channel with somebody.
    pub fn directs(&self, user: &str) -> Vec<Message> {
        let world = self.world();
        let user = world.user_id(user);
        let channel = world.channels.values().find(|c| c.with == Some(user)).map(|c| c.id);
        channel.map(|id| world.in_channel(id).cloned().collect()).unwrap_or_default()
    }

    pub fn message(&self, channel: &str, id: u64) -> Option<Message> {
        let world = self.world();
        let channel = world.channel_id(channel);
        world.messages.get(&(channel, id)).cloned()
    }

    /// The threads of a channel, as (id, name).
    pub fn threads(&self, channel: &str) -> Vec<(u64, String)> {
        let world = self.world();
        let parent = world.channel_id(channel);
        world.channels.values().filter(|c| c.parent == Some(parent)).map(|c| (c.id, c.name.clone())).collect()
    }

    pub fn commands(&self) -> Vec<Command> {
        self.world().commands.clone()
    }

    /// How often commands were written: every request that is not a GET.
    pub fn command_writes(&self) -> usize {
        self.world().command_writes
    }

    pub fn interactions(&self) -> Vec<Interaction> {
        self.world().interactions.values().cloned().collect()
    }

    pub fn sessions(&self) -> Vec<Session> {
        self.world().sessions.values().cloned().collect()
    }

    /// How often IDENTIFY was sent.
    pub fn identifies(&self) -> usize {
        self.world().identifies.len()
    }

    /// Requests by route, such as `POST /channels/{id}/messages`.
    pub fn requests(&self) -> BTreeMap<String, usize> {
        self.world().requests.clone()
    }

    pub fn requests_of(&self, route: &str) -> usize {
        self.world().requests.get(route).copied().unwrap_or(0)
    }

    /// All that was refused, but for what a fault ordered.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.world().refusals.clone()
    }

    /// Fails when anything was refused.
    #[track_caller]
    pub fn nothing_refused(&self) {
        let refusals = self.refusals();
        assert!(refusals.is_empty(), "Discord refused {refusals:#?}");
    }

    /// Takes the refusals that a test expects.
    pub fn take_refusals(&self) -> Vec<Refusal> {
        std::mem::take(&mut self.world().refusals)
    }

    /// Answers of 401, 403 and 429 within the last ten minutes.
    pub fn invalid_requests(&self) -> usize {
        let world = self.world();
        world.buckets.invalid_count(world.ms())
    }

    /// Drops what is only kept for tests to read; for programs that run long.
    pub fn forget(&self) {
        let mut world = self.world();
        world.deleted.clear();
        world.refusals.clear();
        let now = world.ms();
        world.interactions.retain(|_, i| now - i.at_ms <= super::interaction::TOKEN_MS);
        for message in world.messages.values_mut() {
            let old = message.versions.len() - 1;
            message.versions.drain(..old);
        }
    }
}

/// What goes wrong on demand.
impl FakeDiscord {
    /// The guard holds the server still: do not keep it over an `await`.
    pub fn faults(&self) -> FaultsNow<'_> {
        FaultsNow(self.world())
    }

    fn each_socket(&self, out: &Out) {
        for conn in self.world().conns.values() {
            let _ = conn.to.send(out.clone());
        }
    }

    /// Ends every socket without a close frame.
    pub fn drop_sockets(&self) {
        self.each_socket(&Out::Drop);
    }

    pub fn close_sockets(&self, code: u16) {
        self.each_socket(&Out::Close(code));
    }

    /// Op 7.
    pub fn ask_to_reconnect(&self) {
        self.each_socket(&Out::Text(json!({ "op": 7, "d": null, "s": null, "t": null }).to_string()));
    }

    /// Op 1: a heartbeat is asked for.
    pub fn ask_for_heartbeat(&self) {
        self.each_socket(&Out::Text(json!({ "op": 1, "d": null, "s": null, "t": null }).to_string()));
    }

    /// Op 9; unless it can be resumed, the session is over.
    pub fn invalidate(&self, resumable: bool) {
        self.each_socket(&Out::Text(json!({ "op": 9, "d": resumable, "s": null, "t": null }).to_string()));
        if !resumable {
            self.end_sessions();
        }
    }

    /// No session can be resumed any more; the sockets stay.
    pub fn end_sessions(&self) {
        let mut world = self.world();
        world.sessions.clear();
        for conn in world.conns.values_mut() {
            conn.session = None;
        }
    }

    /// Any event, also one that does not exist.
    pub fn dispatch(&self, kind: &str, d: &Value) {
        self.world().dispatch_all(kind, d);
    }

    /// Any frame into every socket.
    pub fn raw_frame(&self, text: &str) {
        self.each_socket(&Out::Text(text.into()));
    }

    /// A moderator deletes a message.
    pub fn delete(&self, channel: &str, message: u64) {
        let mut world = self.world();
        let channel = world.channel_id(channel);
        world.remove_message(channel, message);
    }

    /// Whoever wrote a message changes its words.
    pub fn rewrite(&self, channel: u64, message: u64, text: &str) {
        let mut world = self.world();
        let stamp = world.stamp();
        let found = world.messages.get_mut(&(channel, message)).unwrap();
        found.versions.push(Version { content: text.into(), ..found.now().clone() });
        found.edited = Some(stamp);
        world.message_event("MESSAGE_UPDATE", channel, message);
    }

    /// A moderator archives or locks a thread.
    pub fn archive(&self, thread: u64, archived: bool, locked: bool) {
        let mut world = self.world();
        let channel = world.channels.get_mut(&thread).unwrap();
        (channel.archived, channel.locked) = (archived, locked);
        world.thread_event("THREAD_UPDATE", thread);
    }
}
