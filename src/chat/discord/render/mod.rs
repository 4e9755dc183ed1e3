//! The neutral message as Discord shows it: deterministic, inside every limit, and never more than was meant.
//!
//! The title is the message's content, because that is what notifications show and where mentions notify; the blocks are embeds
//! below it, in the tone's colour. A message of a title alone is one embed. Lengths are counted in UTF-16 (see [`text::units`]).
//!
//! Discord's messages have no metadata, and it does not give back a nonce when messages are listed. So the key by which a message
//! is found again stands in the `url` of its first embed: Discord keeps it, and shows it nowhere, since no embed of ours has a
//! title to be linked. The address ends in `.invalid`, which leads nowhere by definition.

mod blocks;
mod buttons;
pub mod custom;
mod layout;
mod modal;
mod picture;
mod text;

pub use modal::modal;
pub use text::{numeric, plain_line};

use super::rest::File;
use crate::domain::ids::{ChannelName, PersonId};
use crate::domain::message::{Action, Block, ButtonStyle, Message, Tone};
use crate::domain::plan::hex;
use crate::domain::policy::Policy;
use serde_json::{Value, json};
use serenity::all::CreateEmbed;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a message's content.
pub const CONTENT: usize = 2000;
/// People that one message notifies; a hundred would not fit beside a title.
pub const MENTIONS: usize = 40;
/// Characters of a nonce.
const NONCE: usize = 25;

/// How people and channels are called.
pub struct Names<'a> {
    pub policy: &'a Policy,
    /// Ids of channels by name.
    pub channels: &'a BTreeMap<ChannelName, String>,
}

/// A message in Discord's words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    pub content: String,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    /// Accounts that are notified; nobody else can be.
    pub mentions: Vec<String>,
    /// `attachments`: names and descriptions of the files.
    pub attachments: Vec<Value>,
    pub files: Vec<File>,
}

impl Names<'_> {
    /// The person's account, when it can be one.
    fn account(&self, person: &PersonId) -> Option<&str> {
        let account = self.policy.people.get(person)?.accounts.get(super::NAME)?;
        numeric(account).then_some(account.as_str())
    }
}

impl Rendered {
    /// The body of a message, all of it, for a post, an edit, or the `data` of an answer to an interaction (add `flags`).
    /// Files go beside it, see [`super::rest::Call::files`].
    #[must_use]
    pub fn body(&self) -> Value {
        json!({
            "content": self.content,
            "embeds": self.embeds,
            "components": self.components,
            "attachments": self.attachments,
            "allowed_mentions": {"parse": [], "users": self.mentions},
        })
    }
}

/// A message. `key` is its idempotency key, by which it is found again.
#[must_use]
pub fn message(message: &Message, names: &Names, key: Option<&str>) -> Rendered {
    let (components, left_out) = buttons::rows(&message.buttons);
    let mut notes = Vec::new();
    if left_out > 0 {
        notes.push(format!("… {left_out} more buttons; the commands in /help do the same"));
    }
    let mut mentions = BTreeSet::new();
    text::mentioned(&message.title, names, &mut mentions);
    let in_title = mentions.clone();
    for block in &message.blocks {
        for text in texts(block) {
            text::mentioned(text, names, &mut mentions);
        }
    }
    let alone = message.blocks.is_empty();
    let title = vec![Block::Text(message.title.clone())];
    let blocks = if alone { &title } else { &message.blocks };
    let laid = layout::lay(blocks, &notes, buttons::about(&message.buttons), names);
    // Mentions notify only in the content.
    let people: Vec<&String> = mentions.iter().filter(|m| alone || !in_title.contains(*m)).take(MENTIONS).collect();
    let pings: String = people.iter().map(|p| format!(" <@{p}>")).collect();
    let content = if alone {
        pings.trim_start().to_owned()
    } else {
        let room = CONTENT.saturating_sub(text::units(&pings));
        format!("{}{pings}", heading(message, room, names)).trim_start().to_owned()
    };
    let mut embeds: Vec<Value> = laid
        .embeds
        .into_iter()
        .enumerate()
        .map(|(n, embed)| {
            let embed = embed.color(colour(message.tone));
            let embed = match key.filter(|_| n == 0) {
                Some(key) => embed.url(address(key)),
                None => embed,
            };
            serde_json::to_value(embed).unwrap_or_default()
        })
        .collect();
    if embeds.is_empty() && (content.is_empty() || key.is_some()) {
        embeds.push(bare(message.tone, key));
    }
    let mentions = mentions.into_iter().filter(|m| content.contains(&format!("<@{m}>"))).collect();
    Rendered { content, embeds, components, mentions, attachments: laid.attachments, files: laid.files }
}

/// Whether a message shows all that it says.
#[must_use]
pub fn fits(message: &Message, names: &Names) -> bool {
    layout::fits(&message.blocks, names)
}

/// The question before a button counts, which its custom id carries, with the button that carries only the action.
#[must_use]
pub fn question(custom_id: &str, label: &str, names: &Names) -> Rendered {
    let carried = custom::unpack(custom_id).unwrap_or_default();
    let about = Action::decode(&carried.action).and_then(|a| a.args.get("deployment").map(|id| format!(" {id}")));
    let plain = format!("{label}{}? Press the button if you mean it.", about.unwrap_or_default());
    let text = text::escape(carried.ask.as_deref().unwrap_or(&plain), CONTENT, names);
    let yes = if label.is_empty() { "Yes".to_owned() } else { format!("Yes, {label}") };
    let id = custom::of(&carried.action);
    let components = id.map(|id| buttons::one(&id, &yes, ButtonStyle::Danger)).into_iter().collect();
    Rendered { content: text, components, ..Rendered::default() }
}

/// The embed address under which a key is found.
#[must_use]
pub fn address(key: &str) -> String {
    format!("https://signalbox.invalid/{}", nonce(key))
}

/// What Discord compares, for some minutes, to drop a message that is posted twice.
#[must_use]
pub fn nonce(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes())).chars().take(NONCE).collect()
}

/// The title in bold, whatever its pieces are; its mentions notify here.
fn heading(message: &Message, most: usize, names: &Names) -> String {
    use crate::domain::message::Piece;
    let bold = |p: &Piece| if let Piece::Plain(t) = p { Piece::Bold(t.clone()) } else { p.clone() };
    let title: Vec<Piece> = message.title.iter().map(bold).collect();
    text::fit(&title, most, names)
}

fn texts(block: &Block) -> Vec<&crate::domain::message::Text> {
    match block {
        Block::Text(text) | Block::Context(text) | Block::Quote(text) => vec![text],
        Block::Fields(fields) => fields.iter().map(|(_, value)| value).collect(),
        Block::List(lines) => lines.iter().map(|l| &l.text).collect(),
        Block::Progress(_) | Block::Code(_) | Block::Picture(_) | Block::Divider => Vec::new(),
    }
}

/// Where nothing is left to show: Discord takes no empty message.
fn bare(tone: Tone, key: Option<&str>) -> Value {
    let embed = CreateEmbed::new().description("…").color(colour(tone));
    let embed = key.map_or(embed.clone(), |key| embed.url(address(key)));
    serde_json::to_value(embed).unwrap_or_default()
}

const fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Neutral => 0x8a_8f_98,
        Tone::Waiting => 0x6f_42_c1,
        Tone::Busy => 0x1f_6f_eb,
        Tone::Good => 0x1a_7f_37,
        Tone::Warning => 0xd2_99_22,
        Tone::Bad => 0xcf_22_2e,
    }
}

#[cfg(test)]
mod tests;
