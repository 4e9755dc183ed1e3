//! The board: which incidents are open, in one small stream. It gives numbers, and holds two people who declare the same at once
//! apart from each other: the second decision reads what the first has written.

use crate::domain::ids::{IncidentId, ServiceName};
use crate::domain::time::{Now, Span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Within this, nearly the same words mean the same incident.
pub const SAME_WITHIN: Span = Span::mins(15);
/// Ended incidents that the board still lists.
const ENDED: usize = 20;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    pub last: u64,
    pub open: BTreeMap<IncidentId, Entry>,
    /// The newest last.
    pub ended: Vec<IncidentId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub title: String,
    pub service: Option<ServiceName>,
    pub since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BoardEvent {
    Opened { incident: IncidentId, title: String, service: Option<ServiceName> },
    Ended { incident: IncidentId },
}

/// The state after `event`.
#[must_use]
pub fn evolve(mut board: Board, event: &BoardEvent, at: Now) -> Board {
    match event {
        BoardEvent::Opened { incident, title, service } => {
            board.last = board.last.max(incident.0);
            board.ended.retain(|i| i != incident);
            let entry = Entry { title: title.clone(), service: service.clone(), since: at.wall };
            board.open.insert(*incident, entry);
        }
        BoardEvent::Ended { incident } => {
            board.open.remove(incident);
            board.ended.retain(|i| i != incident);
            board.ended.push(*incident);
            let over = board.ended.len().saturating_sub(ENDED);
            board.ended.drain(..over);
        }
    }
    board
}

impl Board {
    #[must_use]
    pub fn next(&self) -> IncidentId {
        IncidentId(self.last + 1)
    }

    /// The newest open incident of a service.
    #[must_use]
    pub fn of_service(&self, service: &ServiceName) -> Option<IncidentId> {
        self.open.iter().rev().find(|(_, entry)| entry.service.as_ref() == Some(service)).map(|(id, _)| *id)
    }

    /// An open incident that began a moment ago and says nearly the same.
    #[must_use]
    pub fn nearly(&self, title: &str, service: Option<&ServiceName>, now: Timestamp) -> Option<IncidentId> {
        let wanted = words(title);
        let near = |entry: &Entry| {
            let apart = matches!((&entry.service, service), (Some(a), Some(b)) if a != b);
            let recent = Span::between(entry.since, now) <= SAME_WITHIN;
            let theirs = words(&entry.title);
            let both = wanted.intersection(&theirs).count();
            recent && !apart && both > 0 && both * 2 >= wanted.len().max(theirs.len())
        };
        self.open.iter().rev().find(|(_, entry)| near(entry)).map(|(id, _)| *id)
    }
}

/// Words that tell incidents apart, in small letters.
fn words(text: &str) -> BTreeSet<String> {
    let all = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    all.filter(|w| w.chars().count() > 2 && !["the", "and", "are", "for", "has", "not"].contains(&w.as_str())).collect()
}
