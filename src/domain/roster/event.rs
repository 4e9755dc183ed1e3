//! What happened to a roster.

use super::Notes;
use crate::domain::ids::PersonId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Somebody else holds it. A gap between two shifts hands nothing over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    pub number: u32,
    pub outgoing: Option<PersonId>,
    pub incoming: PersonId,
    pub at: Timestamp,
    pub until: Option<Timestamp>,
    pub notes: Notes,
    /// When the holder changes next.
    pub look: Timestamp,
    /// The incoming person asked for it themselves, so nothing is to be accepted.
    pub accepted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RosterEvent {
    /// It is looked at for the first time.
    RosterBegun {
        holder: Option<PersonId>,
        look: Timestamp,
    },
    /// The next change of the holder is at another time than was known.
    ShiftsPlanned {
        look: Timestamp,
    },
    HandedOver(Box<Handover>),
    HandoffAccepted {
        number: u32,
        by: PersonId,
    },
    /// The incoming person was asked again.
    HandoffNagged {
        number: u32,
        again: Timestamp,
    },
    Overridden {
        number: u32,
        person: PersonId,
        from: Timestamp,
        until: Timestamp,
        by: PersonId,
    },
    OverrideCancelled {
        number: u32,
        person: PersonId,
        by: PersonId,
    },
    SwapOffered {
        number: u32,
        giver: PersonId,
        taker: PersonId,
        from: Timestamp,
        until: Timestamp,
    },
    /// It becomes an override under its own number.
    SwapTaken {
        number: u32,
        giver: PersonId,
        taker: PersonId,
        from: Timestamp,
        until: Timestamp,
    },
    /// By whoever was asked, or by whoever offered it.
    SwapDeclined {
        number: u32,
        giver: PersonId,
        taker: PersonId,
        by: PersonId,
    },
    /// Config no longer has it.
    RosterRetired,
}
