//! The neutral message as Block Kit: a pure function of the message and what is known of people, channels and pictures.
//!
//! It promises that every message fits into Slack's limits, that what is left out is counted in words, and that nothing
//! people typed can notify, link or format. The tone is an emoji in front of the title; words say the same.

mod block;
mod button;
mod form;
mod mrkdwn;

pub use form::{CALLBACK, Origin, home, view};

use crate::chat::recode::recoded;
use crate::chat::text::{self, Reader};
use crate::domain::ids::{ChannelName, PersonId};
use crate::domain::message::{Block, Message, Picture, Tone};
use crate::domain::plan::hex;
use crate::limits;
use block::{note, parts, section, shows_all};
use mrkdwn::{Mrkdwn, chars, escape};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What a message looks like depends on: people, channels and pictures as Slack knows them.
#[derive(Clone, Debug)]
pub struct Book {
    /// The zone and names of those who see the fallback.
    pub reader: Reader,
    /// Slack accounts of people.
    pub accounts: BTreeMap<PersonId, String>,
    /// Ids of channels.
    pub channels: BTreeMap<ChannelName, String>,
    /// Files by the hash of their picture, see [`picture_key`].
    pub pictures: BTreeMap<String, String>,
}

/// A message as Slack takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// For notifications and for those who see no blocks; escaped.
    pub text: String,
    pub blocks: Value,
}

/// One picture is the same wherever it is shown.
pub fn picture_key(picture: &Picture) -> String {
    hex(&Sha256::digest(picture.png.as_bytes()))
}

/// The pictures of a message.
pub fn pictures(message: &Message) -> impl Iterator<Item = &Picture> {
    message.blocks.iter().filter_map(|b| match b {
        Block::Picture(picture) => Some(picture),
        _ => None,
    })
}

/// A message inside every limit of Slack's.
pub fn blocks(message: &Message, book: &Book) -> Rendered {
    let message = recoded(message, typed);
    let blocks = within(&message, book, limits::SLACK_BLOCKS, limits::SLACK_MESSAGE_CHARS);
    Rendered { text: fallback(&message, book), blocks: Value::Array(blocks) }
}

/// Slack keeps `/help` for itself.
fn typed(command: &str) -> Option<String> {
    let rest = command.strip_prefix("/help").filter(|rest| rest.is_empty() || rest.starts_with(' '))?;
    Some(format!("/signalbox help{rest}"))
}

/// Whether a message shows all that it says.
pub fn fits(message: &Message, book: &Book) -> bool {
    let buttons = button::rows(&message.buttons);
    let fixed = cost(&title(message, book)) + buttons.iter().map(cost).sum::<usize>() + NOTE_CHARS;
    let parts: Vec<Vec<Value>> = parts(&message.blocks).iter().map(|p| p.render(book, UNBOUND, None)).collect();
    let (count, chars) = (parts.iter().map(Vec::len).sum::<usize>(), parts.iter().flatten().map(cost).sum::<usize>());
    1 + count + buttons.len() <= limits::SLACK_BLOCKS && fixed + chars <= limits::SLACK_MESSAGE_CHARS
}

/// At most so many blocks, with texts of at most so many characters together.
fn within(message: &Message, book: &Book, most_blocks: usize, most_chars: usize) -> Vec<Value> {
    let title = title(message, book);
    let buttons = button::rows(&message.buttons);
    let fixed = cost(&title) + buttons.iter().map(cost).sum::<usize>() + NOTE_CHARS;
    let room = most_chars.saturating_sub(fixed);
    let parts = parts(&message.blocks);
    let id = button::about(&message.buttons);
    let all = shows_all("deploy status", id);
    let wanted: Vec<usize> = parts.iter().map(|p| p.render(book, room, id).iter().map(cost).sum()).collect();
    let share = share(&wanted, room);
    let mut out = vec![title];
    let places = most_blocks.saturating_sub(buttons.len());
    let (mut left, mut shown) = (room, 0);
    for part in &parts {
        let blocks = part.render(book, share, id);
        let size = blocks.iter().map(cost).sum::<usize>();
        // The last place is for the words that say what is missing.
        let last = shown + 1 == parts.len();
        if size > left || out.len() + blocks.len() + usize::from(!last) > places {
            break;
        }
        left -= size;
        shown += 1;
        out.extend(blocks);
    }
    match parts.len() - shown {
        0 => {}
        1 => out.push(note(&format!("… 1 more part{all}"))),
        n => out.push(note(&format!("… {n} more parts{all}"))),
    }
    out.extend(buttons);
    out
}

/// Longer than any message.
const UNBOUND: usize = usize::MAX / 4;
/// Characters kept free for the words that say what is missing.
const NOTE_CHARS: usize = 100;

/// The most that each part may take, so that all fit: short parts are whole, long ones are cut to the same length.
fn share(wanted: &[usize], room: usize) -> usize {
    if wanted.iter().sum::<usize>() <= room {
        return room;
    }
    let mut sorted = wanted.to_vec();
    sorted.sort_unstable();
    let (mut left, mut waiting) = (room, sorted.len());
    for size in sorted {
        if size * waiting > left {
            break;
        }
        left -= size;
        waiting -= 1;
    }
    // A cut part says so, which takes some characters.
    (left / waiting.max(1)).saturating_sub(NOTE_CHARS / 2)
}

/// Characters of all texts of a block.
fn cost(block: &Value) -> usize {
    match block {
        Value::Object(fields) => {
            let own = |(key, value): (&String, &Value)| match (key.as_str(), value) {
                ("text" | "alt_text", Value::String(text)) => chars(text),
                _ => cost(value),
            };
            fields.iter().map(own).sum()
        }
        Value::Array(all) => all.iter().map(cost).sum(),
        _ => 0,
    }
}

/// The title stands out where something follows it; a message that is only a sentence is a sentence.
fn title(message: &Message, book: &Book) -> Value {
    let title = Mrkdwn::of(&message.title, book).one_line();
    let alone = message.blocks.is_empty() && message.buttons.is_empty();
    let title = if alone { title } else { title.emphasised() };
    let title = if title.is_blank() { Mrkdwn::plain("…") } else { title };
    let sign = tone(message.tone);
    let lead = if sign.is_empty() { String::new() } else { format!("{sign} ") };
    section(&Mrkdwn::plain(&lead).then(title).clip(limits::SLACK_SECTION_CHARS))
}

const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "",
        Tone::Waiting => "🟡",
        Tone::Busy => "🔵",
        Tone::Good => "🟢",
        Tone::Warning => "🟠",
        Tone::Bad => "🔴",
    }
}

/// The message as plain text, without its buttons, which cannot be pressed there.
fn fallback(message: &Message, book: &Book) -> String {
    let words = Message { buttons: Vec::new(), ..message.clone() };
    let text = text::render(&words, &book.reader);
    let text = if text.trim().is_empty() { "…" } else { text.trim() };
    let sign = tone(message.tone);
    let text = if sign.is_empty() { text.to_owned() } else { format!("{sign} {text}") };
    let mut most = limits::SLACK_TEXT_CHARS;
    loop {
        let out = escape(&crate::chat::clip::clip(&text, most));
        let over = chars(&out).saturating_sub(limits::SLACK_TEXT_CHARS);
        if over == 0 {
            return out;
        }
        // An escaped sign is at most five characters.
        most = most.min(chars(&text)).saturating_sub(over.div_ceil(5).max(1));
    }
}

#[cfg(test)]
mod tests;
