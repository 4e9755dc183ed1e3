//! Forms as modals, and the App Home.

use super::block::section;
use super::button::{line, plain};
use super::mrkdwn::Mrkdwn;
use super::{Book, typed, within};
use crate::chat::recode::recoded;
use crate::domain::message::{FieldKind, Form, FormField, Message};
use crate::limits;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The name under which our views come back.
pub const CALLBACK: &str = "signalbox";

/// Where a form comes from; it travels with the view.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// The wire form of the action that is submitted.
    pub action: String,
    pub channel: String,
    /// Of the message whose button was clicked, as [`crate::chat::MessageRef::id`]; empty after a command.
    pub message: String,
}

/// A form as a modal; `None` when what must travel with it, or a field's name, does not fit.
pub fn view(form: &Form, origin: &Origin) -> Option<Value> {
    let meta = serde_json::to_string(origin).ok()?;
    let names: BTreeSet<&str> = form.fields.iter().map(|f| f.name.as_str()).collect();
    let fits = |name: &&str| !name.trim().is_empty() && name.chars().count() <= limits::SLACK_ID_CHARS;
    let sound = names.iter().all(fits) && names.len() == form.fields.len();
    if !sound || meta.chars().count() > limits::SLACK_META_CHARS || names.len() > limits::SLACK_VIEW_BLOCKS {
        return None;
    }
    let mut blocks: Vec<Value> = form.fields.iter().map(input).collect();
    // A title that Slack would break off is said in full below the command's name.
    let mut title = line(&form.title, limits::SLACK_TITLE_CHARS);
    if title != form.title.trim() && blocks.len() < limits::SLACK_VIEW_BLOCKS {
        let command = origin.action.split('?').next().unwrap_or_default();
        title = line(&format!("/{command}"), limits::SLACK_TITLE_CHARS);
        blocks.insert(
            0,
            section(&Mrkdwn::plain(&line(&form.title, limits::SLACK_ALT_CHARS)).clip(limits::SLACK_SECTION_CHARS)),
        );
    }
    if blocks.is_empty() {
        blocks.push(section("Nothing to fill in."));
    }
    Some(json!({
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": meta,
        "title": plain(&title),
        "submit": plain(&line(&form.submit, limits::SLACK_TITLE_CHARS)),
        "close": plain("Cancel"),
        "blocks": blocks,
    }))
}

fn input(field: &FormField) -> Value {
    let (element, left_out) = match &field.kind {
        FieldKind::Choice(options) => select(field, options),
        FieldKind::Line => (written(field, false), 0),
        FieldKind::Paragraph => (written(field, true), 0),
    };
    let mut help = field.help.trim().to_owned();
    if left_out > 0 {
        help = format!("{help} {left_out} more can be named in the command.").trim_start().to_owned();
    }
    let mut out = json!({
        "type": "input",
        "block_id": field.name,
        "label": plain(&line(&field.label, limits::SLACK_ALT_CHARS)),
        "element": element,
        "optional": !field.required,
    });
    if !help.is_empty() {
        out["hint"] = plain(&line(&help, limits::SLACK_ALT_CHARS));
    }
    out
}

fn written(field: &FormField, multiline: bool) -> Value {
    let most = limits::SLACK_INPUT_CHARS;
    json!({"type": "plain_text_input", "action_id": field.name, "multiline": multiline, "max_length": most})
}

/// What can be chosen, and how many options had no room. Without any there is nothing but to type.
fn select(field: &FormField, options: &[(String, String)]) -> (Value, usize) {
    let fits = |value: &str| !value.trim().is_empty() && value.chars().count() <= limits::SLACK_OPTION_VALUE_CHARS;
    let mut seen = BTreeSet::new();
    let shown: Vec<Value> = options
        .iter()
        .filter(|(value, _)| fits(value) && seen.insert(value.clone()))
        .take(limits::SLACK_OPTIONS)
        .map(|(value, label)| json!({"text": plain(&line(label, limits::SLACK_OPTION_CHARS)), "value": value}))
        .collect();
    if shown.is_empty() {
        return (written(field, false), 0);
    }
    let left_out = options.len() - shown.len();
    (json!({"type": "static_select", "action_id": field.name, "options": shown}), left_out)
}

/// Messages as the App Home of somebody.
pub fn home(messages: &[Message], book: &Book) -> Value {
    let mut blocks: Vec<Value> = Vec::new();
    let mut left = limits::SLACK_MESSAGE_CHARS;
    for (n, message) in messages.iter().enumerate() {
        let rest = messages.len() - n;
        let more = usize::from(rest > 1);
        let places = limits::SLACK_VIEW_BLOCKS.saturating_sub(blocks.len() + 1 + more).min(limits::SLACK_BLOCKS);
        let mut one = within(&recoded(message, typed), book, places, left);
        let size: usize = one.iter().map(super::cost).sum();
        if one.len() > places || size > left {
            blocks.push(super::note(&format!("… {rest} more")));
            break;
        }
        left -= size;
        // Ids are unique in a view.
        one.iter_mut().for_each(|block| unique(block, n));
        if n > 0 {
            blocks.push(json!({"type": "divider"}));
        }
        blocks.append(&mut one);
    }
    if blocks.is_empty() {
        blocks.push(section("Nothing waits for you."));
    }
    json!({"type": "home", "callback_id": CALLBACK, "blocks": blocks})
}

fn unique(block: &mut Value, n: usize) {
    for element in block["elements"].as_array_mut().into_iter().flatten() {
        if let Some(id) = element["action_id"].as_str() {
            element["action_id"] = json!(format!("{n}-{id}"));
        }
    }
}
