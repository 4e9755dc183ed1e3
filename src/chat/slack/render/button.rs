//! Buttons: rows of them, each carrying its wire form.

use super::block::note;
use crate::chat::clip::clip;
use crate::chat::text::clean;
use crate::chat::wire;
use crate::domain::message::{Button, ButtonStyle};
use crate::limits;
use serde_json::{Value, json};

/// Rows of buttons; those that do not fit are counted in words. Together they take half of a message at most.
pub fn rows(buttons: &[Button]) -> Vec<Value> {
    let mut left = limits::SLACK_MESSAGE_CHARS / 2;
    let mut fitting: Vec<Value> = Vec::new();
    for (n, one) in buttons.iter().enumerate() {
        let shown = button(n, one);
        let size = super::cost(&shown);
        let full = fitting.len() == limits::SLACK_BUTTONS * limits::SLACK_BUTTON_ROWS;
        if full || size > left || wire(one).chars().count() > limits::SLACK_VALUE_CHARS {
            continue;
        }
        left -= size;
        fitting.push(shown);
    }
    let row = |some: &[Value]| json!({"type": "actions", "elements": some});
    let mut out: Vec<Value> = fitting.chunks(limits::SLACK_BUTTONS).map(row).collect();
    match buttons.len() - fitting.len() {
        0 => {}
        1 => out.push(note("… 1 more button, which Slack has no room for: type its command")),
        n => out.push(note(&format!("… {n} more buttons, which Slack has no room for: type their commands"))),
    }
    out
}

/// The deployment that a message's buttons are about, as people write it.
pub fn about(buttons: &[Button]) -> Option<&str> {
    let id = buttons.iter().find_map(|b| b.action.args.get("deployment"))?;
    let number = id.strip_prefix("D-")?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(id.as_str())
}

fn button(n: usize, button: &Button) -> Value {
    let label = line(&button.label, limits::SLACK_LABEL_CHARS);
    let mut out = json!({
        "type": "button", "action_id": format!("button-{n}"), "text": plain(&label), "value": wire(button),
    });
    match button.style {
        ButtonStyle::Plain => {}
        ButtonStyle::Primary => out["style"] = json!("primary"),
        ButtonStyle::Danger => out["style"] = json!("danger"),
    }
    if let Some(ask) = &button.confirm {
        let ask = clip(&clean(ask), limits::SLACK_CONFIRM_CHARS);
        let ask = if ask.trim().is_empty() { "Go on?".to_owned() } else { ask };
        out["confirm"] = json!({
            "title": plain("Are you sure?"),
            "text": plain(&ask),
            "confirm": plain(&line(&format!("Yes, {}", button.label), limits::SLACK_CONFIRM_LABEL_CHARS)),
            "deny": plain("No"),
        });
        if button.style == ButtonStyle::Danger {
            out["confirm"]["style"] = json!("danger");
        }
    }
    out
}

/// Text that Slack shows as it is.
pub fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": true})
}

/// One line that says something.
pub fn line(text: &str, most: usize) -> String {
    let text = clip(clean(text).replace('\n', " ").trim(), most);
    if text.is_empty() { "…".into() } else { text }
}
