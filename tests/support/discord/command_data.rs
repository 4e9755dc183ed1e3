//! What the client makes of a typed command: it knows what is registered, and lets nothing else through.

use super::world::World;
use serde_json::{Map, Value, json};

/// The interaction's data; `focused` is the option being typed, when it is not sent yet.
pub fn data(world: &World, command: &str, given: &[(&str, &str)], focused: Option<&str>) -> Result<Value, String> {
    let mut words = command.trim_start_matches('/').split(' ');
    let name = words.next().unwrap_or_default();
    let chat = |c: &&super::world::Command| c.body["name"] == name && c.body["type"].as_u64().unwrap_or(1) == 1;
    let Some(found) = world.commands.iter().find(chat) else {
        return Err(format!("there is no command /{name}"));
    };
    let mut level = &found.body;
    let mut path = Vec::new();
    for word in words {
        let inner = options(level).iter().find(|o| o["name"] == word && matches!(o["type"].as_u64(), Some(1 | 2)));
        level = inner.ok_or_else(|| format!("/{name} has no sub-command {word}"))?;
        path.push((word, level["type"].clone()));
    }
    if options(level).iter().any(|o| matches!(o["type"].as_u64(), Some(1 | 2))) {
        return Err(format!("/{command} needs a sub-command"));
    }
    let mut resolved = Map::new();
    let mut list = Vec::new();
    for (name, typed) in given {
        let option = options(level).iter().find(|o| o["name"] == *name);
        let option = option.ok_or_else(|| format!("/{command} has no option {name}"))?;
        let typing = focused == Some(*name);
        if typing && option["autocomplete"] != true {
            return Err(format!("{name} does not complete"));
        }
        let value = if typing { json!(typed) } else { value(world, option, typed, &mut resolved)? };
        let mut entry = json!({ "name": name, "type": option["type"], "value": value });
        if typing {
            entry["focused"] = json!(true);
        }
        list.push(entry);
    }
    if focused.is_none() {
        let missing =
            options(level).iter().find(|o| o["required"] == true && !given.iter().any(|(n, _)| o["name"] == *n));
        if let Some(option) = missing {
            return Err(format!("{} must be filled in", option["name"]));
        }
    }
    let mut list = json!(list);
    for (name, kind) in path.into_iter().rev() {
        list = json!([{ "name": name, "type": kind, "options": list }]);
    }
    let mut data = json!({ "id": found.id.to_string(), "name": name, "type": 1, "options": list });
    if let Some(guild) = found.guild {
        data["guild_id"] = json!(guild.to_string());
    }
    if !resolved.is_empty() {
        data["resolved"] = Value::Object(resolved);
    }
    Ok(data)
}

fn options(body: &Value) -> &[Value] {
    body["options"].as_array().map_or(&[], Vec::as_slice)
}

fn value(world: &World, option: &Value, typed: &str, resolved: &mut Map<String, Value>) -> Result<Value, String> {
    let name = &option["name"];
    let wrong = || format!("{typed} does not fit {name}");
    let choices = option["choices"].as_array().map_or(&[][..], Vec::as_slice);
    if !choices.is_empty() {
        let found = choices.iter().find(|c| c["name"] == typed || c["value"] == typed);
        return found.map(|c| c["value"].clone()).ok_or_else(wrong);
    }
    let mut keep = |kind: &str, id: u64, value: Value| {
        resolved.entry(kind).or_insert_with(|| json!({}))[id.to_string()] = value;
        json!(id.to_string())
    };
    match option["type"].as_u64() {
        Some(3) => {
            let len = typed.chars().count() as u64;
            let fits = len <= option["max_length"].as_u64().unwrap_or(6000) && len > 0;
            let fits = fits && len >= option["min_length"].as_u64().unwrap_or(0);
            if fits { Ok(json!(typed)) } else { Err(wrong()) }
        }
        Some(4) => typed.parse::<i64>().map(|n| json!(n)).map_err(|_| wrong()),
        Some(5) => typed.parse::<bool>().map(|b| json!(b)).map_err(|_| wrong()),
        Some(10) => typed.parse::<f64>().map(|n| json!(n)).map_err(|_| wrong()),
        Some(6 | 9) => {
            let id = world.user_id(typed.trim_start_matches('@'));
            keep("members", id, world.partial_member(id));
            Ok(keep("users", id, world.user(id)))
        }
        Some(7) => {
            let id = world.channel_id(typed.trim_start_matches('#'));
            Ok(keep("channels", id, world.channel(&world.channels[&id])))
        }
        _ => Err(wrong()),
    }
}
