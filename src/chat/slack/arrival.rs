//! What Slack delivers, as an [`Arrival`]: its key, its kind, its lane, and one JSON form for both ways in.
//!
//! It promises that everything gets a key: an org-wide install without a team, an event without an app id, a type nobody
//! has heard of, and text that is not JSON at all. The same act has the same key however often and whichever way it is
//! delivered. Of the body only the deprecated verification `token` is left out. Deliberately absent: what any of it means.
//!
//! The body is `{"type": ..., "payload": ...}` as Socket Mode has it: `slash_commands`, `events_api`, `interactive`, or a
//! type of tomorrow; `unreadable` when the payload is the text itself.

use crate::chat::Arrival;
use crate::domain::ids::PlatformName;
use crate::domain::plan::hex;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;

pub const COMMAND: &str = "slash_commands";
pub const EVENT: &str = "events_api";
pub const INTERACTION: &str = "interactive";
pub const UNREADABLE: &str = "unreadable";

/// Bytes of an id of Slack's that are used as they are; none that was seen has half as many. Longer ones are hashed.
const ID_BYTES: usize = 120;
/// Bytes of a kind or a lane that are kept.
const NAME_BYTES: usize = 80;
const TOKEN: &str = "token";

/// An envelope of a socket. `None` when it is no envelope, so that there is nothing to acknowledge.
#[must_use]
pub fn of_envelope(envelope: &mut Value) -> Option<(String, Arrival)> {
    let id = envelope.get("envelope_id")?.as_str()?.to_owned();
    let outer = envelope.get("type").and_then(Value::as_str).unwrap_or("unknown").to_owned();
    let payload = envelope.get_mut("payload").map(Value::take).unwrap_or_default();
    let fallback = format!("envelope:{}", bounded(&id));
    Some((id, arrival(&outer, payload, String::new(), Some(fallback))))
}

/// A JSON body of a signed request: an event, or whatever else is sent so.
#[must_use]
pub fn of_json(body: Value, proof: String) -> Arrival {
    arrival(EVENT, body, proof, None)
}

/// The `payload` of a signed form: an interaction.
#[must_use]
pub fn of_payload(payload: &str, proof: String) -> Arrival {
    match serde_json::from_str(payload) {
        Ok(value) => arrival(INTERACTION, value, proof, None),
        Err(_) => of_text(payload, proof),
    }
}

/// A signed body that is neither form nor JSON; it is kept for those who look into it.
#[must_use]
pub fn of_text(body: &str, proof: String) -> Arrival {
    arrival(UNREADABLE, Value::String(body.to_owned()), proof, None)
}

/// A signed form without `payload`: a slash command. Written without a tree between, since much may come at once.
#[must_use]
pub fn of_form(fields: Form<'_>, proof: String) -> Arrival {
    let id = match fields.get("trigger_id") {
        Some(trigger) => bounded(trigger),
        // Two of the same words are two acts, and a signature is of one request.
        None => format!("signed:{}", bounded(&proof)),
    };
    let lane = clip(fields.get("user_id").unwrap_or_default());
    #[derive(serde::Serialize)]
    struct Body<'a> {
        r#type: &'a str,
        payload: Form<'a>,
    }
    let body = serde_json::to_string(&Body { r#type: COMMAND, payload: fields }).unwrap_or_default();
    Arrival { platform: PlatformName::new(super::NAME), id, kind: COMMAND.into(), lane, proof, body }
}

fn arrival(outer: &str, mut payload: Value, proof: String, fallback: Option<String>) -> Arrival {
    if let Some(fields) = payload.as_object_mut() {
        fields.remove(TOKEN);
    }
    let kind = match outer {
        EVENT => text(&payload, "/event/type").or_else(|| text(&payload, "/type")),
        INTERACTION => text(&payload, "/type"),
        _ => None,
    };
    let kind = clip(kind.unwrap_or(outer));
    let lane = lane(&payload).map(clip).unwrap_or_default();
    let id = key(outer, &payload, fallback);
    let body = serde_json::json!({ "type": outer, "payload": payload }).to_string();
    Arrival { platform: PlatformName::new(super::NAME), id, kind, lane, proof, body }
}

fn key(outer: &str, payload: &Value, fallback: Option<String>) -> String {
    let own = match outer {
        EVENT => text(payload, "/event_id").map(bounded),
        INTERACTION => match (text(payload, "/type"), text(payload, "/view/id"), text(payload, "/view/hash")) {
            (Some(kind @ ("view_submission" | "view_closed")), Some(view), Some(hash)) => {
                Some(bounded(&format!("{kind}:{view}:{hash}")))
            }
            _ => text(payload, "/trigger_id").map(bounded),
        },
        COMMAND => text(payload, "/trigger_id").map(bounded),
        _ => None,
    };
    // An act carries its time, so the same text is the same act, under whatever envelope it is delivered again. The
    // words of a command do not.
    match (outer, fallback) {
        (EVENT | INTERACTION, _) | (_, None) => own.unwrap_or_else(|| hashed("body", &payload.to_string())),
        (_, Some(fallback)) => own.unwrap_or(fallback),
    }
}

/// Whose acts wait for each other.
fn lane(payload: &Value) -> Option<&str> {
    let places = ["/user/id", "/user_id", "/event/user", "/event/user/id", "/event/message/user", "/event/channel"];
    places.iter().find_map(|place| text(payload, place))
}

/// A text that is there and not empty.
pub fn text<'a>(value: &'a Value, place: &str) -> Option<&'a str> {
    value.pointer(place).and_then(Value::as_str).filter(|t| !t.is_empty())
}

fn bounded(id: &str) -> String {
    if id.len() <= ID_BYTES && !id.bytes().any(|b| b.is_ascii_control()) { id.to_owned() } else { hashed("long", id) }
}

fn hashed(what: &str, text: &str) -> String {
    format!("{what}:{}", hex(&Sha256::digest(text.as_bytes())))
}

fn clip(name: &str) -> String {
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

/// The fields of a form, in their order; `token` is left out.
#[derive(Debug)]
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    #[must_use]
    pub fn read(body: &'a str) -> Self {
        let pairs = body.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let pairs = pairs.map(|(name, value)| (decoded(name), decoded(value)));
        Self(pairs.filter(|(name, _)| name != TOKEN).collect())
    }

    /// The first field of that name, unless it is empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_ref()).filter(|v| !v.is_empty())
    }
}

impl Serialize for Form<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Undoes the encoding of forms. A broken escape stays as it is.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = if *byte == b'%' { digit(at + 1).zip(digit(at + 2)) } else { None };
        at += if escaped.is_some() { 3 } else { 1 };
        out.push(match escaped {
            Some((high, low)) => u8::try_from(high * 16 + low).unwrap_or_default(),
            None if *byte == b'+' => b' ',
            None => *byte,
        });
    }
    Cow::Owned(String::from_utf8(out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn enveloped(kind: &str, payload: Value) -> Arrival {
        let mut envelope = json!({ "envelope_id": "e-1", "type": kind, "payload": payload });
        of_envelope(&mut envelope).unwrap().1
    }

    fn command(form: &str, proof: &str) -> Arrival {
        of_form(Form::read(form), proof.into())
    }

    #[test]
    fn a_command_is_one_body_whichever_way_it_comes() {
        let form = "token=old&team_id=T1&user_id=U1&command=%2Fdeploy&text=v1+%26amp%3B+%22x%22&trigger_id=1.2.ab";
        let signed = command(form, "v0=ab");
        let fields = json!({ "token": "old", "team_id": "T1", "user_id": "U1", "command": "/deploy",
            "text": "v1 &amp; \"x\"", "trigger_id": "1.2.ab" });
        let socket = enveloped(COMMAND, fields);
        assert_eq!((&*signed.id, &*signed.kind, &*signed.lane, &*signed.proof), ("1.2.ab", COMMAND, "U1", "v0=ab"));
        assert_eq!((&*socket.id, &*socket.kind, &*socket.lane, &*socket.proof), ("1.2.ab", COMMAND, "U1", ""));
        let body = |a: &Arrival| serde_json::from_str::<Value>(&a.body).unwrap();
        assert_eq!(body(&signed), body(&socket));
        assert!(!signed.body.contains("old") && !socket.body.contains("old"), "the token is left out");
    }

    #[test]
    fn an_event_is_known_by_its_id_and_its_type() {
        let event = json!({ "type": "event_callback", "event_id": "Ev1", "team_id": null, "event":
            { "type": "reaction_added", "user": "U1", "token": "stays" }, "token": "goes" });
        let (signed, socket) = (of_json(event.clone(), String::new()), enveloped(EVENT, event));
        assert_eq!(signed, socket);
        assert_eq!((&*socket.id, &*socket.kind, &*socket.lane), ("Ev1", "reaction_added", "U1"));
        assert!(socket.body.contains("stays") && !socket.body.contains("goes"));
        let limited = of_json(json!({ "type": "app_rate_limited", "minute_rate_limited": 1 }), String::new());
        assert_eq!(limited.kind, "app_rate_limited");
    }

    #[test]
    fn interactions_are_known_by_trigger_or_view() {
        let click = json!({ "type": "block_actions", "trigger_id": "9.8", "team": null, "user": { "id": "U1" } });
        assert_eq!(enveloped(INTERACTION, click.clone()), of_payload(&click.to_string(), String::new()));
        assert_eq!(of_payload(&click.to_string(), String::new()).id, "9.8");
        let view = |kind: &str| json!({ "type": kind, "trigger_id": "9.8", "view": { "id": "V1", "hash": "h" } });
        assert_eq!(enveloped(INTERACTION, view("view_submission")).id, "view_submission:V1:h");
        assert_eq!(enveloped(INTERACTION, view("view_closed")).id, "view_closed:V1:h");
        let bare = json!({ "type": "block_actions", "user": { "id": "U1" }, "actions": [{ "action_ts": "1.0" }] });
        let later = json!({ "type": "block_actions", "user": { "id": "U1" }, "actions": [{ "action_ts": "2.0" }] });
        let [one, again, other] = [bare.clone(), bare, later].map(|p| enveloped(INTERACTION, p).id);
        assert!(one == again && one != other, "{one} {other}");
    }

    #[test]
    fn everything_gets_a_key() {
        let strange =
            [Value::Null, json!([]), json!("text"), json!(7), json!({ "type": null }), json!({ "event": [] })];
        for payload in strange {
            for outer in [COMMAND, EVENT, INTERACTION, "tomorrow"] {
                let arrival = enveloped(outer, payload.clone());
                assert!(!arrival.id.is_empty() && !arrival.kind.is_empty(), "{outer} {payload}");
            }
            assert!(of_json(payload, String::new()).id.starts_with("body:"));
        }
        assert_eq!(enveloped("tomorrow", json!({ "trigger_id": "1" })).id, "envelope:e-1");
        assert_eq!(of_payload("no json", String::new()).kind, UNREADABLE);
        assert_eq!(of_envelope(&mut json!({ "type": "hello" })), None);
        let endless = json!({ "type": "x".repeat(1000), "event_id": "E".repeat(100_000) });
        let endless = of_json(endless, String::new());
        assert!(endless.id.len() < 100 && endless.kind.len() == NAME_BYTES);
        let (one, two) = (command("command=/a", "v0=1"), command("command=/a", "v0=2"));
        assert_ne!(one.id, two.id, "the same words twice are two acts");
    }

    #[test]
    fn forms_are_decoded_and_broken_ones_survive() {
        for (encoded, plain) in [("a+b%20c", "a b c"), ("%C3%A9", "é"), ("100%", "100%"), ("%zz%4", "%zz%4"), ("", "")]
        {
            assert_eq!(decoded(encoded), plain);
        }
        assert_eq!(decoded("%ff"), "\u{fffd}");
        let form = Form::read("a=1&&b&c=&a=2");
        assert_eq!([form.get("a"), form.get("b"), form.get("c"), form.get("d")], [Some("1"), None, None, None]);
    }
}
