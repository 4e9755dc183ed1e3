//! What people changed of a roster, and who has taken it over.

use super::{Roster, Shift, holder};
use crate::domain::ids::PersonId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of the stream `roster/NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterState {
    /// The number that was given last: to an override, an offer or a hand-off.
    pub last: u32,
    /// Those that have been over for a month are forgotten.
    pub overrides: Vec<Override>,
    /// Shifts that somebody is asked to take.
    pub offers: Vec<Offer>,
    /// Hand-offs are told from when it was first looked at.
    pub begun: bool,
    /// Who held it when it was looked at last; in a gap, whoever held it before.
    pub holder: Option<PersonId>,
    /// When the holder changes next, as far as was known then.
    pub look: Option<Timestamp>,
    /// Whoever went before and is pageable until the hand-off is accepted.
    pub standing: Vec<PersonId>,
    /// The newest last; the one before is kept so that its card can be closed.
    pub handoffs: Vec<Handoff>,
}

/// A dated exception, `[from, until)`; of those that cover an instant the newest number wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub number: u32,
    pub person: PersonId,
    pub from: Timestamp,
    pub until: Timestamp,
    pub by: PersonId,
}

/// A shift that its holder asks somebody to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub number: u32,
    /// Whose shift it is.
    pub giver: PersonId,
    /// Who is asked.
    pub taker: PersonId,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// One change of the holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    pub number: u32,
    pub outgoing: Option<PersonId>,
    pub incoming: PersonId,
    pub at: Timestamp,
    /// How long the incoming person holds it, as far as was known then.
    pub until: Option<Timestamp>,
    pub notes: Notes,
    pub accepted: Option<Timestamp>,
    /// How often it was asked for.
    pub nags: u32,
    /// When it is asked for again.
    pub nag: Option<Timestamp>,
    /// The holder has changed again since.
    pub over: bool,
}

/// What the incoming person should know, gathered at the hand-off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// Levels of ladders that would page nobody within the week, and when first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<Noted>,
    /// Open incidents.
    pub incidents: Vec<Noted>,
    /// Alerts that are silenced, each with the end of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub muted: Vec<Noted>,
    /// Post-mortems that are due.
    pub post_mortems: Vec<Noted>,
    /// Deployments of the last week that were rolled back.
    pub rolled_back: Vec<Noted>,
    /// Freezes and holidays of the next week.
    pub calendar: Vec<Dated>,
    /// Shifts of the next week.
    pub shifts: Vec<Shift>,
}

/// A thing with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    pub what: String,
    pub at: Timestamp,
}

/// A thing that lasts, `[from, until)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    pub what: String,
    pub from: Timestamp,
    pub until: Timestamp,
}

impl RosterState {
    /// Who is to be paged now, the holder first: whoever holds it at this instant, also when that was not looked at yet, and
    /// whoever went before until the hand-off is accepted. In a gap nobody is.
    #[must_use]
    pub fn pageable(&self, roster: &Roster, now: Timestamp) -> Vec<PersonId> {
        let Some(current) = holder(roster, &self.overrides, now) else { return Vec::new() };
        let handed = self.holder.as_ref().filter(|_| self.begun);
        let mut out: Vec<PersonId> = Vec::new();
        for person in std::iter::once(current).chain(handed).chain(&self.standing) {
            if !out.contains(person) {
                out.push(person.clone());
            }
        }
        out
    }

    /// The hand-off that is not accepted yet.
    #[must_use]
    pub fn open_handoff(&self) -> Option<&Handoff> {
        self.handoffs.last().filter(|h| h.accepted.is_none() && !h.over)
    }

    /// The number that the next override, offer or hand-off gets.
    #[must_use]
    pub fn next(&self) -> u32 {
        self.last + 1
    }
}
