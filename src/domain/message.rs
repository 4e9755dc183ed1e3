//! The neutral message: what signalbox says, before any platform renders it.
//!
//! Text is a list of pieces, never markup, so what people typed can only ever be shown, not interpreted: each platform
//! escapes [`Piece::Plain`] in its own way, and mentions exist only as [`Piece::Person`].

use super::ids::{ChannelName, PersonId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One message. The title is its first line and, with the tone, all that a notification shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub tone: Tone,
    pub title: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

/// The colour of a message's edge; words always say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    #[default]
    Neutral,
    /// Waits for somebody.
    Waiting,
    /// Something runs.
    Busy,
    Good,
    Warning,
    Bad,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "block", content = "of")]
pub enum Block {
    Text(Text),
    /// Label and value, in two columns where there is room.
    Fields(Vec<(String, Text)>),
    /// A bar with a word on each side.
    Progress(Progress),
    /// One line each, with a mark in front.
    List(Vec<Line>),
    /// Shown as typed, in a fixed-width face.
    Code(String),
    /// Small and quiet.
    Context(Text),
    /// A quotation of what somebody wrote.
    Quote(Text),
    Picture(Picture),
    Divider,
}

/// A picture, carried with its message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// A file name, such as `canary.png`.
    pub name: String,
    /// What it shows, in words: for those who cannot see it, and where it cannot be shown.
    pub alt: String,
    /// A PNG file in base64.
    pub png: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub label: String,
    /// Parts done.
    pub done: u32,
    /// Parts in all; above zero.
    pub of: u32,
    /// Behind the bar: `2 of 3 errors allowed`.
    pub note: String,
    /// It counts what is used up rather than what is done: the note alone says how much, and a full bar is bad.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub budget: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub mark: Mark,
    pub text: Text,
}

/// What stands in front of a line. Each has a word for screen readers and plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    Done,
    Open,
    Running,
    Failed,
    Warning,
    Skipped,
    Key,
    Bullet,
}

pub type Text = Vec<Piece>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "piece", content = "of")]
pub enum Piece {
    /// Shown exactly; may hold line breaks.
    Plain(String),
    Bold(String),
    Code(String),
    /// Shown by name. Only `mention: true` may notify.
    Person {
        id: PersonId,
        mention: bool,
    },
    Channel(ChannelName),
    /// In the reader's zone where the platform can, else in the policy's.
    Time {
        at: Timestamp,
        style: TimeStyle,
    },
    Link {
        text: String,
        url: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeStyle {
    /// `10:05`
    Clock,
    /// `Mon 4 Jan 10:05`
    Moment,
    /// `Mon 4 Jan`
    Day,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub label: String,
    pub style: ButtonStyle,
    pub action: Action,
    /// Asked before the click counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// Opened by the click; its fields are added to the action's arguments when it is submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ButtonStyle {
    #[default]
    Plain,
    Primary,
    Danger,
}

/// What a button does: a command of the catalogue with arguments, just as if it had been typed.
/// On the wire it is `approve?deployment=D-42&plan=1a2b3c4d`, at most 100 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Action {
    /// The command's name in the catalogue, such as `approve` or `deploy status`.
    pub command: String,
    pub args: BTreeMap<String, String>,
}

impl Action {
    #[must_use]
    pub fn new(command: &str, args: &[(&str, &str)]) -> Self {
        Self { command: command.into(), args: args.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect() }
    }

    /// The wire form. Reserved characters are percent-encoded.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = escape(&self.command);
        for (n, (key, value)) in self.args.iter().enumerate() {
            out.push(if n == 0 { '?' } else { '&' });
            out.push_str(&escape(key));
            out.push('=');
            out.push_str(&escape(value));
        }
        out
    }

    /// Reads the wire form; `None` when it is not one.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let (command, rest) = text.split_once('?').unwrap_or((text, ""));
        let mut args = BTreeMap::new();
        for pair in rest.split('&').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=')?;
            args.insert(unescape(key)?, unescape(value)?);
        }
        let command = unescape(command)?;
        (!command.is_empty()).then_some(Self { command, args })
    }
}

fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-_.:/ ".contains(&b) {
            out.push(b as char);
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b == b'%' {
            let hex = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        } else {
            out.push(b);
        }
    }
    String::from_utf8(out).ok()
}

/// A form that a button or a command opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub title: String,
    pub submit: String,
    pub fields: Vec<FormField>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    /// The argument it fills.
    pub name: String,
    pub label: String,
    pub kind: FieldKind,
    pub required: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "field", content = "options")]
pub enum FieldKind {
    Line,
    Paragraph,
    /// Value and label.
    Choice(Vec<(String, String)>),
}

/// Bytes in base64, as [`Picture`] carries them.
#[must_use]
pub fn words_of_bytes(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let group = (0..3).fold(0_u32, |group, n| group << 8 | u32::from(three.get(n).copied().unwrap_or(0)));
        for n in 0..4 {
            let sign = SIGNS.get((group >> (18 - 6 * n) & 63) as usize).filter(|_| n <= three.len());
            out.push(sign.map_or('=', |sign| char::from(*sign)));
        }
    }
    out
}

/// `"text"` as a piece that is shown exactly.
#[must_use]
pub fn plain(text: impl Into<String>) -> Piece {
    Piece::Plain(text.into())
}

#[must_use]
pub fn bold(text: impl Into<String>) -> Piece {
    Piece::Bold(text.into())
}

#[must_use]
pub fn code(text: impl Into<String>) -> Piece {
    Piece::Code(text.into())
}

/// A person's name without notifying them.
#[must_use]
pub fn person(id: &PersonId) -> Piece {
    Piece::Person { id: id.clone(), mention: false }
}

/// A person's name that notifies them.
#[must_use]
pub fn mention(id: &PersonId) -> Piece {
    Piece::Person { id: id.clone(), mention: true }
}

#[must_use]
pub fn link(text: impl Into<String>, url: impl Into<String>) -> Piece {
    Piece::Link { text: text.into(), url: url.into() }
}

#[must_use]
pub fn clock(at: Timestamp) -> Piece {
    Piece::Time { at, style: TimeStyle::Clock }
}

#[must_use]
pub fn moment(at: Timestamp) -> Piece {
    Piece::Time { at, style: TimeStyle::Moment }
}

impl Message {
    #[must_use]
    pub fn new(tone: Tone, title: Text) -> Self {
        Self { tone, title, ..Self::default() }
    }

    /// A message of one line.
    #[must_use]
    pub fn line(tone: Tone, text: impl Into<String>) -> Self {
        Self::new(tone, vec![plain(text)])
    }

    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    #[must_use]
    pub fn text(self, text: Text) -> Self {
        self.block(Block::Text(text))
    }

    #[must_use]
    pub fn context(self, text: Text) -> Self {
        self.block(Block::Context(text))
    }

    #[must_use]
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_base64() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(words_of_bytes(bytes.as_bytes()), text);
        }
        assert_eq!(words_of_bytes(&[0xff, 0xfe, 0xfd]), "//79");
    }

    #[test]
    fn actions_survive_the_wire() {
        let action = Action::new("deploy status", &[("deployment", "D-42"), ("note", "a&b=c?d %é\n")]);
        assert_eq!(Action::decode(&action.encode()), Some(action));
        assert_eq!(Action::decode("abort"), Some(Action::new("abort", &[])));
        for broken in ["", "?a=b", "a?b", "a?b=%4", "a?b=%zz", "a?b=%ff"] {
            assert_eq!(Action::decode(broken), None, "{broken}");
        }
    }
}
