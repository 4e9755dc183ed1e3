//! Payloads as Slack sends them, with what it leaves out and what it may add.

use super::*;
use serde_json::json;

const ME: &str = "U9";

fn seen(outer: &str, payload: Value) -> Seen {
    let known = Known {
        person: &|id| (id == "U1").then(|| "sara".into()),
        channel: &|id| (id == "C1").then(|| "deployments".into()),
    };
    read(&json!({ "type": outer, "payload": payload }), Some(ME), &known)
}

fn acted(outer: &str, payload: Value) -> (Place, Vec<Body>) {
    match seen(outer, payload) {
        Seen::Acts(place, bodies) => (place, bodies),
        other => panic!("no act: {other:?}"),
    }
}

fn event(event: Value) -> Value {
    json!({ "type": "event_callback", "team_id": null, "event_id": "Ev1", "event": event, "new": { "a": [] } })
}

fn says(outer: &str, payload: Value) -> String {
    match acted(outer, payload).1.as_slice() {
        [Body::Command { text, .. }] => text.clone(),
        other => panic!("no command: {other:?}"),
    }
}

fn click(message: &str, action: &str, fields: &[(&str, &str)]) -> Body {
    let fields = fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Body::Click { message: message.into(), action: action.into(), fields }
}

#[test]
fn commands_are_what_was_typed() {
    let command =
        |name: &str, text: Value| json!({ "command": name, "text": text, "user_id": "U1", "channel_id": "C1" });
    assert_eq!(
        says(COMMAND, command("/deploy", json!("v1 to <#C1> &amp; <@U1|kim>"))),
        "/deploy v1 to #deployments & @sara"
    );
    assert_eq!(says(COMMAND, command("/signalbox", json!(" deploy v1 "))), "/deploy v1");
    assert_eq!(says(COMMAND, command("/signalbox", json!("/why D-4"))), "/why D-4");
    assert_eq!(says(COMMAND, command("/signalbox", json!(""))), "/help");
    assert_eq!(says(COMMAND, command("/approve", Value::Null)), "/approve");
    let mut whole = command("/deploy", json!("v1"));
    whole["response_url"] = json!("https://hooks.slack.com/commands/1");
    whole["trigger_id"] = json!("1.2");
    let (place, _) = acted(COMMAND, whole);
    assert_eq!((place.account.as_str(), place.channel.as_str(), place.message.as_str()), ("U1", "C1", ""));
    assert_eq!(place.response_url.as_deref(), Some("https://hooks.slack.com/commands/1"));
    assert_eq!(place.trigger_id.as_deref(), Some("1.2"));
}

#[test]
fn mentions_and_direct_messages_are_commands() {
    let mention = |text: &str| {
        event(json!({ "type": "app_mention", "user": "U1", "channel": "C1", "ts": "5.0",
        "text": text, "blocks": null, "thread_ts": "4.0" }))
    };
    assert_eq!(says(EVENT, mention("<@U9> deploy v1 &lt;now&gt;")), "deploy v1 <now>");
    assert_eq!(says(EVENT, mention("<@U9>")), "/help");
    let (place, bodies) = acted(EVENT, mention("<@U9> why D-4"));
    assert_eq!(place.thread.as_deref(), Some("4.0"));
    assert_eq!(bodies, [Body::Command { text: "why D-4".into(), thread: Some("C1:4.0".into()) }]);
    let message = |more: Value| {
        let mut one = json!({ "type": "message", "user": "U1", "channel": "D1", "channel_type": "im", "text": "help" });
        one.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        event(one)
    };
    assert_eq!(says(EVENT, message(json!({}))), "help");
    for passed in [
        json!({ "subtype": "message_changed" }),
        json!({ "bot_id": "B1" }),
        json!({ "user": ME }),
        json!({ "user": "USLACKBOT" }),
        json!({ "channel": "C1", "channel_type": "channel" }),
    ] {
        assert_eq!(seen(EVENT, message(passed.clone())), Seen::Nothing, "{passed}");
    }
}

#[test]
fn reactions_name_message_and_emoji() {
    let reaction = |user: &str, item: Value| {
        event(json!({ "type": "reaction_added", "user": user, "item_user": null,
        "reaction": "+1::skin-tone-3", "item": item }))
    };
    let item = json!({ "type": "message", "channel": "C1", "ts": "5.0" });
    let (place, bodies) = acted(EVENT, reaction("U1", item.clone()));
    assert_eq!((place.account.as_str(), place.channel.as_str()), ("U1", "C1"));
    assert_eq!(bodies, [Body::Reaction { message: "C1:5.0".into(), emoji: "+1".into(), added: true }]);
    assert_eq!(seen(EVENT, reaction(ME, item)), Seen::Nothing);
    assert_eq!(seen(EVENT, reaction("U1", json!({ "type": "file", "file": "F1" }))), Seen::Nothing);
    assert!(matches!(seen(EVENT, reaction("U1", json!({ "type": "message", "ts": null }))), Seen::Unread(..)));
}

#[test]
fn buttons_and_menus_give_their_actions() {
    let actions = json!([
        { "type": "button", "action_id": "button-0", "value": "approve?deployment=D-4", "action_ts": "1" },
        { "type": "static_select", "selected_option": { "value": "pause?deployment=D-4", "text": null } },
        { "type": "button", "action_id": "link", "url": "https://a.b" },
        null,
    ]);
    let base = json!({ "type": "block_actions", "user": { "id": "U1" }, "team": null, "trigger_id": "9.8",
        "actions": actions });
    let mut on_message = base.clone();
    on_message["container"] =
        json!({ "type": "message", "message_ts": "5.0", "channel_id": "C1", "is_ephemeral": false });
    on_message["container"]["thread_ts"] = json!("4.0");
    let (place, bodies) = acted(INTERACTION, on_message.clone());
    let both = |at: &str| [click(at, "approve?deployment=D-4", &[]), click(at, "pause?deployment=D-4", &[])];
    assert_eq!((bodies.as_slice(), place.thread.as_deref()), (both("C1:5.0").as_slice(), Some("4.0")));
    on_message["container"]["is_ephemeral"] = json!(true);
    assert_eq!(acted(INTERACTION, on_message).1, both(""), "what only one person sees is no message of ours");
    let mut at_home = base.clone();
    at_home["view"] = json!({ "type": "home", "id": "V1" });
    let (place, bodies) = acted(INTERACTION, at_home);
    assert_eq!((bodies.as_slice(), place.home, place.channel.as_str()), (both("").as_slice(), true, ""));
    let mut empty = base;
    empty["actions"] = Value::Null;
    assert!(matches!(seen(INTERACTION, empty), Seen::Unread(..)));
}

#[test]
fn a_form_brings_its_fields_and_where_it_came_from() {
    let origin = Origin {
        action: "checklist na?ask=item.reason&deployment=D-4".into(),
        channel: "C1".into(),
        message: "C1:5.0".into(),
    };
    let submitted = |meta: &str, values: Value| {
        json!({ "type": "view_submission", "user": { "id": "U1" }, "team": null,
        "view": { "id": "V1", "hash": "h", "callback_id": CALLBACK, "private_metadata": meta,
            "state": { "values": values } } })
    };
    let meta = serde_json::to_string(&origin).unwrap();
    let values = json!({
        "item": { "item": { "type": "static_select", "selected_option": { "value": "3" } } },
        "reason": { "reason": { "type": "plain_text_input", "value": "no <time> & more" } },
        "empty": { "empty": { "type": "plain_text_input", "value": null } },
        "many": { "many": { "selected_options": [{ "value": "a" }, { "value": "b" }] } },
        "odd": null,
    });
    let (place, bodies) = acted(INTERACTION, submitted(&meta, values));
    let fields = [("item", "3"), ("many", "a,b"), ("reason", "no <time> & more")];
    assert_eq!(bodies, [click("C1:5.0", "checklist na?deployment=D-4", &fields)]);
    assert_eq!((place.channel.as_str(), place.message.as_str()), ("C1", "C1:5.0"));
    assert_eq!(
        acted(INTERACTION, submitted(&meta, Value::Null)).1,
        [click("C1:5.0", "checklist na?deployment=D-4", &[])]
    );
    let Seen::Unread(kind, Some(place)) = seen(INTERACTION, submitted("not ours", json!({}))) else {
        panic!("a foreign view is not an act");
    };
    assert_eq!((kind.as_str(), place.account.as_str()), ("view_submission", "U1"));
}

#[test]
fn what_is_no_act_is_known_for_what_it_is() {
    let home = |tab: &str| event(json!({ "type": "app_home_opened", "user": "U1", "channel": "D1", "tab": tab }));
    assert!(matches!(seen(EVENT, home("home")), Seen::Home(place) if place.account == "U1"));
    assert_eq!(seen(EVENT, home("messages")), Seen::Nothing);
    let rename = event(json!({ "type": "channel_rename", "channel": { "id": "C7", "name": "ops" } }));
    assert_eq!(seen(EVENT, rename), Seen::Renamed("C7".into(), "ops".into()));
    assert_eq!(seen(EVENT, json!({ "type": "app_rate_limited" })), Seen::Alarm("app_rate_limited".into()));
    assert_eq!(seen(EVENT, event(json!({ "type": "tokens_revoked" }))), Seen::Alarm("tokens_revoked".into()));
    assert_eq!(seen(INTERACTION, json!({ "type": "view_closed", "user": { "id": "U1" } })), Seen::Nothing);
    assert_eq!(seen(EVENT, event(json!({ "type": "tomorrow" }))), Seen::Unread("tomorrow".into(), None));
    let shortcut = json!({ "type": "shortcut", "user": { "id": "U1" }, "trigger_id": "1" });
    assert!(matches!(seen(INTERACTION, shortcut), Seen::Unread(kind, Some(_)) if kind == "shortcut"));
}

#[test]
fn nothing_breaks_the_reader() {
    let strange = [Value::Null, json!([]), json!("text"), json!(7), json!({ "event": null }), json!({ "view": 1 })];
    for payload in strange {
        for outer in [COMMAND, EVENT, INTERACTION, "unreadable", "tomorrow"] {
            assert!(matches!(seen(outer, payload.clone()), Seen::Unread(..)), "{outer} {payload}");
        }
    }
    let known = Known { person: &|_| None, channel: &|_| None };
    assert!(matches!(read(&Value::Null, None, &known), Seen::Unread(..)));
}
