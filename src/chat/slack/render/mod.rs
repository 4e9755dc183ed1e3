//! The neutral message as Block Kit.

use crate::chat::text::{self, Reader};
use crate::domain::ids::{ChannelName, PersonId};
use crate::domain::message::{Form, Message};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a message looks like depends on: people, channels and pictures as Slack knows them.
#[derive(Clone, Debug)]
pub struct Book {
    /// The zone and names of those who see the fallback.
    pub reader: Reader,
    /// Slack accounts of people.
    pub accounts: BTreeMap<PersonId, String>,
    /// Ids of channels.
    pub channels: BTreeMap<ChannelName, String>,
    /// Files by the hash of their picture, see [`picture_key`].
    pub pictures: BTreeMap<String, String>,
}

/// A message as Slack takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// For notifications and for those who see no blocks.
    pub text: String,
    pub blocks: Value,
}

/// Where a form comes from; it travels with the view.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// The wire form of the action that is submitted.
    pub action: String,
    pub channel: String,
    /// Of the message whose button was clicked, as [`crate::chat::MessageRef::id`]; empty after a command.
    pub message: String,
}

/// The name under which our views come back.
pub const CALLBACK: &str = "signalbox";

pub fn blocks(message: &Message, book: &Book) -> Rendered {
    let text = text::render(message, &book.reader);
    Rendered { blocks: json!([{"type": "section", "text": {"type": "plain_text", "text": text}}]), text }
}

/// A form as a modal; `None` when what must travel with it does not fit.
pub fn view(form: &Form, origin: &Origin) -> Option<Value> {
    let meta = serde_json::to_string(origin).ok()?;
    Some(json!({"type": "modal", "callback_id": CALLBACK, "private_metadata": meta, "title": form.title, "blocks": []}))
}

/// Messages as the App Home of somebody.
pub fn home(messages: &[Message], book: &Book) -> Value {
    let all: Vec<Value> =
        messages.iter().flat_map(|m| blocks(m, book).blocks.as_array().cloned().unwrap_or_default()).collect();
    json!({"type": "home", "callback_id": CALLBACK, "blocks": all})
}
