//! `[services.*]`, and the sections of the process itself.

use super::Pairs;
use crate::config::place::At;
use crate::config::read::{Req, section, variants};
use crate::config::scalars::{Choice, Choices};
use crate::config::service::{LogFormat, SecretEntry};

section! {
    /// A service.
    ServiceEntry {
        /// Who runs `deploy`, `traffic` and `restore` steps: `fleet` or `command`.
        executor: Req<At<String>>,
        /// What the executor is told.
        settings: Option<Pairs>,
        /// Environment to strategy; where it is absent it is not deployed.
        strategies: Req<At<Pairs>>,
        /// Where versions come from. Default: the executor is asked.
        releases: Option<At<ReleasesEntry>>,
        /// The probe that reads back the live version.
        live_probe: Option<At<String>>,
        /// Meant when a command names no service. Default false.
        default: Option<At<bool>>,
    }
}

variants! {
    /// Where versions come from and how they become immutable revisions.
    ReleasesEntry by "from" {
        /// The executor is asked.
        "executor" => Executor(ExecutorReleases),
        /// A fixed table.
        "table" => Table(TableReleases),
        /// A program prints the revision on its first line.
        "command" => Command(CommandReleases),
    }
}

section! {
    /// Nothing more to say.
    ExecutorReleases {}
}

section! {
    /// A fixed table.
    TableReleases {
        /// Version to revision.
        versions: Req<At<Pairs>>,
    }
}

section! {
    /// A program.
    CommandReleases {
        /// `{version}` and `{service}` are replaced.
        argv: Req<At<Vec<At<String>>>>,
    }
}

section! {
    /// What only the demo reads.
    DemoEntry {
        /// How many times faster than written bakes, holds and time limits run. Default 1.
        pace: Option<At<u32>>,
    }
}

section! {
    /// The journal's database.
    StoreEntry {
        /// `sqlite:FILE` or `postgres://…`; one with a password only by reference. Default: `signalbox.db` in the data folder.
        url: Option<At<SecretEntry>>,
    }
}

section! {
    /// The process.
    ServerEntry {
        /// The token in the address of rosters' calendars, by reference: `/oncall/NAME.ics?token=…`. Default: only this machine reads them.
        calendar_token: Option<At<SecretEntry>>,
        /// Where `/healthz`, `/readyz` and `/metrics` are served. Default 127.0.0.1:8300.
        listen: Option<At<String>>,
        /// Where files are kept that are not this config's. Default: `data`.
        data_folder: Option<At<String>>,
    }
}

section! {
    /// The chat page.
    ConsoleEntry {
        /// Default false.
        enabled: Option<At<bool>>,
        /// On loopback; 0 picks a free one. Default 8301.
        port: Option<At<u16>>,
    }
}

section! {
    /// Logs.
    LogEntry {
        /// `text` (default) or `json`.
        format: Option<At<Choice<LogFormat>>>,
    }
}

impl Choices for LogFormat {
    const NAME: &'static str = "LogFormat";
    const ALL: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}
