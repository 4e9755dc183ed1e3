//! `[rosters.*]`.

use super::WindowEntry;
use crate::config::place::At;
use crate::config::read::{Req, section};
use crate::config::scalars::{Length, Moment, Zone};

section! {
    /// An on-call rotation.
    RosterEntry {
        /// In which its times are meant. Default: the file's zone.
        zone: Option<At<Zone>>,
        /// Who takes turns. A later layer wins over an earlier one while its hours last; one without `only` counts always.
        layers: Req<Vec<At<LayerEntry>>>,
        /// Roles whose holders may change it, besides the people on it.
        managers: Option<Vec<At<String>>>,
        /// One of `[channels]`, in which hand-offs are posted. Default: the incidents channel.
        channel: Option<At<String>>,
    }
}

section! {
    /// A layer of a roster.
    LayerEntry {
        /// Who takes turns, in this order.
        people: Req<Vec<At<String>>>,
        /// A hand-over at which the first of them begins: its weekday and time are those of all hand-overs.
        from: Req<At<Moment>>,
        /// How long a turn is, in whole days. Default 1w.
        turn: Option<At<Length>>,
        /// The hours in which it counts. Default: always.
        only: Option<Vec<At<WindowEntry>>>,
    }
}
