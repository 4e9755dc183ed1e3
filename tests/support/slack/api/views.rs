//! Modals, and the app's home.

use super::super::kit::{self, ViewKind};
use super::super::world::{APP, BOT, TEAM, View, World};
use super::{Call, Done, Fail};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long a trigger lives.
const TRIGGER_MS: i64 = 3_000;
const VIEW_BYTES: usize = 250 * 1024;
/// Views on top of each other.
const STACK: usize = 3;

/// The view argument, checked.
fn read(call: &Call<'_>, kind: ViewKind) -> Result<Value, Fail> {
    let view = match call.args.json("view") {
        Some(Ok(view)) if view.is_object() => view,
        _ => return Err(Fail::because("invalid_arguments", vec!["missing required field: view".into()])),
    };
    checked(view, kind)
}

/// A view that may be shown.
pub fn checked(view: Value, kind: ViewKind) -> Result<Value, Fail> {
    if view.to_string().len() > VIEW_BYTES {
        return Err("view_too_large".into());
    }
    let problems = kit::view(&view, kind);
    if problems.is_empty() { Ok(view) } else { Err(Fail::because("invalid_arguments", problems)) }
}

/// Exchanges the trigger; says for whom, and from which view it came.
fn trigger(call: &mut Call<'_>) -> Result<(String, Option<String>), Fail> {
    let id = call.args.text("trigger_id").or_else(|| call.args.text("interactivity_pointer"));
    let id = id.ok_or("invalid_trigger_id")?;
    let trigger = call.world.triggers.get_mut(&id).ok_or("invalid_trigger_id")?;
    if trigger.used {
        return Err("exchanged_trigger_id".into());
    }
    if call.now - trigger.at_ms > TRIGGER_MS {
        return Err("expired_trigger_id".into());
    }
    trigger.used = true;
    Ok((trigger.user.clone(), trigger.view.clone()))
}

fn unique(world: &World, view: &Value, but: Option<&str>) -> Result<String, Fail> {
    let external = view["external_id"].as_str().unwrap_or_default().to_owned();
    let taken = |other: &View| other.external_id == external && Some(other.id.as_str()) != but && other.open;
    if !external.is_empty() && world.views.values().any(taken) {
        return Err("duplicate_external_id".into());
    }
    Ok(external)
}

/// Puts a view in front of a person.
pub fn show(world: &mut World, user: &str, mut body: Value, previous: Option<String>) -> Result<View, Fail> {
    let external_id = unique(world, &body, None)?;
    let id = world.id("V");
    let blocks = body["blocks"].as_array().cloned().unwrap_or_default();
    body["blocks"] = json!(kit::with_ids(blocks, world));
    let root = previous.as_ref().and_then(|id| world.views.get(id)).map_or_else(|| id.clone(), |v| v.root.clone());
    let hash = format!("{}.{:08x}", world.now() / 1000, world.number());
    let user = user.to_owned();
    let opened_ms = world.now();
    let errors = BTreeMap::new();
    let view = View { id: id.clone(), user, body, hash, root, previous, external_id, open: true, errors, opened_ms };
    world.views.insert(id, view.clone());
    Ok(view)
}

/// Replaces what a view shows.
pub fn replace(world: &mut World, id: &str, mut body: Value) -> Result<View, Fail> {
    let external_id = unique(world, &body, Some(id))?;
    let blocks = body["blocks"].as_array().cloned().unwrap_or_default();
    body["blocks"] = json!(kit::with_ids(blocks, world));
    let hash = format!("{}.{:08x}", world.now() / 1000, world.number());
    let view = world.views.get_mut(id).ok_or("not_found")?;
    (view.body, view.hash, view.external_id) = (body, hash, external_id);
    view.errors.clear();
    Ok(view.clone())
}

/// How many views lie below this one, itself included.
pub fn depth(world: &World, id: &str) -> usize {
    let below = world.views.get(id).and_then(|view| view.previous.clone());
    1 + below.map_or(0, |below| depth(world, &below))
}

pub fn open(call: &mut Call<'_>) -> Done {
    let view = read(call, ViewKind::Modal)?;
    let (user, _) = trigger(call)?;
    // A new root takes the place of what the person had open.
    for other in call.world.views.values_mut().filter(|view| view.user == user) {
        other.open = false;
    }
    show(call.world, &user, view, None).map(|view| json!({"view": view.json()}))
}

pub fn push(call: &mut Call<'_>) -> Done {
    let view = read(call, ViewKind::Modal)?;
    let (user, from) = trigger(call)?;
    let from = from.filter(|id| call.world.views.get(id).is_some_and(|view| view.open)).ok_or("not_found")?;
    if depth(call.world, &from) >= STACK {
        return Err("push_limit_reached".into());
    }
    show(call.world, &user, view, Some(from)).map(|view| json!({"view": view.json()}))
}

pub fn update(call: &mut Call<'_>) -> Done {
    let view = read(call, ViewKind::Modal)?;
    let external = call.args.text("external_id");
    let id = match (call.args.text("view_id"), external) {
        (Some(id), _) => id,
        (None, Some(external)) => {
            let found = call.world.views.values().find(|view| view.external_id == external && view.open);
            found.map(|view| view.id.clone()).ok_or("not_found")?
        }
        (None, None) => return Err("invalid_arguments".into()),
    };
    let known = call.world.views.get(&id).filter(|view| view.open).ok_or("not_found")?;
    if call.args.text("hash").is_some_and(|hash| hash != known.hash) {
        return Err("hash_conflict".into());
    }
    replace(call.world, &id, view).map(|view| json!({"view": view.json()}))
}

pub fn publish(call: &mut Call<'_>) -> Done {
    let body = read(call, ViewKind::Home)?;
    let user = call.args.text("user_id").ok_or("invalid_arguments")?;
    if !call.world.users.get(&user).is_some_and(|user| !user.deleted && !user.is_bot) {
        return Err("invalid_arguments".into());
    }
    let old = call.world.homes.get(&user).cloned();
    if let (Some(hash), Some(old)) = (call.args.text("hash"), &old)
        && hash != old.hash
    {
        return Err("hash_conflict".into());
    }
    let mut view = show(call.world, &user, body, None)?;
    call.world.views.remove(&view.id);
    if let Some(old) = old {
        (view.root, view.id) = (old.id.clone(), old.id);
    }
    call.world.homes.insert(user, view.clone());
    Ok(json!({"view": view.json()}))
}

impl View {
    /// As answers and payloads carry it; the values a person entered are added by the caller.
    pub fn json(&self) -> Value {
        let get = |key: &str| self.body[key].clone();
        let text = |key: &str| self.body[key].as_str().unwrap_or_default().to_owned();
        let mut body = json!({"id": self.id, "team_id": TEAM, "type": get("type"), "blocks": get("blocks"),
            "private_metadata": text("private_metadata"), "callback_id": text("callback_id"),
            "state": {"values": {}}, "hash": self.hash, "title": get("title"), "submit": get("submit"),
            "close": get("close"), "clear_on_close": self.body["clear_on_close"] == true,
            "notify_on_close": self.body["notify_on_close"] == true, "previous_view_id": self.previous,
            "root_view_id": self.root, "app_id": APP, "external_id": self.external_id, "app_installed_team_id": TEAM,
            "bot_id": BOT});
        if self.body["type"] == "home" {
            for key in ["title", "submit", "close"] {
                if let Some(fields) = body.as_object_mut() {
                    fields.remove(key);
                }
            }
        }
        body
    }
}
