//! The application's commands, for the server or for everywhere.

use super::super::check_command;
use super::super::error::{self, ApiError};
use super::super::rest::{Answer, Call, Reply, ok};
use super::super::world::{Command, World};
use super::snowflake;
use serde_json::{Value, json};

const COMMANDS: usize = 100;
const CREATES_PER_DAY: usize = 200;
const DAY_MS: i64 = 86_400_000;

pub fn go(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    let (guild, rest) = match rest {
        ["guilds", guild, "commands", rest @ ..] => {
            let guild = snowflake(guild)?;
            if guild != world.guild {
                return Err(error::missing_access());
            }
            (Some(guild), rest)
        }
        ["commands", rest @ ..] => (None, rest),
        _ => return Err(error::no_such_route()),
    };
    if call.method != "GET" {
        world.command_writes += 1;
    }
    match (call.method.as_str(), rest) {
        ("GET", []) => ok(of(world, guild).map(|c| world.command(c)).collect()),
        ("PUT", []) => overwrite(world, call, guild),
        ("POST", []) => {
            check_command::one(&call.body)?;
            let known = find(world, guild, &call.body).map(|c| c.id);
            if known.is_none() && of(world, guild).count() >= COMMANDS {
                return Err(error::too_many_commands());
            }
            let id = put(world, guild, &call.body, known)?;
            let command = world.commands.iter().find(|c| c.id == id).unwrap();
            Ok(Reply::Json(if known.is_some() { 200 } else { 201 }, world.command(command)))
        }
        (method, [id]) => {
            let id = snowflake(id)?;
            let at = world.commands.iter().position(|c| c.id == id && c.guild == guild);
            let at = at.ok_or_else(error::unknown_command)?;
            match method {
                "GET" => {}
                "DELETE" => {
                    world.commands.remove(at);
                    return Ok(Reply::Empty);
                }
                "PATCH" => {
                    let mut body = world.commands[at].body.clone();
                    for (key, value) in call.body.as_object().into_iter().flatten() {
                        body[key] = value.clone();
                    }
                    check_command::one(&body)?;
                    world.commands[at].body = kept(&body);
                }
                _ => return Err(error::no_such_method()),
            }
            ok(world.command(&world.commands[at]))
        }
        _ => Err(error::no_such_route()),
    }
}

fn of(world: &World, guild: Option<u64>) -> impl Iterator<Item = &Command> {
    world.commands.iter().filter(move |c| c.guild == guild)
}

fn kind(body: &Value) -> u64 {
    body["type"].as_u64().unwrap_or(1)
}

fn find<'a>(world: &'a World, guild: Option<u64>, body: &Value) -> Option<&'a Command> {
    of(world, guild).find(|c| c.body["name"] == body["name"] && kind(&c.body) == kind(body))
}

fn overwrite(world: &mut World, call: &Call, guild: Option<u64>) -> Answer {
    check_command::all(&call.body)?;
    let list = call.body.as_array().cloned().unwrap_or_default();
    if list.len() > COMMANDS {
        return Err(error::too_many_commands());
    }
    let known: Vec<Option<u64>> = list.iter().map(|body| find(world, guild, body).map(|c| c.id)).collect();
    let mut ids = Vec::new();
    for (body, known) in list.iter().zip(known) {
        ids.push(put(world, guild, body, known)?);
    }
    world.commands.retain(|c| c.guild != guild || ids.contains(&c.id));
    ok(of(world, guild).map(|c| world.command(c)).collect())
}

/// Writes a command, and counts it when it is a new one.
fn put(world: &mut World, guild: Option<u64>, body: &Value, known: Option<u64>) -> Result<u64, ApiError> {
    if let Some(id) = known {
        world.commands.iter_mut().find(|c| c.id == id).unwrap().body = kept(body);
        return Ok(id);
    }
    let now = world.ms();
    world.command_creates.retain(|at| now - at < DAY_MS);
    if world.command_creates.len() >= CREATES_PER_DAY {
        return Err(error::too_many_creates());
    }
    world.command_creates.push(now);
    let id = world.id();
    world.commands.push(Command { id, guild, body: kept(body) });
    Ok(id)
}

/// The command as Discord gives it back: defaults are filled in, and what says no is left out of options.
fn kept(body: &Value) -> Value {
    let mut body = body.clone();
    for (key, value) in [
        ("type", json!(1)),
        ("nsfw", json!(false)),
        ("default_member_permissions", Value::Null),
        ("name_localizations", Value::Null),
        ("description_localizations", Value::Null),
        ("dm_permission", json!(true)),
        ("contexts", Value::Null),
        ("integration_types", json!([0])),
    ] {
        if body.get(key).is_none() {
            body[key] = value;
        }
    }
    options(&mut body);
    body
}

fn options(body: &mut Value) {
    if body["options"].as_array().is_some_and(Vec::is_empty)
        && let Some(body) = body.as_object_mut()
    {
        body.remove("options");
    }
    let Some(list) = body.get_mut("options").and_then(Value::as_array_mut) else { return };
    for option in list {
        if let Some(option) = option.as_object_mut() {
            option.retain(|key, value| {
                !(["required", "autocomplete"].contains(&key.as_str()) && *value == false || value.is_null())
            });
        }
        options(option);
    }
}
