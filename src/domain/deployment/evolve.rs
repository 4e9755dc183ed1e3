//! `evolve(state, event)`: the only way a deployment's state changes.

use super::event::DeploymentEvent as E;
use super::lists::{ItemMark, ListState, TickedBy};
use super::run::{Activity, Counts, HoldReason, Monitor, Run, StepRun, StepStatus};
use super::{Deployment, FollowUp, Key, Status, Wait, Watch};
use crate::domain::ids::PersonId;
use crate::domain::message::plain;
use crate::domain::policy::{StepKind, StepSpec};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::Now;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The event cannot happen to a deployment in this state: a bug or a damaged journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot happen to a deployment that is {state}")]
pub struct Illegal {
    pub event: &'static str,
    pub state: String,
}

/// The state after `event`.
///
/// # Errors
/// When the event cannot happen in this state.
pub fn evolve(state: Option<Deployment>, event: &E, at: Now) -> Result<Deployment, Illegal> {
    let Some(mut d) = state else {
        return match event {
            E::Requested { request } => Ok(begin(request, at)),
            _ => Err(Illegal { event: "an event", state: "not requested".into() }),
        };
    };
    let words = d.status.words();
    d.updated = at;
    let illegal = move |event| Illegal { event, state: words.into() };
    match event {
        E::Requested { .. } => return Err(illegal("requested")),
        E::KeyTurned { person } => {
            if d.status != Status::Awaiting {
                return Err(illegal("key_turned"));
            }
            d.keys.push(Key { person: person.clone(), at: at.wall });
        }
        E::KeyWithdrawn { person } => {
            if d.status != Status::Awaiting {
                return Err(illegal("key_withdrawn"));
            }
            d.keys.retain(|k| &k.person != person);
        }
        E::KeysVoided { plan, digest, slots, expires_at, .. } => {
            d.plan = (**plan).clone();
            d.digest.clone_from(digest);
            d.slots.clone_from(slots);
            d.expires_at = *expires_at;
            d.keys.clear();
            d.wait = None;
            d.status = Status::Awaiting;
        }
        E::ItemTicked { item, by } => mark(&mut d, *item, &ItemMark::Ticked { by: by.clone(), at: at.wall }),
        E::ItemUnticked { item, .. } => mark(&mut d, *item, &ItemMark::Open),
        E::ItemNotApplicable { item, person, reason } => {
            let by = person.clone();
            mark(&mut d, *item, &ItemMark::NotApplicable { by, reason: reason.clone(), at: at.wall });
        }
        E::ChecksBegun => {
            d.checking = true;
            d.next_check = None;
        }
        E::ChecksRead { readings, next } => {
            d.checking = false;
            d.checks_read += 1;
            d.next_check = *next;
            let read: BTreeSet<u32> = d.items_to_read().map(|(_, i)| i.no).collect();
            keep_readings(&mut d.lists, readings, &read);
        }
        E::Waiting { codes, until, because } => {
            d.wait = Some(Wait { codes: codes.clone(), until: *until, because: because.clone() });
        }
        E::Starting => {
            if d.status != Status::Awaiting {
                return Err(illegal("starting"));
            }
            d.status = Status::Starting;
            d.starts += 1;
            d.wait = None;
        }
        E::StartDelayed { problem, until } => {
            d.status = Status::Awaiting;
            let because = vec![vec![plain(format!("It cannot start yet: {problem}."))]];
            d.wait = Some(Wait { codes: vec!["not_ready".into()], until: Some(*until), because });
        }
        E::Started { previous, lists } => {
            if d.status != Status::Starting {
                return Err(illegal("started"));
            }
            if previous.is_some() {
                d.previous.clone_from(previous);
            }
            d.lists.extend(lists.iter().cloned());
            d.status = Status::Running;
            d.checking = false;
            d.next_check = None;
            d.run = Some(start(&d.plan.steps, at));
        }
        E::Ended { status, note, stuck, .. } => {
            if d.status.ended() {
                return Err(illegal("ended"));
            }
            d.status = *status;
            d.note.clone_from(note);
            d.stuck = *stuck;
            d.ended_at = Some(at.wall);
            d.checking = false;
            d.next_check = None;
            d.wait = None;
            if let Some(run) = &mut d.run {
                (run.activity, run.hold, run.monitor) = (Activity::Idle, None, None);
            }
        }
        E::WatchBegun { until, next } => {
            d.watch =
                Some(Watch { until: *until, next: *next, reads: 0, reading: false, unhealthy: 0, alarmed: false });
        }
        E::WatchReadingBegun => with_watch(&mut d, |w| w.reading = true),
        E::WatchRead { unhealthy, next } => with_watch(&mut d, |w| {
            w.reading = false;
            w.reads += 1;
            w.next = *next;
            w.unhealthy = if unhealthy.is_empty() { 0 } else { w.unhealthy + 1 };
        }),
        E::WatchAlarmed { .. } => with_watch(&mut d, |w| w.alarmed = true),
        E::WatchEnded => d.watch = None,
        E::FollowUpsSet { due } => {
            d.follow_ups = due.iter().map(|(after, due)| FollowUp { after: *after, due: *due }).collect();
        }
        E::FollowUpPosted { after, lists } => {
            d.follow_ups.retain(|f| f.after != *after);
            d.lists.extend(lists.iter().cloned());
        }
        E::ListsOpened { lists } => d.lists.extend(lists.iter().cloned()),
        running => {
            let rollback = d.plan.rollback.clone();
            let plan_steps = d.plan.steps.clone();
            let Some(run) = d.run.as_mut().filter(|_| d.status.active()) else {
                return Err(illegal("a step of a run"));
            };
            evolve_run(run, running, &plan_steps, &rollback, at);
            d.status = status_of(run);
        }
    }
    Ok(d)
}

fn begin(r: &super::Request, at: Now) -> Deployment {
    let automatic = r.lists.iter().any(|l| l.items.iter().any(|i| i.probe.is_some()));
    Deployment {
        id: r.id,
        plan: r.plan.clone(),
        digest: r.digest.clone(),
        lane: r.lane.clone(),
        requester: r.requester.clone(),
        requested_at: at.wall,
        origin: r.origin.clone(),
        status: Status::Awaiting,
        updated: at,
        slots: r.slots.clone(),
        keys: Vec::new(),
        expires_at: r.expires_at,
        skip_ci: r.skip_ci.clone(),
        lists: r.lists.clone(),
        checks_read: 0,
        next_check: automatic.then_some(at.wall),
        checking: false,
        wait: None,
        starts: 0,
        previous: r.previous.clone(),
        run: None,
        ended_at: None,
        note: String::new(),
        stuck: false,
        watch: None,
        follow_ups: Vec::new(),
    }
}

fn start(steps: &[StepSpec], at: Now) -> Run {
    Run {
        started: at,
        forward: steps.iter().map(|s| StepRun::pending(&s.name)).collect(),
        back: Vec::new(),
        going_back: false,
        at: 0,
        attempt: 0,
        activity: Activity::Idle,
        hold: None,
        monitor: None,
        weight: 0,
        touched: false,
        why_back: String::new(),
        as_status: Status::RolledBack,
    }
}

fn status_of(run: &Run) -> Status {
    if run.going_back {
        return Status::RollingBack;
    }
    if run.hold.is_some() {
        return Status::Held;
    }
    match run.activity {
        Activity::Bake { .. } => Status::Baking,
        Activity::Verify { .. } => Status::Verifying,
        Activity::Doubt { .. } => Status::Held,
        _ => Status::Running,
    }
}

fn evolve_run(run: &mut Run, event: &E, plan: &[StepSpec], rollback: &[StepSpec], at: Now) {
    match event {
        E::StepBegun { activity } => {
            run.activity = activity.clone();
            run.attempt += 1;
            let forward = !run.going_back;
            let kind = plan.get(run.at).map(|s| &s.kind);
            if forward && kind.is_some_and(|k| touches(k, plan)) {
                run.touched = true;
            }
            let i = run.at;
            if let Some(step) = run.steps_mut().get_mut(i) {
                step.status = StepStatus::Running;
                step.started = step.started.or(Some(at));
            }
        }
        E::StepEnded { ok, summary } => {
            let i = run.at;
            if let Some(step) = run.steps_mut().get_mut(i) {
                step.status = if *ok { StepStatus::Done } else { StepStatus::Failed };
                step.ended = Some(at);
                step.summary.clone_from(summary);
            }
            run.activity = Activity::Idle;
            run.attempt = 0;
            if *ok {
                run.at += 1;
            }
        }
        E::TrafficMoved { weight } => {
            run.weight = *weight;
            // A reading of the stage before that is still under way must not be taken for the first one of this stage.
            let reads = run.monitor.as_ref().map_or(0, |m| m.reads + u32::from(m.reading));
            run.monitor = Some(Monitor {
                step: run.at,
                base: None,
                last: None,
                window: at.work,
                reads,
                reading: false,
                next: at.work,
                unhealthy: Default::default(),
                latest: Vec::new(),
            });
        }
        E::BakeBegun { until } => run.activity = Activity::Bake { since: at.work, until: *until },
        E::ReadingBegun => with_monitor(run, |m| m.reading = true),
        E::Read { readings, next } => {
            let stage = run.monitor.as_ref().and_then(|m| plan.get(m.step)).map(|s| s.kind.clone());
            with_monitor(run, |m| monitor_read(m, readings, *next, stage.as_ref()));
        }
        E::WindowRenewed => with_monitor(run, |m| {
            m.base = m.last;
            m.window = at.work;
        }),
        E::VerifyBegun => {
            if let Activity::Verify { reading, .. } = &mut run.activity {
                *reading = true;
            }
        }
        E::VerifyRead { text, next: again, .. } => {
            if let Activity::Verify { tries, next, reading, last } = &mut run.activity {
                *tries += 1;
                *next = *again;
                *reading = false;
                last.clone_from(text);
            }
        }
        E::Held { hold } => run.hold = Some(hold.clone()),
        E::Released { .. } => run.hold = None,
        E::Promoted { .. } if run.hold.as_ref().is_some_and(|h| h.reason != HoldReason::Gate) => run.hold = None,
        E::WentBack { why, as_status, .. } => go_back(run, why, *as_status, rollback),
        E::Cancelling { key } => run.activity = Activity::Cancel { key: key.clone(), since: at },
        E::CancelEnded => run.activity = Activity::Idle,
        _ => {}
    }
}

fn go_back(run: &mut Run, why: &str, as_status: Status, rollback: &[StepSpec]) {
    for step in run.forward.iter_mut().filter(|s| s.status == StepStatus::Pending) {
        step.status = StepStatus::Skipped;
    }
    for step in run.forward.iter_mut().filter(|s| s.status == StepStatus::Running) {
        step.status = StepStatus::Failed;
    }
    run.going_back = true;
    run.back = if run.touched { rollback.iter().map(|s| StepRun::pending(&s.name)).collect() } else { Vec::new() };
    run.at = 0;
    run.attempt = 0;
    run.activity = Activity::Idle;
    run.hold = None;
    run.monitor = None;
    run.why_back = why.into();
    run.as_status = as_status;
}

/// Whether beginning this step changes what serves people. A plan that has neither `deploy` nor `traffic` does it by commands.
fn touches(kind: &StepKind, plan: &[StepSpec]) -> bool {
    match kind {
        StepKind::Deploy | StepKind::Traffic(_) | StepKind::Restore | StepKind::Maintenance { .. } => true,
        StepKind::Command { .. } | StepKind::Http { .. } => {
            !plan.iter().any(|s| matches!(s.kind, StepKind::Deploy | StepKind::Traffic(_)))
        }
        StepKind::Manual { .. } | StepKind::Verify { .. } => false,
    }
}

fn monitor_read(m: &mut Monitor, readings: &[Reading], next: Timestamp, kind: Option<&StepKind>) {
    m.reading = false;
    m.reads += 1;
    m.next = next;
    m.latest = readings.to_vec();
    let Some(StepKind::Traffic(stage)) = kind else { return };
    for reading in readings {
        if stage.counters.as_deref() == Some(reading.probe.as_str()) {
            if let Some(counts) = counts_of(reading) {
                m.base = m.base.or(Some(counts));
                m.last = Some(counts);
            }
            continue;
        }
        let n = m.unhealthy.entry(reading.probe.clone()).or_default();
        *n = if reading.verdict == Verdict::Unhealthy { *n + 1 } else { 0 };
    }
}

/// The counters in a reading, when it could be read.
fn counts_of(reading: &Reading) -> Option<Counts> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a small whole number")]
    let whole = |name: &str| {
        let v = *reading.values.get(name)?;
        (v.is_finite() && (0.0..=9.0e15).contains(&v)).then_some(v as u64)
    };
    Some(Counts { requests: whole("requests")?, errors: whole("errors")? })
}

/// Only in the items that were meant: a list from before keeps what it read before.
fn keep_readings(lists: &mut [ListState], readings: &[Reading], read: &BTreeSet<u32>) {
    for item in lists.iter_mut().flat_map(|l| &mut l.items).filter(|i| read.contains(&i.no)) {
        if let Some(r) = readings.iter().find(|r| item.probe.as_deref() == Some(r.probe.as_str())) {
            item.reading = Some(r.clone());
        }
    }
}

fn mark(d: &mut Deployment, no: u32, mark: &ItemMark) {
    if let Some(item) = d.lists.iter_mut().flat_map(|l| &mut l.items).find(|i| i.no == no) {
        item.mark = mark.clone();
    }
}

fn with_watch(d: &mut Deployment, f: impl FnOnce(&mut Watch)) {
    if let Some(w) = &mut d.watch {
        f(w);
    }
}

fn with_monitor(run: &mut Run, f: impl FnOnce(&mut Monitor)) {
    if let Some(m) = &mut run.monitor {
        f(m);
    }
}

impl TickedBy {
    /// The person, unless it was the automatic check.
    #[must_use]
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Person(p) => Some(p),
            Self::Check => None,
        }
    }
}
