//! Text objects, options and confirmation dialogs.

use super::Check;
use serde_json::Value;

/// A text object; `markdown` says whether mrkdwn is allowed.
pub fn text(check: &mut Check, value: &Value, most: usize, markdown: bool) {
    match value["type"].as_str() {
        Some("plain_text") => check.keys(value, &["text", "emoji"]),
        Some("mrkdwn") if markdown => check.keys(value, &["text", "verbatim"]),
        Some("mrkdwn") => check.wrong("must be a plain_text object"),
        _ => return check.wrong("must be a text object"),
    }
    check.string(value, "text", most, true);
    if value["text"] == "" {
        check.wrong("must be more than 0 characters");
    }
}

/// The text object of a field.
pub fn field(check: &mut Check, value: &Value, key: &str, most: usize, markdown: bool, needed: bool) {
    match &value[key] {
        Value::Null if needed => check.wrong(format!("missing required field: {key}")),
        Value::Null => {}
        found => check.at(key, |check| text(check, found, most, markdown)),
    }
}

pub fn option(check: &mut Check, value: &Value, markdown: bool) {
    check.keys(value, &["text", "value", "description", "url"]);
    field(check, value, "text", 75, markdown, true);
    check.string(value, "value", 150, true);
    field(check, value, "description", 75, markdown, false);
    check.string(value, "url", 3000, false);
}

/// `options` of an element, and that what is chosen at first is one of them.
pub fn options(check: &mut Check, value: &Value, least: usize, most: usize, markdown: bool) {
    let groups = value["option_groups"].is_array();
    if groups && value["options"].is_array() {
        return check.wrong("only one of options and option_groups is allowed");
    }
    let mut all: Vec<&Value> = Vec::new();
    if groups {
        for (number, group) in check.list(value, "option_groups", 1, 100).iter().enumerate() {
            check.at(format!("option_groups/{number}"), |check| {
                check.keys(group, &["label", "options"]);
                field(check, group, "label", 75, false, true);
                all.extend(check.list(group, "options", 1, most));
            });
        }
    } else {
        all.extend(check.list(value, "options", least, most));
    }
    for (number, item) in all.iter().enumerate() {
        check.at(format!("options/{number}"), |check| option(check, item, markdown));
    }
    let many = value["initial_options"].as_array().into_iter().flatten();
    for first in many.chain((!value["initial_option"].is_null()).then_some(&value["initial_option"])) {
        if !all.contains(&first) {
            check.wrong("initial option does not match any of the options");
        }
    }
}

pub fn confirm(check: &mut Check, value: &Value) {
    let dialog = &value["confirm"];
    if dialog.is_null() {
        return;
    }
    check.at("confirm", |check| {
        check.keys(dialog, &["title", "text", "confirm", "deny", "style"]);
        field(check, dialog, "title", 100, false, true);
        field(check, dialog, "text", 300, true, true);
        field(check, dialog, "confirm", 30, false, true);
        field(check, dialog, "deny", 30, false, true);
        check.one_of(dialog, "style", &["primary", "danger"]);
    });
}
