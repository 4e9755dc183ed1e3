//! `[environments.*]`.

use super::SlotEntry;
use crate::config::place::At;
use crate::config::read::{Req, section};
use crate::config::scalars::{Choice, Choices, DayTime, Days, Length, Zone};
use crate::domain::policy::{OnShortWindow, Overrun};

section! {
    /// An environment. Without `windows` it is always open; without `keys` nobody is asked.
    EnvironmentEntry {
        /// When deployments may start.
        windows: Option<Vec<At<WindowEntry>>>,
        /// What closing time does to a run that has begun: `finish` (default), or `hold` at the current safe stage.
        overrun: Option<At<Choice<Overrun>>>,
        /// When the shortest good run does not fit before closing: `refuse` (default) or `warn`.
        on_short_window: Option<At<Choice<OnShortWindow>>>,
        /// The keys a regular deployment needs, each turned by another person, never by the requester.
        keys: Option<Vec<At<SlotEntry>>>,
        /// The lane for hotfixes: any time, a reason, its own keys, a debt. Absent: no such lane.
        hotfix: Option<At<HotfixEntry>>,
        /// The environment in which the same revision must have succeeded first.
        after: Option<At<String>>,
        /// How long turned keys and an undecided request last. Default 4h.
        key_expiry: Option<At<Length>>,
        /// Starts after an opening are spread over this. Default 30s.
        jitter: Option<At<Length>>,
        /// After a rollback, lock the environment for the service and quarantine the revision. Default true.
        lock_after_rollback: Option<At<bool>>,
        /// A deployment that goes back here opens an incident of this severity, or joins the open one of its service. Default: none.
        rollback_opens: Option<At<String>>,
        /// How long a success is watched. Default 30m.
        watch: Option<At<Length>>,
        /// Who may abort, roll back, lock and unlock here. Default: everybody in this file.
        operators: Option<Vec<At<String>>>,
        /// Who may take each way back.
        rollback: Option<At<RollbackEntry>>,
    }
}

section! {
    /// A recurring allowed interval: open from `from` until just before `to`.
    WindowEntry {
        /// On which days it begins.
        days: Req<At<Days>>,
        /// When it opens.
        from: Req<At<DayTime>>,
        /// When it closes; not after `from` means on the next day. Default: the day's end.
        to: Option<At<DayTime>>,
        /// Default: the file's zone.
        zone: Option<At<Zone>>,
    }
}

section! {
    /// The hotfix lane.
    HotfixEntry {
        /// The keys it needs instead of the regular ones.
        keys: Req<Vec<At<SlotEntry>>>,
    }
}

section! {
    /// Who may take each way back.
    RollbackEntry {
        /// Roles of which one suffices for `quick`. Default: the operators.
        quick: Option<Vec<At<String>>>,
        /// The keys for `full`, since data is lost.
        full: Option<Vec<At<SlotEntry>>>,
        /// Roles of which one suffices for `emergency`; it opens a debt.
        emergency: Option<Vec<At<String>>>,
    }
}

impl Choices for Overrun {
    const NAME: &'static str = "Overrun";
    const ALL: &'static [(&'static str, Self)] = &[("finish", Self::Finish), ("hold", Self::Hold)];
}

impl Choices for OnShortWindow {
    const NAME: &'static str = "OnShortWindow";
    const ALL: &'static [(&'static str, Self)] = &[("refuse", Self::Refuse), ("warn", Self::Warn)];
}
