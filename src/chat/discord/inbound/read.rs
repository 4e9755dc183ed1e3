//! From what Discord sent to the act it is, tolerantly: what is not there is empty, what is unknown is passed by.

use crate::chat::Body;
use crate::chat::discord::arrival::text;
use crate::chat::discord::register::{self, CommandSpec};
use crate::chat::discord::render::custom;
use serde_json::Value;
use std::collections::BTreeMap;

/// An act, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub body: Body,
    /// The custom id and the label of a button that must be asked about first.
    pub ask_first: Option<(String, String)>,
}

impl Act {
    fn of(body: Body) -> Self {
        Self { body, ask_first: None }
    }
}

/// The act of an interaction; `None` when it is none that we know.
#[must_use]
pub fn interaction(event: &Value, commands: &[CommandSpec]) -> Option<Act> {
    let data = &event["data"];
    match event["type"].as_i64()? {
        2 => Some(Act::of(command(data, commands))),
        3 => component(event, data),
        5 => {
            let carried = custom::unpack(data["custom_id"].as_str()?)?;
            let mut fields = BTreeMap::new();
            collect(&data["components"], &mut fields);
            Some(Act::of(Body::Click { message: message(event), action: carried.action, fields }))
        }
        _ => None,
    }
}

/// A registered command. Without any argument it is handed on as typed, so that a form can ask for what it lacks; so is one that
/// we do not know, whose sender is told what there is.
fn command(data: &Value, commands: &[CommandSpec]) -> Body {
    let name = data["name"].as_str().unwrap_or_default();
    match register::action(commands, name, &data["options"]) {
        Some(action) if action.args.is_empty() => Body::Command { text: format!("/{}", action.command), thread: None },
        Some(action) => Body::Click { message: String::new(), action: action.encode(), fields: BTreeMap::new() },
        None => Body::Command { text: format!("/{name}"), thread: None },
    }
}

/// A button or a menu. What is chosen in a menu is an action itself.
fn component(event: &Value, data: &Value) -> Option<Act> {
    let chosen = data["values"].as_array().and_then(|v| v.first()).and_then(Value::as_str);
    let custom_id = chosen.or(data["custom_id"].as_str())?;
    let carried = custom::unpack(custom_id)?;
    let ask_first = carried.ask_first.then(|| {
        let label = label(&event["message"]["components"], custom_id).unwrap_or_default();
        (custom_id.to_owned(), label)
    });
    let body = Body::Click { message: message(event), action: carried.action, fields: BTreeMap::new() };
    Some(Act { body, ask_first })
}

/// The message an interaction came from, as we keep it; empty when there is none, or only its sender sees it.
fn message(event: &Value) -> String {
    let Some(id) = text(&event["message"]["id"]) else { return String::new() };
    let channel = text(&event["message"]["channel_id"]).or_else(|| text(&event["channel_id"]));
    channel.map(|channel| format!("{channel}:{id}")).unwrap_or_default()
}

/// What a button is called on its message.
fn label(components: &Value, custom_id: &str) -> Option<String> {
    match components {
        Value::Array(all) => all.iter().find_map(|c| label(c, custom_id)),
        Value::Object(one) if one.get("custom_id").and_then(Value::as_str) == Some(custom_id) => {
            Some(one.get("label")?.as_str()?.to_owned())
        }
        Value::Object(one) => one.values().find_map(|c| label(c, custom_id)),
        _ => None,
    }
}

/// Fields of a form, wherever they stand: in action rows as Discord used to send them, in labels as it does now.
fn collect(components: &Value, fields: &mut BTreeMap<String, String>) {
    match components {
        Value::Array(all) => all.iter().for_each(|c| collect(c, fields)),
        Value::Object(one) => {
            let value = match (one.get("value"), one.get("values")) {
                (Some(Value::String(value)), _) => Some(value.clone()),
                (_, Some(Value::Array(values))) => Some(values.iter().filter_map(chosen).collect::<Vec<_>>().join(",")),
                _ => None,
            };
            if let (Some(name), Some(value)) = (one.get("custom_id").and_then(Value::as_str), value) {
                fields.insert(name.to_owned(), value);
            }
            ["components", "component"].iter().filter_map(|n| one.get(*n)).for_each(|c| collect(c, fields));
        }
        _ => {}
    }
}

fn chosen(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|n| n.to_string()))
}

/// A reaction, with its message as we keep it and its emoji as people know it.
#[must_use]
pub fn reaction(event: &Value, added: bool) -> Option<Body> {
    Some(Body::Reaction { message: reacted(event)?, emoji: emoji(&event["emoji"])?, added })
}

/// The message of a reaction.
#[must_use]
pub fn reacted(event: &Value) -> Option<String> {
    Some(format!("{}:{}", text(&event["channel_id"])?, text(&event["message_id"])?))
}

/// Its character, or its name; a deleted one has only an id.
fn emoji(emoji: &Value) -> Option<String> {
    text(&emoji["name"]).or_else(|| text(&emoji["id"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn click(act: Option<Act>) -> (String, String, Vec<(String, String)>) {
        match act.map(|a| a.body) {
            Some(Body::Click { message, action, fields }) => (message, action, fields.into_iter().collect()),
            other => panic!("no click: {other:?}"),
        }
    }

    #[test]
    fn a_button_gives_its_action_and_its_message() {
        let event = json!({
            "type": 3, "channel_id": "7", "new": null,
            "message": { "id": "8", "components": [{ "type": 1, "components": [
                { "type": 2, "label": "Abort", "custom_id": "!abort?deployment=D-4" }] }] },
            "data": { "component_type": 2, "custom_id": "!abort?deployment=D-4", "values": null },
        });
        let act = interaction(&event, &[]);
        assert_eq!(
            act.as_ref().and_then(|a| a.ask_first.clone()),
            Some(("!abort?deployment=D-4".to_owned(), "Abort".to_owned()))
        );
        assert_eq!(click(act), ("7:8".into(), "abort?deployment=D-4".into(), vec![]));
        let menu = json!({ "type": 3, "data": { "custom_id": "more", "values": ["pause?deployment=D-4"] } });
        assert_eq!(click(interaction(&menu, &[])), (String::new(), "pause?deployment=D-4".into(), vec![]));
    }

    #[test]
    fn forms_are_read_in_both_shapes() {
        let fields = vec![("item".to_owned(), "3,5".to_owned()), ("reason".to_owned(), "no time".to_owned())];
        for components in [
            json!([
                { "type": 1, "components": [{ "type": 4, "custom_id": "item", "value": "3,5" }] },
                { "type": 1, "components": [{ "type": 4, "custom_id": "reason", "value": "no time" }] },
            ]),
            json!([
                { "type": 18, "id": 1, "component": { "type": 3, "custom_id": "item", "values": ["3", 5] } },
                { "type": 10, "content": "words" },
                { "type": 18, "id": 2, "component": { "type": 4, "custom_id": "reason", "value": "no time" } },
                { "type": 18, "component": null },
            ]),
        ] {
            let event =
                json!({ "type": 5, "data": { "custom_id": "checklist na?deployment=D-2", "components": components } });
            assert_eq!(
                click(interaction(&event, &[])),
                (String::new(), "checklist na?deployment=D-2".into(), fields.clone())
            );
        }
    }

    #[test]
    fn commands_become_actions_and_unknown_ones_stay_words() {
        let spec = CommandSpec { name: "deploy status".into(), summary: String::new(), args: vec![] };
        let event = |name: &str| {
            json!({ "type": 2, "data": { "name": name, "options": [
            { "name": "deployment", "type": 3, "value": "D-4" }, { "type": 3 }, null] } })
        };
        assert_eq!(
            click(interaction(&event("deploy-status"), std::slice::from_ref(&spec))).1,
            "deploy status?deployment=D-4"
        );
        let bare = json!({ "type": 2, "data": { "name": "deploy-status" } });
        let bare = interaction(&bare, std::slice::from_ref(&spec)).map(|a| a.body);
        assert_eq!(bare, Some(Body::Command { text: "/deploy status".into(), thread: None }), "a form may follow");
        let unknown = interaction(&event("dance"), &[spec]).map(|a| a.body);
        assert_eq!(unknown, Some(Body::Command { text: "/dance".into(), thread: None }));
        assert_eq!(interaction(&json!({ "type": 99 }), &[]), None);
        assert_eq!(interaction(&json!(null), &[]), None);
    }

    #[test]
    fn reactions_name_message_and_emoji() {
        let event = |emoji: Value| json!({ "channel_id": "7", "message_id": "8", "emoji": emoji, "burst": false });
        let read = |emoji: Value| reaction(&event(emoji), true);
        let is = |emoji: &str| Some(Body::Reaction { message: "7:8".into(), emoji: emoji.into(), added: true });
        assert_eq!(read(json!({ "id": null, "name": "✅" })), is("✅"));
        assert_eq!(read(json!({ "id": "4", "name": "shipit", "animated": true })), is("shipit"));
        assert_eq!(read(json!({ "id": "4", "name": null })), is("4"));
        assert_eq!(read(json!({ "id": null, "name": null })), None);
        assert_eq!(reaction(&json!({ "emoji": { "name": "✅" } }), true), None);
    }
}
