//! Forms as modals: action rows with one text input each.
//!
//! Discord calls action rows in modals deprecated, and takes and answers them; not every server that speaks its API knows the newer
//! shape, so choices are named in the input's placeholder and checked when the form comes back.

use super::custom;
use super::text::{plain_line, units};
use crate::domain::message::{FieldKind, Form, FormField};
use serde_json::{Value, json};
use serenity::all::{CreateActionRow, CreateInputText, InputTextStyle};
use std::collections::BTreeSet;

/// Characters of a title, and of a field's label.
pub const TITLE: usize = 45;
/// Fields of one form.
pub const FIELDS: usize = 5;
/// Characters of the hint inside an empty field.
pub const PLACEHOLDER: usize = 100;

/// The `data` of a modal: answer with type 9. A submission carries the same custom id (see [`custom::unpack`]), and one text input
/// per field whose own custom id is the field's name. `None` when the action is too long to be carried.
#[must_use]
pub fn modal(action: &str, form: &Form) -> Option<Value> {
    let custom_id = custom::of(action)?;
    let mut names = BTreeSet::new();
    let unique = |f: &&FormField| {
        let fits = (1..=custom::CUSTOM_ID).contains(&f.name.chars().count());
        fits && names.insert(f.name.clone())
    };
    // What must be filled in comes first, should there be more than Discord shows.
    let mut fields: Vec<&FormField> = form.fields.iter().filter(unique).collect();
    fields.sort_by_key(|f| !f.required);
    let rows: Vec<Value> = fields.into_iter().take(FIELDS).filter_map(row).collect();
    Some(json!({"custom_id": custom_id, "title": shown(&form.title, TITLE), "components": rows}))
}

fn row(field: &FormField) -> Option<Value> {
    let (style, hint) = match &field.kind {
        FieldKind::Line => (InputTextStyle::Short, field.help.clone()),
        FieldKind::Paragraph => (InputTextStyle::Paragraph, field.help.clone()),
        FieldKind::Choice(options) => (InputTextStyle::Short, choices(options, &field.help)),
    };
    let mut input = CreateInputText::new(style, shown(&field.label, TITLE), &field.name).required(field.required);
    let hint = plain_line(&hint, PLACEHOLDER);
    if !hint.is_empty() {
        input = input.placeholder(hint);
    }
    serde_json::to_value(CreateActionRow::InputText(input)).ok()
}

/// `production, staging`, as many as fit; with the help in front where there is room.
fn choices(options: &[(String, String)], help: &str) -> String {
    let words: Vec<&str> = options.iter().map(|(value, _)| value.as_str()).collect();
    let list = format!("One of: {}", words.join(", "));
    let both = format!("{help}. {list}");
    if help.is_empty() || units(&both) > PLACEHOLDER { list } else { both }
}

fn shown(text: &str, most: usize) -> String {
    let text = plain_line(text, most);
    if text.is_empty() { "…".to_owned() } else { text }
}
