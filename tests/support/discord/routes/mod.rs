//! The routes, by what they are about. An unknown one is 404, and recorded as every refusal.

mod channels;
mod commands;
mod directory;
mod interactions;
mod messages;
mod reactions;
mod threads;

pub use directory::flags as application_flags;

use super::error::{self, ApiError, Form};
use super::rest::{Answer, Call, ok};
use super::world::World;
use serde_json::json;

fn snowflake(text: &str) -> Result<u64, ApiError> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let mut form = Form::default();
    form.add("id", "NUMBER_TYPE_COERCE", &format!("Value \"{text}\" is not snowflake."));
    form.done().map(|()| 0)
}

pub fn go(world: &mut World, call: &Call) -> Answer {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method.as_str(), &path[..]) {
        ("GET", ["gateway"]) => ok(json!({ "url": world.gateway_url })),
        ("GET", ["gateway", "bot"]) => ok(world.gateway_bot()),
        (_, ["users" | "guilds" | "applications" | "oauth2", ..]) if !path.contains(&"commands") => {
            directory::go(world, call, &path)
        }
        (_, ["applications", app, rest @ ..]) => {
            if snowflake(app)? != world.bot {
                return Err(error::not_this_application());
            }
            commands::go(world, call, rest)
        }
        (_, ["channels", channel, rest @ ..]) => {
            let channel = snowflake(channel)?;
            match rest {
                ["messages", message, "reactions", rest @ ..] => {
                    reactions::go(world, call, channel, snowflake(message)?, rest)
                }
                ["messages", _, "threads"] | ["threads"] => threads::go(world, call, channel, rest),
                ["messages", ..] => messages::go(world, call, channel, &rest[1..]),
                _ => channels::go(world, call, channel, rest),
            }
        }
        ("POST", ["interactions", id, token, "callback"]) => interactions::callback(world, call, snowflake(id)?, token),
        (_, ["webhooks", app, token, rest @ ..]) => interactions::webhook(world, call, snowflake(app)?, token, rest),
        _ => Err(error::no_such_route()),
    }
}
