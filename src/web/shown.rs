//! A message as the API gives it: as stored, with its plain text and the wire form of each button.

use crate::chat::console::{Content, Entry};
use crate::chat::text::{Reader, clean, render};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    pub entry: Entry,
    /// The whole message for those who read no JSON.
    pub text: String,
    /// The `action` to send for each button of `message`, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Its thread, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replies_in_full: Option<Vec<Shown>>,
}

impl Shown {
    pub fn new(entry: Entry, reader: &Reader) -> Self {
        let (text, actions) = match &entry.content {
            Content::Message(message) => {
                (render(message, reader), message.buttons.iter().map(|b| b.action.encode()).collect())
            }
            Content::Typed(text) => (clean(text), vec![]),
        };
        Self { entry, text, actions, replies_in_full: None }
    }

    pub fn all(entries: Vec<Entry>, reader: &Reader) -> Vec<Self> {
        entries.into_iter().map(|e| Self::new(e, reader)).collect()
    }
}
