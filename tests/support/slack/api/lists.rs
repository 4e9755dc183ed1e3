//! Lists with cursors: channels, members, people and groups.

use super::super::world::{BOT_USER, Channel, Kind};
use super::{Call, Done, Fail, missing};
use serde_json::{Value, json};

/// One page as asked, and the cursor of the next; empty at the end.
pub fn page(call: &Call<'_>, mut all: Vec<Value>, usual: i64, most: i64) -> Result<(Vec<Value>, String), Fail> {
    let limit = call.args.number("limit").unwrap_or(usual);
    if call.args.has("limit") && !(1..=most).contains(&limit) {
        return Err("invalid_limit".into());
    }
    let start = match call.args.text("cursor") {
        None => 0,
        Some(cursor) => match cursor.strip_prefix("next:").and_then(|number| number.parse().ok()) {
            Some(start) => start,
            None => return Err("invalid_cursor".into()),
        },
    };
    let end = (start + limit as usize).min(all.len());
    let next = if end < all.len() { format!("next:{end}") } else { String::new() };
    all.truncate(end);
    Ok((all.split_off(start.min(end)), next))
}

fn kinds(call: &Call<'_>) -> Result<Vec<Kind>, Fail> {
    let types = call.args.text("types").unwrap_or_else(|| "public_channel".into());
    let mut kinds = Vec::new();
    for word in types.split(',') {
        let (kind, scope) = match word.trim() {
            "public_channel" => (Some(Kind::Public), "channels:read"),
            "private_channel" => (Some(Kind::Private), "groups:read"),
            "im" => (Some(Kind::Direct), "im:read"),
            "mpim" => (None, "mpim:read"),
            _ => return Err("invalid_types".into()),
        };
        if !call.world.options.bot_scopes.contains(scope) {
            return Err(missing(&[scope], &call.world.options.bot_scopes));
        }
        kinds.extend(kind);
    }
    Ok(kinds)
}

fn list(call: &Call<'_>, keep: impl Fn(&Channel) -> bool) -> Done {
    let kinds = kinds(call)?;
    let all = call
        .world
        .channels
        .values()
        .filter(|channel| kinds.contains(&channel.kind) && keep(channel))
        .filter(|channel| channel.kind == Kind::Public || channel.members.contains(BOT_USER))
        .filter(|channel| !(channel.archived && call.args.flag("exclude_archived")))
        .map(Channel::json)
        .collect();
    let (channels, next) = page(call, all, 100, 999)?;
    Ok(json!({"channels": channels, "response_metadata": {"next_cursor": next}}))
}

pub fn channels(call: &mut Call<'_>) -> Done {
    list(call, |_| true)
}

pub fn users_conversations(call: &mut Call<'_>) -> Done {
    let user = call.args.text("user").unwrap_or_else(|| BOT_USER.into());
    list(call, |channel| channel.members.contains(&user))
}

pub fn members(call: &mut Call<'_>) -> Done {
    let id = call.args.text("channel").ok_or("channel_not_found")?;
    let channel = call.world.channels.get(&id).ok_or("channel_not_found")?;
    if channel.kind != Kind::Public && !channel.members.contains(BOT_USER) {
        return Err("channel_not_found".into());
    }
    let all = channel.members.iter().map(|member| json!(member)).collect();
    let (members, next) = page(call, all, 100, 1000)?;
    Ok(json!({"members": members, "response_metadata": {"next_cursor": next}}))
}

pub fn user(call: &mut Call<'_>) -> Done {
    let id = call.args.text("user").ok_or("user_not_found")?;
    let user = call.world.users.get(&id).ok_or("user_not_found")?;
    Ok(json!({"user": user.json()}))
}

pub fn users(call: &mut Call<'_>) -> Done {
    let all = call.world.users.values().map(|user| user.json()).collect();
    let (members, next) = page(call, all, 1000, 1000)?;
    Ok(json!({"members": members, "cache_ts": call.now / 1000, "response_metadata": {"next_cursor": next}}))
}

pub fn groups(call: &mut Call<'_>) -> Done {
    let (with_users, disabled) = (call.args.flag("include_users"), call.args.flag("include_disabled"));
    let all = call.world.groups.values().filter(|group| disabled || !group.disabled);
    let all: Vec<_> = all
        .map(|group| {
            let mut body = json!({"id": group.id, "team_id": super::super::world::TEAM, "is_usergroup": true,
                "name": group.handle, "handle": group.handle, "description": "", "is_external": false,
                "date_delete": i64::from(group.disabled), "user_count": group.users.len(),
                "prefs": {"channels": [], "groups": []}});
            if with_users {
                body["users"] = json!(group.users);
            }
            body
        })
        .collect();
    Ok(json!({"usergroups": all}))
}

pub fn group_users(call: &mut Call<'_>) -> Done {
    let id = call.args.text("usergroup").ok_or("invalid_arguments")?;
    let group = call.world.groups.get(&id).ok_or("no_such_subteam")?;
    if group.disabled && !call.args.flag("include_disabled") {
        return Ok(json!({"users": []}));
    }
    Ok(json!({"users": group.users}))
}
