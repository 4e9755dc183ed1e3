//! Messages that people marked for the timeline.
//!
//! What is kept is the message as it read when it was looked at last: edits and removals are followed until the incident is
//! reviewed. Deliberately absent: reading it, which is the platform's.

use crate::domain::ids::{ChannelName, PersonId, PlatformName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Messages that one incident takes.
pub const MARKS: usize = 50;
/// Characters of a message that are kept.
pub const MARK_CHARS: usize = 1_000;

/// A message that somebody wrote, as it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub platform: PlatformName,
    pub channel: ChannelName,
    /// The platform's own id of the message.
    pub message: String,
    /// None: somebody whom the config does not name.
    pub author: Option<PersonId>,
    /// What the platform calls the author.
    pub name: String,
    /// When it was written.
    pub at: Timestamp,
    pub text: String,
    /// Where it stands, for those who may open it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// A message in the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    pub quote: Quote,
    /// Whose mark stands on it; nobody's: it is out again.
    pub by: BTreeSet<PersonId>,
    /// Its author, or somebody who may, has taken it away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

impl Quote {
    /// One message has one key, whoever marks it.
    #[must_use]
    pub fn key(&self) -> String {
        mark_key(&self.platform, &self.message)
    }

    /// Holds what is kept to its bound.
    #[must_use]
    pub fn clipped(mut self) -> Self {
        self.text = clipped(&self.text);
        self
    }
}

impl Marked {
    /// Whether it is known to read so; no text: to be gone.
    #[must_use]
    pub fn reads(&self, text: Option<&str>) -> bool {
        match text {
            Some(text) => !self.removed && self.quote.text == clipped(text),
            None => self.removed,
        }
    }
}

/// The key of a message of a platform.
#[must_use]
pub fn mark_key(platform: &PlatformName, message: &str) -> String {
    format!("{platform}:{message}")
}

/// A text as it is kept.
#[must_use]
pub fn clipped(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MARK_CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

impl super::Incident {
    /// The messages that stand in its timeline.
    pub fn marked(&self) -> impl Iterator<Item = &Marked> {
        self.marks.iter().filter(|m| !m.by.is_empty())
    }

    /// The message with this key, whether it stands there or is out again.
    #[must_use]
    pub fn mark(&self, key: &str) -> Option<&Marked> {
        self.marks.iter().find(|m| m.quote.key() == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_its_bound() {
        assert_eq!(clipped("  it is the pool \n"), "it is the pool");
        let kept = clipped(&"ä".repeat(MARK_CHARS + 1));
        assert_eq!((kept.chars().count(), kept.ends_with("ä…")), (MARK_CHARS + 1, true));
        assert_eq!(clipped(&"ä".repeat(MARK_CHARS)).chars().count(), MARK_CHARS);
    }
}
