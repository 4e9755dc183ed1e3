//! Whether Discord would take the components of a message or a modal.

use super::error::{ApiError, Form};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ROW: u64 = 1;
const BUTTON: u64 = 2;
const STRING_SELECT: u64 = 3;
const TEXT_INPUT: u64 = 4;
const LABEL: u64 = 18;

/// The components as they are kept: each has an `id` of its own.
pub fn components(form: &mut Form, path: &str, list: &Value, v2: bool) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let rows = form.list(path, list, 0, if v2 { 40 } else { 5 });
    for (n, row) in rows.iter().enumerate() {
        let at = format!("{path}.{n}");
        match kind(row) {
            ROW => action_row(form, &at, row, &mut seen),
            9..=14 | 17 if v2 => inner(form, &at, row, &mut seen),
            _ if v2 => form.choices(&format!("{at}.type"), "1, 9, 10, 12, 13, 14, 17"),
            _ => form.choices(&format!("{at}.type"), "1"),
        }
    }
    if v2 && count(rows) > 40 {
        form.add(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "Total number of components exceeds 40");
    }
    let mut kept = rows.to_vec();
    let mut next = 0;
    number(&mut kept, &mut next);
    kept
}

fn kind(component: &Value) -> u64 {
    component["type"].as_u64().unwrap_or(0)
}

fn count(list: &[Value]) -> usize {
    list.iter().map(|c| 1 + c["components"].as_array().map_or(0, |inner| count(inner))).sum()
}

fn number(list: &mut [Value], next: &mut u64) {
    for component in list {
        *next += 1;
        if component.is_object() && component["id"].is_null() {
            component["id"] = json!(*next);
        }
        if let Some(inner) = component.get_mut("components").and_then(Value::as_array_mut) {
            number(inner, next);
        }
    }
}

/// What stands in a section or container of Components V2; only what we could get wrong there is looked at.
fn inner(form: &mut Form, path: &str, component: &Value, seen: &mut BTreeSet<String>) {
    if kind(component) == 10 {
        form.text(&format!("{path}.content"), &component["content"], 1, 4000);
    }
    let list = component["components"].as_array().map_or(&[][..], Vec::as_slice);
    for (n, child) in list.iter().enumerate() {
        let at = format!("{path}.components.{n}");
        if kind(child) == ROW { action_row(form, &at, child, seen) } else { inner(form, &at, child, seen) }
    }
}

fn action_row(form: &mut Form, path: &str, row: &Value, seen: &mut BTreeSet<String>) {
    let inside = format!("{path}.components");
    let children = form.list(&inside, &row["components"], 1, 5);
    for (n, child) in children.iter().enumerate() {
        let at = format!("{inside}.{n}");
        match kind(child) {
            BUTTON => button(form, &at, child, seen),
            STRING_SELECT | 5..=8 => {
                select(form, &at, child, seen);
                if children.len() > 1 {
                    let text = "The number of components in this row exceeds its width";
                    form.add(&inside, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text);
                }
            }
            _ => form.choices(&format!("{at}.type"), "2, 3, 5, 6, 7, 8"),
        }
    }
}

fn custom_id(form: &mut Form, path: &str, component: &Value, seen: &mut BTreeSet<String>) {
    let at = format!("{path}.custom_id");
    form.text(&at, &component["custom_id"], 1, 100);
    if let Some(id) = component["custom_id"].as_str()
        && !seen.insert(id.to_owned())
    {
        form.add(&at, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated");
    }
}

fn button(form: &mut Form, path: &str, button: &Value, seen: &mut BTreeSet<String>) {
    form.text(&format!("{path}.label"), &button["label"], 0, 80);
    if button["label"].as_str().is_none_or(|label| label.trim().is_empty()) && button["emoji"].is_null() {
        form.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button needs a label or an emoji");
    }
    match button["style"].as_u64() {
        Some(1..=4) => {
            custom_id(form, path, button, seen);
            if !button["url"].is_null() {
                form.add(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A url and a custom id");
            }
        }
        Some(5) => {
            form.text(&format!("{path}.url"), &button["url"], 1, 512);
            if !button["custom_id"].is_null() {
                form.add(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A url and a custom id");
            }
        }
        _ => form.choices(&format!("{path}.style"), "1, 2, 3, 4, 5, 6"),
    }
}

fn select(form: &mut Form, path: &str, select: &Value, seen: &mut BTreeSet<String>) {
    custom_id(form, path, select, seen);
    form.text(&format!("{path}.placeholder"), &select["placeholder"], 0, 150);
    form.number(&format!("{path}.min_values"), &select["min_values"], 0, 25);
    form.number(&format!("{path}.max_values"), &select["max_values"], 1, 25);
    if kind(select) != STRING_SELECT {
        return;
    }
    let mut values = BTreeSet::new();
    let options = form.list(&format!("{path}.options"), &select["options"], 1, 25);
    for (n, option) in options.iter().enumerate() {
        let at = format!("{path}.options.{n}");
        form.text(&format!("{at}.label"), &option["label"], 1, 100);
        form.text(&format!("{at}.value"), &option["value"], 1, 100);
        form.text(&format!("{at}.description"), &option["description"], 0, 100);
        if !values.insert(option["value"].as_str().unwrap_or_default()) {
            let text = "The specified option value is already used";
            form.add(&format!("{at}.value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text);
        }
    }
}

/// A modal; `base` is where it stands in the request.
pub fn modal(data: &Value, base: &str) -> Result<(), ApiError> {
    let mut form = Form::default();
    form.text(&format!("{base}.custom_id"), &data["custom_id"], 1, 100);
    form.text(&format!("{base}.title"), &data["title"], 1, 45);
    let path = format!("{base}.components");
    let mut seen = BTreeSet::new();
    for (n, part) in form.list(&path, &data["components"], 1, 5).iter().enumerate() {
        let at = format!("{path}.{n}");
        match kind(part) {
            ROW => {
                let inside = format!("{at}.components");
                for (i, input) in form.list(&inside, &part["components"], 1, 1).iter().enumerate() {
                    let here = format!("{inside}.{i}");
                    if kind(input) == TEXT_INPUT {
                        form.text(&format!("{here}.label"), &input["label"], 1, 45);
                        text_input(&mut form, &here, input, &mut seen);
                    } else {
                        form.choices(&format!("{here}.type"), "4");
                    }
                }
            }
            LABEL => {
                form.text(&format!("{at}.label"), &part["label"], 1, 45);
                form.text(&format!("{at}.description"), &part["description"], 0, 100);
                let here = format!("{at}.component");
                match kind(&part["component"]) {
                    TEXT_INPUT => text_input(&mut form, &here, &part["component"], &mut seen),
                    STRING_SELECT | 5..=8 => select(&mut form, &here, &part["component"], &mut seen),
                    _ => form.choices(&format!("{here}.type"), "3, 4, 5, 6, 7, 8, 19, 21, 22, 23"),
                }
            }
            10 => {
                form.text(&format!("{at}.content"), &part["content"], 1, 4000);
            }
            _ => form.choices(&format!("{at}.type"), "1, 10, 18"),
        }
    }
    form.done()
}

fn text_input(form: &mut Form, path: &str, input: &Value, seen: &mut BTreeSet<String>) {
    custom_id(form, path, input, seen);
    if !matches!(input["style"].as_u64(), Some(1 | 2)) {
        form.choices(&format!("{path}.style"), "1, 2");
    }
    form.number(&format!("{path}.min_length"), &input["min_length"], 0, 4000);
    form.number(&format!("{path}.max_length"), &input["max_length"], 1, 4000);
    form.text(&format!("{path}.placeholder"), &input["placeholder"], 0, 100);
    form.text(&format!("{path}.value"), &input["value"], 0, 4000);
    if let (Some(max), Some(value)) = (input["max_length"].as_u64(), input["value"].as_str()) {
        let max = usize::try_from(max).unwrap_or(4000);
        form.length(&format!("{path}.value"), value.chars().count(), 0, max);
    }
}
