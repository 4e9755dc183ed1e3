//! A channel itself, and what belongs to no message.

use super::super::error::{self, Form};
use super::super::permissions as p;
use super::super::rest::{Answer, Call, Reply, ok};
use super::super::world::World;

pub fn go(world: &mut World, call: &Call, channel: u64, rest: &[&str]) -> Answer {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let found = world.seen_channel(channel)?;
            ok(world.channel(found))
        }
        ("PATCH", []) => change(world, call, channel),
        ("POST", ["typing"]) => {
            world.need(channel, p::SEND_MESSAGES)?;
            Ok(Reply::Empty)
        }
        ("PUT" | "DELETE", ["thread-members", "@me"]) => {
            if world.seen_channel(channel)?.kind != 11 {
                return Err(error::wrong_channel_kind());
            }
            Ok(Reply::Empty)
        }
        _ => Err(error::no_such_route()),
    }
}

/// Only threads can be changed: what else there is belongs to the server's people.
fn change(world: &mut World, call: &Call, channel: u64) -> Answer {
    let thread = world.seen_channel(channel)?;
    if thread.kind != 11 {
        return Err(error::missing_permissions());
    }
    let body = &call.body;
    let mut form = Form::default();
    if !body["name"].is_null() {
        form.text("name", &body["name"], 1, 100);
    }
    form.done()?;
    let manages = world.allowed(channel) & p::MANAGE_THREADS != 0;
    // The bot owns its threads: it may rename, archive and open them. Locking is for moderators.
    if body.get("locked").is_some() && !manages {
        return Err(error::missing_permissions());
    }
    let opens = body["archived"] == false;
    if thread.archived && !opens {
        return Err(error::archived_thread());
    }
    let stamp = world.stamp();
    let thread = world.channels.get_mut(&channel).unwrap();
    if let Some(name) = body["name"].as_str() {
        thread.name = name.trim().to_owned();
    }
    if let Some(archived) = body["archived"].as_bool() {
        thread.archived = archived;
        thread.at = stamp;
    }
    thread.locked = body["locked"].as_bool().unwrap_or(thread.locked);
    world.thread_event("THREAD_UPDATE", channel);
    ok(world.channel(&world.channels[&channel]))
}
