//! Threads: one per message, with the message's id, or free ones.

use super::super::check_message::HAS_THREAD;
use super::super::error::{self, Form};
use super::super::permissions as p;
use super::super::rest::{Answer, Call, Reply};
use super::super::world::World;
use super::snowflake;
use serde_json::json;

pub fn go(world: &mut World, call: &Call, channel: u64, rest: &[&str]) -> Answer {
    if call.method != "POST" {
        return Err(error::no_such_route());
    }
    let message = match rest {
        ["messages", id, "threads"] => Some(snowflake(id)?),
        _ => None,
    };
    if world.seen_channel(channel)?.kind != 0 {
        return Err(error::wrong_channel_kind());
    }
    world.need(channel, p::CREATE_PUBLIC_THREADS)?;
    if let Some(id) = message {
        world.open_message(channel, id)?;
    }
    let body = &call.body;
    let mut form = Form::default();
    form.text("name", &body["name"], 1, 100);
    let archive = body["auto_archive_duration"].as_i64().unwrap_or(1440);
    if ![60, 1440, 4320, 10_080].contains(&archive) {
        form.choices("auto_archive_duration", "60, 1440, 4320, 10080");
    }
    if message.is_none() && body["type"] != 11 {
        form.choices("type", "11");
    }
    form.done()?;
    let id = match message {
        Some(id) if world.channels.contains_key(&id) => return Err(error::thread_exists()),
        Some(id) => id,
        None => world.id(),
    };
    let name = body["name"].as_str().unwrap_or_default().trim().to_owned();
    let thread = world.put_channel(id, 11, &name);
    thread.parent = Some(channel);
    thread.auto_archive = archive;
    if message.is_some() {
        let starter = world.messages.get_mut(&(channel, id)).unwrap();
        starter.thread = true;
        let last = starter.versions.len() - 1;
        starter.versions[last].flags |= HAS_THREAD;
        world.message_event("MESSAGE_UPDATE", channel, id);
    }
    world.thread_event("THREAD_CREATE", id);
    Ok(Reply::Json(201, world.channel(&world.channels[&id])))
}

impl World {
    pub fn thread_event(&mut self, kind: &str, thread: u64) {
        let mut event = self.channel(&self.channels[&thread]);
        if kind == "THREAD_CREATE" {
            event["newly_created"] = json!(true);
        }
        self.dispatch_in(thread, kind, &event);
    }
}
