//! How a run's own state follows its events: steps, stages, the monitor, and the turn back.

use super::Status;
use super::event::DeploymentEvent as E;
use super::run::{Activity, Counts, HoldReason, Monitor, Run, StepRun, StepStatus};
use crate::domain::policy::{StepKind, StepSpec};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::Now;
use jiff::Timestamp;

pub(super) fn start(steps: &[StepSpec], at: Now) -> Run {
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

pub(super) fn status_of(run: &Run) -> Status {
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

pub(super) fn evolve_run(run: &mut Run, event: &E, plan: &[StepSpec], rollback: &[StepSpec], at: Now) {
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

fn with_monitor(run: &mut Run, f: impl FnOnce(&mut Monitor)) {
    if let Some(m) = &mut run.monitor {
        f(m);
    }
}
