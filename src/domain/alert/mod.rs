//! Alerts: what watching systems say, and what becomes of it (DESIGN 4.5, 4.6).
//!
//! Every alert has a key, and all alerts of one key are one matter: one stream, `alert/KEY`, holds who of them fires and which
//! incident that belongs to. So there is one open incident for a key, on however many replicas it arrives. The board,
//! `alerts/board`, holds what fires in one list, the silences, and how many keys were new within the last minute.
//!
//! Words of a sender may come late, twice, in another order and from several replicas. Each alert has episodes, told apart by
//! the time at which they began; in one of them the end wins over the beginning, and a beginning that was never heard of is
//! always heard, also after its end. Whatever is unclear goes towards a page.
//!
//! Deliberately absent: the formats of senders, and how their words arrive.

mod board;
mod command;
mod glob;
mod maintenance;
mod member;
mod rule;
mod state;

pub use board::{AlertBoard, AlertBoardEvent, Entry, Line, Matcher, Purpose as BoardPurpose, Silence, Storm};
pub use board::{STORM_QUIET, STORM_WITHIN, evolve as evolve_board, timers as board_timers};
pub use command::AlertCommand;
pub use glob::{Glob, any, covers};
pub use maintenance::Maintenance;
pub use member::{ECHO, Heard, Member, hear};
pub use rule::{AlertRules, Over, Route, Rule, Then, hash};
pub use state::{AlertEvent, AlertState, Face, Phase, Purpose, evolve, timers};

use crate::domain::ids::ServiceName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long an alert must be over before it counts as over, unless config says otherwise.
pub const SETTLE: crate::domain::time::Span = crate::domain::time::Span::mins(5);
/// Senders' own alerts that one key remembers; of more, those that ended first are forgotten.
pub const MEMBERS: usize = 200;
/// Alerts of an incident that its card can name; it counts all of them.
pub const LISTED: usize = 20;
/// Alerts that a list or a line about many of them shows.
pub const SHOWN: usize = 25;
/// Silences that are not over; more is a slip of a script.
pub const SILENCES: usize = 200;
/// Silenced alerts that one decision looks at again when their silence ends; the others follow at once after it.
pub const REARMED: usize = 64;
/// The longest silence.
pub const SILENCE_MAX: crate::domain::time::Span = crate::domain::time::Span::hours(14 * 24);

/// One alert in no sender's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What its sender knows it by: a fingerprint, a number.
    pub id: String,
    pub firing: bool,
    /// One line.
    pub title: String,
    /// Also `alertname`, `severity`, `service` and `environment`, where the sender says them in any way.
    pub labels: BTreeMap<String, String>,
    /// What else the sender says, with its numbers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When this episode of it began; absent where the sender does not tell episodes apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// When the sender said this, where that is known: of two words the later one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When it was taken in. It may be decided much later, after words that came later; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<Timestamp>,
}

/// A key's alerts as the incident they belong to has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// The key's hash.
    pub key: String,
    pub title: String,
    pub service: Option<ServiceName>,
    pub link: Option<String>,
    /// It belonged to the incident before, and was over.
    #[serde(default)]
    pub again: bool,
}

/// What an incident knows of its alerts. The counts are of all, the list is of the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerts {
    pub firing: u32,
    pub over: u32,
    /// Of those that ever fired in it, by service; those of none under the empty name.
    pub services: BTreeMap<String, u32>,
    /// With whether it fires.
    pub listed: Vec<(Linked, bool)>,
    /// It gathers what came at once.
    #[serde(default)]
    pub storm: bool,
    /// Nobody is paged about it for now.
    #[serde(default)]
    pub hushed: Option<Hushed>,
}

/// Why nobody is paged about an incident for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hushed {
    /// `silence 3` or `maintenance "Database move"`.
    pub why: String,
    /// Its alerts ended meanwhile: nobody is paged until one fires again, and updates are asked for.
    #[serde(default)]
    pub over: bool,
}

impl Alerts {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These fire now.
    pub fn fire(&mut self, alerts: &[Linked]) {
        for alert in alerts {
            self.firing += 1;
            if alert.again {
                self.over = self.over.saturating_sub(1);
            } else {
                let service = alert.service.as_ref().map_or("", ServiceName::as_str);
                *self.services.entry(service.to_owned()).or_default() += 1;
            }
            match self.listed.iter().position(|(l, _)| l.key == alert.key) {
                Some(n) => self.listed[n] = (alert.clone(), true),
                None if self.listed.len() < LISTED => self.listed.push((alert.clone(), true)),
                None => {}
            }
        }
    }

    /// These are over.
    pub fn end(&mut self, keys: &[String]) {
        for key in keys {
            self.firing = self.firing.saturating_sub(1);
            self.over += 1;
            if let Some((_, firing)) = self.listed.iter_mut().find(|(l, _)| l.key == *key) {
                *firing = false;
            }
        }
    }

    /// Everything that ever fired in it.
    #[must_use]
    pub const fn all(&self) -> u32 {
        self.firing + self.over
    }
}

/// `a1b2c3`: what people call a key by.
#[must_use]
pub fn short(hash: &str) -> &str {
    hash.get(..6).unwrap_or(hash)
}

#[cfg(test)]
mod tests;
