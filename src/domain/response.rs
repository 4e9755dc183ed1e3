//! How the organisation answers incidents: severities, and the ladders that pages climb (DESIGN 4.5, 4.6).

use super::ids::{PersonId, Role};
use super::policy::Source;
use super::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything config says about incidents. Empty: there are none to declare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The worst first.
    pub severities: Vec<Severity>,
    pub ladders: BTreeMap<String, Ladder>,
    /// The template of post-mortems; absent: ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_mortem: Option<String>,
}

/// How bad it is, and what follows from that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severity {
    /// `P0`.
    pub name: String,
    /// What it means: `full outage`.
    pub title: String,
    /// Within this it should be acknowledged.
    pub respond: Span,
    /// So often people are told how it stands.
    pub update: Span,
    /// The ladder that it climbs; absent: nobody is paged.
    pub ladder: Option<String>,
    /// An update that is overdue goes a level up.
    pub overdue_goes_up: bool,
    /// After this, an incident that follows a deployment is reminded of the way back.
    pub rollback_reminder: Option<Span>,
    /// A post-mortem is due so long after it is resolved; absent: none is needed.
    pub post_mortem: Option<Span>,
    pub source: Source,
}

/// Who is paged, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    pub name: String,
    /// Never empty.
    pub levels: Vec<Level>,
    /// So often all of it is gone through again, when nobody answers.
    pub repeat: u32,
    /// From the last level to the next round, and to the end.
    pub pause: Span,
    pub source: Source,
}

/// A rung of a ladder. Both times count from the start of the incident (or of its episode).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// `L1`, or what config calls it.
    pub name: String,
    /// Reached when nobody has acknowledged by then.
    pub after: Span,
    /// Reached by then also when somebody has, unless it is mitigated.
    pub unresolved: Option<Span>,
    /// Holders of any of these are paged.
    pub roles: BTreeSet<Role>,
    pub people: BTreeSet<PersonId>,
    pub source: Source,
}

impl Response {
    #[must_use]
    pub fn severity(&self, name: &str) -> Option<&Severity> {
        self.severities.iter().find(|s| s.name.eq_ignore_ascii_case(name))
    }

    /// The ladder of a severity.
    #[must_use]
    pub fn ladder_of(&self, severity: &str) -> Option<&Ladder> {
        self.ladders.get(self.severity(severity)?.ladder.as_deref()?)
    }

    /// Whether `a` is worse than `b`; a name that config no longer knows is never worse.
    #[must_use]
    pub fn worse(&self, a: &str, b: &str) -> bool {
        let rank = |name: &str| self.severities.iter().position(|s| s.name.eq_ignore_ascii_case(name));
        match (rank(a), rank(b)) {
            (Some(a), Some(b)) => a < b,
            _ => false,
        }
    }
}
