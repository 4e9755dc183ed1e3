//! Buttons, menus and inputs.

use super::{Check, ID_CHARS, text};
use serde_json::Value;

/// What an element stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Section,
    Actions,
    Input,
}

const SELECTS: &[&str] =
    &["static_select", "external_select", "users_select", "conversations_select", "channels_select"];
const MULTI: &[&str] = &[
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
];
const PICKERS: &[&str] = &["datepicker", "timepicker", "checkboxes", "radio_buttons"];
const TYPED: &[&str] =
    &["plain_text_input", "email_text_input", "number_input", "url_text_input", "rich_text_input", "file_input"];

fn fits(kind: &str, place: Place) -> bool {
    let picked = SELECTS.contains(&kind) || PICKERS.contains(&kind);
    match place {
        Place::Section => picked || MULTI.contains(&kind) || ["button", "overflow", "image"].contains(&kind),
        Place::Actions => picked || ["button", "overflow", "datetimepicker", "workflow_button"].contains(&kind),
        Place::Input => picked || MULTI.contains(&kind) || TYPED.contains(&kind) || kind == "datetimepicker",
    }
}

pub fn element(check: &mut Check, item: &Value, place: Place) {
    let kind = item["type"].as_str().unwrap_or_default();
    if !fits(kind, place) {
        return check.wrong(format!("unsupported type: {kind}"));
    }
    if kind == "image" {
        return image(check, item);
    }
    check.string(item, "action_id", ID_CHARS, false);
    text::confirm(check, item);
    match kind {
        "button" => button(check, item),
        "overflow" => {
            check.keys(item, &["action_id", "options", "confirm"]);
            text::options(check, item, 1, 5, false);
        }
        "checkboxes" | "radio_buttons" => {
            let known = ["action_id", "options", "initial_options", "initial_option", "confirm", "focus_on_load"];
            check.keys(item, &known);
            text::options(check, item, 1, 10, true);
        }
        "plain_text_input" => plain_input(check, item),
        _ => {
            text::field(check, item, "placeholder", 150, false, false);
            if kind == "static_select" || kind == "multi_static_select" {
                let known = [
                    "action_id",
                    "options",
                    "option_groups",
                    "initial_option",
                    "initial_options",
                    "confirm",
                    "max_selected_items",
                    "focus_on_load",
                    "placeholder",
                ];
                check.keys(item, &known);
                text::options(check, item, 1, 100, false);
            }
        }
    }
}

fn button(check: &mut Check, item: &Value) {
    check.keys(item, &["action_id", "text", "url", "value", "style", "confirm", "accessibility_label"]);
    text::field(check, item, "text", 75, false, true);
    check.string(item, "value", 2000, false);
    check.string(item, "url", 3000, false);
    check.string(item, "accessibility_label", 75, false);
    check.one_of(item, "style", &["primary", "danger"]);
}

fn plain_input(check: &mut Check, item: &Value) {
    let known = [
        "action_id",
        "initial_value",
        "multiline",
        "min_length",
        "max_length",
        "dispatch_action_config",
        "focus_on_load",
        "placeholder",
    ];
    check.keys(item, &known);
    text::field(check, item, "placeholder", 150, false, false);
    check.string(item, "initial_value", 3000, false);
    for (key, least) in [("min_length", 0), ("max_length", 1)] {
        if !item[key].is_null() && !item[key].as_i64().is_some_and(|n| (least..=3000).contains(&n)) {
            check.at(key, |check| check.wrong(format!("must be from {least} to 3000")));
        }
    }
}

pub fn image(check: &mut Check, item: &Value) {
    check.keys(item, &["image_url", "slack_file", "alt_text"]);
    check.string(item, "image_url", 3000, item["slack_file"].is_null());
    check.string(item, "alt_text", 2000, true);
}
