//! Messages: posted, edited, read, deleted.

use super::super::check_message::{self, EPHEMERAL, LOADING};
use super::super::error::{self, ApiError, Form};
use super::super::multipart::Upload;
use super::super::permissions as p;
use super::super::rest::{Answer, Call, Reply, ok};
use super::super::world::{Message, Version, World};
use super::snowflake;
use serde_json::{Value, json};

/// For how long an enforced nonce is remembered: Discord says "the past few minutes".
const NONCE_MS: i64 = 180_000;
const NONCE_CHARS: usize = 25;

pub fn go(world: &mut World, call: &Call, channel: u64, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("POST", []) => create(world, call, channel),
        ("GET", []) => list(world, call, channel),
        ("GET", [id]) => {
            world.need(channel, p::READ_MESSAGE_HISTORY)?;
            let message = world.open_message(channel, snowflake(id)?)?;
            ok(world.message(message, world.readable(message)))
        }
        ("PATCH", [id]) => {
            world.seen_channel(channel)?;
            let message = world.open_message(channel, snowflake(id)?)?;
            let (id, author) = (message.id, message.author);
            if author != world.bot {
                return Err(error::other_author());
            }
            if world.channels[&channel].archived {
                return Err(error::archived_thread());
            }
            world.edit(channel, id, &call.body, &call.files, "")?;
            ok(world.message(&world.messages[&(channel, id)], true))
        }
        ("DELETE", [id]) => {
            world.seen_channel(channel)?;
            let message = world.open_message(channel, snowflake(id)?)?;
            let (id, author) = (message.id, message.author);
            if author != world.bot {
                world.need(channel, p::MANAGE_MESSAGES)?;
            }
            world.remove_message(channel, id);
            Ok(Reply::Empty)
        }
        _ => Err(error::no_such_route()),
    }
}

fn create(world: &mut World, call: &Call, channel: u64) -> Answer {
    let place = world.seen_channel(channel)?;
    let (archived, locked) = (place.archived, place.locked);
    if place.with.is_some_and(|user| !world.users[&user].directs) {
        return Err(error::closed_directs());
    }
    let send = if place.kind == 11 { p::SEND_MESSAGES_IN_THREADS } else { p::SEND_MESSAGES };
    world.need(channel, send)?;
    if locked && world.allowed(channel) & p::MANAGE_THREADS == 0 {
        return Err(error::thread_locked());
    }
    let body = &call.body;
    let nonce = nonce(body)?;
    let enforced = body["enforce_nonce"] == true;
    let now = world.ms();
    if let Some(nonce) = nonce.as_ref().filter(|_| enforced) {
        let known = world.nonces.get(&(world.bot, nonce.to_string())).filter(|(at, ..)| now - at < NONCE_MS);
        if let Some(message) = known.and_then(|(_, place, id)| world.messages.get(&(*place, *id))) {
            return ok(world.message(message, true));
        }
    }
    let reply_to = reference(world, channel, body)?;
    let version = world.read(body, &call.files, None, "")?;
    permitted(world, channel, &version, !call.files.is_empty())?;
    if archived {
        let thread = world.channels.get_mut(&channel).unwrap();
        thread.archived = false;
        world.thread_event("THREAD_UPDATE", channel);
    }
    let mut message = world.draft(channel, world.bot, version);
    message.nonce.clone_from(&nonce);
    message.reply_to = reply_to;
    let id = world.add_message(message, &body["allowed_mentions"]);
    if let Some(nonce) = nonce.filter(|_| enforced) {
        world.nonces.retain(|_, (at, ..)| now - *at < NONCE_MS);
        world.nonces.insert((world.bot, nonce.to_string()), (now, channel, id));
    }
    ok(world.message(&world.messages[&(channel, id)], true))
}

fn nonce(body: &Value) -> Result<Option<Value>, ApiError> {
    let nonce = &body["nonce"];
    let mut form = Form::default();
    match nonce {
        Value::Null => return Ok(None),
        Value::String(text) => form.length("nonce", text.chars().count(), 0, NONCE_CHARS),
        Value::Number(n) if n.is_i64() || n.is_u64() => {}
        _ => form.add("nonce", "NONCE_TYPE_INVALID", "Nonce must be an integer or a string."),
    }
    form.done()?;
    Ok(Some(nonce.clone()))
}

fn reference(world: &World, channel: u64, body: &Value) -> Result<Option<u64>, ApiError> {
    let reference = &body["message_reference"];
    if reference.is_null() {
        return Ok(None);
    }
    if world.allowed(channel) & p::READ_MESSAGE_HISTORY == 0 {
        return Err(error::no_history_for_reply());
    }
    let id = reference["message_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(0);
    if world.open_message(channel, id).is_ok() {
        return Ok(Some(id));
    }
    if reference["fail_if_not_exists"] == false {
        return Ok(None);
    }
    let mut form = Form::default();
    form.add("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message");
    form.done().map(|()| None)
}

fn permitted(world: &World, channel: u64, version: &Version, files: bool) -> Result<(), ApiError> {
    if !version.embeds.is_empty() {
        world.need(channel, p::EMBED_LINKS)?;
    }
    if files {
        world.need(channel, p::ATTACH_FILES)?;
    }
    Ok(())
}

fn list(world: &World, call: &Call, channel: u64) -> Answer {
    world.seen_channel(channel)?;
    let number = |name: &str| call.query.get(name).and_then(|v| v.parse::<u64>().ok());
    let limit = number("limit").unwrap_or(50);
    let mut form = Form::default();
    form.number("limit", &json!(limit), 1, 100);
    let named = ["before", "after", "around"].iter().filter(|name| call.query.contains_key(**name)).count();
    if named > 1 {
        form.add("", "MUTUALLY_EXCLUSIVE", "before, after and around are mutually exclusive");
    }
    form.done()?;
    // Without the permission there is no error: the list is empty.
    if world.allowed(channel) & p::READ_MESSAGE_HISTORY == 0 {
        return ok(json!([]));
    }
    let limit = usize::try_from(limit).unwrap_or(50);
    let all = || world.in_channel(channel).filter(|m| m.only_for.is_none());
    let found: Vec<&Message> = if let Some(after) = number("after") {
        let mut found: Vec<&Message> = all().filter(|m| m.id > after).take(limit).collect();
        found.reverse();
        found
    } else if let Some(around) = number("around") {
        let half = limit / 2;
        let mut found: Vec<&Message> = all().filter(|m| m.id >= around).take(limit - half).collect();
        found.reverse();
        found.extend(all().rev().filter(|m| m.id < around).take(half));
        found
    } else {
        let before = number("before").unwrap_or(u64::MAX);
        all().rev().filter(|m| m.id < before).take(limit).collect()
    };
    ok(found.into_iter().map(|m| world.message(m, world.readable(m))).collect())
}

impl World {
    /// Checks a message body, for a new message or the edit of one.
    pub fn read(
        &mut self,
        body: &Value,
        files: &[Upload],
        before: Option<&Version>,
        base: &str,
    ) -> Result<Version, ApiError> {
        check_message::message(body, files, before, base, &mut || self.id())
    }

    pub fn draft(&mut self, channel: u64, author: u64, version: Version) -> Message {
        Message {
            id: self.id(),
            channel,
            author,
            versions: vec![version],
            reactions: Vec::new(),
            nonce: None,
            reply_to: None,
            only_for: None,
            interaction: None,
            notified: Default::default(),
            notified_all: false,
            at: self.stamp(),
            edited: None,
            thread: false,
        }
    }

    /// Puts a message into its channel: notifies whom it may, and tells every session.
    pub fn add_message(&mut self, mut message: Message, allowed: &Value) -> u64 {
        self.notify(&mut message, allowed);
        let (channel, id) = (message.channel, message.id);
        self.messages.insert((channel, id), message);
        self.message_event("MESSAGE_CREATE", channel, id);
        id
    }

    /// Changes a message as `PATCH` does; absent keys keep what was there.
    pub fn edit(&mut self, channel: u64, id: u64, body: &Value, files: &[Upload], base: &str) -> Result<(), ApiError> {
        let before = self.messages[&(channel, id)].now().clone();
        let mut version = self.read(body, files, Some(&before), base)?;
        version.flags = (version.flags & !(LOADING | EPHEMERAL)) | (before.flags & EPHEMERAL);
        if before.flags & EPHEMERAL == 0 {
            permitted(self, channel, &version, !files.is_empty())?;
        }
        let stamp = self.stamp();
        let message = self.messages.get_mut(&(channel, id)).unwrap();
        message.versions.push(version);
        message.edited = Some(stamp);
        self.message_event("MESSAGE_UPDATE", channel, id);
        Ok(())
    }

    pub fn remove_message(&mut self, channel: u64, id: u64) {
        let Some(message) = self.messages.remove(&(channel, id)) else { return };
        if message.only_for.is_none() {
            let mut event = json!({ "id": id.to_string(), "channel_id": channel.to_string() });
            self.place(&mut event, channel);
            self.dispatch_in(channel, "MESSAGE_DELETE", &event);
        }
        self.deleted.push(message);
        self.tell();
    }
}
