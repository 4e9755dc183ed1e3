//! Reactions by the app, and reading those of people.

use super::super::world::BOT_USER;
use super::{Call, Done, Fail};
use serde_json::json;

fn target(call: &Call<'_>) -> Result<(String, String), Fail> {
    let channel = call.args.text("channel").ok_or("no_item_specified")?;
    let ts = call.args.text("timestamp").ok_or("no_item_specified")?;
    let found = call.world.channels.get(&channel).ok_or("channel_not_found")?;
    if !found.members.contains(BOT_USER) {
        return Err(if call.method == "reactions.get" { "channel_not_found" } else { "not_in_channel" }.into());
    }
    let message = call.world.message(&channel, &ts).filter(|message| !message.deleted && message.only_for.is_none());
    message.ok_or("message_not_found")?;
    Ok((channel, ts))
}

pub fn get(call: &mut Call<'_>) -> Done {
    let (channel, ts) = target(call)?;
    let message = call.world.message(&channel, &ts).ok_or("message_not_found")?;
    let mut body = message.json(false);
    body["permalink"] = json!(format!("https://railway.slack.com/archives/{channel}/p{}", ts.replace('.', "")));
    Ok(json!({"type": "message", "channel": channel, "message": body}))
}

fn name(call: &Call<'_>) -> Result<String, Fail> {
    let name = call.args.text("name").ok_or("invalid_name")?;
    let fine = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-+':".contains(c));
    if fine { Ok(name) } else { Err("invalid_name".into()) }
}

pub fn add(call: &mut Call<'_>) -> Done {
    let name = name(call)?;
    let (channel, ts) = target(call)?;
    let message = call.world.message_mut(&channel, &ts).ok_or("message_not_found")?;
    let users = message.reactions.entry(name).or_default();
    if users.iter().any(|user| user == BOT_USER) {
        return Err("already_reacted".into());
    }
    users.push(BOT_USER.into());
    Ok(json!({}))
}

pub fn remove(call: &mut Call<'_>) -> Done {
    let name = name(call)?;
    let (channel, ts) = target(call)?;
    let message = call.world.message_mut(&channel, &ts).ok_or("message_not_found")?;
    let users = message.reactions.get_mut(&name).ok_or("no_reaction")?;
    let before = users.len();
    users.retain(|user| user != BOT_USER);
    if users.len() == before {
        return Err("no_reaction".into());
    }
    if users.is_empty() {
        message.reactions.remove(&name);
    }
    Ok(json!({}))
}
