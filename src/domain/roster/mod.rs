//! Rosters: who is on call at an instant, since when, until when, and who is next (DESIGN 4.6).
//!
//! What config says is a [`Roster`]; what people change is its [`RosterState`], a fold of events like every other. At every
//! instant a roster without gaps has exactly one holder: the newest override that covers it, else the last layer whose hours
//! do, else nobody. Everything is half-open and exact to the millisecond.
//!
//! One rule settles every change of the clocks: a hand-over happens at the first instant at which the wall clock of the
//! roster's zone reads its time or later. So a time that is skipped is the instant of the skip, a time that comes twice is
//! the first of the two, and no hand-over is left out or happens twice.
//!
//! Deliberately absent: how people are reached, and fairness. The order of a layer is the order of its turns.

mod ahead;
mod command;
mod event;
mod evolve;
mod rotation;
mod shifts;
mod state;
mod when;

pub use ahead::ahead;
pub use command::OncallCommand;
pub use event::{Handover, RosterEvent};
pub(crate) use evolve::next_nag;
pub use evolve::{Purpose, evolve, timers};
pub use rotation::first_reading;
pub use shifts::{HORIZON, Shift, Who, holder, shifts, who};
pub use state::{Dated, Handoff, Noted, Notes, Offer, Override, RosterState};
pub use when::{Misread, instant, interval};

use super::ids::{ChannelName, PersonId, Role};
use super::policy::Source;
use super::time::Span;
use super::window::Window;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The longest turn that config may ask for, in days: half a year.
pub const TURN_DAYS_MAX: i32 = 182;
/// The longest override, and how far ahead it may begin: a quarter, and a year.
pub const OVERRIDE_MAX: Span = Span::hours(92 * 24);
/// See [`OVERRIDE_MAX`].
pub const OVERRIDE_AHEAD: Span = Span::hours(366 * 24);
/// Overrides that are not over, at most, and open offers of shifts: more is a slip of a script.
pub const OVERRIDES: usize = 200;
/// See [`OVERRIDES`].
pub const OFFERS: usize = 50;
/// After a hand-off its incoming person is asked again after these, counted from the hand-off, and then every day.
pub const NAGS: [Span; 4] = [Span::mins(15), Span::hours(1), Span::hours(3), Span::hours(8)];

/// An on-call rotation as config has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    pub name: String,
    /// In which dates and times of its layers are meant: IANA name or fixed offset.
    pub zone: String,
    /// Never empty. A later one wins over an earlier one while its hours last.
    pub layers: Vec<Layer>,
    /// Holders of these may change it, besides the people on it.
    pub managers: BTreeSet<Role>,
    /// Where hand-offs are posted; absent: the incidents channel.
    pub channel: Option<ChannelName>,
    pub source: Source,
}

/// People who take turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// In the order of their turns; never empty.
    pub people: Vec<PersonId>,
    /// A hand-over at which the first of them begins; the turns go on from it in both directions.
    pub from: DateTime,
    /// How long a turn is, in local days; above zero.
    pub turn_days: i32,
    /// The hours in which it counts; empty: always.
    pub only: Vec<Window>,
    pub source: Source,
}

impl Roster {
    /// Everybody on any of its layers.
    #[must_use]
    pub fn people(&self) -> BTreeSet<&PersonId> {
        self.layers.iter().flat_map(|layer| &layer.people).collect()
    }
}

#[cfg(test)]
mod tests;
