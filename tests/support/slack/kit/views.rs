//! Modals and the app's home.

use super::{Check, Surface, list, text};
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewKind {
    Modal,
    Home,
}

const BLOCKS: usize = 100;

/// What is wrong with a view.
pub fn view(view: &Value, kind: ViewKind) -> Vec<String> {
    let mut check = Check::default();
    check.at("view", |check| look(check, view, kind));
    check.problems
}

fn look(check: &mut Check, view: &Value, kind: ViewKind) {
    let shared = ["blocks", "private_metadata", "callback_id", "external_id"];
    let modal = ["title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"];
    match kind {
        ViewKind::Modal => {
            if view["type"] != "modal" {
                check.wrong("type must be modal");
            }
            check.keys(view, &[&shared[..], &modal[..]].concat());
            text::field(check, view, "title", 24, false, true);
            text::field(check, view, "submit", 24, false, false);
            text::field(check, view, "close", 24, false, false);
        }
        ViewKind::Home => {
            if view["type"] != "home" {
                check.wrong("type must be home");
            }
            check.keys(view, &shared);
        }
    }
    private(check, view);
    check.string(view, "callback_id", 255, false);
    check.string(view, "external_id", 255, false);
    let Some(blocks) = view["blocks"].as_array() else { return check.wrong("missing required field: blocks") };
    let surface = if kind == ViewKind::Modal { Surface::Modal } else { Surface::Home };
    check.at("blocks", |check| list(check, blocks, surface, BLOCKS));
    let asks = blocks.iter().any(|block| block["type"] == "input");
    if kind == ViewKind::Modal && asks && view["submit"].is_null() {
        check.wrong("missing required field: submit");
    }
}

/// May be empty, unlike other texts.
fn private(check: &mut Check, view: &Value) {
    match &view["private_metadata"] {
        Value::Null => {}
        Value::String(text) => check.at("private_metadata", |check| check.chars(text, 3000, 0)),
        _ => check.wrong("private_metadata must be a string"),
    }
}
