//! Answers to interactions: the first one, its edits, and what follows.

use super::super::check_components;
use super::super::check_message::{EPHEMERAL, LOADING};
use super::super::error::{self, ApiError, Form};
use super::super::interaction::{AUTOCOMPLETE, Ack, COMMAND, COMPONENT, SUBMIT};
use super::super::rest::{Answer, Call, Reply, ok};
use super::super::world::{Version, World};
use super::snowflake;
use serde_json::{Value, json};

pub fn callback(world: &mut World, call: &Call, id: u64, token: &str) -> Answer {
    let interaction = world.unanswered(id, token)?.clone();
    let kind = u8::try_from(call.body["type"].as_u64().unwrap_or(0)).unwrap_or(0);
    let source = interaction.source;
    let allowed: &[u8] = match interaction.kind {
        COMMAND => &[4, 5, 9],
        COMPONENT => &[4, 5, 6, 7, 9],
        AUTOCOMPLETE => &[8],
        SUBMIT if source.is_some() => &[4, 5, 6, 7],
        _ => &[4, 5],
    };
    if !allowed.contains(&kind) {
        let mut form = Form::default();
        form.choices("type", &allowed.iter().map(u8::to_string).collect::<Vec<_>>().join(", "));
        form.done()?;
    }
    let data = &call.body["data"];
    let flags = data["flags"].as_u64().unwrap_or(0);
    let ephemeral = flags & EPHEMERAL != 0;
    let mut original = None;
    match kind {
        4 => {
            let version = world.read(data, &call.files, None, "data")?;
            original = Some(answer_message(world, id, version, ephemeral, &data["allowed_mentions"]));
        }
        5 => {
            let version = Version { flags: LOADING | (flags & EPHEMERAL), ..Version::default() };
            original = Some(answer_message(world, id, version, ephemeral, &Value::Null));
        }
        6 => original = source,
        7 => {
            let (channel, message) = source.ok_or_else(error::unknown_message)?;
            if !world.messages.contains_key(&(channel, message)) {
                return Err(error::unknown_message());
            }
            world.edit(channel, message, data, &call.files, "data")?;
            original = source;
        }
        8 => choices(&data["choices"])?,
        _ => check_components::modal(data, "data")?,
    }
    let after_ms = world.ms() - interaction.at_ms;
    let changed = world.interactions.get_mut(&id).unwrap();
    changed.ack = Some(Ack { kind, after_ms, ephemeral });
    changed.original = original;
    changed.loading = kind == 5;
    changed.choices = (kind == 8).then(|| data["choices"].as_array().cloned().unwrap_or_default());
    changed.modal = (kind == 9).then(|| data.clone());
    if call.query.get("with_response").map(String::as_str) != Some("true") {
        return Ok(Reply::Empty);
    }
    let mut resource = json!({ "type": kind });
    if let Some(message) = original.filter(|_| kind != 6).and_then(|key| world.messages.get(&key)) {
        resource["message"] = world.message(message, true);
    }
    let shown = original.map(|(_, message)| message.to_string());
    ok(json!({
        "interaction": {
            "id": id.to_string(), "type": interaction.kind, "response_message_id": shown,
            "response_message_loading": kind == 5, "response_message_ephemeral": ephemeral,
        },
        "resource": resource,
    }))
}

fn choices(list: &Value) -> Result<(), ApiError> {
    let mut form = Form::default();
    if list.is_null() {
        form.required("data.choices");
    }
    for (n, choice) in form.list("data.choices", list, 0, 25).iter().enumerate() {
        let at = format!("data.choices.{n}");
        form.text(&format!("{at}.name"), &choice["name"], 1, 100);
        match &choice["value"] {
            Value::Number(_) => {}
            value => {
                form.text(&format!("{at}.value"), value, 1, 100);
            }
        }
    }
    form.done()
}

/// Posts an answer; it needs no permission in the channel.
fn answer_message(world: &mut World, id: u64, mut version: Version, ephemeral: bool, mentions: &Value) -> (u64, u64) {
    let interaction = &world.interactions[&id];
    let (channel, user) = (interaction.channel, interaction.user);
    if ephemeral {
        version.flags |= EPHEMERAL;
    } else {
        version.flags &= !EPHEMERAL;
    }
    let mut message = world.draft(channel, world.bot, version);
    message.only_for = ephemeral.then_some(user);
    message.interaction = Some(id);
    (channel, world.add_message(message, mentions))
}

/// `/webhooks/{application}/{token}`, and the messages below it.
pub fn webhook(world: &mut World, call: &Call, app: u64, token: &str, rest: &[&str]) -> Answer {
    if app != world.bot {
        return Err(error::unknown_webhook());
    }
    let interaction = world.by_token(token)?.clone();
    let named = |id: &str| -> Result<(u64, u64), ApiError> {
        if id == "@original" {
            return interaction.original.ok_or_else(error::unknown_message);
        }
        let id = snowflake(id)?;
        let mut all = interaction.followups.iter().chain(&interaction.original).copied();
        all.find(|(_, message)| *message == id).ok_or_else(error::unknown_message)
    };
    match (call.method.as_str(), rest) {
        ("POST", []) if interaction.loading => {
            // The first follow-up after a defer takes the place of the loading message, whatever its own flags say.
            let key = named("@original")?;
            fill(world, interaction.id, key, call)
        }
        ("POST", []) => {
            let version = world.read(&call.body, &call.files, None, "")?;
            let ephemeral = version.flags & EPHEMERAL != 0;
            let key = answer_message(world, interaction.id, version, ephemeral, &call.body["allowed_mentions"]);
            world.interactions.get_mut(&interaction.id).unwrap().followups.push(key);
            ok(world.message(&world.messages[&key], true))
        }
        (method, ["messages", id]) => {
            let key = named(id)?;
            let message = world.messages.get(&key).ok_or_else(error::unknown_message)?;
            match method {
                "GET" => ok(world.message(message, true)),
                "PATCH" => fill(world, interaction.id, key, call),
                "DELETE" => {
                    world.remove_message(key.0, key.1);
                    world.interactions.get_mut(&interaction.id).unwrap().loading = false;
                    Ok(Reply::Empty)
                }
                _ => Err(error::no_such_method()),
            }
        }
        _ => Err(error::no_such_route()),
    }
}

fn fill(world: &mut World, id: u64, key: (u64, u64), call: &Call) -> Answer {
    if !world.messages.contains_key(&key) {
        return Err(error::unknown_message());
    }
    world.edit(key.0, key.1, &call.body, &call.files, "")?;
    let interaction = world.interactions.get_mut(&id).unwrap();
    if interaction.original == Some(key) {
        interaction.loading = false;
    }
    ok(world.message(&world.messages[&key], true))
}
