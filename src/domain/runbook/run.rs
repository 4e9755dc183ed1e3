//! A command of a runbook that is run: asked for, confirmed, under way, over. Each runbook has a stream of them.
//!
//! What is confirmed is frozen when it is asked for: the words that run are those that were read. At most one of a command is open
//! at a place, so two people who press at once begin it once.

use crate::domain::ids::{ChannelName, EnvironmentName, IncidentId, PersonId, ServiceName};
use crate::domain::policy::Recovery;
use crate::domain::time::{Now, Span, after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a command waits to be confirmed.
pub const CONFIRM: Span = Span::mins(15);
/// How much longer than its limit a command's executor has to report its end, and how long one that is stopped may take to end.
/// After that a person is told that nobody knows.
const GRACE: Span = Span::secs(30);
const STOP: Span = Span::secs(20);
/// Commands that are over and stay in the state, so that their cards can be shown again.
const KEPT: usize = 8;

/// What is said of one that nobody confirmed in time.
pub const CALLED_OFF: &str = "nobody confirmed it in time";

/// A command with all that is needed to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub number: u32,
    /// The command's name in its runbook.
    pub command: String,
    pub title: String,
    /// Program and arguments, filled in.
    pub argv: Vec<String>,
    pub env: Vec<String>,
    pub service: Option<ServiceName>,
    pub environment: Option<EnvironmentName>,
    pub limit: Span,
    pub recovery: Recovery,
    pub second_key: bool,
    pub by: PersonId,
    pub incident: Option<IncidentId>,
    /// Where its card stands.
    pub channel: ChannelName,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RunbookEvent {
    RunAsked(Box<Asked>),
    /// Confirmed: it begins.
    RunBegun {
        number: u32,
        by: PersonId,
    },
    /// It never begins. Nobody: it was not confirmed in time.
    RunCalledOff {
        number: u32,
        by: Option<PersonId>,
    },
    /// It is to end now. Nobody: it has taken longer than it may.
    RunStopping {
        number: u32,
        by: Option<PersonId>,
    },
    RunEnded {
        number: u32,
        end: Ended,
    },
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub came: Came,
    /// `exit code 0`
    pub summary: String,
    /// What it printed, as far as it was kept; absent when it could not be read.
    pub output: Option<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    Succeeded,
    Failed,
    TimedOut,
    Stopped,
    /// Nobody can tell whether it ran, or how far: a person looks.
    Lost,
}

/// Proof of what was printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// SHA-256 (hex) of the text as it is kept.
    pub sha256: String,
    pub bytes: u64,
    /// Bytes that were left out.
    pub dropped: u64,
}

/// The state of the stream `runbook/NAME`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunbookState {
    /// The number of the newest.
    pub last: u32,
    /// All that are open and the last that are over; the newest last.
    pub runs: Vec<Run>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub asked: Asked,
    pub at: Now,
    pub status: RunStatus,
    /// Who confirmed it, and when.
    pub begun: Option<(PersonId, Now)>,
    /// Who had it stopped or called off.
    pub stopped: Option<PersonId>,
    /// When it was over.
    pub over: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "of")]
pub enum RunStatus {
    Asked,
    Running,
    Stopping { since: Timestamp },
    Ended(Ended),
    CalledOff,
}

/// Something to be done outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunTask {
    Job,
    Stop,
}

impl Asked {
    /// `api in production`; nothing when it belongs to no place.
    #[must_use]
    pub fn place(&self) -> String {
        match (&self.service, &self.environment) {
            (Some(service), Some(environment)) => format!("{service} in {environment}"),
            (Some(service), None) => service.to_string(),
            (None, Some(environment)) => environment.to_string(),
            (None, None) => String::new(),
        }
    }

    /// `Restart the service for api in production`
    #[must_use]
    pub fn what(&self) -> String {
        let place = self.place();
        if place.is_empty() { self.title.clone() } else { format!("{} for {place}", self.title) }
    }
}

impl Run {
    /// It waits or is under way.
    #[must_use]
    pub const fn open(&self) -> bool {
        matches!(self.status, RunStatus::Asked | RunStatus::Running | RunStatus::Stopping { .. })
    }

    /// It is over and has printed something.
    #[must_use]
    pub fn printed(&self) -> bool {
        matches!(&self.status, RunStatus::Ended(Ended { output: Some(output), .. }) if output.bytes > 0)
    }

    /// When a person has to be told something, by the work clock.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        match &self.status {
            RunStatus::Asked => Some(after(self.at.work, CONFIRM)),
            RunStatus::Running => {
                let begun = self.begun.as_ref().map_or(self.at, |(_, at)| *at);
                let most = self.asked.limit.as_millis().saturating_add(GRACE.as_millis());
                Some(after(begun.work, Span::millis(most)))
            }
            RunStatus::Stopping { since } => Some(after(*since, STOP)),
            RunStatus::Ended(_) | RunStatus::CalledOff => None,
        }
    }
}

impl RunbookState {
    #[must_use]
    pub fn run(&self, number: u32) -> Option<&Run> {
        self.runs.iter().find(|r| r.asked.number == number)
    }

    /// The open one of a command at a place.
    #[must_use]
    pub fn open_at(
        &self,
        command: &str,
        service: Option<&ServiceName>,
        environment: Option<&EnvironmentName>,
    ) -> Option<&Run> {
        let there = |run: &&Run| {
            let asked = &run.asked;
            asked.command == command && asked.service.as_ref() == service && asked.environment.as_ref() == environment
        };
        self.runs.iter().filter(there).find(|run| run.open())
    }
}

/// The key of its job for ever.
#[must_use]
pub fn job_key(runbook: &str, number: u32) -> String {
    format!("run.{runbook}.{number}")
}

/// When each open one is looked at, by the work clock, with its number.
#[must_use]
pub fn timers(state: &RunbookState) -> Vec<(u32, Timestamp)> {
    state.runs.iter().filter_map(|run| Some((run.asked.number, run.due()?))).collect()
}

/// What is to be done outside.
#[must_use]
pub fn tasks(state: &RunbookState) -> Vec<(u32, RunTask)> {
    let task = |run: &Run| match run.status {
        RunStatus::Running => Some((run.asked.number, RunTask::Job)),
        RunStatus::Stopping { .. } => Some((run.asked.number, RunTask::Stop)),
        _ => None,
    };
    state.runs.iter().filter_map(task).collect()
}

/// The state after `event`. What is said of one that is over, or was never there, changes nothing.
#[must_use]
pub fn evolve(mut state: RunbookState, event: &RunbookEvent, now: Now) -> RunbookState {
    use RunbookEvent as E;
    match event {
        E::RunAsked(asked) => {
            state.last = state.last.max(asked.number);
            let asked = (**asked).clone();
            state.runs.push(Run { asked, at: now, status: RunStatus::Asked, begun: None, stopped: None, over: None });
            forget(&mut state.runs);
        }
        E::RunBegun { number, by } => put(&mut state, *number, |run| {
            run.begun = Some((by.clone(), now));
            run.status = RunStatus::Running;
        }),
        E::RunCalledOff { number, by } => put(&mut state, *number, |run| {
            (run.status, run.stopped) = (RunStatus::CalledOff, by.clone());
            run.over = Some(now.wall);
        }),
        E::RunStopping { number, by } => put(&mut state, *number, |run| {
            (run.status, run.stopped) = (RunStatus::Stopping { since: now.work }, by.clone());
        }),
        E::RunEnded { number, end } => put(&mut state, *number, |run| {
            run.status = RunStatus::Ended(end.clone());
            run.over = Some(now.wall);
        }),
    }
    state
}

fn put(state: &mut RunbookState, number: u32, change: impl FnOnce(&mut Run)) {
    if let Some(run) = state.runs.iter_mut().find(|r| r.asked.number == number && r.open()) {
        change(run);
    }
}

/// Only the last that are over are kept.
fn forget(runs: &mut Vec<Run>) {
    let over = runs.iter().filter(|r| !r.open()).count();
    let mut surplus = over.saturating_sub(KEPT);
    runs.retain(|run| {
        let goes = surplus > 0 && !run.open();
        surplus -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Now {
        Now::at(after("2026-01-05T07:00:00Z".parse().unwrap(), Span::secs(secs)))
    }

    fn asked(state: RunbookState, number: u32, environment: &str, secs: i64) -> RunbookState {
        let asked = Asked {
            number,
            command: "restart".into(),
            title: "Restart".into(),
            argv: vec!["restart".into()],
            env: Vec::new(),
            service: None,
            environment: Some(environment.into()),
            limit: Span::mins(5),
            recovery: Recovery::AtMostOnce,
            second_key: false,
            by: "sara".into(),
            incident: None,
            channel: ChannelName::new("engineering"),
        };
        evolve(state, &RunbookEvent::RunAsked(Box::new(asked)), at(secs))
    }

    fn ended(number: u32) -> RunbookEvent {
        let end = Ended { came: Came::Succeeded, summary: "exit code 0".into(), output: None };
        RunbookEvent::RunEnded { number, end }
    }

    #[test]
    fn it_waits_runs_and_is_stopped_each_with_its_time() {
        let state = asked(RunbookState::default(), 1, "production", 0);
        assert_eq!((timers(&state), tasks(&state)), (vec![(1, at(900).wall)], vec![]));
        let state = evolve(state, &RunbookEvent::RunBegun { number: 1, by: "omar".into() }, at(60));
        assert_eq!((timers(&state), tasks(&state)), (vec![(1, at(60 + 300 + 30).wall)], vec![(1, RunTask::Job)]));
        let state = evolve(state, &RunbookEvent::RunStopping { number: 1, by: None }, at(400));
        assert_eq!((timers(&state), tasks(&state)), (vec![(1, at(420).wall)], vec![(1, RunTask::Stop)]));
        let state = evolve(state, &ended(1), at(401));
        assert_eq!((timers(&state), tasks(&state)), (vec![], vec![]));
        let over = evolve(state.clone(), &RunbookEvent::RunStopping { number: 1, by: None }, at(402));
        assert_eq!(over, state, "what is over stays over");
    }

    #[test]
    fn one_is_open_at_a_place_and_only_so_many_that_are_over_are_kept() {
        let mut state = asked(RunbookState::default(), 1, "staging", 0);
        for number in 2..20 {
            state = evolve(asked(state, number, "production", 0), &ended(number), at(1));
        }
        let open =
            |environment: &str| state.open_at("restart", None, Some(&environment.into())).map(|r| r.asked.number);
        assert_eq!((open("staging"), open("production")), (Some(1), None));
        assert_eq!(state.runs.len(), KEPT + 2, "the open one, and the newest as it was asked for");
        assert_eq!(state.last, 19);
    }
}
