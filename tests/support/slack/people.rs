//! What people do in the workspace.

use super::api::say;
use super::delivery::{Delivery, Sort};
use super::message::Version;
use super::typed::escaped;
use super::world::{BOT_USER, Kind, World};
use super::{FakeSlack, payload, typed};
use serde_json::{Value, json};

impl FakeSlack {
    /// Types a slash command into a channel.
    pub fn slash(&self, user: &str, channel: &str, command: &str, text: &str) -> Result<Delivery, String> {
        let payload = self.with(|world| {
            member(world, user, channel)?;
            if !world.options.commands.is_empty() && !world.options.commands.contains(command) {
                return Err(format!("{command} is not a valid command"));
            }
            if !world.options.bot_scopes.contains("commands") {
                return Err("the app has no scope for commands".to_owned());
            }
            let text = typed::command(world, text.trim());
            Ok(payload::command(world, user, channel, command, &text))
        })?;
        Ok(self.send(Sort::Command, user, Some(channel), payload))
    }

    /// Writes to the app in a channel: `@signalbox text`.
    pub fn mention(&self, user: &str, channel: &str, text: &str) -> Result<Delivery, String> {
        self.mention_in(user, channel, None, text)
    }

    /// The same in a thread.
    pub fn mention_in(&self, user: &str, channel: &str, thread: Option<&str>, text: &str) -> Result<Delivery, String> {
        let (payload, ts) = self.with(|world| {
            member(world, user, channel)?;
            let text = format!("<@{BOT_USER}> {}", typed::message(world, text));
            let ts = say(world, user, channel, thread, &text);
            wants(world, "app_mention", &["app_mentions:read"])?;
            if !world.channels[channel].members.contains(BOT_USER) {
                return Err("the app is not in the channel and hears nothing".to_owned());
            }
            let mut event = message_event("app_mention", user, channel, &ts, &text, thread);
            event["client_msg_id"] = json!(format!("test-client-{ts}"));
            Ok((payload::event(world, event), ts))
        })?;
        let delivery = self.send(Sort::Event, user, Some(channel), payload);
        Ok(Delivery { ts: Some(ts), ..delivery })
    }

    /// Writes to the app directly.
    pub fn direct(&self, user: &str, text: &str) -> Result<Delivery, String> {
        let (payload, ts, channel) = self.with(|world| {
            if !world.users.contains_key(user) {
                return Err(format!("{user} is nobody here"));
            }
            if !world.options.messages_tab {
                return Err("sending messages to this app has been turned off".to_owned());
            }
            let channel = world.direct(user);
            let text = typed::message(world, text);
            let ts = say(world, user, &channel, None, &text);
            wants(world, "message.im", &["im:history"])?;
            let mut event = message_event("message", user, &channel, &ts, &text, None);
            event["channel_type"] = json!("im");
            event["client_msg_id"] = json!(format!("test-client-{ts}"));
            Ok((payload::event(world, event), ts, channel))
        })?;
        let delivery = self.send(Sort::Event, user, Some(&channel), payload);
        Ok(Delivery { ts: Some(ts), ..delivery })
    }

    /// Puts an emoji on a message.
    pub fn react(&self, user: &str, channel: &str, ts: &str, name: &str) -> Result<Delivery, String> {
        self.reaction(user, channel, ts, name, true)
    }

    /// Takes it off again.
    pub fn unreact(&self, user: &str, channel: &str, ts: &str, name: &str) -> Result<Delivery, String> {
        self.reaction(user, channel, ts, name, false)
    }

    fn reaction(&self, user: &str, channel: &str, ts: &str, name: &str, on: bool) -> Result<Delivery, String> {
        let kind = if on { "reaction_added" } else { "reaction_removed" };
        let payload = self.with(|world| {
            member(world, user, channel)?;
            let message = world.message_mut(channel, ts).filter(|message| !message.deleted);
            let message = message.ok_or("the message is not there")?;
            if message.only_for.is_some() {
                return Err("nobody can react to a message only one person sees".to_owned());
            }
            let author = message.user.clone();
            let users = message.reactions.entry(name.to_owned()).or_default();
            let stood = users.iter().any(|other| other == user);
            match (on, stood) {
                (true, false) => users.push(user.to_owned()),
                (false, true) => users.retain(|other| other != user),
                _ => return Err(format!("{name} of {user} is as it was")),
            }
            message.reactions.retain(|_, users| !users.is_empty());
            wants(world, kind, &["reactions:read"])?;
            if !world.channels[channel].members.contains(BOT_USER) {
                return Err("the app is not in the channel and hears nothing".to_owned());
            }
            let event = json!({"type": kind, "user": user, "reaction": name, "item_user": author,
                "item": {"type": "message", "channel": channel, "ts": ts}, "event_ts": world.ts()});
            Ok(payload::event(world, event))
        })?;
        Ok(self.send(Sort::Event, user, Some(channel), payload))
    }

    /// Looks at the app's home.
    pub fn open_home(&self, user: &str) -> Result<Delivery, String> {
        let (payload, channel) = self.with(|world| {
            if !world.users.contains_key(user) {
                return Err(format!("{user} is nobody here"));
            }
            wants(world, "app_home_opened", &[])?;
            let channel = world.direct(user);
            let mut event = json!({"type": "app_home_opened", "user": user, "channel": channel, "tab": "home",
                "event_ts": world.ts()});
            if let Some(view) = world.homes.get(user) {
                event["view"] = view.json();
            }
            Ok((payload::event(world, event), channel))
        })?;
        Ok(self.send(Sort::Event, user, Some(&channel), payload))
    }

    /// Any event, in its wrapper, subscribed to or not.
    pub fn event(&self, user: &str, event: Value) -> Delivery {
        let payload = self.with(|world| payload::event(world, event));
        self.send(Sort::Event, user, None, payload)
    }

    /// Writes a message that names nobody, in a thread if there is one; the app does not hear of it. Gives its timestamp.
    pub fn writes(&self, user: &str, channel: &str, thread: Option<&str>, text: &str) -> String {
        self.with(|world| say(world, user, channel, thread, &escaped(text)))
    }

    /// Whoever wrote a message changes its words.
    pub fn rewrite(&self, channel: &str, ts: &str, text: &str) {
        self.with(|world| {
            if let Some(message) = world.message_mut(channel, ts) {
                let now = message.now();
                message.versions.push(Version { text: escaped(text), ..now });
            }
        });
    }

    /// A moderator deletes a message.
    pub fn moderate(&self, channel: &str, ts: &str) -> bool {
        self.with(|world| world.message_mut(channel, ts).map(|message| message.deleted = true).is_some())
    }
}

/// The person is in the channel.
pub fn member(world: &World, user: &str, channel: &str) -> Result<(), String> {
    let found = world.channels.get(channel).ok_or_else(|| format!("there is no channel {channel}"))?;
    if found.archived {
        return Err(format!("{channel} is archived"));
    }
    // A person may look into a public channel and act there.
    if !found.members.contains(user) && found.kind != Kind::Public {
        return Err(format!("{user} is not in {channel}"));
    }
    if !world.users.contains_key(user) {
        return Err(format!("{user} is nobody here"));
    }
    Ok(())
}

/// The app hears of it: subscribed, and allowed to.
fn wants(world: &World, event: &str, scopes: &[&str]) -> Result<(), String> {
    if !world.options.events.contains(event) {
        return Err(format!("the app is not subscribed to {event}"));
    }
    match scopes.iter().find(|scope| !world.options.bot_scopes.contains(**scope)) {
        Some(scope) => Err(format!("the app lacks {scope} and hears nothing of {event}")),
        None => Ok(()),
    }
}

fn message_event(kind: &str, user: &str, channel: &str, ts: &str, text: &str, thread: Option<&str>) -> Value {
    let mut event = json!({"type": kind, "user": user, "text": text, "ts": ts, "channel": channel, "event_ts": ts,
        "team": super::world::TEAM, "blocks": [{"type": "rich_text", "block_id": "r1", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]}]});
    if let Some(thread) = thread {
        event["thread_ts"] = json!(thread);
    }
    event
}
