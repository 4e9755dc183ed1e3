//! What an acknowledgement may carry: a message for the sender of a command, and what a submitted view does next.

use super::api::{commands_reply, views};
use super::delivery::{Sent, Sort};
use super::kit::ViewKind;
use super::payload;
use super::world::World;
use serde_json::{Value, json};

pub fn apply(world: &mut World, sent: &Sent, reply: Option<Value>) {
    let reply = reply.filter(|reply| !reply.is_null() && *reply != json!({}));
    let kind = sent.payload["type"].as_str().unwrap_or_default();
    if sent.sort == Sort::Interaction && kind == "view_submission" {
        return submitted(world, &sent.payload, reply);
    }
    let Some(reply) = reply else { return };
    if !payload::takes_reply(sent.sort, &sent.payload) {
        return world.refuse("ack", "no_payload_accepted", vec![sent.sort.envelope().into()]);
    }
    if sent.sort == Sort::Command {
        let channel = sent.channel.clone().unwrap_or_default();
        let reply = match reply {
            Value::String(text) => json!({"text": text}),
            other => other,
        };
        if let Err(fail) = commands_reply(world, &channel, &sent.user, &reply) {
            world.refuse("ack", &fail.error, fail.details);
        }
    }
}

fn submitted(world: &mut World, payload: &Value, reply: Option<Value>) {
    let id = payload["view"]["id"].as_str().unwrap_or_default().to_owned();
    let Some(reply) = reply else { return close(world, &id) };
    let shown = match reply["response_action"].as_str() {
        None => {
            close(world, &id);
            Ok(())
        }
        Some("clear") => {
            let root = world.views.get(&id).map(|view| view.root.clone());
            world.views.values_mut().filter(|view| Some(&view.root) == root.as_ref()).for_each(|v| v.open = false);
            Ok(())
        }
        Some("errors") => errors(world, &id, &reply["errors"]),
        Some("update") => views::checked(reply["view"].clone(), ViewKind::Modal)
            .and_then(|view| views::replace(world, &id, view))
            .map(|_| ()),
        Some("push") => views::checked(reply["view"].clone(), ViewKind::Modal).and_then(|view| {
            let user = world.views.get(&id).map(|view| view.user.clone()).unwrap_or_default();
            views::show(world, &user, view, Some(id.clone())).map(|_| ())
        }),
        Some(_) => Err("invalid_response_action".into()),
    };
    if let Err(fail) = shown {
        // The person sees "We had some trouble connecting" and the view stays.
        world.refuse("view_submission", &fail.error, fail.details);
    }
}

fn close(world: &mut World, id: &str) {
    if let Some(view) = world.views.get_mut(id) {
        view.open = false;
    }
}

/// Errors must name blocks that are inputs of the view.
fn errors(world: &mut World, id: &str, errors: &Value) -> Result<(), super::api::Fail> {
    let view = world.views.get_mut(id).ok_or("not_found")?;
    let inputs: Vec<_> =
        view.body["blocks"].as_array().into_iter().flatten().filter(|b| b["type"] == "input").collect();
    let named = errors.as_object().ok_or("invalid_errors")?;
    if named.is_empty() || named.keys().any(|key| !inputs.iter().any(|block| block["block_id"] == key.as_str())) {
        return Err("invalid_errors".into());
    }
    view.errors = named.iter().map(|(key, text)| (key.clone(), text.as_str().unwrap_or_default().to_owned())).collect();
    Ok(())
}
