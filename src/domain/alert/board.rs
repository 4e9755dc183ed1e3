//! The board of alerts: what fires, what is silenced, and how many were new within the last minute.

use super::glob::Glob;
use super::state::Face;
use super::{AlertRules, short};
use crate::domain::ids::{EnvironmentName, IncidentId, PersonId, ServiceName};
use crate::domain::time::{Now, Span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// In which time new incidents are counted.
pub const STORM_WITHIN: Span = Span::mins(1);
/// A storm is over when nothing new came for this long.
pub const STORM_QUIET: Span = Span::mins(5);

/// The state of the stream `alerts/board`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertBoard {
    /// Whatever fires or settles, by its key's hash.
    pub firing: BTreeMap<String, Entry>,
    /// Not over, in the order of their numbers.
    pub silences: Vec<Silence>,
    /// The number that was given last to a silence.
    pub last: u32,
    /// When incidents were opened, within the last minute.
    pub opened: Vec<Timestamp>,
    pub storm: Option<Storm>,
    /// When a maintenance begins or ends next, as far as was known.
    pub look: Option<Timestamp>,
}

/// What came at once is gathered in one incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storm {
    pub incident: IncidentId,
    /// When something joined it last.
    pub last: Timestamp,
}

/// Something that fires or settles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub key: String,
    pub title: String,
    pub labels: BTreeMap<String, String>,
    pub link: Option<String>,
    pub service: Option<ServiceName>,
    pub environment: Option<EnvironmentName>,
    /// Absent: only a line is posted.
    pub severity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<String>,
    pub since: Timestamp,
    /// It has ended, and that is not believed yet.
    pub settles: bool,
    pub incident: Option<IncidentId>,
    /// Why nobody is told of it.
    pub held: Option<String>,
}

/// Something about which nobody is paged for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub number: u32,
    pub matcher: Matcher,
    /// As it was typed.
    pub typed: String,
    pub until: Timestamp,
    pub by: PersonId,
    pub reason: String,
}

/// What a silence is about. Keys and labels stay, so it outlasts the end and the next beginning of what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matcher {
    /// By hash.
    Keys(BTreeSet<String>),
    /// Every label matches.
    Labels(BTreeMap<String, Glob>),
    /// The title, the key in words, or the name of the alert.
    Words(Glob),
}

/// One thing that is said about an alert in the alerts channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub key: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    pub service: Option<ServiceName>,
    pub link: Option<String>,
    pub firing: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AlertBoardEvent {
    /// What fires has changed, and what is said of it in the alerts channel.
    AlertsChanged {
        put: Vec<(String, Entry)>,
        gone: Vec<String>,
        /// Incidents that were opened.
        opened: u32,
        /// The storm that something joined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        storm: Option<IncidentId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<Line>,
    },
    Silenced(Box<Silence>),
    /// Nobody: its time is over.
    SilenceEnded {
        number: u32,
        by: Option<PersonId>,
    },
    /// When a maintenance begins or ends next.
    MaintenancePlanned {
        look: Option<Timestamp>,
    },
}

/// What a timer of the board is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose")]
pub enum Purpose {
    /// A silence ends.
    Silences,
    /// A maintenance begins or ends, or config is new.
    Look,
}

/// The state after `event`.
#[must_use]
pub fn evolve(mut board: AlertBoard, event: &AlertBoardEvent, at: Now) -> AlertBoard {
    match event {
        AlertBoardEvent::AlertsChanged { put, gone, opened, storm, .. } => {
            for key in gone {
                board.firing.remove(key);
            }
            board.firing.extend(put.iter().cloned());
            board.opened.retain(|then| Span::between(*then, at.wall) < STORM_WITHIN);
            board.opened.extend(std::iter::repeat_n(at.wall, usize::try_from(*opened).unwrap_or_default()));
            match storm {
                Some(incident) => board.storm = Some(Storm { incident: *incident, last: at.wall }),
                None if board.storm.as_ref().is_some_and(|s| !s.lasts(at.wall)) => board.storm = None,
                None => {}
            }
        }
        AlertBoardEvent::Silenced(silence) => {
            board.last = silence.number;
            board.silences.push((**silence).clone());
        }
        AlertBoardEvent::SilenceEnded { number, .. } => board.silences.retain(|s| s.number != *number),
        AlertBoardEvent::MaintenancePlanned { look } => board.look = *look,
    }
    board
}

/// The timers this state asks for, by the wall clock.
#[must_use]
pub fn timers(board: &AlertBoard) -> Vec<(Purpose, Timestamp)> {
    let silence = board.silences.iter().map(|s| s.until).min().map(|at| (Purpose::Silences, at));
    silence.into_iter().chain(board.look.map(|at| (Purpose::Look, at))).collect()
}

impl Storm {
    /// Whether what is new joins it.
    #[must_use]
    pub fn lasts(&self, now: Timestamp) -> bool {
        Span::between(self.last, now) < STORM_QUIET
    }
}

impl Entry {
    #[must_use]
    pub fn of(face: &Face, since: Timestamp, settles: bool, incident: Option<IncidentId>) -> Self {
        Self {
            key: face.key.clone(),
            title: face.title.clone(),
            labels: face.labels.clone(),
            link: face.link.clone(),
            service: face.service.clone(),
            environment: face.environment.clone(),
            severity: face.severity.clone(),
            ladder: face.ladder.clone(),
            since,
            settles,
            incident,
            held: None,
        }
    }
}

impl Matcher {
    #[must_use]
    pub fn matches(&self, hash: &str, entry: &Entry) -> bool {
        match self {
            Self::Keys(keys) => keys.contains(hash),
            Self::Labels(labels) => {
                let label = |name: &str| entry.labels.get(name).map_or("", String::as_str);
                let own = |name: &str| match name {
                    "service" => entry.service.as_ref().map(ServiceName::as_str),
                    "environment" => entry.environment.as_ref().map(EnvironmentName::as_str),
                    _ => None,
                };
                labels
                    .iter()
                    .all(|(name, glob)| glob.matches(label(name)) || own(name).is_some_and(|v| glob.matches(v)))
            }
            Self::Words(glob) => {
                let name = entry.labels.get("alertname").map_or("", String::as_str);
                [entry.title.as_str(), entry.key.as_str(), name, short(hash)].iter().any(|text| glob.matches(text))
            }
        }
    }
}

impl AlertBoard {
    /// Why nobody is told of this now: a silence, or a maintenance.
    #[must_use]
    pub fn held(&self, rules: &AlertRules, hash: &str, entry: &Entry, now: Timestamp) -> Option<String> {
        let silence = self.silences.iter().find(|s| s.until > now && s.matcher.matches(hash, entry));
        let silence = silence.map(|s| format!("silence {}", s.number));
        silence.or_else(|| {
            let (service, environment) = (entry.service.as_ref(), entry.environment.as_ref());
            let covering = rules.maintenance.iter().filter(|m| m.covers(service, environment));
            covering.filter(|m| m.until(now).is_some()).map(|m| format!("maintenance {}", m.name)).next()
        })
    }

    /// How many incidents were opened within the last minute.
    #[must_use]
    pub fn lately(&self, now: Timestamp) -> usize {
        self.opened.iter().filter(|then| Span::between(**then, now) < STORM_WITHIN).count()
    }
}
