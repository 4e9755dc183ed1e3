//! Reading channels and their messages; joining and opening them.

use super::super::message::Message;
use super::super::world::{BOT_USER, Channel, Kind};
use super::lists::page;
use super::{Call, Done, Fail, missing};
use serde_json::{Value, json};

fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Public => "channels",
        Kind::Private => "groups",
        Kind::Direct => "im",
    }
}

/// The named channel, when the app may see it and has the scope of its kind.
fn seen(call: &Call<'_>, right: &str) -> Result<String, Fail> {
    let id = call.args.text("channel").ok_or("channel_not_found")?;
    let channel = call.world.channels.get(&id).ok_or("channel_not_found")?;
    if channel.kind != Kind::Public && !channel.members.contains(BOT_USER) {
        return Err("channel_not_found".into());
    }
    let needed = format!("{}:{right}", prefix(channel.kind));
    if !call.world.options.bot_scopes.contains(&needed) {
        return Err(missing(&[&needed], &call.world.options.bot_scopes));
    }
    Ok(id)
}

/// The named channel, when the app is in it.
fn inside(call: &Call<'_>, right: &str) -> Result<String, Fail> {
    let id = seen(call, right)?;
    if !call.world.channels[&id].members.contains(BOT_USER) {
        return Err("not_in_channel".into());
    }
    Ok(id)
}

pub fn info(call: &mut Call<'_>) -> Done {
    let id = seen(call, "read")?;
    Ok(json!({"channel": call.world.channels[&id].json()}))
}

/// Whether a message lies between `oldest` and `latest` as asked.
fn within(call: &Call<'_>, ts: &str) -> bool {
    let inclusive = call.args.flag("inclusive");
    let after = call
        .args
        .text("oldest")
        .filter(|oldest| oldest != "0")
        .is_none_or(|oldest| micros(ts) > micros(&oldest) || (inclusive && micros(ts) == micros(&oldest)));
    let before = call
        .args
        .text("latest")
        .is_none_or(|latest| micros(ts) < micros(&latest) || (inclusive && micros(ts) == micros(&latest)));
    after && before
}

/// A timestamp in microseconds.
fn micros(ts: &str) -> i64 {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, ""));
    let rest: String = rest.chars().chain("000000".chars()).take(6).collect();
    seconds.parse::<i64>().unwrap_or(0) * 1_000_000 + rest.parse::<i64>().unwrap_or(0)
}

/// A message with what is known of its thread.
fn shown(call: &Call<'_>, channel: &str, message: &Message) -> Value {
    let mut body = message.json(call.args.flag("include_all_metadata"));
    let all = &call.world.channels[channel].messages;
    let replies: Vec<_> = all
        .iter()
        .filter(|reply| reply.thread_ts.as_deref() == Some(&message.ts) && !reply.deleted && reply.only_for.is_none())
        .collect();
    if let Some(last) = replies.last() {
        body["thread_ts"] = json!(message.ts);
        body["reply_count"] = json!(replies.len());
        body["latest_reply"] = json!(last.ts);
        body["is_locked"] = json!(false);
    }
    body
}

pub fn history(call: &mut Call<'_>) -> Done {
    let id = inside(call, "history")?;
    let mut found: Vec<Value> = call.world.channels[&id]
        .messages
        .iter()
        .filter(|message| !message.deleted && message.only_for.is_none())
        .filter(|message| message.thread_ts.is_none() || message.broadcast)
        .filter(|message| within(call, &message.ts))
        .map(|message| shown(call, &id, message))
        .collect();
    found.reverse();
    let (messages, next) = page(call, found, 100, 999)?;
    let mut answer = json!({"messages": messages, "has_more": !next.is_empty(), "pin_count": 0});
    if !next.is_empty() {
        answer["response_metadata"] = json!({"next_cursor": next});
    }
    Ok(answer)
}

pub fn replies(call: &mut Call<'_>) -> Done {
    let id = inside(call, "history")?;
    let ts = call.args.text("ts").ok_or("thread_not_found")?;
    let parent = call.world.message(&id, &ts).filter(|message| message.only_for.is_none());
    let root = parent.map(|parent| parent.thread_ts.clone().unwrap_or_else(|| ts.clone()));
    let root = root.ok_or("thread_not_found")?;
    let found: Vec<Value> = call.world.channels[&id]
        .messages
        .iter()
        .filter(|message| !message.deleted && message.only_for.is_none())
        .filter(|message| {
            message.ts == root || (message.thread_ts.as_deref() == Some(&root) && within(call, &message.ts))
        })
        .map(|message| shown(call, &id, message))
        .collect();
    if found.is_empty() {
        return Err("thread_not_found".into());
    }
    let (messages, next) = page(call, found, 1000, 1000)?;
    let mut answer = json!({"messages": messages, "has_more": !next.is_empty()});
    if !next.is_empty() {
        answer["response_metadata"] = json!({"next_cursor": next});
    }
    Ok(answer)
}

pub fn join(call: &mut Call<'_>) -> Done {
    let id = call.args.text("channel").ok_or("channel_not_found")?;
    let channel = call.world.channels.get_mut(&id).ok_or("channel_not_found")?;
    match channel.kind {
        Kind::Public => {}
        Kind::Private => return Err("channel_not_found".into()),
        Kind::Direct => return Err("method_not_supported_for_channel_type".into()),
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    let new = channel.members.insert(BOT_USER.into());
    let mut answer = json!({"channel": channel.json()});
    if !new {
        answer["warning"] = json!("already_in_channel");
        answer["response_metadata"] = json!({"warnings": ["already_in_channel"]});
    }
    Ok(answer)
}

pub fn open(call: &mut Call<'_>) -> Done {
    let users = call.args.text("users").ok_or("users_list_not_supplied")?;
    let users: Vec<_> = users.split(',').collect();
    let [user] = users[..] else { return Err("method_not_supported_for_channel_type".into()) };
    if call.world.users.get(user).is_none_or(|user| user.deleted) {
        return Err("user_not_found".into());
    }
    if user == BOT_USER {
        return Err("cannot_dm_bot".into());
    }
    let id = call.world.direct(user);
    Ok(json!({"channel": {"id": id}}))
}

/// Small letters, digits, hyphens and underscores; archived ones keep their names.
pub fn create(call: &mut Call<'_>) -> Done {
    let name = call.args.text("name").ok_or("invalid_name_required")?;
    if name.len() > 80 {
        return Err("invalid_name_maxlength".into());
    }
    if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c)) {
        return Err("invalid_name_specials".into());
    }
    if call.world.channels.values().any(|channel| channel.name == name) {
        return Err("name_taken".into());
    }
    let id = format!("C0ROOM{:04}", call.world.channels.len());
    let (members, made) = ([BOT_USER.to_owned()].into(), Some(call.now / 1_000));
    let (topic, messages) = (String::new(), Vec::new());
    let channel = Channel { id: id.clone(), name, kind: Kind::Public, members, archived: false, made, topic, messages };
    let answer = json!({"channel": channel.json()});
    call.world.channels.insert(id, channel);
    Ok(answer)
}

/// Who is not archived and has the app in it.
fn managed<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Channel, Fail> {
    let id = call.args.text("channel").ok_or("channel_not_found")?;
    let channel = call.world.channels.get_mut(&id).filter(|c| c.kind == Kind::Public).ok_or("channel_not_found")?;
    match (channel.members.contains(BOT_USER), channel.archived) {
        (false, _) => Err("not_in_channel".into()),
        (_, true) => Err("is_archived".into()),
        _ => Ok(channel),
    }
}

pub fn invite(call: &mut Call<'_>) -> Done {
    let users = call.args.text("users").ok_or("no_user")?;
    if users.split(',').any(|user| call.world.users.get(user).is_none_or(|user| user.deleted)) {
        return Err("user_not_found".into());
    }
    if users == BOT_USER {
        return Err("cant_invite_self".into());
    }
    let channel = managed(call)?;
    if users.split(',').any(|user| channel.members.contains(user)) {
        return Err("already_in_channel".into());
    }
    channel.members.extend(users.split(',').map(str::to_owned));
    Ok(json!({"channel": channel.json()}))
}

pub fn archive(call: &mut Call<'_>) -> Done {
    let id = call.args.text("channel").unwrap_or_default();
    if call.world.channels.get(&id).is_some_and(|channel| channel.archived) {
        return Err("already_archived".into());
    }
    managed(call)?.archived = true;
    Ok(json!({}))
}

pub fn set_topic(call: &mut Call<'_>) -> Done {
    let topic = call.args.text("topic").unwrap_or_default();
    if topic.chars().count() > 250 {
        return Err("too_long".into());
    }
    let channel = managed(call)?;
    channel.topic = topic;
    Ok(json!({"channel": channel.json()}))
}
