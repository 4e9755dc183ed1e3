//! A digest: what is said to a channel at each slot of a schedule.

use super::{Armed, Cron, Purpose, Report, Section};
use crate::domain::ids::ChannelName;
use crate::domain::policy::Source;
use crate::domain::time::Now;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A digest as config has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    pub name: String,
    /// As its message begins: `Morning`.
    pub title: String,
    pub cron: Cron,
    /// Absent: engineering.
    pub channel: Option<ChannelName>,
    /// In the order shown; never empty.
    pub sections: Vec<Section>,
    /// Read of every service in every environment.
    pub probes: Vec<String>,
    pub source: Source,
}

/// The state of the stream `digest/NAME`: the ledger of its slots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestState {
    pub armed: Option<Armed>,
    /// What is being gathered.
    pub gathering: Option<Gathering>,
    /// The slot that was posted last.
    pub last: Option<Timestamp>,
}

/// A slot whose report is being gathered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathering {
    pub slot: Timestamp,
    pub missed: u32,
    /// What happened from here on is told.
    pub since: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DigestEvent {
    /// It is new, or its schedule is.
    DigestArmed {
        armed: Armed,
    },
    /// The slot is taken: from here on nobody else takes it.
    DigestDue {
        slot: Timestamp,
        missed: u32,
        next: Timestamp,
    },
    DigestPosted {
        report: Box<Report>,
    },
    /// Config no longer has it.
    DigestRetired,
}

/// The timers this state asks for. All go by the wall clock.
#[must_use]
pub fn digest_timers(state: &DigestState) -> Vec<(Purpose, Timestamp)> {
    state.armed.iter().map(|armed| (Purpose::Slot, armed.next)).collect()
}

/// The state after `event`. Every event can happen to every digest.
#[must_use]
pub fn evolve_digest(mut state: DigestState, event: &DigestEvent, _now: Now) -> DigestState {
    match event {
        DigestEvent::DigestArmed { armed } => state.armed = Some(armed.clone()),
        DigestEvent::DigestDue { slot, missed, next } => {
            if let Some(armed) = &mut state.armed {
                armed.next = *next;
            }
            // One that could not be gathered in all the time since is told as missed.
            let unsaid = state.gathering.take().map_or(0, |before| before.missed.saturating_add(1));
            let missed = missed.saturating_add(unsaid);
            state.gathering = Some(Gathering { slot: *slot, missed, since: state.last });
        }
        DigestEvent::DigestPosted { report } => {
            state.last = Some(report.slot);
            state.gathering = None;
        }
        DigestEvent::DigestRetired => (state.armed, state.gathering) = (None, None),
    }
    state
}
