//! Who and what there is: the application, the server, its channels, roles and members.

use super::super::error;
use super::super::rest::{Answer, Call, Reply, ok};
use super::super::world::World;
use super::snowflake;
use serde_json::{Value, json};

const FLAG_MESSAGE_CONTENT_LIMITED: u64 = 1 << 19;
const FLAG_MEMBERS_LIMITED: u64 = 1 << 15;

pub fn go(world: &mut World, call: &Call, path: &[&str]) -> Answer {
    match (call.method.as_str(), path) {
        ("GET", ["users", "@me"]) => {
            let mut me = world.user(world.bot);
            me["mfa_enabled"] = json!(true);
            me["verified"] = json!(true);
            me["flags"] = json!(0);
            ok(me)
        }
        ("GET", ["users", "@me", "guilds"]) => {
            let permissions = super::super::permissions::USUAL.to_string();
            let guild = world.guild.to_string();
            ok(json!([{ "id": guild, "name": "Test server", "owner": false, "permissions": permissions }]))
        }
        ("POST", ["users", "@me", "channels"]) => direct(world, call),
        ("GET", ["users", id]) => {
            let id = snowflake(id)?;
            if world.users.contains_key(&id) { ok(world.user(id)) } else { Err(error::unknown_user()) }
        }
        ("GET", ["applications" | "oauth2", .., "@me"]) => ok(application(world)),
        (method, ["guilds", guild, rest @ ..]) => {
            if snowflake(guild)? != world.guild {
                return Err(error::unknown_guild());
            }
            of_guild(world, call, method, rest)
        }
        _ => Err(error::no_such_route()),
    }
}

fn application(world: &World) -> Value {
    json!({
        "id": world.bot.to_string(), "name": "signalbox", "icon": null, "description": "", "summary": "",
        "bot_public": false, "bot_require_code_grant": false, "verify_key": "0".repeat(64), "team": null,
        "flags": flags(world), "bot": world.user(world.bot), "hook": true, "interactions_endpoint_url": null,
        "approximate_guild_count": 1, "redirect_uris": [], "integration_types_config": { "0": {} },
        "install_params": { "scopes": ["applications.commands", "bot"], "permissions": "0" },
    })
}

/// The application's flags: what it is privileged to.
pub fn flags(world: &World) -> u64 {
    let content = if world.options.message_content { FLAG_MESSAGE_CONTENT_LIMITED } else { 0 };
    content | if world.options.member_list { FLAG_MEMBERS_LIMITED } else { 0 }
}

fn direct(world: &mut World, call: &Call) -> Answer {
    let id = call.body["recipient_id"].as_str().map(snowflake).transpose()?;
    let Some(user) = id.filter(|id| world.users.contains_key(id) && *id != world.bot) else {
        return Err(error::unknown_user());
    };
    let channel = world.direct_channel(user);
    ok(world.channel(&world.channels[&channel]))
}

/// Two may have one name. What the bot may not do itself it can neither give nor take.
fn make(world: &mut World, call: &Call) -> Answer {
    let roles = world.roles.values().filter(|r| r.id == world.guild || world.users[&world.bot].roles.contains(&r.id));
    if roles.fold(0, |sum, role| sum | role.permissions) & super::super::permissions::MANAGE_CHANNELS == 0 {
        return Err(error::missing_permissions());
    }
    let mut form = error::Form::default();
    form.text("name", &call.body["name"], 1, 100);
    if !call.body["topic"].is_null() {
        form.text("topic", &call.body["topic"], 0, 1024);
    }
    form.done()?;
    let id = world.add_channel(0, call.body["name"].as_str().unwrap_or_default());
    let channel = world.channels.get_mut(&id).unwrap();
    call.body["topic"].as_str().unwrap_or_default().clone_into(&mut channel.topic);
    channel.overwrites = call.body["permission_overwrites"].clone();
    let event = world.channel(&world.channels[&id]);
    world.dispatch_in(id, "CHANNEL_CREATE", &event);
    Ok(Reply::Json(201, event))
}

fn of_guild(world: &mut World, call: &Call, method: &str, rest: &[&str]) -> Answer {
    match (method, rest) {
        ("GET", []) => ok(world.guild()),
        // All of them, those too that the bot cannot look into; threads are not among them.
        ("GET", ["channels"]) => {
            ok(world.channels.values().filter(|c| c.kind == 0).map(|c| world.channel(c)).collect())
        }
        ("POST", ["channels"]) => make(world, call),
        ("GET", ["threads", "active"]) => {
            let open = world.channels.values().filter(|c| c.kind == 11 && !c.archived);
            let threads: Vec<Value> = open.map(|c| world.channel(c)).collect();
            ok(json!({ "threads": threads, "members": [] }))
        }
        ("GET", ["roles"]) => ok(world.roles.keys().map(|id| world.role(*id)).collect()),
        ("GET", ["members"]) => {
            // The list is for those with the members intent; one member at a time is for everybody.
            if !world.options.member_list {
                return Err(error::missing_access());
            }
            let limit = call.query.get("limit").and_then(|l| l.parse().ok()).unwrap_or(1_usize).clamp(1, 1000);
            let after = call.query.get("after").and_then(|a| a.parse().ok()).unwrap_or(0_u64);
            let members = world.users.values().filter(|u| u.member && u.id > after).take(limit);
            ok(members.map(|u| world.member(u.id)).collect())
        }
        ("GET", ["members", id]) => {
            let id = if *id == "@me" { world.bot } else { snowflake(id)? };
            match world.users.get(&id) {
                Some(user) if user.member => Ok(Reply::Json(200, world.member(id))),
                Some(_) => Err(error::unknown_member()),
                None => Err(error::unknown_user()),
            }
        }
        _ => Err(error::no_such_route()),
    }
}
