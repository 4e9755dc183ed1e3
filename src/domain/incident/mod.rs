//! An incident: from the first word to the reviewed post-mortem (DESIGN 4.5), and the climb of its ladder (4.6).
//!
//! The state is a fold of its events and nothing else. Every deadline is computed from it: the next level of the ladder, the
//! next update, the end of a promise. So none can be forgotten, and a restart is late and never wrong.

mod afterwards;
mod board;
mod command;
mod event;
mod evolve;
mod first;
mod mark;
mod room;
mod timers;

pub use afterwards::{ACTIONS, Action, Lessons, passed};
pub use board::{Board, BoardEvent, Entry, evolve as evolve_board};
pub use command::IncidentCommand;
pub use event::{Declaration, IncidentEvent};
pub use evolve::evolve;
pub use first::first_list;
pub use mark::{MARKS, Marked, Quote, clipped, mark_key};
pub use room::{ROOM_NAME, ROOM_NAME_CHARS, ROOM_WORDS, RoomCame, Rooms, room_name};
pub use timers::{EDGE, OVERDUE, Purpose, WARN, timers};

use super::alert::Alerts;
use super::deployment::{ListState, Origin};
use super::ids::{DeploymentId, IncidentId, PersonId, ServiceName};
use super::paging::{self, Page};
use super::response::Ladder;
use super::status::Publication;
use super::time::{Now, Span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The least time between two updates that config may ask for.
pub const UPDATE_EVERY_MIN: Span = Span::mins(5);
/// Deployments that a card names as possible causes.
pub const SUSPECTS: usize = 5;
/// For how long somebody has it who names no time.
pub const ACK_FOR: Span = Span::mins(30);
/// The least and the most that can be named.
pub const ACK_BETWEEN: (Span, Span) = (Span::mins(5), Span::hours(4));
/// Nobody is asked how a drill stands before this; it is over long before.
pub const DRILL_MAX: Span = Span::hours(24);
/// How often an update can be put off before it must come.
pub const SNOOZES: u32 = 2;

/// Where in its life an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Open,
    Acknowledged,
    Mitigated,
    Resolved,
    Reviewed,
}

impl Status {
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Reviewed => "reviewed",
        }
    }

    /// It is over.
    #[must_use]
    pub const fn ended(self) -> bool {
        matches!(self, Self::Resolved | Self::Reviewed)
    }
}

/// What somebody does in an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    Commander,
    Communications,
    Scribe,
}

impl Duty {
    pub const ALL: [Self; 3] = [Self::Commander, Self::Communications, Self::Scribe];

    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Commander => "commander",
            Self::Communications => "communications",
            Self::Scribe => "scribe",
        }
    }

    /// Reads the word in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.words().eq_ignore_ascii_case(word))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub id: IncidentId,
    pub title: String,
    pub severity: String,
    pub status: Status,
    /// Who notices it, in the words of whoever said so last.
    pub impact: String,
    pub service: Option<ServiceName>,
    /// None: signalbox itself.
    pub reporter: Option<PersonId>,
    pub origin: Option<Origin>,
    pub started: Timestamp,
    /// When its last event happened; cards tell times as of then.
    pub updated: Now,
    /// Counts its beginnings: a button of an earlier one means nothing any more.
    pub episode: u32,
    pub climb: Climb,
    pub ack: Option<Ack>,
    pub duties: BTreeMap<Duty, PersonId>,
    pub joined: BTreeSet<PersonId>,
    /// What was said last.
    pub said: Option<Said>,
    pub next_update: Option<NextUpdate>,
    pub mitigated_at: Option<Timestamp>,
    pub resolved: Option<Resolution>,
    /// Deployments of the hours before, the likeliest cause first.
    pub suspects: Vec<Suspect>,
    /// When the way back is brought to mind.
    pub rollback_reminder: Option<Timestamp>,
    /// When the post-mortem is due; absent when none is needed.
    pub post_mortem_due: Option<Timestamp>,
    /// How often it was brought to mind.
    #[serde(default)]
    pub post_mortem_nagged: usize,
    #[serde(default)]
    pub lessons: Option<Lessons>,
    #[serde(default)]
    pub actions: Vec<Action>,
    /// It is practice: only the ladder is climbed, and it is over when somebody has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// Who looked through the post-mortem and its actions.
    #[serde(default)]
    pub reviewed: Option<PersonId>,
    /// The alerts that belong to it.
    #[serde(default, skip_serializing_if = "Alerts::is_empty")]
    pub alerts: Alerts,
    /// Messages that people marked, in the order in which they did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Marked>,
    /// What customers were told, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publications: Vec<Publication>,
    /// Names of runbooks that fit what was said, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runbooks: Vec<String>,
    /// What is asked first, and what often helps; of urgent ones only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<ListState>,
    /// Channels of its own, where config wants them.
    #[serde(default, skip_serializing_if = "Rooms::is_default")]
    pub rooms: Rooms,
}

/// How far up the ladder it is, in this episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Climb {
    /// As it was when the episode began.
    pub ladder: Option<Ladder>,
    /// Its offsets count from here.
    pub from: Timestamp,
    /// The level that is reached next.
    pub next: usize,
    /// How often it has been gone through.
    pub round: u32,
    /// After the last round, the channel was told.
    pub ended: bool,
    pub pages: Vec<Page>,
    /// Pages before this one belong to an earlier climb.
    #[serde(default)]
    pub since: usize,
}

/// Somebody has it, and says for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    pub by: PersonId,
    pub at: Timestamp,
    /// Until then nothing more is asked of them.
    pub until: Timestamp,
    /// It has passed, and they were asked.
    pub nudged: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub by: PersonId,
    pub at: Timestamp,
    pub text: String,
}

/// When people are told next how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextUpdate {
    pub due: Timestamp,
    pub told: Told,
    /// How often it was put off.
    pub snoozed: u32,
}

/// How loudly an update was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Nobody,
    /// Whoever has it, alone.
    Privately,
    Channel,
    /// Whoever is a level up.
    Above,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    pub by: PersonId,
    pub at: Timestamp,
    pub resolution: String,
    pub cause: String,
}

/// A deployment that may have to do with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    pub deployment: DeploymentId,
    /// `api v1.2.0 → production`.
    pub what: String,
    /// When it began to run.
    pub at: Timestamp,
    /// It went to the service of the incident.
    pub same_service: bool,
    /// It was undone since.
    #[serde(default)]
    pub went_back: bool,
}

impl Incident {
    /// Who is asked first: the commander, whoever acknowledged, or whoever declared it.
    #[must_use]
    pub fn lead(&self) -> Option<&PersonId> {
        let commander = self.duties.get(&Duty::Commander);
        commander.or(self.ack.as_ref().map(|ack| &ack.by)).or(self.reporter.as_ref())
    }

    /// The pages of this climb, each with its place in the list.
    pub fn paged(&self) -> impl Iterator<Item = (usize, &Page)> {
        self.climb.pages.iter().enumerate().skip(self.climb.since)
    }

    /// People who must acknowledge and have not, although somebody else has.
    #[must_use]
    pub fn missing(&self) -> BTreeSet<&PersonId> {
        paging::missing(self.climb.pages.get(self.climb.since..).unwrap_or_default())
    }

    /// Whether the ladder goes on for want of an answer.
    #[must_use]
    pub fn unanswered(&self) -> bool {
        self.status == Status::Open || (self.status == Status::Acknowledged && !self.missing().is_empty())
    }

    /// Whether this person has acknowledged in this climb.
    #[must_use]
    pub fn has_acked(&self, person: &PersonId) -> bool {
        self.ack.as_ref().is_some_and(|ack| ack.by == *person)
            || self.paged().any(|(_, page)| page.person == *person && page.acked.is_some())
    }

    /// Why nobody is paged about it for now, and no update is asked for.
    #[must_use]
    pub fn hushed(&self) -> Option<&str> {
        self.alerts.hushed.as_ref().filter(|h| !h.over).map(|h| h.why.as_str())
    }

    /// What customers are told about it, while they were not told that it is over.
    #[must_use]
    pub fn public(&self) -> Option<&Publication> {
        self.publications.last().filter(|p| !p.over())
    }

    /// The level that was reached last.
    #[must_use]
    pub fn level(&self) -> Option<&str> {
        self.climb.pages.last().map(|page| page.level.as_str())
    }
}

#[cfg(test)]
mod tests;
