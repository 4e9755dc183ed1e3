//! What a digest says, as data: gathered once, kept in the journal, and rendered from there.

use super::Measured;
use crate::domain::ids::PersonId;
use crate::domain::numbers::Summary;
use crate::domain::probe::Verdict;
use crate::domain::roster::{Dated, Noted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a digest can tell, by its word in config.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Every service in every environment, as its probes read now.
    Health,
    /// What burnt and who was paged since the digest before.
    Alerts,
    Deployments,
    /// Open incidents.
    Incidents,
    /// Deployments that wait for somebody's key.
    Keys,
    Objectives,
    Oncall,
    /// Post-mortems and actions that are owed, and open maintenance.
    Due,
    /// Deployments, incidents and pages of the last 24 hours.
    Numbers,
    Backups,
    /// Who takes over in the next day.
    Handover,
    /// Windows, freezes and holidays of the next day.
    Ahead,
    /// The delivery numbers of the last week.
    Week,
    /// The curve of the first objective over the last day.
    Chart,
}

impl Section {
    pub const ALL: [Self; 14] = [
        Self::Health,
        Self::Alerts,
        Self::Deployments,
        Self::Incidents,
        Self::Keys,
        Self::Objectives,
        Self::Oncall,
        Self::Due,
        Self::Numbers,
        Self::Backups,
        Self::Handover,
        Self::Ahead,
        Self::Week,
        Self::Chart,
    ];

    /// Its word in config.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Alerts => "alerts",
            Self::Deployments => "deployments",
            Self::Incidents => "incidents",
            Self::Keys => "keys",
            Self::Objectives => "objectives",
            Self::Oncall => "oncall",
            Self::Due => "due",
            Self::Numbers => "numbers",
            Self::Backups => "backups",
            Self::Handover => "handover",
            Self::Ahead => "ahead",
            Self::Week => "week",
            Self::Chart => "chart",
        }
    }
}

/// Everything that one digest says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub slot: Timestamp,
    /// When it was gathered.
    pub at: Timestamp,
    /// Slots before it that nobody was told of.
    pub missed: u32,
    /// What happened from here on is told.
    pub since: Timestamp,
    /// In the order of config.
    pub parts: Vec<Part>,
    /// The head of the journal over all streams, as chat can witness it; empty when it could not be read.
    pub head: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "part")]
pub enum Part {
    Health {
        places: Vec<Health>,
    },
    Alerts {
        incidents: Vec<Noted>,
        pages: u32,
        by_night: u32,
        /// Alerts that began to fire.
        #[serde(default)]
        fired: u32,
        /// How many fire now, and those that have fired for longest.
        #[serde(default)]
        fire: u32,
        #[serde(default)]
        firing: Vec<Noted>,
    },
    Deployments {
        ended: Vec<Noted>,
    },
    Incidents {
        open: Vec<Noted>,
    },
    Keys {
        waiting: Vec<Waiting>,
    },
    Objectives {
        measured: Vec<Measured>,
    },
    Backups {
        measured: Vec<Measured>,
    },
    Oncall {
        rosters: Vec<OnCall>,
    },
    Handover {
        rosters: Vec<OnCall>,
    },
    Due {
        owed: Vec<Noted>,
    },
    Ahead {
        dated: Vec<Dated>,
        /// By environment; empty where it does not open.
        windows: Vec<(String, Vec<(Timestamp, Timestamp)>)>,
    },
    Numbers {
        summary: Box<Summary>,
    },
    Week {
        summary: Box<Summary>,
    },
    Chart {
        curve: Box<super::Curve>,
    },
    /// It could not be read, which is said.
    Failed {
        section: Section,
        why: String,
    },
}

/// A service in an environment, as its probes read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// `api in production`.
    pub place: String,
    /// The worst of its readings; healthy only when every probe said so.
    pub verdict: Verdict,
    /// Probe, verdict, and what it said.
    pub readings: Vec<(String, Verdict, String)>,
}

/// A deployment that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// `D-42 api v1.2.0 → production`.
    pub what: String,
    /// What it waits for, in a few words.
    pub for_: String,
    pub until: Timestamp,
}

/// Who holds a roster, and what comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCall {
    pub roster: String,
    pub holder: Option<PersonId>,
    pub until: Option<Timestamp>,
    pub next: Option<PersonId>,
    /// The last hand-off is not accepted.
    pub unaccepted: bool,
}
