//! The state of a key: which of its alerts fire, and the incident that belongs to them.

use super::member::{Heard, Member};
use super::rule::Over;
use crate::domain::ids::{EnvironmentName, IncidentId, ServiceName};
use crate::domain::time::{Now, Span, after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What people see of a key: of the alert that was heard last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// The key in words.
    pub key: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    pub labels: BTreeMap<String, String>,
    pub link: Option<String>,
    pub service: Option<ServiceName>,
    pub environment: Option<EnvironmentName>,
    /// Absent: only a line is posted.
    pub severity: Option<String>,
    /// Instead of its severity's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<String>,
    pub over: Over,
    pub settle: Span,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// Nothing fires.
    #[default]
    Quiet,
    Firing,
    /// Nothing fires any more, and that is believed at this time.
    Settling {
        until: Timestamp,
    },
}

/// The state of the stream `alert/KEY`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertState {
    pub face: Face,
    pub phase: Phase,
    /// When it began to fire.
    pub since: Option<Timestamp>,
    /// By sender and what the sender knows it by.
    pub members: BTreeMap<String, Member>,
    /// The incident that it opened or joined last, which may be over.
    pub incident: Option<IncidentId>,
    /// How often it fired again before it was over.
    #[serde(default)]
    pub flaps: u32,
}

/// What happened to a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AlertEvent {
    /// A sender said something that is news.
    AlertHeard {
        member: String,
        heard: Heard,
        start: Option<Timestamp>,
        said: Option<Timestamp>,
        /// When it was taken in; absent: as it was decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        came: Option<Timestamp>,
        face: Box<Face>,
    },
    /// It belongs to this incident.
    AlertBound { incident: IncidentId },
    /// It is over.
    AlertOver,
}

/// What a timer of a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose")]
pub enum Purpose {
    /// It has been quiet for long enough.
    Settle,
}

/// The state after `event`.
#[must_use]
pub fn evolve(mut state: AlertState, event: &AlertEvent, at: Now) -> AlertState {
    match event {
        AlertEvent::AlertHeard { member, heard, start, said, came, face } => {
            let new = Member::after(state.members.get(member), *heard, *start, *said, came.unwrap_or(at.wall));
            state.members.insert(member.clone(), new);
            state.face = (**face).clone();
            forget(&mut state.members);
            stand(&mut state, *heard == Heard::FiredBefore, at.wall);
        }
        AlertEvent::AlertBound { incident } => state.incident = Some(*incident),
        AlertEvent::AlertOver => {
            state.phase = Phase::Quiet;
            state.since = None;
            state.flaps = 0;
        }
    }
    state
}

/// A key fires while one of its alerts does.
fn stand(state: &mut AlertState, fired_before: bool, at: Timestamp) {
    let fires = state.members.values().any(|m| m.over.is_none());
    let until = after(at, state.face.settle);
    state.phase = match (state.phase, fires) {
        (Phase::Quiet, false) if !fired_before => return,
        (Phase::Firing, true) => return,
        (Phase::Settling { .. }, false) => return,
        (Phase::Settling { .. }, true) => {
            state.flaps += 1;
            Phase::Firing
        }
        (Phase::Quiet, true) => Phase::Firing,
        (Phase::Firing | Phase::Quiet, false) => Phase::Settling { until },
    };
    state.since.get_or_insert(at);
}

/// Those that ended first are forgotten first; what fires never is.
fn forget(members: &mut BTreeMap<String, Member>) {
    while members.len() > super::MEMBERS {
        let ended = members.iter().filter_map(|(id, m)| Some((m.over?, id.clone()))).min();
        match ended {
            Some((_, id)) => members.remove(&id),
            None => return,
        };
    }
}

/// The timers this state asks for, by the wall clock.
#[must_use]
pub fn timers(state: &AlertState) -> Vec<(Purpose, Timestamp)> {
    match state.phase {
        Phase::Settling { until } => vec![(Purpose::Settle, until)],
        Phase::Quiet | Phase::Firing => Vec::new(),
    }
}
