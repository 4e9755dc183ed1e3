//! What the gateway delivers: which of it is kept, under which key, and in whose lane.
//!
//! Only what cannot be read later is read here, and nothing is required of it: an event without an id is kept under its place
//! in the session, one without a sender in a lane of its own.

use super::NAME;
use super::gateway::Dispatch;
use crate::chat::Arrival;
use crate::domain::ids::PlatformName;
use crate::limits;
use serde_json::Value;

/// What is done with an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// Kept, then worked.
    Keep(Arrival),
    /// Somebody types a command and wants to know how it can go on; never kept.
    Complete,
    /// It is no act of a person towards us.
    Nothing,
    /// Its type is not known: counted and logged.
    Unknown,
}

/// Types that are known and say nothing to us; what begins like this.
const QUIET: [&str; 22] = [
    "APPLICATION_",
    "AUTO_MODERATION_",
    "CHANNEL_",
    "ENTITLEMENT_",
    "GUILD_",
    "INTEGRATION_",
    "INVITE_",
    "MESSAGE_CREATE",
    "MESSAGE_DELETE",
    "MESSAGE_POLL_",
    "MESSAGE_UPDATE",
    "PRESENCE",
    "SESSIONS_REPLACE",
    "STAGE_INSTANCE_",
    "SUBSCRIPTION_",
    "SOUNDBOARD_",
    "THREAD_",
    "TYPING_START",
    "USER_UPDATE",
    "VOICE_",
    "WEBHOOKS_UPDATE",
    "RATE_LIMITED",
];

/// A moderator took off what others had put on.
pub const CLEARED: [&str; 2] = ["MESSAGE_REACTION_REMOVE_ALL", "MESSAGE_REACTION_REMOVE_EMOJI"];

/// Messages that people write: ordinary ones and replies.
const WRITTEN: [i64; 2] = [0, 19];

/// Looks at an event. `me` is our own account, empty when it is not known.
#[must_use]
pub fn read(event: &Dispatch, me: &str) -> Seen {
    let data = &event.data;
    let place = || format!("{}:{}", event.session, event.seq);
    let with = |prefix: &str| text(&data["id"]).map_or_else(|| format!("e:{}", place()), |id| format!("{prefix}:{id}"));
    match event.kind.as_str() {
        "INTERACTION_CREATE" => match data["type"].as_i64() {
            Some(1) => Seen::Nothing,
            Some(4) => Seen::Complete,
            _ => keep(event, with("i")),
        },
        "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" if ours(&data["user_id"], me) => Seen::Nothing,
        "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" => keep(event, format!("r:{}", place())),
        kind if CLEARED.contains(&kind) => keep(event, format!("r:{}", place())),
        "MESSAGE_CREATE" if speaks_to_us(data, me) => keep(event, with("m")),
        kind if QUIET.iter().any(|q| kind.starts_with(q)) => Seen::Nothing,
        // Discord adds types now and then; one that somebody waits on an answer for is not lost.
        _ if data["token"].is_string() && data["application_id"].is_string() => keep(event, with("i")),
        _ => Seen::Unknown,
    }
}

fn keep(event: &Dispatch, id: String) -> Seen {
    Seen::Keep(Arrival {
        platform: PlatformName::new(NAME),
        lane: sender(&event.data).unwrap_or_else(|| text(&event.data["message_id"]).unwrap_or_else(|| id.clone())),
        id,
        kind: event.kind.clone(),
        proof: String::new(),
        body: event.data.to_string(),
    })
}

/// The account behind an event, wherever it stands.
#[must_use]
pub fn sender(data: &Value) -> Option<String> {
    [&data["member"]["user"]["id"], &data["user"]["id"], &data["author"]["id"], &data["user_id"]]
        .into_iter()
        .find_map(text)
}

/// A mention of us or a direct message, by a person.
fn speaks_to_us(data: &Value, me: &str) -> bool {
    let author = &data["author"];
    if author["bot"].as_bool().unwrap_or(false) || ours(&author["id"], me) || text(&data["webhook_id"]).is_some() {
        return false;
    }
    if !WRITTEN.contains(&data["type"].as_i64().unwrap_or(0)) {
        return false;
    }
    text(&data["guild_id"]).is_none() || mentions(data["content"].as_str().unwrap_or_default(), me)
}

/// Whether a text names an account; a mere reply to one of its messages does not.
fn mentions(content: &str, me: &str) -> bool {
    !me.is_empty() && (content.contains(&format!("<@{me}>")) || content.contains(&format!("<@!{me}>")))
}

fn ours(id: &Value, me: &str) -> bool {
    !me.is_empty() && text(id).is_some_and(|id| id == me)
}

/// An id or a name: Discord writes ids as text, others as numbers. What is too long to be one is none.
#[must_use]
pub fn text(id: &Value) -> Option<String> {
    match id {
        Value::String(text) if (1..=limits::DISCORD_ID_CHARS).contains(&text.len()) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, data: Value) -> Dispatch {
        Dispatch { kind: kind.into(), session: "S".into(), seq: 7, data }
    }

    fn key(kind: &str, data: Value) -> Option<(String, String)> {
        match read(&event(kind, data), "99") {
            Seen::Keep(arrival) => Some((arrival.id, arrival.lane)),
            _ => None,
        }
    }

    fn pair(id: &str, lane: &str) -> Option<(String, String)> {
        Some((id.into(), lane.into()))
    }

    #[test]
    fn acts_are_kept_under_a_key_that_comes_again() {
        let member = json!({ "user": { "id": "5" }, "nick": null });
        assert_eq!(
            key("INTERACTION_CREATE", json!({ "id": "1", "type": 2, "member": member, "x": null })),
            pair("i:1", "5")
        );
        assert_eq!(key("INTERACTION_CREATE", json!({ "id": "2", "type": 3, "user": { "id": 5 } })), pair("i:2", "5"));
        assert_eq!(
            key("MESSAGE_REACTION_ADD", json!({ "user_id": "5", "message_id": "8", "member": null })),
            pair("r:S:7", "5")
        );
        assert_eq!(key("MESSAGE_REACTION_REMOVE_ALL", json!({ "message_id": "8" })), pair("r:S:7", "8"));
        let said = |content: &str, guild: Value| {
            let author = json!({ "id": "5" });
            json!({ "id": "3", "type": 0, "author": author, "content": content, "guild_id": guild })
        };
        assert_eq!(key("MESSAGE_CREATE", said("<@99> help", json!("1"))), pair("m:3", "5"));
        assert_eq!(key("MESSAGE_CREATE", said("<@!99>", json!("1"))), pair("m:3", "5"));
        assert_eq!(key("MESSAGE_CREATE", said("help", Value::Null)), pair("m:3", "5"));
        assert_eq!(key("MESSAGE_CREATE", said("thanks", json!("1"))), None);
    }

    #[test]
    fn nothing_of_ours_and_nothing_of_bots_is_kept() {
        assert_eq!(key("MESSAGE_REACTION_ADD", json!({ "user_id": "99" })), None);
        for author in [json!({ "id": "99" }), json!({ "id": "5", "bot": true })] {
            assert_eq!(key("MESSAGE_CREATE", json!({ "id": "3", "author": author, "content": "<@99>" })), None);
        }
        assert_eq!(key("MESSAGE_CREATE", json!({ "id": "3", "type": 7, "author": { "id": "5" } })), None, "a join");
    }

    #[test]
    fn what_is_unknown_is_kept_when_somebody_waits_for_an_answer() {
        assert_eq!(read(&event("GUILD_CREATE", json!({})), "99"), Seen::Nothing);
        assert_eq!(read(&event("HOLOGRAM_START", json!(null)), "99"), Seen::Unknown);
        assert_eq!(read(&event("INTERACTION_CREATE", json!({ "id": "1", "type": 1 })), "99"), Seen::Nothing);
        assert_eq!(read(&event("INTERACTION_CREATE", json!({ "id": "1", "type": 4 })), "99"), Seen::Complete);
        let new = json!({ "id": "9", "token": "t", "application_id": "1", "type": 77 });
        assert_eq!(key("INTERACTION_UPGRADE", new), pair("i:9", "i:9"));
        let long = json!({ "id": "9".repeat(limits::DISCORD_ID_CHARS + 1), "type": 2 });
        assert_eq!(key("INTERACTION_CREATE", long), pair("e:S:7", "e:S:7"), "a key has its bound");
        assert_eq!(key("INTERACTION_CREATE", Value::Null), pair("e:S:7", "e:S:7"), "nothing in it is required");
    }
}
