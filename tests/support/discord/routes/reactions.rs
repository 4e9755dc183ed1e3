//! Reactions: put on, taken off, and who did.

use super::super::error;
use super::super::permissions as p;
use super::super::rest::{Answer, Call, Reply, ok};
use super::super::world::{Reaction, World};
use super::super::{error::ApiError, payload};
use super::snowflake;
use serde_json::{Value, json};

const KINDS: usize = 20;

pub fn go(world: &mut World, call: &Call, channel: u64, message: u64, rest: &[&str]) -> Answer {
    world.need(channel, p::READ_MESSAGE_HISTORY)?;
    world.open_message(channel, message)?;
    let bot = world.bot;
    match (call.method.as_str(), rest) {
        ("PUT", [emoji, "@me"]) => {
            let emoji = known(emoji)?;
            let reactions = &world.messages[&(channel, message)].reactions;
            let first = !reactions.iter().any(|r| r.emoji == emoji);
            if first && reactions.len() >= KINDS {
                return Err(error::too_many_reactions());
            }
            if first {
                world.need(channel, p::ADD_REACTIONS)?;
            }
            if world.channels[&channel].archived {
                return Err(error::archived_thread());
            }
            world.react(channel, message, &emoji, bot);
            Ok(Reply::Empty)
        }
        ("DELETE", [emoji, who]) => {
            let emoji = known(emoji)?;
            let who = if *who == "@me" { bot } else { snowflake(who)? };
            if who != bot {
                world.need(channel, p::MANAGE_MESSAGES)?;
            }
            world.unreact(channel, message, &emoji, who);
            Ok(Reply::Empty)
        }
        ("DELETE", []) => {
            world.need(channel, p::MANAGE_MESSAGES)?;
            world.messages.get_mut(&(channel, message)).unwrap().reactions.clear();
            let mut event = json!({ "channel_id": channel.to_string(), "message_id": message.to_string() });
            world.place(&mut event, channel);
            world.dispatch_in(channel, "MESSAGE_REACTION_REMOVE_ALL", &event);
            Ok(Reply::Empty)
        }
        ("GET", [emoji]) => {
            let emoji = known(emoji)?;
            let limit = call.query.get("limit").and_then(|l| l.parse().ok()).unwrap_or(25_i64);
            let mut form = error::Form::default();
            form.number("limit", &json!(limit), 1, 100);
            form.done()?;
            let after = call.query.get("after").and_then(|a| a.parse().ok()).unwrap_or(0_u64);
            let reactions = &world.messages[&(channel, message)].reactions;
            let mut users = reactions.iter().find(|r| r.emoji == emoji).map(|r| r.users.clone()).unwrap_or_default();
            // Pages go by id, not by time.
            users.sort_unstable();
            let page = users.iter().filter(|id| **id > after).take(usize::try_from(limit).unwrap_or(25));
            ok(page.map(|id| world.user(*id)).collect())
        }
        _ => Err(error::no_such_route()),
    }
}

/// A character that is an emoji, or `name:id` of the server's own; the selector of the coloured form does not count.
fn known(emoji: &str) -> Result<String, ApiError> {
    if let Some((name, id)) = emoji.split_once(':') {
        let custom = !name.is_empty() && id.parse::<u64>().is_ok();
        return if custom { Ok(emoji.to_owned()) } else { Err(error::unknown_emoji()) };
    }
    let one = !emoji.is_empty() && !emoji.is_ascii() && emoji.chars().count() <= 8;
    if one && !emoji.chars().any(char::is_alphabetic) { Ok(emoji.to_owned()) } else { Err(error::unknown_emoji()) }
}

impl World {
    /// Puts a reaction on; false when it was there.
    pub fn react(&mut self, channel: u64, message: u64, emoji: &str, user: u64) -> bool {
        let Some(found) = self.messages.get_mut(&(channel, message)) else { return false };
        let author = found.author;
        match found.reactions.iter_mut().find(|r| r.emoji == emoji) {
            Some(reaction) if reaction.users.contains(&user) => return false,
            Some(reaction) => reaction.users.push(user),
            None => found.reactions.push(Reaction { emoji: emoji.into(), users: vec![user] }),
        }
        let mut event = self.reaction_event(channel, message, emoji, user);
        event["message_author_id"] = json!(author.to_string());
        event["burst_colors"] = json!([]);
        if event.get("guild_id").is_some() {
            event["member"] = self.member(user);
        }
        self.dispatch_in(channel, "MESSAGE_REACTION_ADD", &event);
        true
    }

    pub fn unreact(&mut self, channel: u64, message: u64, emoji: &str, user: u64) -> bool {
        let Some(found) = self.messages.get_mut(&(channel, message)) else { return false };
        let Some(reaction) = found.reactions.iter_mut().find(|r| r.emoji == emoji && r.users.contains(&user)) else {
            return false;
        };
        reaction.users.retain(|id| *id != user);
        found.reactions.retain(|r| !r.users.is_empty());
        let event = self.reaction_event(channel, message, emoji, user);
        self.dispatch_in(channel, "MESSAGE_REACTION_REMOVE", &event);
        true
    }

    fn reaction_event(&self, channel: u64, message: u64, emoji: &str, user: u64) -> Value {
        let mut event = json!({
            "user_id": user.to_string(), "channel_id": channel.to_string(), "message_id": message.to_string(),
            "emoji": payload::emoji(emoji), "burst": false, "type": 0,
        });
        self.place(&mut event, channel);
        event
    }
}
