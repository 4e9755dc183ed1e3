//! chat.postMessage and chat.postEphemeral, and what every new message must hold.

use super::super::kit;
use super::super::message::{Message, Version};
use super::super::world::{BOT_USER, Kind, World};
use super::{Call, Done, Fail};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Longer text is cut.
const TEXT_CHARS: usize = 40_000;
/// Of `markdown_text`.
const MARKDOWN_CHARS: usize = 12_000;
const MAX_ATTACHMENTS: usize = 100;
const METADATA_BYTES: usize = 16_000;

/// What a message says, checked.
pub struct Content {
    pub text: Option<String>,
    pub blocks: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    pub metadata: Option<Value>,
    pub warnings: Vec<&'static str>,
}

impl Content {
    pub fn read(call: &mut Call<'_>) -> Result<Self, Fail> {
        let mut warnings = Vec::new();
        let mut text = call.args.text("text");
        if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARS) {
            text = text.map(|text| text.chars().take(TEXT_CHARS).collect());
            warnings.push("message_truncated");
        }
        let blocks = match call.args.json("blocks") {
            None => None,
            Some(Ok(Value::Array(blocks))) => Some(blocks),
            Some(_) => return Err("invalid_blocks_format".into()),
        };
        if let Some(blocks) = &blocks {
            let problems = kit::message_blocks(blocks);
            if !problems.is_empty() {
                return Err(Fail::because("invalid_blocks", problems));
            }
            if kit::text_chars(blocks) >= kit::MESSAGE_TEXT_CHARS {
                return Err("msg_blocks_too_long".into());
            }
        }
        if let Some(markdown) = call.args.text("markdown_text") {
            if text.is_some() || blocks.is_some() {
                return Err("markdown_text_conflict".into());
            }
            if markdown.chars().count() > MARKDOWN_CHARS {
                return Err("msg_too_long".into());
            }
            text = Some(markdown);
        }
        let attachments = match call.args.json("attachments") {
            None => None,
            Some(Ok(Value::Array(all))) if all.len() > MAX_ATTACHMENTS => return Err("too_many_attachments".into()),
            Some(Ok(Value::Array(all))) => Some(all),
            Some(_) => return Err("invalid_attachments".into()),
        };
        let metadata = metadata(call)?;
        let blocks = blocks.map(|blocks| kit::with_ids(blocks, call.world));
        Ok(Self { text, blocks, attachments, metadata, warnings })
    }

    pub fn is_empty(&self) -> bool {
        let none = |list: &Option<Vec<Value>>| list.as_ref().is_none_or(Vec::is_empty);
        self.text.is_none() && none(&self.blocks) && none(&self.attachments)
    }
}

fn metadata(call: &Call<'_>) -> Result<Option<Value>, Fail> {
    let metadata = match call.args.json("metadata") {
        None => return Ok(None),
        Some(Ok(metadata)) => metadata,
        Some(Err(())) => return Err("invalid_metadata_format".into()),
    };
    if metadata == json!({}) {
        return Ok(Some(metadata));
    }
    let named = metadata["event_type"]
        .as_str()
        .is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
    let known = metadata.as_object().is_some_and(|fields| {
        fields.keys().all(|key| ["event_type", "event_payload", "entities"].contains(&key.as_str()))
    });
    if !named || !known || !metadata["event_payload"].is_object() {
        return Err("invalid_metadata_format".into());
    }
    if metadata.to_string().len() > METADATA_BYTES {
        return Err("metadata_too_large".into());
    }
    Ok(Some(metadata))
}

/// A channel the app may write to.
fn target(call: &mut Call<'_>) -> Result<String, Fail> {
    let asked = call.args.text("channel").ok_or("channel_not_found")?;
    let id = match call.world.find_channel(&asked) {
        Some(id) => id,
        None if call.world.users.contains_key(&asked) && call.method == "chat.postMessage" => call.world.direct(&asked),
        None => return Err("channel_not_found".into()),
    };
    let channel = &call.world.channels[&id];
    if !channel.members.contains(BOT_USER) {
        let public = channel.kind == Kind::Public;
        if !public {
            return Err("channel_not_found".into());
        }
        if !call.world.options.bot_scopes.contains("chat:write.public") {
            return Err("not_in_channel".into());
        }
    }
    if call.world.channels[&id].archived {
        return Err("is_archived".into());
    }
    Ok(id)
}

fn thread(call: &Call<'_>, channel: &str) -> Result<Option<String>, Fail> {
    let Some(ts) = call.args.text("thread_ts") else { return Ok(None) };
    match call.world.message(channel, &ts) {
        Some(parent) if parent.only_for.is_none() && !parent.deleted => match &parent.thread_ts {
            // A reply's own timestamp starts no thread.
            Some(root) if *root != ts => Err("cannot_reply_to_message".into()),
            _ => Ok(Some(ts)),
        },
        _ => Err("thread_not_found".into()),
    }
}

pub fn message(call: &mut Call<'_>) -> Done {
    let channel = target(call)?;
    let thread_ts = thread(call, &channel)?;
    let content = Content::read(call)?;
    if content.is_empty() {
        return Err("no_text".into());
    }
    let broadcast = thread_ts.is_some() && call.args.flag("reply_broadcast");
    let ts = put(call.world, &channel, BOT_USER, thread_ts, None, &content, broadcast);
    let message = call.world.message(&channel, &ts).map(|message| message.json(true)).unwrap_or_default();
    let mut answer = json!({"channel": channel, "ts": ts, "message": message});
    if !content.warnings.is_empty() {
        answer["warning"] = json!(content.warnings.join(","));
        answer["response_metadata"] = json!({"warnings": content.warnings});
    }
    Ok(answer)
}

pub fn ephemeral(call: &mut Call<'_>) -> Done {
    let channel = target(call)?;
    let user = call.args.text("user").ok_or("user_not_found")?;
    if !call.world.channels[&channel].members.contains(&user) {
        return Err("user_not_in_channel".into());
    }
    let thread_ts = thread(call, &channel)?;
    let content = Content::read(call)?;
    if content.is_empty() {
        return Err("no_text".into());
    }
    let ts = put(call.world, &channel, BOT_USER, thread_ts, Some(user), &content, false);
    Ok(json!({"message_ts": ts}))
}

/// Adds a message.
pub fn put(
    world: &mut World,
    channel: &str,
    user: &str,
    thread_ts: Option<String>,
    only_for: Option<String>,
    content: &Content,
    broadcast: bool,
) -> String {
    let ts = world.ts();
    let version = Version {
        at_ms: world.now(),
        text: content.text.clone().unwrap_or_default(),
        blocks: content.blocks.clone().unwrap_or_default(),
        attachments: content.attachments.clone().unwrap_or_default(),
        metadata: content.metadata.clone().filter(|metadata| *metadata != json!({})),
    };
    let message = Message {
        ts: ts.clone(),
        user: user.into(),
        thread_ts,
        broadcast,
        only_for,
        deleted: false,
        versions: vec![version],
        reactions: BTreeMap::new(),
        files: Vec::new(),
    };
    if let Some(channel) = world.channels.get_mut(channel) {
        channel.messages.push(message);
    }
    ts
}

/// A person writes something.
pub fn say(world: &mut World, user: &str, channel: &str, thread: Option<&str>, text: &str) -> String {
    let text = Some(text.to_owned());
    let content = Content { text, blocks: None, attachments: None, metadata: None, warnings: vec![] };
    put(world, channel, user, thread.map(str::to_owned), None, &content, false)
}
