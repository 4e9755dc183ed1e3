//! Editing, deleting and pointing at messages.

use super::super::message::Version;
use super::super::world::{BOT_USER, TEAM_DOMAIN};
use super::post::Content;
use super::{Call, Done, Fail};
use serde_json::json;

/// Of `text` in chat.update; longer text is refused, not cut.
const UPDATE_TEXT_CHARS: usize = 4_000;

/// The message that is named, when it is the app's own.
fn own(call: &Call<'_>, denied: &'static str) -> Result<(String, String), Fail> {
    let channel = call.args.text("channel").ok_or("channel_not_found")?;
    let found = call.world.channels.get(&channel).ok_or("channel_not_found")?;
    let ts = call.args.text("ts").ok_or("message_not_found")?;
    let message = call.world.message(&channel, &ts).filter(|message| !message.deleted && message.only_for.is_none());
    let message = message.ok_or("message_not_found")?;
    if !message.by_app() {
        return Err(denied.into());
    }
    if !found.members.contains(BOT_USER) {
        return Err("not_in_channel".into());
    }
    Ok((channel, ts))
}

pub fn update(call: &mut Call<'_>) -> Done {
    let (channel, ts) = own(call, "cant_update_message")?;
    if call.world.channels[&channel].archived {
        return Err("is_inactive".into());
    }
    let posted = call.world.message(&channel, &ts).and_then(|m| m.versions.first()).map_or(0, |v| v.at_ms);
    if call.world.options.edit_window_ms.is_some_and(|window| call.now - posted > window) {
        return Err("edit_window_closed".into());
    }
    if call.args.text("text").is_some_and(|text| text.chars().count() > UPDATE_TEXT_CHARS) {
        return Err("msg_too_long".into());
    }
    let content = Content::read(call)?;
    if content.is_empty() {
        return Err("no_text".into());
    }
    let now = call.now;
    let message = call.world.message_mut(&channel, &ts).ok_or("message_not_found")?;
    let old = message.now();
    // What is left out stays, but for the text.
    let version = Version {
        at_ms: now,
        text: content.text.unwrap_or_default(),
        blocks: content.blocks.unwrap_or(old.blocks),
        attachments: content.attachments.unwrap_or(old.attachments),
        metadata: match content.metadata {
            Some(metadata) if metadata == json!({}) => None,
            Some(metadata) => Some(metadata),
            None => old.metadata,
        },
    };
    message.versions.push(version);
    Ok(json!({"channel": channel, "ts": ts, "text": message.text(), "message": message.json(true)}))
}

pub fn delete(call: &mut Call<'_>) -> Done {
    let (channel, ts) = own(call, "cant_delete_message")?;
    if let Some(message) = call.world.message_mut(&channel, &ts) {
        message.deleted = true;
    }
    Ok(json!({"channel": channel, "ts": ts}))
}

pub fn permalink(call: &mut Call<'_>) -> Done {
    let channel = call.args.text("channel").ok_or("channel_not_found")?;
    let ts = call.args.text("message_ts").ok_or("message_not_found")?;
    if !call.world.channels.get(&channel).is_some_and(|found| found.members.contains(BOT_USER)) {
        return Err("channel_not_found".into());
    }
    call.world.message(&channel, &ts).filter(|message| !message.deleted).ok_or("message_not_found")?;
    let short = ts.replace('.', "");
    Ok(json!({"channel": channel, "permalink": format!("https://{TEAM_DOMAIN}.slack.com/archives/{channel}/p{short}")}))
}
