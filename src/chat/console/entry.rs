//! One message as it stands in a channel, seen by one person.

use crate::domain::ids::{ChannelName, PersonId};
use crate::domain::message::{Block, Message, Piece};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A message with what people made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub id: String,
    /// Grows with every change of anything; the same message with a higher one is newer.
    pub rev: i64,
    pub channel: ChannelName,
    /// The message whose thread this is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Absent: signalbox itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PersonId>,
    /// Seen only by this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_for: Option<PersonId>,
    #[serde(flatten)]
    pub content: Content,
    pub created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Timestamp>,
    /// In the order in which each emoji was first used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// Messages in its thread that this person sees.
    #[serde(default)]
    pub replies: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reply: Option<Timestamp>,
}

/// What a message says; stored as this JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// By signalbox.
    Message(Message),
    /// By a person, exactly as typed.
    Typed(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub emoji: String,
    pub people: Vec<PersonId>,
}

/// The people a message notifies, as ` sara omar `, so that one can be found by ` sara `.
pub(super) fn mentions(message: &Message) -> String {
    let texts = message.blocks.iter().flat_map(|block| -> Vec<&Vec<Piece>> {
        match block {
            Block::Text(text) | Block::Context(text) | Block::Quote(text) => vec![text],
            Block::Fields(fields) => fields.iter().map(|(_, value)| value).collect(),
            Block::List(lines) => lines.iter().map(|line| &line.text).collect(),
            Block::Progress(_) | Block::Code(_) | Block::Picture(_) | Block::Divider => vec![],
        }
    });
    let mut out = String::from(" ");
    for piece in std::iter::once(&message.title).chain(texts).flatten() {
        if let Piece::Person { id, mention: true } = piece
            && !out.contains(&format!(" {id} "))
        {
            out.push_str(id.as_str());
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{Tone, mention, person, plain};

    #[test]
    fn only_mentions_notify_and_each_person_once() {
        let (sara, omar, lea) = (PersonId::new("sara"), PersonId::new("omar"), PersonId::new("lea"));
        let message = Message::new(Tone::Neutral, vec![mention(&sara)])
            .text(vec![plain(" omar "), person(&lea), mention(&sara)])
            .block(Block::Fields(vec![("Who".into(), vec![mention(&omar)])]));
        assert_eq!(mentions(&message), " sara omar ");
        assert_eq!(mentions(&Message::line(Tone::Neutral, "hi")), " ");
    }
}
