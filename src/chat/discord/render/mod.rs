//! The neutral message as Discord shows it.

pub mod custom;

use super::rest::File;
use crate::domain::ids::ChannelName;
use crate::domain::message::{Form, Message};
use crate::domain::policy::Policy;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How people and channels are called.
pub struct Names<'a> {
    pub policy: &'a Policy,
    /// Ids of channels by name.
    pub channels: &'a BTreeMap<ChannelName, String>,
}

/// A message in Discord's words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    pub content: String,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    /// Accounts that are notified; nobody else can be.
    pub mentions: Vec<String>,
    /// `attachments`: names and descriptions of the files.
    pub attachments: Vec<Value>,
    pub files: Vec<File>,
}

impl Rendered {
    /// The body of a message, all of it, for a post, an edit, or the `data` of an answer to an interaction (add `flags`).
    /// Files go beside it, see [`super::rest::Call::files`].
    #[must_use]
    pub fn body(&self) -> Value {
        json!({
            "content": self.content,
            "embeds": self.embeds,
            "components": self.components,
            "attachments": self.attachments,
            "allowed_mentions": {"parse": [], "users": self.mentions},
        })
    }
}

/// A message. `key` is its idempotency key, by which it is found again.
#[must_use]
pub fn message(_message: &Message, _names: &Names, _key: Option<&str>) -> Rendered {
    Rendered::default()
}

/// The question before a button counts. `ask` is the button's own, when it is known.
#[must_use]
pub fn question(_custom_id: &str, _label: &str, _ask: Option<&str>) -> Rendered {
    Rendered::default()
}

/// The `data` of a modal: answer with type 9. A submission carries `custom_id` (see [`custom::unpack`]) and one text input per
/// field, whose own custom id is the field's name, in action rows.
#[must_use]
pub fn modal(action: &str, form: &Form) -> Value {
    json!({"custom_id": action, "title": form.title, "components": []})
}
