//! People act, as far as their client lets them.

use super::FakeDiscord;
use super::delivery::{Delivery, Done, Modal, inputs};
use super::interaction::{AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT};
use super::world::{Version, World};
use serde_json::{Value, json};

fn blocked(why: impl Into<String>) -> Delivery {
    Delivery { done: Done::Blocked(why.into()) }
}

/// People, channels and roles are named by their id or their name.
impl FakeDiscord {
    /// Sends a slash command; `command` may be `group sub-command`. What is not registered so cannot be sent.
    pub fn command(&self, user: &str, channel: &str, command: &str, options: &[(&str, &str)]) -> Delivery {
        let mut world = self.world();
        let (user, channel) = (world.user_id(user), world.channel_id(channel));
        match super::command_data::data(&world, command, options, None) {
            Err(why) => blocked(why),
            Ok(data) => interaction(world.interact(COMMAND, user, channel, data, None)),
        }
    }

    /// Types into an option that completes; `before` are the options filled in so far.
    pub fn autocomplete(
        &self,
        user: &str,
        channel: &str,
        command: &str,
        before: &[(&str, &str)],
        option: &str,
        typed: &str,
    ) -> Delivery {
        let mut world = self.world();
        let (user, channel) = (world.user_id(user), world.channel_id(channel));
        let mut options = before.to_vec();
        options.push((option, typed));
        match super::command_data::data(&world, command, &options, Some(option)) {
            Err(why) => blocked(why),
            Ok(data) => interaction(world.interact(AUTOCOMPLETE, user, channel, data, None)),
        }
    }

    /// Writes a message that names the bot.
    pub fn mention(&self, user: &str, channel: &str, text: &str) -> Delivery {
        let text = format!("<@{}> {text}", self.bot());
        self.say(user, channel, &text)
    }

    /// Writes a message.
    pub fn say(&self, user: &str, channel: &str, text: &str) -> Delivery {
        let mut world = self.world();
        let (user, channel) = (world.user_id(user), world.channel_id(channel));
        says(&mut world, user, channel, Version { content: text.into(), ..Version::default() })
    }

    /// The same; gives where it stands.
    pub fn writes(&self, user: &str, channel: &str, text: &str) -> (u64, u64) {
        let id = self.say(user, channel, text).id();
        (self.world().channel_id(channel), id)
    }

    /// Posts a message as somebody else's app or client would: with embeds, or Components V2 and their flag.
    pub fn post_as(&self, user: &str, channel: &str, version: Version) -> Delivery {
        let mut world = self.world();
        let (user, channel) = (world.user_id(user), world.channel_id(channel));
        says(&mut world, user, channel, version)
    }

    /// Writes to the bot directly.
    pub fn direct(&self, user: &str, text: &str) -> Delivery {
        let mut world = self.world();
        let user = world.user_id(user);
        let channel = world.direct_channel(user);
        says(&mut world, user, channel, Version { content: text.into(), ..Version::default() })
    }

    pub fn react(&self, user: &str, channel: &str, message: u64, emoji: &str) -> Delivery {
        let mut world = self.world();
        let (user, channel) = (world.user_id(user), world.channel_id(channel));
        let done = world.react(channel, message, emoji, user);
        if done { Delivery { done: Done::Plain } } else { blocked("the reaction is there, or the message is gone") }
    }

    pub fn unreact(&self, user: &str, channel: &str, message: u64, emoji: &str) -> Delivery {
        let mut world = self.world();
        let (user, channel) = (world.user_id(user), world.channel_id(channel));
        let done = world.unreact(channel, message, emoji, user);
        if done { Delivery { done: Done::Plain } } else { blocked("there is no such reaction of this person") }
    }

    /// Clicks a button by its label.
    pub fn click(&self, user: &str, channel: &str, message: u64, label: &str) -> Delivery {
        self.use_component(user, channel, message, &[], |c| c["type"] == 2 && c["label"] == label, false)
    }

    /// The same on a screen that still shows the message as it was first.
    pub fn click_stale(&self, user: &str, channel: &str, message: u64, label: &str) -> Delivery {
        self.use_component(user, channel, message, &[], |c| c["type"] == 2 && c["label"] == label, true)
    }

    /// Chooses in a menu, found by its placeholder; values by label or value.
    pub fn choose(&self, user: &str, channel: &str, message: u64, menu: &str, values: &[&str]) -> Delivery {
        let is_menu = |c: &Value| matches!(c["type"].as_u64(), Some(3 | 5..=8));
        self.use_component(user, channel, message, values, |c| is_menu(c) && c["placeholder"] == menu, false)
    }

    fn use_component(
        &self,
        user: &str,
        channel: &str,
        message: u64,
        values: &[&str],
        wanted: impl Fn(&Value) -> bool,
        stale: bool,
    ) -> Delivery {
        let mut world = self.world();
        let (user, channel) = (world.user_id(user), world.channel_id(channel));
        let seen = world.messages.get(&(channel, message)).filter(|m| m.only_for.is_none_or(|only| only == user));
        let Some(found) = seen else { return blocked("this person does not see the message") };
        let version = if stale { &found.versions[0] } else { found.now() };
        let Some(component) = find(&version.components, &wanted).cloned() else {
            return blocked(format!("there is no such button or menu in {:#}", json!(found.now().components)));
        };
        if component["disabled"] == true {
            return blocked("it is disabled");
        }
        if component["type"] == 2 && component["style"] == 5 {
            return blocked("it opens a page");
        }
        let mut data = json!({
            "id": component["id"], "component_type": component["type"], "custom_id": component["custom_id"],
        });
        if component["type"] != 2 {
            match chosen(&component, values) {
                Ok(values) => data["values"] = json!(values),
                Err(why) => return blocked(why),
            }
        }
        interaction(world.interact(COMPONENT, user, channel, data, Some((channel, message))))
    }

    /// Submits a form; values by an input's label or id. The client holds the form's own bounds.
    pub fn submit(&self, user: &str, modal: &Modal, values: &[(&str, &str)]) -> Delivery {
        let mut world = self.world();
        let user = world.user_id(user);
        let Some(opened) = world.interactions.get(&modal.interaction).filter(|i| i.user == user) else {
            return blocked("the form was opened for somebody else");
        };
        let (channel, source) = (opened.channel, opened.source);
        let all = inputs(&modal.data);
        if let Some((name, _)) = values.iter().find(|(n, _)| !all.iter().any(|(l, i)| l == n || i["custom_id"] == **n))
        {
            return blocked(format!("the form has no input {name}"));
        }
        let mut parts = modal.data["components"].clone();
        for part in parts.as_array_mut().into_iter().flatten() {
            let label = part["type"] == 18;
            let name = if label { part["label"].clone() } else { part["components"][0]["label"].clone() };
            let input = if label { part["component"].clone() } else { part["components"][0].clone() };
            if input.is_null() {
                continue;
            }
            let value = values.iter().find(|(n, _)| name == *n || input["custom_id"] == *n).map(|(_, v)| *v);
            match answered(&input, value) {
                Ok(answer) if label => *part = json!({ "type": 18, "id": 1, "component": answer }),
                Ok(answer) => *part = json!({ "type": 1, "id": 1, "components": [answer] }),
                Err(why) => return blocked(format!("{name}: {why}")),
            }
        }
        let data = json!({ "custom_id": modal.custom_id, "components": parts });
        interaction(world.interact(SUBMIT, user, channel, data, source))
    }
}

fn interaction(id: u64) -> Delivery {
    Delivery { done: Done::Interaction(id) }
}

fn says(world: &mut World, user: u64, channel: u64, version: Version) -> Delivery {
    let place = world.channels.get_mut(&channel).unwrap();
    if place.locked {
        return blocked("the thread is locked");
    }
    let awoken = std::mem::take(&mut place.archived);
    if awoken {
        world.thread_event("THREAD_UPDATE", channel);
    }
    let message = world.draft(channel, user, version);
    let id = world.add_message(message, &Value::Null);
    Delivery { done: Done::Message { channel, id } }
}

fn find<'a>(list: &'a [Value], wanted: &impl Fn(&Value) -> bool) -> Option<&'a Value> {
    list.iter().find_map(|c| {
        if wanted(c) {
            return Some(c);
        }
        let inner = c["components"].as_array().map_or(&[][..], Vec::as_slice);
        find(inner, wanted).or_else(|| Some(&c["accessory"]).filter(|a| wanted(a)))
    })
}

/// The values of a menu that was chosen from.
fn chosen(menu: &Value, wanted: &[&str]) -> Result<Vec<String>, String> {
    let bound = |key: &str| usize::try_from(menu[key].as_u64().unwrap_or(1)).unwrap_or(1);
    if wanted.len() < bound("min_values") || wanted.len() > bound("max_values") {
        return Err(format!("{} values are too many or too few", wanted.len()));
    }
    if menu["type"] != 3 {
        return Ok(wanted.iter().map(|v| (*v).to_owned()).collect());
    }
    let options = menu["options"].as_array().cloned().unwrap_or_default();
    let one = |wanted: &&str| {
        let found = options.iter().find(|o| o["label"] == *wanted || o["value"] == *wanted);
        found.map(|o| o["value"].as_str().unwrap_or_default().to_owned()).ok_or(format!("the menu has no {wanted}"))
    };
    wanted.iter().map(one).collect()
}

/// An input with what was typed into it.
fn answered(input: &Value, value: Option<&str>) -> Result<Value, String> {
    let required = input["required"] != false;
    if input["type"] != 4 {
        let values: Vec<&str> = value.into_iter().collect();
        if values.is_empty() && !required {
            return Ok(json!({ "type": input["type"], "id": 2, "custom_id": input["custom_id"], "values": [] }));
        }
        let values = chosen(input, &values)?;
        return Ok(json!({ "type": input["type"], "id": 2, "custom_id": input["custom_id"], "values": values }));
    }
    let value = value.or_else(|| input["value"].as_str()).unwrap_or_default();
    let len = value.chars().count() as u64;
    if required && len == 0 {
        return Err("must be filled in".into());
    }
    if len > input["max_length"].as_u64().unwrap_or(4000) || len > 0 && len < input["min_length"].as_u64().unwrap_or(0)
    {
        return Err(format!("{len} characters are too many or too few"));
    }
    Ok(json!({ "type": 4, "id": 2, "custom_id": input["custom_id"], "value": value }))
}
