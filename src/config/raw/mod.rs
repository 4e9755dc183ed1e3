//! The config file's shape, as raw types: what is written, before any name in it is looked up.
//!
//! These declarations are the only description of the format: the reader and the JSON schema both come from them, and
//! `docs/CONFIG.md` is held against them by a test.

mod alerts;
mod chat;
mod environment;
mod keys;
mod paging;
mod probe;
mod response;
mod rhythm;
mod roster;
mod service;
mod status;
mod step;

pub use alerts::*;
pub use chat::*;
pub use environment::*;
pub use keys::*;
pub use paging::*;
pub use probe::*;
pub use response::*;
pub use rhythm::*;
pub use roster::*;
pub use service::*;
pub use status::*;
pub use step::*;

use super::place::At;
use super::read::{Named, Req, section};
use super::scalars::{Day, Moment, Zone};

section! {
    /// signalbox's configuration.
    Root {
        /// The organisation's name, shown in help.
        name: Req<At<String>>,
        /// The zone in which times without one of their own are meant: an IANA name or a fixed offset.
        zone: Req<At<Zone>>,
        /// iCalendar files with holidays, relative to this file. Their all-day events close every environment that has windows.
        calendars: Option<Vec<At<String>>>,
        /// Folders (every `.md` directly inside) or single Markdown files with checklists, relative to this file.
        checklists: Option<Vec<At<String>>>,
        /// Folders (every `.md` directly inside) or single Markdown files with runbooks, relative to this file.
        runbooks: Option<Vec<At<String>>>,
        /// Where announcements go.
        channels: Req<Channels>,
        /// What people may be: `[roles.tech-lead]`.
        #[schemars(default)]
        roles: Named<RoleEntry>,
        /// Who there is: `[people.omar]`.
        #[schemars(default)]
        people: Named<PersonEntry>,
        /// Where services are deployed to: `[environments.production]`.
        #[schemars(default)]
        environments: Named<EnvironmentEntry>,
        /// What is deployed: `[services.api]`.
        #[schemars(default)]
        services: Named<ServiceEntry>,
        /// How a service is brought into an environment: `[strategies.canary]`.
        #[schemars(default)]
        strategies: Named<StrategyEntry>,
        /// What asks a system for a number: `[probes.live-health]`.
        #[schemars(default)]
        probes: Named<ProbeEntry>,
        /// How bad an incident can be, the worst first: `[severities.p0]`, shown as P0. Without any there are no incidents.
        #[schemars(default)]
        severities: Named<SeverityEntry>,
        /// Who is paged about an incident, in which order: `[ladders.critical]`.
        #[schemars(default)]
        ladders: Named<LadderEntry>,
        /// What stands in the war room of an incident, and what that is called where it is a channel.
        incidents: Option<IncidentsEntry>,
        /// Texts that people can change.
        templates: Option<TemplatesEntry>,
        /// How people are reached who are paged; absent: by chat.
        paging: Option<PagingEntry>,
        /// Where customers are told about incidents; absent: nowhere.
        status_page: Option<At<StatusPageEntry>>,
        /// Who is on call, and when: `[rosters.primary]`.
        #[schemars(default)]
        rosters: Named<RosterEntry>,
        /// What is told at fixed times: `[digests.morning]`.
        #[schemars(default)]
        digests: Named<DigestEntry>,
        /// Checklists that come round again: `[maintenance.weekly]`.
        #[schemars(default)]
        maintenance: Named<MaintenanceEntry>,
        /// Numbers and what they should be, as digests show them: `[objectives.error-rate]`.
        #[schemars(default)]
        objectives: Named<ObjectiveEntry>,
        /// What watching systems send; absent: nothing comes in.
        alerts: Option<AlertsEntry>,
        /// Dated prohibitions.
        freezes: Option<Vec<At<FreezeEntry>>>,
        /// Days off, besides those of `calendars`.
        holidays: Option<Vec<At<HolidayEntry>>>,
        /// What only `signalbox demo` reads.
        demo: Option<DemoEntry>,
        /// Where the journal is kept.
        store: Option<StoreEntry>,
        /// The process itself.
        server: Option<ServerEntry>,
        /// The chat page on loopback.
        console: Option<ConsoleEntry>,
        /// Slack; absent: not connected.
        slack: Option<SlackEntry>,
        /// Discord; absent: not connected.
        discord: Option<DiscordEntry>,
        /// What the process writes to standard error.
        log: Option<LogEntry>,
    }
}

section! {
    /// Channel names, with or without `#`.
    Channels {
        /// Requests, keys, progress and results.
        deployments: Req<At<String>>,
        /// Incidents.
        incidents: Req<At<String>>,
        /// Rollbacks are told here as well.
        engineering: Req<At<String>>,
        /// Lines about alerts that are no incidents. Default: the incidents channel.
        alerts: Option<At<String>>,
    }
}

section! {
    /// A role.
    RoleEntry {
        /// As shown in chat. Default: the role's name.
        title: Option<At<String>>,
    }
}

section! {
    /// A person.
    PersonEntry {
        /// As shown in chat.
        name: Req<At<String>>,
        /// What this person may turn.
        roles: Option<Vec<At<String>>>,
        /// The same person's id on each chat platform: `{ slack = "U012AB3CD", discord = "80351110224678912" }`.
        accounts: Option<Pairs>,
        /// Where else this person is reached: `{ email = "lina@example.com", ntfy = "lina-on-call" }`.
        contact: Option<Pairs>,
        /// By what this person is paged: `chat`, `email`, `pagerduty`, `webhook`, `ntfy`. The next one is tried when one has
        /// failed; those joined by a plus, as in `"chat+email"`, are tried at once. Default `["chat"]`.
        page: Option<Vec<At<String>>>,
        /// The same at night and for severities that are `urgent`. Default: as `page`.
        page_urgent: Option<Vec<At<String>>>,
    }
}

section! {
    /// A dated prohibition.
    FreezeEntry {
        /// Shown when it refuses.
        name: Req<At<String>>,
        /// When it begins; a day begins at midnight.
        from: Req<At<Moment>>,
        /// When it ends; a day is included whole.
        to: Req<At<Moment>>,
        /// Default: the file's zone.
        zone: Option<At<Zone>>,
        /// Only these. Default: all.
        environments: Option<Vec<At<String>>>,
        /// Only these. Default: all.
        services: Option<Vec<At<String>>>,
        /// Holders of these roles may pass it by turning one key more. Default: nobody passes.
        pass: Option<Vec<At<String>>>,
    }
}

section! {
    /// Whole days off.
    HolidayEntry {
        /// Shown when it refuses.
        name: Req<At<String>>,
        /// The first day.
        from: Req<At<Day>>,
        /// The last day, included. Default: `from`.
        to: Option<At<Day>>,
        /// Default: the file's zone.
        zone: Option<At<Zone>>,
    }
}
