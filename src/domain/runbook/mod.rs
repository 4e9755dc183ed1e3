//! Runbooks: what to look at and what to do when something is wrong, and the commands in them that may be run from chat.
//!
//! A runbook is read from config and does not change; what is run of it is a stream of its own, see [`run`].

pub mod argv;
mod find;
mod hint;
mod run;

pub use find::{Found, find};
pub use hint::{HINTS, hints};
pub use run::{
    Asked, CALLED_OFF, CONFIRM, Came, Ended, Output, Run, RunStatus, RunTask, RunbookEvent, RunbookState, evolve,
    job_key, tasks, timers,
};

use super::ids::{EnvironmentName, IncidentId, Role, ServiceName};
use super::message::Block;
use super::policy::{Recovery, Source};
use super::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Characters of a runbook that one message shows; what is left has buttons. Nothing in one is longer.
pub const SHOWN_CHARS: usize = 2_400;

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runbook {
    /// The file's name without folder and ending, as people type it.
    pub name: String,
    pub title: String,
    /// Other words by which people look for it.
    pub keywords: Vec<String>,
    /// Empty: all.
    pub services: BTreeSet<ServiceName>,
    pub parts: Vec<Part>,
    pub commands: Vec<Runnable>,
    pub source: Source,
}

/// What stands below one heading; above the first there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub title: String,
    pub pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "piece", content = "of")]
pub enum Piece {
    Shown(Block),
    /// The command of this name, as its words say it.
    Command(String),
}

/// A command that may be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runnable {
    pub name: String,
    /// As on its button: `Restart the service`.
    pub title: String,
    /// Program and arguments, with placeholders.
    pub words: Vec<String>,
    /// Never empty.
    pub roles: BTreeSet<Role>,
    /// Where it may be run; empty: it belongs to no place, or may be run everywhere when it names one.
    pub environments: BTreeSet<EnvironmentName>,
    pub limit: Span,
    pub recovery: Recovery,
    /// Names of environment variables passed on.
    pub env: Vec<String>,
    /// Somebody else than who asks for it must confirm.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_key: bool,
    pub source: Source,
}

impl Runbook {
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&Runnable> {
        self.commands.iter().find(|c| c.name == name)
    }
}

/// What a person asks, after parsing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "runbook", content = "of")]
pub enum RunbookCommand {
    /// One of them, those that fit the words, or all. `from`: the piece it begins with, from 1.
    Show { name: Option<String>, words: Option<String>, from: Option<u32>, incident: Option<IncidentId> },
    /// Asks for a command to be run; nothing runs before it is confirmed.
    Run(Wish),
    /// Yes, run it.
    Confirm { name: String, number: u32 },
    /// Ends it, or never begins it. Without a number it is the newest.
    Stop { name: String, number: Option<u32> },
}

/// Which command is meant, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    pub name: String,
    /// Absent: the only one.
    pub command: Option<String>,
    pub service: Option<ServiceName>,
    pub environment: Option<EnvironmentName>,
    pub incident: Option<IncidentId>,
}

impl RunbookCommand {
    /// Its name in the catalogue.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Show { .. } => "runbook",
            Self::Run(_) => "runbook run",
            Self::Confirm { .. } => "runbook confirm",
            Self::Stop { .. } => "runbook stop",
        }
    }

    /// It changes nothing.
    #[must_use]
    pub const fn asks(&self) -> bool {
        matches!(self, Self::Show { .. })
    }
}
