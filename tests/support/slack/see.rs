//! What a person sees, as plain text, so that tests can compare platforms.
//!
//! One message after the other, an empty line between them; a reply is indented by two under its thread's first message.
//! Buttons are `( Label )`, menus `[ First | Second ]`, pictures `[picture: what they show]`. Deleted messages, and those for
//! somebody else, are not there. What is written is shown as it is displayed: blocks when there are any, else the text.

use super::FakeSlack;
use super::message::Message;
use super::mrkdwn::plain;
use super::world::{View, World};
use jiff::tz::TimeZone;
use serde_json::Value;

/// Entities undone.
pub fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

impl FakeSlack {
    /// Everything a person sees in a channel, in their own zone.
    pub fn visible(&self, channel: &str, user: &str) -> String {
        self.read(|world| {
            let zone = zone(world, user);
            let all: Vec<&Message> = world.channels.get(channel).into_iter().flat_map(|c| &c.messages).collect();
            let seen =
                |message: &&&Message| !message.deleted && message.only_for.as_ref().is_none_or(|only| only == user);
            let mut out = Vec::new();
            let top = |message: &&&Message| {
                // The thread of a deleted message stays where it was.
                message.thread_ts.as_ref().is_none_or(|root| !all.iter().any(|other| other.ts == *root))
            };
            for message in all.iter().filter(top) {
                if seen(&message) {
                    out.push(message_text(world, message, &zone));
                }
                let replies = all.iter().filter(|reply| reply.thread_ts.as_ref() == Some(&message.ts));
                for reply in replies.filter(seen) {
                    let text = message_text(world, reply, &zone);
                    out.push(
                        text.lines()
                            .map(|line| format!("  {line}").trim_end().to_owned())
                            .collect::<Vec<_>>()
                            .join("\n"),
                    );
                }
            }
            out.join("\n\n")
        })
    }

    /// One message as somebody reads it in a zone; empty when it is not there.
    pub fn message_text(&self, channel: &str, ts: &str, zone: &TimeZone) -> String {
        self.read(|world| world.message(channel, ts).map(|m| message_text(world, m, zone)).unwrap_or_default())
    }

    /// What the lock screen shows: the text, which blocks do not replace there.
    pub fn notification(&self, channel: &str, ts: &str, zone: &TimeZone) -> String {
        self.read(|world| world.message(channel, ts).map(|m| plain(world, &m.text(), zone)).unwrap_or_default())
    }

    /// A person's home, or a view in front of them.
    pub fn view_text(&self, view: &View) -> String {
        self.read(|world| {
            let zone = zone(world, &view.user);
            let words = |key: &str| view.body[key]["text"].as_str().map(unescaped);
            let blocks = view.body["blocks"].as_array().cloned().unwrap_or_default();
            let mut parts: Vec<String> = words("title").into_iter().collect();
            parts.extend(blocks.iter().map(|block| block_text(world, block, &zone)));
            let buttons = ["close", "submit"].iter().filter_map(|key| words(key));
            let buttons: Vec<_> = buttons.map(|label| format!("( {label} )")).collect();
            parts.push(buttons.join(" "));
            tidy(parts)
        })
    }
}

fn zone(world: &World, user: &str) -> TimeZone {
    let name = world.users.get(user).map(|user| user.zone.as_str()).unwrap_or("UTC");
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn message_text(world: &World, message: &Message, zone: &TimeZone) -> String {
    let now = message.now();
    let mut parts: Vec<String> = match now.blocks.as_slice() {
        [] => vec![plain(world, &now.text, zone)],
        blocks => blocks.iter().map(|block| block_text(world, block, zone)).collect(),
    };
    for attachment in &now.attachments {
        let blocks = attachment["blocks"].as_array().into_iter().flatten();
        parts.extend(blocks.map(|block| block_text(world, block, zone)));
        parts.extend(attachment["text"].as_str().map(|text| plain(world, text, zone)));
    }
    let files = message.files.iter().filter_map(|id| world.files.get(id));
    parts.extend(
        files.map(|file| format!("[picture: {}]", if file.alt_text.is_empty() { &file.title } else { &file.alt_text })),
    );
    tidy(parts)
}

fn tidy(parts: Vec<String>) -> String {
    let lines: Vec<_> = parts.iter().filter(|part| !part.is_empty()).flat_map(|part| part.split('\n')).collect();
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

fn text(world: &World, value: &Value, zone: &TimeZone) -> String {
    let words = value["text"].as_str().unwrap_or_default();
    if value["type"] == "mrkdwn" { plain(world, words, zone) } else { unescaped(words) }
}

fn block_text(world: &World, block: &Value, zone: &TimeZone) -> String {
    let list = |key: &str| block[key].as_array().into_iter().flatten();
    match block["type"].as_str().unwrap_or_default() {
        "divider" => "---".into(),
        "header" => text(world, &block["text"], zone),
        "markdown" => block["text"].as_str().unwrap_or_default().to_owned(),
        "image" => format!("[picture: {}]", unescaped(block["alt_text"].as_str().unwrap_or_default())),
        "section" => {
            let mut parts = vec![text(world, &block["text"], zone)];
            parts.extend(list("fields").map(|field| text(world, field, zone)));
            parts.push(element_text(&block["accessory"]));
            tidy(parts)
        }
        "context" => {
            let each = list("elements").map(|item| match item["type"].as_str() {
                Some("image") => format!("[picture: {}]", item["alt_text"].as_str().unwrap_or_default()),
                _ => text(world, item, zone),
            });
            each.collect::<Vec<_>>().join(" ")
        }
        "actions" => list("elements").map(element_text).collect::<Vec<_>>().join(" "),
        "input" => {
            let star = if block["optional"] == true { "" } else { "*" };
            let label = unescaped(block["label"]["text"].as_str().unwrap_or_default());
            let hint =
                block["hint"]["text"].as_str().map(|hint| format!("\n  {}", unescaped(hint))).unwrap_or_default();
            format!("{label}{star}: {}{hint}", element_text(&block["element"]))
        }
        "rich_text" => rich(world, block),
        other => format!("[{other}]"),
    }
}

fn element_text(element: &Value) -> String {
    let words = |value: &Value| unescaped(value["text"]["text"].as_str().unwrap_or_default());
    match element["type"].as_str().unwrap_or_default() {
        "" => String::new(),
        "button" => format!("( {} )", words(element)),
        "image" => format!("[picture: {}]", element["alt_text"].as_str().unwrap_or_default()),
        "plain_text_input" => {
            let held = element["initial_value"].as_str().unwrap_or("____");
            if element["multiline"] == true { format!("{held}\n____") } else { held.to_owned() }
        }
        _ => {
            let options = element["options"].as_array().into_iter().flatten();
            format!("[ {} ]", options.map(words).collect::<Vec<_>>().join(" | "))
        }
    }
}

/// Rich text, piece by piece.
fn rich(world: &World, value: &Value) -> String {
    let inside = || value["elements"].as_array().into_iter().flatten();
    match value["type"].as_str().unwrap_or_default() {
        "rich_text" => inside().map(|part| rich(world, part)).collect::<Vec<_>>().join("\n"),
        "rich_text_list" => inside().map(|part| format!("- {}", rich(world, part))).collect::<Vec<_>>().join("\n"),
        "text" => value["text"].as_str().unwrap_or_default().to_owned(),
        "user" => {
            let id = value["user_id"].as_str().unwrap_or_default();
            format!("@{}", world.users.get(id).map_or(id, |user| user.real_name.as_str()))
        }
        "link" => value["text"].as_str().or(value["url"].as_str()).unwrap_or_default().to_owned(),
        _ => inside().map(|part| rich(world, part)).collect(),
    }
}
