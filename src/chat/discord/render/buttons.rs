//! Buttons, in rows of five; and what cannot be shown as one, in words.

use super::custom;
use super::text::plain_line;
use crate::domain::message::{Action, Button, ButtonStyle};
use serde_json::{Value, json};
use serenity::all::{ButtonStyle as Style, CreateActionRow, CreateButton};
use std::collections::BTreeMap;

/// Rows of a message, and buttons in each.
pub const ROWS: usize = 5;
pub const PER_ROW: usize = 5;
/// Characters on a button.
pub const LABEL: usize = 80;

/// The rows, and how many buttons are not among them.
pub fn rows(buttons: &[Button]) -> (Vec<Value>, usize) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut made = Vec::new();
    for button in buttons {
        let nth = custom::pack(button, 1).map_or(1, |id| {
            let nth = seen.entry(id).or_default();
            *nth += 1;
            *nth
        });
        if made.len() < ROWS * PER_ROW
            && let Some(id) = custom::pack(button, nth)
        {
            made.push(create(&id, &button.label, button.style));
        }
    }
    let left_out = buttons.len() - made.len();
    let rows = made.chunks(PER_ROW).map(|row| value(&CreateActionRow::Buttons(row.to_vec())));
    (rows.collect(), left_out)
}

/// One row with one button.
pub fn one(custom_id: &str, label: &str, style: ButtonStyle) -> Value {
    value(&CreateActionRow::Buttons(vec![create(custom_id, label, style)]))
}

/// The deployment that a message's buttons are about, as people write it.
pub fn about(buttons: &[Button]) -> Option<&str> {
    let of = |action: &Action| action.args.contains_key("deployment");
    let button = buttons.iter().find(|b| of(&b.action))?;
    button.action.args.get("deployment").map(String::as_str)
}

fn create(id: &str, label: &str, style: ButtonStyle) -> CreateButton {
    let label = plain_line(label, LABEL);
    let label = if label.is_empty() { "…".to_owned() } else { label };
    let style = match style {
        ButtonStyle::Plain => Style::Secondary,
        ButtonStyle::Primary => Style::Primary,
        ButtonStyle::Danger => Style::Danger,
    };
    CreateButton::new(id).label(label).style(style)
}

/// serenity's builders always make JSON; what does not is shown as nothing.
fn value(row: &CreateActionRow) -> Value {
    serde_json::to_value(row).unwrap_or_else(|_| json!({"type": 1, "components": []}))
}
