//! One block.

use super::{Check, ID_CHARS, Surface, elements, text};
use serde_json::Value;
use std::collections::BTreeSet;

pub fn block(check: &mut Check, block: &Value, surface: Surface) {
    let Some(kind) = block["type"].as_str() else { return check.wrong("missing required field: type") };
    match kind {
        "section" => section(check, block),
        "divider" => check.keys(block, &["block_id"]),
        "header" => {
            check.keys(block, &["block_id", "text", "level"]);
            text::field(check, block, "text", 150, false, true);
        }
        "context" => context(check, block),
        "actions" => actions(check, block),
        "image" => image(check, block),
        "input" => input(check, block),
        "markdown" if surface == Surface::Message => {
            check.keys(block, &["block_id", "text"]);
            check.string(block, "text", 12_000, true);
        }
        "rich_text" => {
            check.keys(block, &["block_id", "elements"]);
            check.list(block, "elements", 0, usize::MAX);
        }
        "video" => {
            for key in ["title_url", "video_url", "thumbnail_url", "alt_text"] {
                check.string(block, key, 3000, true);
            }
            text::field(check, block, "title", 199, false, true);
        }
        "table" if surface == Surface::Message => {
            check.keys(block, &["block_id", "rows", "column_settings"]);
            check.list(block, "rows", 1, 100);
        }
        other => check.wrong(format!("unsupported type: {other}")),
    }
}

fn section(check: &mut Check, block: &Value) {
    check.keys(block, &["block_id", "text", "fields", "accessory", "expand"]);
    text::field(check, block, "text", 3000, true, false);
    if block["fields"].is_null() {
        if block["text"].is_null() {
            check.wrong("missing required field: text");
        }
    } else {
        for (number, item) in check.list(block, "fields", 1, 10).iter().enumerate() {
            check.at(format!("fields/{number}"), |check| text::text(check, item, 2000, true));
        }
    }
    let accessory = &block["accessory"];
    if !accessory.is_null() {
        check.at("accessory", |check| elements::element(check, accessory, elements::Place::Section));
    }
}

fn context(check: &mut Check, block: &Value) {
    check.keys(block, &["block_id", "elements"]);
    for (number, item) in check.list(block, "elements", 1, 10).iter().enumerate() {
        check.at(format!("elements/{number}"), |check| match item["type"].as_str() {
            Some("image") => elements::image(check, item),
            Some("plain_text" | "mrkdwn") => text::text(check, item, 3000, true),
            _ => check.wrong("unsupported type in a context block"),
        });
    }
}

fn actions(check: &mut Check, block: &Value) {
    check.keys(block, &["block_id", "elements"]);
    let mut ids = BTreeSet::new();
    for (number, item) in check.list(block, "elements", 1, 25).iter().enumerate() {
        check.at(format!("elements/{number}"), |check| {
            elements::element(check, item, elements::Place::Actions);
            if let Some(id) = item["action_id"].as_str()
                && !ids.insert(id)
            {
                check.wrong(format!("`action_id` {id} already exists"));
            }
        });
    }
}

fn image(check: &mut Check, block: &Value) {
    check.keys(block, &["block_id", "image_url", "slack_file", "alt_text", "title"]);
    check.string(block, "image_url", 3000, block["slack_file"].is_null());
    check.string(block, "alt_text", 2000, true);
    text::field(check, block, "title", 2000, false, false);
}

fn input(check: &mut Check, block: &Value) {
    check.keys(block, &["block_id", "label", "element", "hint", "optional", "dispatch_action"]);
    text::field(check, block, "label", 2000, false, true);
    text::field(check, block, "hint", 2000, false, false);
    check.string(block, "block_id", ID_CHARS, false);
    let element = &block["element"];
    if element.is_null() {
        check.wrong("missing required field: element");
    } else {
        check.at("element", |check| elements::element(check, element, elements::Place::Input));
    }
}
