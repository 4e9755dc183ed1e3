//! What a deployment's state asks for: timers to be woken by, and tasks to be done outside.
//!
//! Both are pure functions of the state. The engine stores the difference between the state before and after, in the
//! transaction that stores the events, so a timer or task can neither be forgotten nor be left over.

use super::run::Activity;
use super::{Deployment, Status};
use crate::domain::policy::{StepKind, StepSpec};
use crate::domain::time::{Clock, Span, after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A timer the state asks for; its id within the stream is the purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerSpec {
    pub purpose: Purpose,
    pub due: Timestamp,
    pub clock: Clock,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose", content = "of")]
pub enum Purpose {
    /// The request is over.
    Expiry,
    /// The gate is worth asking again.
    Ask,
    /// Automatic checks are read again.
    Checks,
    /// A job, a person or a cancellation takes longer than allowed.
    Limit,
    /// The monitor reads again.
    Sample,
    /// Verification reads again.
    Verify,
    /// A hold has lasted as long as it may.
    Hold,
    /// A watched success is read again, or its watch ends.
    Watch,
    /// A follow-up is due.
    FollowUp(Span),
    /// A lock of an environment expires (service, or empty for all).
    Lock(String),
}

/// Something to be done outside; `key` is its idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Task {
    pub key: String,
    pub kind: TaskKind,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "task")]
pub enum TaskKind {
    /// Resolve the release once more and read what is live.
    Prepare,
    /// Run the step's job.
    Job { back: bool, step: usize },
    /// End a job.
    Cancel { job: String, back: bool, step: usize },
    /// Read these probes; `live` adds the read-back of the live version.
    Sample { probes: Vec<String>, live: bool },
}

/// How much longer than its limit a job's own executor has to report its end.
const GRACE: Span = Span::secs(30);
/// How long a cancelled job may take to end before the way back begins anyway.
pub const CANCEL_MAX: Span = Span::secs(20);

/// The timers this state asks for, by purpose.
#[must_use]
pub fn timers(d: &Deployment) -> Vec<TimerSpec> {
    let mut out = Vec::new();
    let mut set = |purpose, due, clock| out.push(TimerSpec { purpose, due, clock });
    if d.status == Status::Awaiting {
        set(Purpose::Expiry, d.expires_at, Clock::Wall);
        if let Some(until) = d.wait.as_ref().and_then(|w| w.until) {
            set(Purpose::Ask, until, Clock::Wall);
        }
    }
    if let (Some(next), false) = (d.next_check, d.checking) {
        set(Purpose::Checks, next, Clock::Wall);
    }
    if let Some(run) = d.run.as_ref().filter(|_| d.status.active()) {
        let limit = run_step(d).map_or(Span::mins(10), |s| s.time_limit.paced(d.plan.pace));
        match &run.activity {
            Activity::Job { since, .. } => set(Purpose::Limit, after(since.work, limit + GRACE), Clock::Work),
            Activity::Person { since } => set(Purpose::Limit, after(since.work, limit), Clock::Work),
            Activity::Cancel { since, .. } => set(Purpose::Limit, after(since.work, CANCEL_MAX), Clock::Work),
            Activity::Verify { next, reading: false, .. } => set(Purpose::Verify, *next, Clock::Work),
            _ => {}
        }
        if let Some(m) = run.monitor.as_ref().filter(|m| !m.reading) {
            let due = match run.activity {
                // A bake that is held has been judged; from then on the monitor keeps its own pace.
                Activity::Bake { until, .. } if run.hold.is_none() => m.next.min(until),
                _ => m.next,
            };
            set(Purpose::Sample, due, Clock::Work);
        }
        if let Some(hold) = &run.hold {
            if let Some(until) = hold.until {
                set(Purpose::Hold, until, Clock::Work);
            }
            if let Some(ask) = hold.ask_at {
                set(Purpose::Ask, ask, Clock::Wall);
            }
        }
    }
    if let Some(w) = d.watch.as_ref().filter(|w| !w.reading) {
        set(Purpose::Watch, w.next.min(w.until), Clock::Wall);
    }
    for f in &d.follow_ups {
        set(Purpose::FollowUp(f.after), f.due, Clock::Wall);
    }
    out
}

/// The step it is at, in the direction it goes.
#[must_use]
pub fn run_step(d: &Deployment) -> Option<&StepSpec> {
    let run = d.run.as_ref()?;
    if run.going_back { d.plan.rollback.get(run.at) } else { d.plan.steps.get(run.at) }
}

/// The tasks this state asks for.
#[must_use]
pub fn tasks(d: &Deployment) -> Vec<Task> {
    let mut out = Vec::new();
    let mut ask = |key: String, kind| out.push(Task { key, kind });
    let id = d.id;
    if d.checking {
        ask(format!("{id}.c{}", d.checks_read), TaskKind::Sample { probes: check_probes(d), live: false });
    }
    if d.status == Status::Starting {
        ask(format!("{id}.p{}", d.starts), TaskKind::Prepare);
    }
    if let Some(run) = d.run.as_ref().filter(|_| d.status.active()) {
        let (back, step) = (run.going_back, run.at);
        match &run.activity {
            Activity::Job { key, .. } => ask(key.clone(), TaskKind::Job { back, step }),
            Activity::Cancel { key, .. } => {
                let (was_back, was) = job_place(key).unwrap_or((false, 0));
                ask(format!("{key}.x"), TaskKind::Cancel { job: key.clone(), back: was_back, step: was });
            }
            Activity::Verify { tries, reading: true, .. } => {
                if let Some(StepKind::Verify { probes, live, .. }) = run_step(d).map(|s| &s.kind) {
                    let way = if back { "b" } else { "s" };
                    let kind = TaskKind::Sample { probes: probes.clone(), live: *live };
                    ask(format!("{id}.{way}{step}.v{tries}"), kind);
                }
            }
            _ => {}
        }
        if let Some(m) = run.monitor.as_ref().filter(|m| m.reading) {
            let probes = match d.plan.steps.get(m.step).map(|s| &s.kind) {
                Some(StepKind::Traffic(stage)) => stage.counters.iter().chain(&stage.probes).cloned().collect(),
                _ => Vec::new(),
            };
            ask(format!("{id}.m{}", m.reads), TaskKind::Sample { probes, live: false });
        }
    }
    if let Some(w) = d.watch.as_ref().filter(|w| w.reading) {
        ask(format!("{id}.w{}", w.reads), TaskKind::Sample { probes: watch_probes(d), live: true });
    }
    out
}

/// The key of a step's job: `D-42.s3.a1`, or `D-42.b0.a1` on the way back.
#[must_use]
pub fn job_key(d: &Deployment, back: bool, step: usize, attempt: u32) -> String {
    format!("{}.{}{step}.a{attempt}", d.id, if back { "b" } else { "s" })
}

/// Direction and step of a job's key.
fn job_place(key: &str) -> Option<(bool, usize)> {
    let part = key.split('.').nth(1)?;
    let step = part.get(1..)?.parse().ok()?;
    Some((part.starts_with('b'), step))
}

/// The distinct probes of the automatic items that are read now.
fn check_probes(d: &Deployment) -> Vec<String> {
    d.items_to_read().filter_map(|(_, i)| i.probe.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What a success is watched by: every probe of its stages and verifications, without the counters.
fn watch_probes(d: &Deployment) -> Vec<String> {
    let mut out = BTreeSet::new();
    for step in &d.plan.steps {
        match &step.kind {
            StepKind::Traffic(stage) => out.extend(stage.probes.iter().cloned()),
            StepKind::Verify { probes, .. } => out.extend(probes.iter().cloned()),
            _ => {}
        }
    }
    out.into_iter().collect()
}
