//! `[digests.*]`, `[maintenance.*]` and `[objectives.*]`.

use crate::config::place::At;
use crate::config::read::{Req, section};
use crate::config::scalars::{Length, Rule, Zone};

section! {
    /// What is said to a channel at each slot of a schedule.
    DigestEntry {
        /// As its message begins. Default: its name.
        title: Option<At<String>>,
        /// Five fields: minute, hour, day of the month, month, weekday by name: `"0 9 * * mon-fri"`.
        cron: Req<At<String>>,
        /// In which it is meant. Default: the file's zone.
        zone: Option<At<Zone>>,
        /// One of `[channels]`. Default: the engineering channel.
        channel: Option<At<String>>,
        /// What it tells, in this order.
        sections: Req<Vec<At<String>>>,
        /// Read of every service in every environment for `health`.
        probes: Option<Vec<At<String>>>,
    }
}

section! {
    /// A checklist that comes round again.
    MaintenanceEntry {
        /// Five fields, as of digests.
        cron: Req<At<String>>,
        /// In which it is meant. Default: the file's zone.
        zone: Option<At<Zone>>,
        /// A Markdown file with the items, relative to this one. It may not be among `checklists`.
        checklist: Req<At<String>>,
        /// Holders of these roles own it.
        roles: Option<Vec<At<String>>>,
        /// These people own it.
        people: Option<Vec<At<String>>>,
        /// Whoever is on call in these rosters then owns it.
        rosters: Option<Vec<At<String>>>,
        /// One of `[channels]`. Default: the engineering channel.
        channel: Option<At<String>>,
        /// How long after its beginning an open round is brought to mind; from the last on again and again. Default `["24h", "48h"]`.
        remind: Option<Vec<At<Length>>>,
    }
}

section! {
    /// A number that a probe reads, beside what it should be.
    ObjectiveEntry {
        /// As shown. Default: its name.
        title: Option<At<String>>,
        /// Which probe reads it.
        probe: Req<At<String>>,
        /// It is met while this holds: `"error_rate < 0.001"`. A reading of `errors` and `requests` has an `error_rate` as well.
        target: Req<At<Rule>>,
        /// It is a warning while this holds.
        warning: Option<At<Rule>>,
        /// It is critical while this holds.
        critical: Option<At<Rule>>,
        /// Only there. Default: everywhere.
        environments: Option<Vec<At<String>>>,
        /// Only these. Default: all.
        services: Option<Vec<At<String>>>,
        /// It tells about backups, which digests have a section for. Default false.
        backup: Option<At<bool>>,
    }
}
