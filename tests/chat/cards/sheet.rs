//! A snapshot's text: first what people see, then what was sent, as an outline in which short things stay on their line.

use super::wires::Sent;
use serde_json::Value;

/// Characters of what stays on one line.
const WIDE: usize = 110;
/// Lines of a text that are shown from its start and its end, when it is longer than both.
const ENDS: usize = 30;

/// Both platforms' side of a message.
pub fn write(name: &str, slack: &Sent, discord: &Sent) -> String {
    let mut out = String::new();
    if !name.is_empty() {
        out.push_str(&format!("═══ {name} ═══\n\n"));
    }
    if slack.words == discord.words {
        out.push_str(&format!("── both show ──\n{}\n\n", ends(&slack.words)));
    } else {
        let (slack, discord) = (ends(&slack.words), ends(&discord.words));
        out.push_str(&format!("── Slack shows ──\n{slack}\n\n── Discord shows ──\n{discord}\n\n"));
    }
    for (platform, sent) in [("Slack", slack), ("Discord", discord)] {
        out.push_str(&format!("── to {platform}: {} ──\n", sent.how));
        if !sent.body.is_null() {
            outline(&sent.body, 0, &mut out);
        }
        out.push('\n');
    }
    out
}

/// The first and the last lines of a long text.
fn ends(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let between = lines.len().saturating_sub(2 * ENDS);
    if between < 2 {
        return text.to_owned();
    }
    let (first, last) = (lines[..ENDS].join("\n"), lines[lines.len() - ENDS..].join("\n"));
    format!("{first}\n⋮ {between} lines between\n{last}")
}

fn outline(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                out.push_str(&format!("{indent}{key}:"));
                entry(value, depth, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                out.push_str(&format!("{indent}-"));
                entry(item, depth, out);
            }
        }
        other => out.push_str(&format!("{indent}{other}\n")),
    }
}

/// What stands behind a key or a dash.
fn entry(value: &Value, depth: usize, out: &mut String) {
    let flat = value.to_string();
    if let Value::String(text) = value
        && (text.contains('\n') || text.chars().count() > WIDE)
    {
        let indent = "  ".repeat(depth + 1);
        let lines: Vec<String> = ends(text).split('\n').map(|line| format!("{indent}{line}")).collect();
        out.push_str(&format!(" |\n{}\n", lines.join("\n")));
    } else if value.is_string() || flat.chars().count() + 2 * depth <= WIDE && !flat.contains("\\n") {
        out.push_str(&format!(" {flat}\n"));
    } else {
        out.push('\n');
        outline(value, depth + 1, out);
    }
}
