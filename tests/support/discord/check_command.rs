//! Whether Discord would take an application command.

use super::error::{ApiError, Form};
use serde_json::Value;
use std::collections::BTreeSet;

const CHARS: usize = 8_000;

pub fn one(body: &Value) -> Result<(), ApiError> {
    let mut form = Form::default();
    command(&mut form, "", body);
    form.done()
}

pub fn all(body: &Value) -> Result<(), ApiError> {
    let mut form = Form::default();
    let mut names = BTreeSet::new();
    let Some(list) = body.as_array() else {
        form.add("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
        return form.done();
    };
    for (n, body) in list.iter().enumerate() {
        command(&mut form, &n.to_string(), body);
        if !names.insert((body["name"].to_string(), body["type"].as_u64().unwrap_or(1))) {
            let text = "Application command names must be unique";
            form.add(&format!("{n}.name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", text);
        }
    }
    form.done()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn command(form: &mut Form, path: &str, body: &Value) {
    match body["type"].as_u64().unwrap_or(1) {
        1 => {
            name(form, &join(path, "name"), &body["name"]);
            form.text(&join(path, "description"), &body["description"], 1, 100);
        }
        2 | 3 => {
            form.text(&join(path, "name"), &body["name"], 1, 32);
        }
        _ => form.choices(&join(path, "type"), "1, 2, 3, 4"),
    }
    options(form, &join(path, "options"), &body["options"], 0);
    if size(body) > CHARS {
        form.add(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)");
    }
}

/// Small letters of any script, digits, `-` and `_`.
fn name(form: &mut Form, path: &str, value: &Value) {
    form.text(path, value, 1, 32);
    let Some(text) = value.as_str() else { return };
    let fits = |c: char| matches!(c, '-' | '_' | '\'') || c.is_alphanumeric() && !c.is_uppercase();
    if !text.chars().all(fits) {
        let wanted = "Command name is invalid";
        form.add(path, "APPLICATION_COMMAND_INVALID_NAME", wanted);
    }
}

fn options(form: &mut Form, path: &str, list: &Value, depth: usize) {
    let list = form.list(path, list, 0, 25);
    let mut names = BTreeSet::new();
    let mut optional = false;
    let nested = list.iter().filter(|o| matches!(o["type"].as_u64(), Some(1 | 2))).count();
    for (n, option) in list.iter().enumerate() {
        let at = format!("{path}.{n}");
        name(form, &format!("{at}.name"), &option["name"]);
        form.text(&format!("{at}.description"), &option["description"], 1, 100);
        if !names.insert(option["name"].to_string()) {
            let text = "Option names must be unique";
            form.add(&format!("{at}.name"), "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", text);
        }
        match option["type"].as_u64() {
            Some(kind @ (1 | 2)) => {
                let deep = if kind == 1 { depth > 1 } else { depth > 0 };
                if deep || nested != list.len() {
                    let text =
                        "Sub-command and sub-command group option types are mutually exclusive to all other types";
                    form.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text);
                }
                let inside = if kind == 1 { 2 } else { 1 };
                options(form, &format!("{at}.options"), &option["options"], inside);
            }
            Some(3..=11) => {}
            _ => form.choices(&format!("{at}.type"), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"),
        }
        if option["required"] == true && optional {
            let text = "Required options must be placed before non-required options";
            form.add(&at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text);
        }
        optional |= option["required"] != true;
        choices(form, &at, option);
    }
}

fn choices(form: &mut Form, path: &str, option: &Value) {
    let list = form.list(&format!("{path}.choices"), &option["choices"], 0, 25);
    let mut names = BTreeSet::new();
    for (n, choice) in list.iter().enumerate() {
        let at = format!("{path}.choices.{n}");
        form.text(&format!("{at}.name"), &choice["name"], 1, 100);
        if choice["value"].is_string() {
            form.text(&format!("{at}.value"), &choice["value"], 1, 100);
        }
        if !names.insert(choice["name"].to_string()) {
            let text = "Option choice names must be unique";
            form.add(&at, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_EXISTS", text);
        }
    }
    if option["autocomplete"] == true {
        if !list.is_empty() {
            form.add(
                path,
                "APPLICATION_COMMAND_AUTOCOMPLETE_NO_CHOICES",
                "Choices and autocomplete exclude each other",
            );
        }
        if !matches!(option["type"].as_u64(), Some(3 | 4 | 10)) {
            form.add(path, "APPLICATION_COMMAND_AUTOCOMPLETE_INVALID_OPTION_TYPE", "Not for this type of option");
        }
    }
}

/// Characters of names, descriptions and values, all together.
fn size(body: &Value) -> usize {
    let text = |value: &Value| value.as_str().map_or(0, |t| t.chars().count());
    let own = text(&body["name"]) + text(&body["description"]) + text(&body["value"]);
    let inner = ["options", "choices"].iter().filter_map(|key| body[*key].as_array()).flatten();
    own + inner.map(size).sum::<usize>()
}
