//! Payloads in their documented shape.

use super::delivery::Sort;
use super::options::Install;
use super::world::{APP, BOT_USER, ENTERPRISE, Kind, TEAM, TEAM_DOMAIN, World};
use serde_json::{Value, json};

/// Whether an acknowledgement may carry something.
pub fn takes_reply(sort: Sort, payload: &Value) -> bool {
    match sort {
        Sort::Command => true,
        Sort::Event => false,
        Sort::Interaction => ["view_submission", "block_suggestion"].iter().any(|kind| payload["type"] == *kind),
    }
}

fn organisation(world: &World) -> bool {
    world.options.install == Install::Organisation
}

/// What people see as the channel's name in payloads.
fn channel_name(world: &World, channel: &str) -> String {
    match world.channels.get(channel) {
        Some(found) if found.kind == Kind::Public => found.name.clone(),
        Some(found) if found.kind == Kind::Private => "privategroup".into(),
        _ => "directmessage".into(),
    }
}

fn user_name(world: &World, user: &str) -> String {
    world.users.get(user).map(|user| user.name.clone()).unwrap_or_default()
}

pub fn command(world: &mut World, user: &str, channel: &str, command: &str, text: &str) -> Value {
    let mut body = json!({
        "token": "test-verification-token", "team_id": TEAM, "team_domain": TEAM_DOMAIN, "channel_id": channel,
        "channel_name": channel_name(world, channel), "user_id": user, "user_name": user_name(world, user),
        "command": command, "text": text, "api_app_id": APP, "is_enterprise_install": organisation(world).to_string(),
        "response_url": world.hook(user, channel, None), "trigger_id": world.trigger(user, None),
    });
    if organisation(world) {
        body["enterprise_id"] = json!(ENTERPRISE);
        body["enterprise_name"] = json!("Railways");
    }
    strip(world, body)
}

/// An event in its wrapper.
pub fn event(world: &mut World, event: Value) -> Value {
    let whole = organisation(world);
    let team = if whole { Value::Null } else { json!(TEAM) };
    let enterprise = if whole { json!(ENTERPRISE) } else { Value::Null };
    let body = json!({
        "token": "test-verification-token", "team_id": team, "context_team_id": TEAM,
        "context_enterprise_id": enterprise, "api_app_id": APP, "event": event, "type": "event_callback",
        "event_id": world.id("Ev"), "event_time": world.now() / 1000, "is_ext_shared_channel": false,
        "authorizations": [{"enterprise_id": enterprise, "team_id": team, "user_id": BOT_USER, "is_bot": true,
            "is_enterprise_install": whole}],
        "event_context": format!("4-test-{}", world.number()),
    });
    strip(world, body)
}

/// What all interactions share.
pub fn interaction(world: &mut World, kind: &str, user: &str, view: Option<String>) -> Value {
    let whole = organisation(world);
    let team = if whole { Value::Null } else { json!({"id": TEAM, "domain": TEAM_DOMAIN}) };
    let enterprise = if whole { json!({"id": ENTERPRISE, "name": "Railways"}) } else { Value::Null };
    let name = user_name(world, user);
    let body = json!({
        "type": kind, "user": {"id": user, "username": name, "name": name, "team_id": TEAM}, "api_app_id": APP,
        "token": "test-verification-token", "trigger_id": world.trigger(user, view), "team": team,
        "enterprise": enterprise, "is_enterprise_install": whole,
    });
    strip(world, body)
}

/// A pressed part of a message.
pub fn message_action(world: &mut World, user: &str, channel: &str, ts: &str, action: Value) -> Value {
    let mut body = interaction(world, "block_actions", user, None);
    let message = world.message(channel, ts).cloned();
    let ephemeral = message.as_ref().is_some_and(|message| message.only_for.is_some());
    body["container"] = json!({"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": ephemeral});
    body["channel"] = json!({"id": channel, "name": channel_name(world, channel)});
    if let Some(thread) = message.as_ref().and_then(|message| message.thread_ts.clone()) {
        body["container"]["thread_ts"] = json!(thread);
    }
    // Slack keeps no ephemeral message, so it cannot send one along.
    if let Some(message) = message.filter(|_| !ephemeral) {
        body["message"] = message.json(true);
    }
    body["state"] = json!({"values": {}});
    body["response_url"] = json!(world.hook(user, channel, Some(ts.to_owned())));
    body["actions"] = json!([action]);
    body
}

/// A pressed part of a view.
pub fn view_action(world: &mut World, user: &str, view: &Value, action: Value) -> Value {
    let id = view["id"].as_str().unwrap_or_default().to_owned();
    let mut body = interaction(world, "block_actions", user, Some(id.clone()));
    body["container"] = json!({"type": "view", "view_id": id});
    body["view"] = view.clone();
    body["actions"] = json!([action]);
    body
}

fn strip(world: &World, mut body: Value) -> Value {
    if world.options.without_app_id
        && let Some(fields) = body.as_object_mut()
    {
        fields.remove("api_app_id");
    }
    body
}
