//! Filling in a form and sending it, or closing it.

use super::delivery::{Delivery, Sort};
use super::see::unescaped;
use super::{FakeSlack, payload};
use serde_json::{Map, Value, json};

impl FakeSlack {
    /// Fills in what is named, by label, block or action, and sends the form. What the client itself would not send is
    /// refused here: an empty required field, a choice that is not offered, too long a text.
    pub fn submit(&self, user: &str, view: &str, values: &[(&str, &str)]) -> Result<Delivery, String> {
        let payload = self.with(|world| {
            let found = world.views.get(view).filter(|found| found.open && found.user == user);
            let body = found.ok_or_else(|| format!("{user} does not see {view}"))?.json();
            if body["submit"].is_null() {
                return Err("the form has no button to send it".to_owned());
            }
            let state = fill(&body, values)?;
            let mut view_body = body;
            view_body["state"] = json!({"values": state});
            let mut payload = payload::interaction(world, "view_submission", user, Some(view.to_owned()));
            payload["view"] = view_body;
            payload["response_urls"] = json!([]);
            Ok(payload)
        })?;
        Ok(self.send(Sort::Interaction, user, None, payload))
    }

    /// Closes it. The app hears of it when the view asked for that.
    pub fn close_view(&self, user: &str, view: &str) -> Result<Option<Delivery>, String> {
        let payload = self.with(|world| {
            let found = world.views.get_mut(view).filter(|found| found.open && found.user == user);
            let found = found.ok_or_else(|| format!("{user} does not see {view}"))?;
            found.open = false;
            let body = found.json();
            if body["notify_on_close"] != true {
                return Ok::<_, String>(None);
            }
            let mut payload = payload::interaction(world, "view_closed", user, None);
            payload["view"] = body;
            payload["is_cleared"] = json!(false);
            Ok(Some(payload))
        })?;
        Ok(payload.map(|payload| self.send(Sort::Interaction, user, None, payload)))
    }

    /// The view a person has in front of them.
    pub fn view_of(&self, user: &str) -> Option<String> {
        self.read(|world| {
            let open = world.views.values().filter(|view| view.open && view.user == user);
            open.max_by_key(|view| super::api::views::depth(world, &view.id)).map(|view| view.id.clone())
        })
    }
}

fn fill(view: &Value, values: &[(&str, &str)]) -> Result<Map<String, Value>, String> {
    let mut used = vec![false; values.len()];
    let mut state = Map::new();
    for block in view["blocks"].as_array().into_iter().flatten().filter(|block| block["type"] == "input") {
        let element = &block["element"];
        let label = unescaped(block["label"]["text"].as_str().unwrap_or_default());
        let named = |name: &str| name == label || block["block_id"] == name || element["action_id"] == name;
        let given = values.iter().position(|(name, _)| named(name));
        if let Some(at) = given {
            used[at] = true;
        }
        let entered = enter(element, given.map(|at| values[at].1)).map_err(|why| format!("{label}: {why}"))?;
        let empty = entered.get("value").is_none_or(Value::is_null)
            && entered.get("selected_option").is_none_or(Value::is_null)
            && entered.get("selected_options").and_then(Value::as_array).is_none_or(Vec::is_empty);
        if empty && block["optional"] != true {
            return Err(format!("{label}: please complete this required field"));
        }
        let block_id = block["block_id"].as_str().unwrap_or_default().to_owned();
        let action_id = element["action_id"].as_str().unwrap_or_default().to_owned();
        state.insert(block_id, json!({action_id: entered}));
    }
    match used.iter().position(|used| !used) {
        Some(at) => Err(format!("the form has no field \"{}\"", values[at].0)),
        None => Ok(state),
    }
}

/// What one field holds.
fn enter(element: &Value, given: Option<&str>) -> Result<Value, String> {
    let kind = element["type"].as_str().unwrap_or_default();
    let option = |text: &str| {
        let groups = element["option_groups"].as_array().into_iter().flatten();
        let grouped = groups.flat_map(|group| group["options"].as_array().into_iter().flatten());
        let all = element["options"].as_array().into_iter().flatten().chain(grouped);
        let mut all = all.filter(|o| o["value"] == text || unescaped(o["text"]["text"].as_str().unwrap_or("")) == text);
        all.next().cloned().ok_or_else(|| format!("\"{text}\" is not offered"))
    };
    match kind {
        "static_select" | "radio_buttons" => {
            let chosen = match given {
                Some(text) => option(text)?,
                None => element["initial_option"].clone(),
            };
            Ok(json!({"type": kind, "selected_option": chosen}))
        }
        "checkboxes" | "multi_static_select" => {
            let chosen = match given {
                Some(text) => text.split(',').map(|one| option(one.trim())).collect::<Result<Vec<_>, _>>()?,
                None => element["initial_options"].as_array().cloned().unwrap_or_default(),
            };
            Ok(json!({"type": kind, "selected_options": chosen}))
        }
        _ => {
            let text = given.or(element["initial_value"].as_str()).unwrap_or_default();
            let count = text.chars().count();
            let most = element["max_length"].as_u64().unwrap_or(3000);
            if count as u64 > most || (count > 0 && (count as u64) < element["min_length"].as_u64().unwrap_or(0)) {
                return Err(format!("{count} characters do not fit"));
            }
            if element["multiline"] != true && text.contains('\n') {
                return Err("it takes one line".into());
            }
            // An empty field is null.
            let value = if text.is_empty() { Value::Null } else { json!(text) };
            Ok(json!({"type": kind, "value": value}))
        }
    }
}
