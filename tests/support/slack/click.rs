//! Pressing buttons and choosing from menus, in messages, in views and in the app's home.

use super::delivery::{Delivery, Sort};
use super::message::{Message, Version};
use super::people::member;
use super::see::unescaped;
use super::world::World;
use super::{FakeSlack, payload};
use serde_json::{Value, json};

/// What was pressed, and the dialog that came first.
struct Pressed {
    action: Value,
    confirm: Option<String>,
}

impl FakeSlack {
    /// Presses a button, or chooses what a menu offers, by the words on it.
    pub fn click(&self, user: &str, channel: &str, ts: &str, label: &str) -> Result<Delivery, String> {
        self.click_on(user, channel, ts, label, |message| message.versions.last())
    }

    /// The same on a screen that still shows the message as it was first.
    pub fn click_stale(&self, user: &str, channel: &str, ts: &str, label: &str) -> Result<Delivery, String> {
        self.click_on(user, channel, ts, label, |message| message.versions.first())
    }

    fn click_on(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        label: &str,
        version: impl Fn(&Message) -> Option<&Version>,
    ) -> Result<Delivery, String> {
        let (payload, confirm) = self.with(|world| {
            member(world, user, channel)?;
            let message = world.message(channel, ts).ok_or("the message is not there")?;
            if message.deleted || message.only_for.as_ref().is_some_and(|only| only != user) {
                return Err(format!("{user} does not see the message"));
            }
            let blocks = version(message).map(|version| version.blocks.clone()).unwrap_or_default();
            let pressed = press(world, &blocks, label)?;
            Ok((payload::message_action(world, user, channel, ts, pressed.action), pressed.confirm))
        })?;
        let delivery = self.send(Sort::Interaction, user, Some(channel), payload);
        Ok(Delivery { confirm, ..delivery })
    }

    /// The same in a view that is open, or in the app's home by its view's id.
    pub fn click_view(&self, user: &str, view: &str, label: &str) -> Result<Delivery, String> {
        let (payload, confirm) = self.with(|world| {
            let home = world.homes.get(user).filter(|home| home.id == view);
            let open = world.views.get(view).filter(|found| found.open && found.user == user);
            let body = home.or(open).ok_or_else(|| format!("{user} does not see {view}"))?.json();
            let blocks = body["blocks"].as_array().cloned().unwrap_or_default();
            let pressed = press(world, &blocks, label)?;
            Ok::<_, String>((payload::view_action(world, user, &body, pressed.action), pressed.confirm))
        })?;
        let delivery = self.send(Sort::Interaction, user, None, payload);
        Ok(Delivery { confirm, ..delivery })
    }

    /// Presses it in the person's home.
    pub fn click_home(&self, user: &str, label: &str) -> Result<Delivery, String> {
        let id = self.read(|world| world.homes.get(user).map(|home| home.id.clone()));
        self.click_view(user, &id.ok_or_else(|| format!("{user} has no home yet"))?, label)
    }

    /// A click as it was, with other contents: for what a stale or forged client sends.
    pub fn interaction(&self, user: &str, channel: Option<&str>, payload: Value) -> Delivery {
        self.send(Sort::Interaction, user, channel, payload)
    }
}

/// The labels of everything that can be pressed.
pub fn labels(blocks: &[Value]) -> Vec<String> {
    parts(blocks).into_iter().map(|(_, _, label, _)| label).collect()
}

/// Block, element, label, and the option when it is one.
fn parts(blocks: &[Value]) -> Vec<(&Value, &Value, String, Option<&Value>)> {
    let mut found = Vec::new();
    for block in blocks {
        let inside = block["elements"].as_array().into_iter().flatten();
        let single = [&block["accessory"], &block["element"]];
        for element in inside.chain(single) {
            let label = |text: &Value| unescaped(text["text"]["text"].as_str().unwrap_or_default());
            match element["type"].as_str() {
                Some("button") => found.push((block, element, label(element), None)),
                Some("overflow" | "static_select" | "radio_buttons") => {
                    let groups = element["option_groups"].as_array().into_iter().flatten();
                    let grouped = groups.flat_map(|group| group["options"].as_array().into_iter().flatten());
                    let options = element["options"].as_array().into_iter().flatten().chain(grouped);
                    found.extend(options.map(|option| (block, element, label(option), Some(option))));
                }
                _ => {}
            }
        }
    }
    found
}

fn press(world: &mut World, blocks: &[Value], label: &str) -> Result<Pressed, String> {
    let all = parts(blocks);
    let found: Vec<_> = all.iter().filter(|(_, _, words, _)| words == label).collect();
    let [(block, element, _, option)] = found[..] else {
        let there: Vec<_> = all.iter().map(|(_, _, words, _)| words.as_str()).collect();
        return Err(format!("{} of \"{label}\"; there is: {}", found.len(), there.join(", ")));
    };
    let mut action = json!({"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"],
        "action_ts": world.ts()});
    for key in ["text", "value", "style", "placeholder", "confirm"] {
        if !element[key].is_null() {
            action[key] = element[key].clone();
        }
    }
    if let Some(option) = option {
        action["selected_option"] = (*option).clone();
    }
    let dialog = &element["confirm"];
    let words = |key: &str| unescaped(dialog[key]["text"].as_str().unwrap_or_default());
    let confirm = (!dialog.is_null())
        .then(|| format!("{}\n{}\n( {} ) ( {} )", words("title"), words("text"), words("confirm"), words("deny")));
    Ok(Pressed { action, confirm })
}
