//! Forms as modals: a label for each field, which holds a text input or a menu.
//!
//! Labels took the place of action rows in modals, and only in a label can a menu stand. serenity has no builder for them. A
//! choice that does not fit a menu is typed: its options stand in the placeholder, and the command says what is wrong with it.

use super::custom;
use super::text::{plain_line, units};
use crate::domain::message::{FieldKind, Form, FormField};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Characters of a title, and of a field's label.
pub const TITLE: usize = 45;
/// Fields of one form.
pub const FIELDS: usize = 5;
/// Characters of the hint inside an empty text field, and of the line below a label.
pub const PLACEHOLDER: usize = 100;
/// Options of a menu, and characters of what one shows and of what it stands for.
pub const OPTIONS: usize = 25;
pub const OPTION: usize = 100;

const LABEL: u8 = 18;
const TEXT_INPUT: u8 = 4;
const MENU: u8 = 3;
/// Of a text input: one line, or several.
const SHORT: u8 = 1;
const LONG: u8 = 2;

/// The `data` of a modal: answer with type 9. A submission carries the same custom id (see [`custom::unpack`]), and one input
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
    let rows: Vec<Value> = fields.into_iter().take(FIELDS).map(label).collect();
    Some(json!({"custom_id": custom_id, "title": shown(&form.title, TITLE), "components": rows}))
}

fn label(field: &FormField) -> Value {
    let mut label = json!({"type": LABEL, "label": shown(&field.label, TITLE)});
    let (style, hint) = match &field.kind {
        FieldKind::Line => (SHORT, field.help.clone()),
        FieldKind::Paragraph => (LONG, field.help.clone()),
        FieldKind::Choice(options) => match menu(options) {
            Some(options) => {
                label["component"] =
                    json!({"type": MENU, "custom_id": field.name, "required": field.required, "options": options});
                let help = plain_line(&field.help, PLACEHOLDER);
                if !help.is_empty() {
                    label["description"] = json!(help);
                }
                return label;
            }
            None => (SHORT, choices(options, &field.help)),
        },
    };
    label["component"] =
        json!({"type": TEXT_INPUT, "custom_id": field.name, "style": style, "required": field.required});
    let hint = plain_line(&hint, PLACEHOLDER);
    if !hint.is_empty() {
        label["component"]["placeholder"] = json!(hint);
    }
    label
}

/// The options, when every one of them fits: a menu that lacks some would hide them.
fn menu(options: &[(String, String)]) -> Option<Vec<Value>> {
    let fits = |value: &str| !value.trim().is_empty() && units(value) <= OPTION;
    let mut seen = BTreeSet::new();
    let option = |(value, name): &(String, String)| json!({"label": shown(name, OPTION), "value": value});
    let once: Vec<&(String, String)> = options.iter().filter(|(value, _)| seen.insert(value)).collect();
    let all_fit = (1..=OPTIONS).contains(&once.len()) && once.iter().all(|(value, _)| fits(value));
    all_fit.then(|| once.into_iter().map(option).collect())
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
