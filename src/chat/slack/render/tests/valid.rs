//! What Slack would refuse, from its documentation alone: it shares no number and no code with the renderer.

use serde_json::Value;
use std::collections::BTreeSet;

/// Every rule that a message breaks.
pub fn message(text: &str, blocks: &Value) -> Vec<String> {
    let mut out = Vec::new();
    within(&mut out, "text", text, 1, 4_000);
    markup(&mut out, text);
    all(&mut out, blocks, 50);
    out
}

/// Every rule that a modal or a home breaks.
pub fn view(view: &Value) -> Vec<String> {
    let mut out = Vec::new();
    match view["type"].as_str() {
        Some("modal") => {
            for part in ["title", "submit", "close"] {
                plain(&mut out, &view[part], 24);
            }
        }
        Some("home") => {}
        other => out.push(format!("a view of type {other:?}")),
    }
    within(&mut out, "callback_id", view["callback_id"].as_str().unwrap_or_default(), 1, 255);
    within(&mut out, "private_metadata", view["private_metadata"].as_str().unwrap_or_default(), 0, 3_000);
    all(&mut out, &view["blocks"], 100);
    out
}

fn all(out: &mut Vec<String>, blocks: &Value, most: usize) {
    let blocks = blocks.as_array().cloned().unwrap_or_default();
    if blocks.is_empty() || blocks.len() > most {
        out.push(format!("{} blocks", blocks.len()));
    }
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for one in &blocks {
        block(out, one);
        if let Some(id) = one["block_id"].as_str()
            && !names.insert(id.to_owned())
        {
            out.push(format!("two blocks are {id}"));
        }
        for id in one["elements"].as_array().into_iter().flatten().filter_map(|e| e["action_id"].as_str()) {
            if !ids.insert(id.to_owned()) {
                out.push(format!("two elements are {id}"));
            }
        }
    }
    let total: usize = blocks.iter().map(size).sum();
    if total > 13_200 {
        out.push(format!("{total} characters of text"));
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match (key.as_str(), value.as_str()) {
                ("text" | "alt_text", Some(text)) => text.chars().count(),
                _ => size(value),
            })
            .sum(),
        Value::Array(all) => all.iter().map(size).sum(),
        _ => 0,
    }
}

fn block(out: &mut Vec<String>, block: &Value) {
    let list = |name: &str| block[name].as_array().cloned().unwrap_or_default();
    match block["type"].as_str().unwrap_or_default() {
        "section" => {
            if block["text"].is_object() {
                mrkdwn(out, &block["text"], 3_000);
            }
            let fields = list("fields");
            if fields.len() > 10 || (fields.is_empty() && !block["text"].is_object()) {
                out.push(format!("a section of {} fields", fields.len()));
            }
            fields.iter().for_each(|f| mrkdwn(out, f, 2_000));
        }
        "context" => {
            let elements = list("elements");
            if elements.is_empty() || elements.len() > 10 {
                out.push(format!("a context of {}", elements.len()));
            }
            elements.iter().for_each(|e| mrkdwn(out, e, 3_000));
        }
        "actions" => {
            let elements = list("elements");
            if elements.is_empty() || elements.len() > 25 {
                out.push(format!("{} buttons in a row", elements.len()));
            }
            elements.iter().for_each(|e| button(out, e));
        }
        "image" => {
            within(out, "alt", block["alt_text"].as_str().unwrap_or_default(), 1, 2_000);
            within(out, "file", block["slack_file"]["id"].as_str().unwrap_or_default(), 1, 255);
        }
        "rich_text" => {
            let code = &block["elements"][0];
            if code["type"] != "rich_text_preformatted" || code["elements"][0]["type"] != "text" {
                out.push("rich text of an unknown form".into());
            }
            within(out, "code", code["elements"][0]["text"].as_str().unwrap_or_default(), 1, 3_000);
        }
        "input" => input(out, block),
        "divider" => {}
        other => out.push(format!("a block of type {other:?}")),
    }
}

fn button(out: &mut Vec<String>, button: &Value) {
    plain(out, &button["text"], 75);
    within(out, "value", button["value"].as_str().unwrap_or_default(), 1, 2_000);
    within(out, "action_id", button["action_id"].as_str().unwrap_or_default(), 1, 255);
    if let Some(style) = button.get("style")
        && style != "primary"
        && style != "danger"
    {
        out.push(format!("a style {style}"));
    }
    if let Some(confirm) = button.get("confirm") {
        plain(out, &confirm["title"], 100);
        plain(out, &confirm["text"], 300);
        plain(out, &confirm["confirm"], 30);
        plain(out, &confirm["deny"], 30);
    }
}

fn input(out: &mut Vec<String>, block: &Value) {
    within(out, "block_id", block["block_id"].as_str().unwrap_or_default(), 1, 255);
    plain(out, &block["label"], 2_000);
    if block.get("hint").is_some() {
        plain(out, &block["hint"], 2_000);
    }
    let element = &block["element"];
    within(out, "action_id", element["action_id"].as_str().unwrap_or_default(), 1, 255);
    match element["type"].as_str() {
        Some("plain_text_input") => {
            if element["max_length"].as_u64().is_none_or(|n| n == 0 || n > 3_000) {
                out.push("an input without a length".into());
            }
        }
        Some("static_select") => {
            let options = element["options"].as_array().cloned().unwrap_or_default();
            if options.is_empty() || options.len() > 100 {
                out.push(format!("{} options", options.len()));
            }
            for option in &options {
                plain(out, &option["text"], 75);
                within(out, "value", option["value"].as_str().unwrap_or_default(), 1, 150);
            }
        }
        other => out.push(format!("an input of type {other:?}")),
    }
}

fn plain(out: &mut Vec<String>, text: &Value, most: usize) {
    if text["type"] != "plain_text" {
        out.push(format!("{text} is not plain text"));
    }
    within(out, "plain text", text["text"].as_str().unwrap_or_default(), 1, most);
}

fn mrkdwn(out: &mut Vec<String>, text: &Value, most: usize) {
    if text["type"] != "mrkdwn" || text["verbatim"] != true {
        out.push(format!("{text} is not verbatim markup"));
    }
    let text = text["text"].as_str().unwrap_or_default();
    within(out, "markup", text, 1, most);
    markup(out, text);
}

fn within(out: &mut Vec<String>, what: &str, text: &str, least: usize, most: usize) {
    let n = text.chars().count();
    let blank = least > 0 && text.trim().is_empty();
    if n < least || n > most || blank {
        out.push(format!("{what} has {n} characters{}: {:.40}", if blank { " that show nothing" } else { "" }, text));
    }
}

/// Between brackets stands only what may: an account, a channel, a date or a link; every `&` begins an entity.
fn markup(out: &mut Vec<String>, text: &str) {
    // A quotation begins with a bracket of its own.
    let unquoted: Vec<&str> = text.split('\n').map(|line| line.strip_prefix("> ").unwrap_or(line)).collect();
    let unquoted = unquoted.join("\n");
    let mut rest = unquoted.as_str();
    while let Some(at) = rest.find(['<', '>']) {
        let Some(end) = rest[at..].find('>').map(|n| at + n).filter(|end| *end > at) else {
            out.push(format!("a bracket alone: {:.40}", &rest[at..]));
            return;
        };
        let inside = &rest[at + 1..end];
        let id = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let fine = inside.strip_prefix('@').or_else(|| inside.strip_prefix('#')).is_some_and(id)
            || (inside.starts_with("!date^") && inside.contains('|'))
            || inside.starts_with("http://")
            || inside.starts_with("https://");
        if !fine || inside.contains('<') {
            out.push(format!("markup that nobody meant: <{inside}>"));
        }
        rest = &rest[end + 1..];
    }
    for (at, _) in text.match_indices('&') {
        if !["&amp;", "&lt;", "&gt;"].iter().any(|e| text[at..].starts_with(e)) {
            out.push(format!("a bare &: {:.20}", &text[at..]));
        }
    }
}
