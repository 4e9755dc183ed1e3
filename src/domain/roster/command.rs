//! What a person asks of rosters, after parsing. Times are as typed: what they mean depends on the roster's zone.

use crate::domain::ids::PersonId;
use serde::{Deserialize, Serialize};

/// One command of the catalogue. An absent roster is the only one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "oncall", content = "of")]
pub enum OncallCommand {
    /// Who is on call; absent: in every roster, and now.
    Who {
        roster: Option<String>,
        at: Option<String>,
    },
    /// The week ahead.
    Week {
        roster: Option<String>,
    },
    Override {
        roster: Option<String>,
        person: PersonId,
        when: String,
    },
    /// Takes an override back.
    Cancel {
        roster: Option<String>,
        number: u32,
    },
    /// Offers a shift of one's own; absent: the one that runs or comes next.
    Swap {
        roster: Option<String>,
        person: PersonId,
        at: Option<String>,
    },
    /// Who would be paged if an incident of this severity began then; absent: now.
    Simulate {
        severity: String,
        at: Option<String>,
    },
    /// Absent: the only offer to this person.
    Take {
        roster: Option<String>,
        number: Option<u32>,
    },
    Decline {
        roster: Option<String>,
        number: Option<u32>,
    },
    /// The notes as they would be posted now.
    Handoff {
        roster: Option<String>,
    },
    /// `handoff`: the one whose button was pressed; typed commands have none.
    Accept {
        roster: Option<String>,
        handoff: Option<u32>,
    },
}

impl OncallCommand {
    /// Its name in the catalogue.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Who { .. } => "oncall",
            Self::Week { .. } => "oncall week",
            Self::Override { .. } => "oncall override",
            Self::Cancel { .. } => "oncall cancel",
            Self::Swap { .. } => "oncall swap",
            Self::Take { .. } => "oncall take",
            Self::Decline { .. } => "oncall decline",
            Self::Handoff { .. } => "oncall handoff",
            Self::Accept { .. } => "oncall accept",
            Self::Simulate { .. } => "oncall simulate",
        }
    }

    /// It changes nothing.
    #[must_use]
    pub const fn asks(&self) -> bool {
        matches!(self, Self::Who { .. } | Self::Week { .. } | Self::Handoff { .. } | Self::Simulate { .. })
    }

    /// The roster that it names.
    #[must_use]
    pub fn roster(&self) -> Option<&str> {
        match self {
            Self::Who { roster, .. }
            | Self::Week { roster }
            | Self::Override { roster, .. }
            | Self::Cancel { roster, .. }
            | Self::Swap { roster, .. }
            | Self::Take { roster, .. }
            | Self::Decline { roster, .. }
            | Self::Handoff { roster }
            | Self::Accept { roster, .. } => roster.as_deref(),
            Self::Simulate { .. } => None,
        }
    }
}
