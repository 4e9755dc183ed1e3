//! The conversation as text: who said and did what, what was answered, and every message as it was posted and changed.

use super::world::World;
use crate::chat::text::{Reader, render};
use crate::domain::message::Message;
use jiff::Timestamp;

/// Collects the lines of a conversation.
#[derive(Debug, Default)]
pub struct Transcript {
    wanted: bool,
    lines: Vec<String>,
    /// How many of the chat's events are told.
    told: usize,
}

impl Transcript {
    /// One that is not wanted stays empty and costs nothing.
    pub fn new(wanted: bool) -> Self {
        Self { wanted, ..Self::default() }
    }

    pub fn begin(&mut self, scene: &str) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        self.lines.push(format!("=== {scene} ==="));
        self.told = 0;
    }

    /// Something a person did, or a move of the clock.
    pub fn act(&mut self, at: Timestamp, reader: &Reader, text: &str) {
        self.lines.push(String::new());
        let mut lines = text.lines();
        self.lines.push(format!("{}  {}", stamp(at, reader), lines.next().unwrap_or_default()));
        self.lines.extend(lines.map(|l| format!("{INDENT}{l}")));
    }

    /// What only the actor sees.
    pub fn reply(&mut self, message: &Message, reader: &Reader) {
        let text = render(message, reader);
        for (n, line) in text.lines().enumerate() {
            self.lines.push(format!("{INDENT}{}{line}", if n == 0 { "(only you) " } else { "           " }));
        }
    }

    /// Everything posted and edited since it was told last. Of several edits of one message, each shows what is new.
    pub fn tell(&mut self, world: &World, reader: &Reader) {
        if !self.wanted {
            return;
        }
        let events = world.chat().events(self.told);
        self.told += events.len();
        for (n, event) in events.iter().enumerate() {
            let Some(said) = world.chat().get(&event.id) else { continue };
            // The next event edits the same message at once: that one tells more.
            if event.version > 0 && events.get(n + 1).is_some_and(|next| next.id == event.id && next.at == event.at) {
                continue;
            }
            let Some((at, message)) = said.versions.get(event.version) else { continue };
            let text = render(message, reader);
            let place = match said.thread.as_deref().and_then(|t| world.chat().get(t)) {
                Some(parent) => format!("#{} · thread of {}", said.channel, name(&parent.key)),
                None => format!("#{}", said.channel),
            };
            let before =
                event.version.checked_sub(1).and_then(|v| said.versions.get(v)).map(|(_, m)| render(m, reader));
            let (verb, lines) = match &before {
                Some(before) => (" (edited)", fresh(before, &text)),
                None => ("", text.lines().map(str::to_owned).collect()),
            };
            if !lines.is_empty() {
                self.lines.push(String::new());
                self.lines.push(format!("{}  {place}{verb}", stamp(*at, reader)));
                self.lines.extend(lines.into_iter().map(|l| format!("{INDENT}{l}")));
            }
        }
    }

    pub fn finish(self) -> String {
        self.lines.iter().fold(String::new(), |out, line| out + line.trim_end() + "\n")
    }
}

const INDENT: &str = "          ";

/// `Mon 10:05:03`.
fn stamp(at: Timestamp, reader: &Reader) -> String {
    at.to_zoned(reader.zone.clone()).strftime("%a %H:%M:%S").to_string()
}

fn name(key: &str) -> &str {
    key.strip_prefix("card:").unwrap_or(key)
}

/// The first line, and those that an edit brought.
fn fresh(before: &str, after: &str) -> Vec<String> {
    let old: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().collect();
    if old == new {
        return Vec::new();
    }
    let mut out: Vec<String> = new.first().map(|l| (*l).to_owned()).into_iter().collect();
    out.extend(new.iter().skip(1).filter(|l| !old.contains(l)).map(|l| format!("+ {l}")));
    out
}
