//! Block Kit as Slack checks it: every block, its size, its parts, and that nothing unknown is in it.
//!
//! Sizes are counted in Unicode characters. Problems are told in Slack's way: what is wrong, and a pointer to where.

mod blocks;
mod elements;
mod text;
mod views;

pub use views::{ViewKind, view};

use super::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// From this sum of texts on a message is refused with `msg_blocks_too_long`; seen, not documented.
pub const MESSAGE_TEXT_CHARS: usize = 13_172;
const MESSAGE_BLOCKS: usize = 50;
const ID_CHARS: usize = 255;

/// Collects what is wrong, and knows where it is looking.
#[derive(Default)]
pub struct Check {
    pub problems: Vec<String>,
    path: Vec<String>,
}

impl Check {
    pub fn wrong(&mut self, what: impl std::fmt::Display) {
        self.problems.push(format!("{what} [json-pointer:/{}]", self.path.join("/")));
    }

    pub fn at(&mut self, step: impl std::fmt::Display, look: impl FnOnce(&mut Self)) {
        self.path.push(step.to_string());
        look(self);
        self.path.pop();
    }

    /// Nothing but these keys; null counts as left out.
    pub fn keys(&mut self, value: &Value, known: &[&str]) {
        for (key, _) in value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            if !known.contains(&key.as_str()) && key != "type" {
                self.wrong(format!("invalid additional property: {key}"));
            }
        }
    }

    /// A string of 1 to `most` characters; left out is fine when it is not `needed`.
    pub fn string(&mut self, value: &Value, key: &str, most: usize, needed: bool) {
        match &value[key] {
            Value::Null if needed => self.wrong(format!("missing required field: {key}")),
            Value::Null => {}
            Value::String(text) => self.at(key, |check| check.chars(text, most, 1)),
            _ => self.at(key, |check| check.wrong("must be a string")),
        }
    }

    pub fn chars(&mut self, text: &str, most: usize, least: usize) {
        let count = text.chars().count();
        if count > most {
            self.wrong(format!("must be less than {} characters", most + 1));
        }
        if count < least {
            self.wrong(format!("must be more than {} characters", least.saturating_sub(1)));
        }
    }

    pub fn one_of(&mut self, value: &Value, key: &str, words: &[&str]) {
        match &value[key] {
            Value::Null => {}
            Value::String(word) if words.contains(&word.as_str()) => {}
            _ => self.at(key, |check| check.wrong(format!("must be one of {}", words.join(", ")))),
        }
    }

    /// The items of a list whose length is checked.
    pub fn list<'v>(&mut self, value: &'v Value, key: &str, least: usize, most: usize) -> &'v [Value] {
        let Some(items) = value[key].as_array() else {
            self.wrong(format!("missing required field: {key}"));
            return &[];
        };
        if items.len() > most {
            self.at(key, |check| check.wrong(format!("no more than {most} items allowed")));
        }
        if items.len() < least {
            self.at(key, |check| check.wrong(format!("no fewer than {least} items allowed")));
        }
        items
    }
}

/// Where blocks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    Message,
    Modal,
    Home,
}

/// What is wrong with the blocks of a message.
pub fn message_blocks(all: &[Value]) -> Vec<String> {
    let mut check = Check::default();
    check.at("blocks", |check| list(check, all, Surface::Message, MESSAGE_BLOCKS));
    check.problems
}

fn list(check: &mut Check, all: &[Value], surface: Surface, most: usize) {
    if all.len() > most {
        check.wrong(format!("no more than {most} items allowed"));
    }
    let mut ids = BTreeSet::new();
    for (number, block) in all.iter().enumerate() {
        check.at(number, |check| {
            blocks::block(check, block, surface);
            check.string(block, "block_id", ID_CHARS, false);
            if let Some(id) = block["block_id"].as_str()
                && !ids.insert(id)
            {
                check.wrong(format!("`block_id` {id} already exists"));
            }
        });
    }
}

/// Every text of the blocks, in characters.
pub fn text_chars(all: &[Value]) -> usize {
    all.iter().map(chars_of).sum()
}

fn chars_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(chars_of).sum(),
        Value::Object(fields) => {
            let text = fields.get("text").and_then(Value::as_str).map_or(0, |text| text.chars().count());
            text + fields.values().map(chars_of).sum::<usize>()
        }
        _ => 0,
    }
}

/// The blocks with the ids that Slack gives to those that have none.
pub fn with_ids(mut all: Vec<Value>, world: &mut World) -> Vec<Value> {
    for block in &mut all {
        if block["block_id"].is_null() {
            block["block_id"] = json!(format!("b{:04}", world.number()));
        }
        for element in elements_of(block) {
            if element["action_id"].is_null() {
                element["action_id"] = json!(format!("a{:04}", world.number()));
            }
        }
    }
    all
}

/// The interactive parts of a block.
fn elements_of(block: &mut Value) -> Vec<&mut Value> {
    let kind = block["type"].as_str().unwrap_or_default().to_owned();
    let Some(fields) = block.as_object_mut() else { return vec![] };
    let key = match kind.as_str() {
        "section" => "accessory",
        "input" => "element",
        "actions" => "elements",
        _ => return vec![],
    };
    match fields.get_mut(key) {
        Some(Value::Array(items)) => items.iter_mut().collect(),
        Some(item) if item.is_object() && item["type"] != "image" => vec![item],
        _ => vec![],
    }
}
