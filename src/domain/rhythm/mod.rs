//! The daily rhythm: digests and maintenance at the slots of their schedules (DESIGN 4.7).
//!
//! Each digest and each round of maintenance is a stream, which is the ledger of its slots: a slot is due once, whoever
//! looks and however often, since the next event of a stream is taken by one. After an outage only the newest missed slot
//! is caught up, and says so.
//!
//! Deliberately absent: where the numbers of a digest come from. They are gathered outside and come back as a [`Report`].

mod cron;
mod curve;
mod digest;
mod maintenance;
mod objective;
mod report;

pub use cron::{APART, Cron, CronError, Due, MISSED};
pub use curve::{Curve, Kept, LINES, Line, MARKS, SAMPLES};
pub use digest::{Digest, DigestEvent, DigestState, Gathering, digest_timers, evolve_digest};
pub use maintenance::{
    Maintenance, MaintenanceCommand, MaintenanceEvent, MaintenanceState, Opened, Owners, REMIND, REMINDERS, Round,
    evolve_maintenance, maintenance_timers,
};
pub use objective::{Measured, Objective, Stands, amount, measured};
pub use report::{Health, OnCall, Part, Report, Section, Waiting};

use super::time::{Span, after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is later than this says so, with both times.
pub const LATE: Span = Span::mins(5);

/// Everything config says about the rhythm. Empty: there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    pub digests: BTreeMap<String, Digest>,
    pub maintenance: BTreeMap<String, Maintenance>,
    /// In the order of the file.
    pub objectives: Vec<Objective>,
}

/// What a timer of a digest or of maintenance is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose")]
pub enum Purpose {
    /// A slot is due, or config or a restart wants it looked at.
    Slot,
    /// What is open is brought to mind.
    Remind,
}

/// A schedule that waits for its next slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Armed {
    pub cron: Cron,
    pub next: Timestamp,
}

/// What a look at a schedule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing to be done.
    Quiet,
    /// It is new, or its schedule is: it waits for this slot. What was missed by another schedule is not caught up.
    Arm(Armed),
    /// A slot is due.
    Slot(Due),
}

/// Compares a schedule with what it waits for.
#[must_use]
pub fn look(cron: &Cron, armed: Option<&Armed>, now: Timestamp) -> Look {
    match armed.filter(|armed| &armed.cron == cron) {
        Some(armed) => cron.due(armed.next, now).map_or(Look::Quiet, Look::Slot),
        None => Look::Arm(Armed { cron: cron.clone(), next: cron.next(now).unwrap_or(Timestamp::MAX) }),
    }
}

/// Whether something of this slot is late by now.
#[must_use]
pub fn is_late(slot: Timestamp, now: Timestamp) -> bool {
    after(slot, LATE) < now
}
