//! From what Slack sent to the acts in it, tolerantly: what is not there is empty, and what is unknown is said to be.

use super::words::{Known, addressed, typed};
use crate::chat::slack::arrival::{COMMAND, EVENT, INTERACTION, text};
use crate::chat::slack::render::{CALLBACK, Origin};
use crate::chat::{Body, asked};
use serde_json::Value;
use std::collections::BTreeMap;

/// The command that takes every other as its text.
const OWN: &str = "/signalbox";
/// Slack's own program, which carries no bot's id.
const SLACKBOT: &str = "USLACKBOT";

/// Where the sender of an act can be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub account: String,
    /// The id of the channel; empty where there is none, as in App Home.
    pub channel: String,
    /// The first message of the thread.
    pub thread: Option<String>,
    pub response_url: Option<String>,
    pub trigger_id: Option<String>,
    /// The message that was clicked, as `CHANNEL:TS`; empty where it is none that we keep.
    pub message: String,
    /// It was done in App Home, which shows what came of it.
    pub home: bool,
}

/// What an arrival is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Acts(Place, Vec<Body>),
    /// Somebody looks at the App Home.
    Home(Place),
    /// The channel with this id has this name now.
    Renamed(String, String),
    /// Slack says that something is wrong with the app.
    Alarm(String),
    /// Known, and nothing to be done.
    Nothing,
    /// Of an unknown type; whoever waits for an answer is in this place.
    Unread(String, Option<Place>),
}

/// Reads a body as `arrival` makes it.
#[must_use]
pub fn read(body: &Value, me: Option<&str>, known: &Known) -> Seen {
    let (outer, payload) = (text(body, "/type").unwrap_or("none"), &body["payload"]);
    match outer {
        COMMAND => command(payload, known),
        INTERACTION => interaction(payload),
        EVENT => event(payload, me, known),
        _ => Seen::Unread(outer.to_owned(), None),
    }
}

fn owned(value: &Value, place: &str) -> String {
    text(value, place).unwrap_or_default().to_owned()
}

fn maybe(value: &Value, place: &str) -> Option<String> {
    text(value, place).map(str::to_owned)
}

fn command(payload: &Value, known: &Known) -> Seen {
    let (name, rest) = (text(payload, "/command").unwrap_or(OWN), typed(&owned(payload, "/text"), known));
    let rest = rest.trim();
    let line = match (name == OWN, rest) {
        (true, "") => "/help".to_owned(),
        (true, rest) => format!("/{}", rest.trim_start_matches('/')),
        (false, "") => name.to_owned(),
        (false, rest) => format!("{name} {rest}"),
    };
    let place = Place {
        account: owned(payload, "/user_id"),
        channel: owned(payload, "/channel_id"),
        response_url: maybe(payload, "/response_url"),
        trigger_id: maybe(payload, "/trigger_id"),
        ..Place::default()
    };
    acts(place, vec![Body::Command { text: line, thread: None }], COMMAND)
}

fn interaction(payload: &Value) -> Seen {
    let kind = text(payload, "/type").unwrap_or("none");
    let first = |places: &[&str]| places.iter().find_map(|p| text(payload, p)).unwrap_or_default().to_owned();
    let mut place = Place {
        account: first(&["/user/id", "/user"]),
        channel: first(&["/container/channel_id", "/channel/id"]),
        thread: maybe(payload, "/container/thread_ts").or_else(|| maybe(payload, "/message/thread_ts")),
        response_url: maybe(payload, "/response_url"),
        trigger_id: maybe(payload, "/trigger_id"),
        message: String::new(),
        home: text(payload, "/view/type") == Some("home"),
    };
    match kind {
        "block_actions" => {
            let ts = first(&["/container/message_ts", "/message/ts"]);
            if !ts.is_empty() && !place.channel.is_empty() && payload["container"]["is_ephemeral"] != true {
                place.message = format!("{}:{ts}", place.channel);
            }
            let all = payload["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
            let bodies: Vec<Body> = all.iter().filter_map(|one| click(one, &place.message)).collect();
            acts(place, bodies, kind)
        }
        "view_submission" => submission(payload, place),
        "view_closed" => Seen::Nothing,
        _ => Seen::Unread(kind.to_owned(), Some(place).filter(|p| !p.account.is_empty())),
    }
}

/// A button, or what was chosen in a menu.
fn click(action: &Value, message: &str) -> Option<Body> {
    let wire = text(action, "/value").or_else(|| text(action, "/selected_option/value"))?;
    Some(Body::Click { message: message.to_owned(), action: wire.to_owned(), fields: BTreeMap::new() })
}

/// A form of ours: where it came from travelled with it.
fn submission(payload: &Value, mut place: Place) -> Seen {
    let origin = text(payload, "/view/private_metadata").and_then(|m| serde_json::from_str::<Origin>(m).ok());
    let Some(origin) = origin.filter(|_| text(payload, "/view/callback_id").is_none_or(|c| c == CALLBACK)) else {
        return Seen::Unread("view_submission".into(), Some(place).filter(|p| !p.account.is_empty()));
    };
    place.channel.clone_from(&origin.channel);
    place.message.clone_from(&origin.message);
    // What asked for the form does not ask again.
    let action = asked(&origin.action).map_or(origin.action, |(action, _)| action.encode());
    let values = payload.pointer("/view/state/values").and_then(Value::as_object);
    let elements = values.into_iter().flat_map(|blocks| blocks.values()).filter_map(Value::as_object).flatten();
    let fields = elements.filter_map(|(name, element)| Some((name.clone(), field(element)?))).collect();
    acts(place, vec![Body::Click { message: origin.message, action, fields }], "view_submission")
}

/// What was filled in; nothing where nothing was.
fn field(element: &Value) -> Option<String> {
    const ONE: [&str; 8] = [
        "/value",
        "/selected_option/value",
        "/selected_user",
        "/selected_channel",
        "/selected_conversation",
        "/selected_date",
        "/selected_time",
        "/selected_date_time",
    ];
    if let Some(one) = ONE.iter().find_map(|place| element.pointer(place)).filter(|v| !v.is_null()) {
        let one = one.as_str().map_or_else(|| one.to_string(), str::to_owned);
        return Some(one).filter(|v| !v.is_empty());
    }
    const MANY: [&str; 4] = ["selected_options", "selected_users", "selected_channels", "selected_conversations"];
    let many = MANY.iter().find_map(|name| element[*name].as_array())?;
    let all: Vec<&str> = many.iter().filter_map(|v| v.as_str().or_else(|| text(v, "/value"))).collect();
    Some(all.join(",")).filter(|v| !v.is_empty())
}

fn event(payload: &Value, me: Option<&str>, known: &Known) -> Seen {
    let event = &payload["event"];
    let Some(kind) = text(event, "/type") else {
        return match text(payload, "/type").unwrap_or("none") {
            "url_verification" => Seen::Nothing,
            kind @ "app_rate_limited" => Seen::Alarm(kind.to_owned()),
            kind => Seen::Unread(kind.to_owned(), None),
        };
    };
    let place = Place { account: owned(event, "/user"), channel: owned(event, "/channel"), ..Place::default() };
    // Programs are not answered, or two could talk for ever.
    let ours =
        me.is_some_and(|me| me == place.account) || place.account == SLACKBOT || text(event, "/bot_id").is_some();
    match kind {
        "app_mention" | "message" | "reaction_added" | "reaction_removed" if ours => Seen::Nothing,
        "app_mention" => said(event, place, addressed(text(event, "/text").unwrap_or_default(), me), known),
        // In other channels we are spoken to by name.
        "message" if text(event, "/channel_type") != Some("im") && !place.channel.starts_with('D') => Seen::Nothing,
        "message" if !matches!(text(event, "/subtype"), None | Some("file_share" | "thread_broadcast")) => {
            Seen::Nothing
        }
        "message" => said(event, place, addressed(text(event, "/text").unwrap_or_default(), me), known),
        "reaction_added" | "reaction_removed" => reaction(event, place, kind),
        "app_home_opened" if matches!(text(event, "/tab"), None | Some("home")) => Seen::Home(place),
        "app_home_opened" => Seen::Nothing,
        "tokens_revoked" | "app_uninstalled" | "app_rate_limited" => Seen::Alarm(kind.to_owned()),
        "channel_rename" | "group_rename" => match (text(event, "/channel/id"), text(event, "/channel/name")) {
            (Some(id), Some(name)) => Seen::Renamed(id.to_owned(), name.to_owned()),
            _ => Seen::Unread(kind.to_owned(), None),
        },
        // Names are looked up when they are needed, and roles after every connection.
        "channel_created"
        | "channel_deleted"
        | "channel_archive"
        | "channel_unarchive"
        | "member_joined_channel"
        | "member_left_channel"
        | "subteam_members_changed"
        | "subteam_updated" => Seen::Nothing,
        _ => Seen::Unread(kind.to_owned(), None),
    }
}

fn said(event: &Value, place: Place, line: &str, known: &Known) -> Seen {
    let thread = maybe(event, "/thread_ts");
    let line = typed(line, known);
    let line = if line.trim().is_empty() { "/help".to_owned() } else { line.trim().to_owned() };
    let at = thread.as_ref().map(|ts| format!("{}:{ts}", place.channel));
    acts(Place { thread, ..place }, vec![Body::Command { text: line, thread: at }], "message")
}

fn reaction(event: &Value, place: Place, kind: &str) -> Seen {
    let (channel, ts) = (owned(event, "/item/channel"), owned(event, "/item/ts"));
    let emoji = owned(event, "/reaction");
    // A tone of skin makes no other emoji: `+1::skin-tone-3` is `+1`.
    let emoji = emoji.split("::").next().unwrap_or_default().to_owned();
    if channel.is_empty() || ts.is_empty() || emoji.is_empty() {
        // Reactions on files have no message.
        return if text(event, "/item/type") == Some("message") {
            Seen::Unread(kind.into(), None)
        } else {
            Seen::Nothing
        };
    }
    let body = Body::Reaction { message: format!("{channel}:{ts}"), emoji, added: kind == "reaction_added" };
    acts(Place { channel, ..place }, vec![body], kind)
}

/// Acts need somebody who acts.
fn acts(place: Place, bodies: Vec<Body>, kind: &str) -> Seen {
    match place.account.is_empty() || bodies.is_empty() {
        true => Seen::Unread(format!("{kind} without an act"), None),
        false => Seen::Acts(place, bodies),
    }
}

#[cfg(test)]
mod tests;
