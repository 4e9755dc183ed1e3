//! A task outside ended: what that means for its deployment.
//!
//! A receipt of a task that is no longer asked for (cancelled, replaced) means nothing and changes nothing.

use super::{Stop, Tx, advance, back, checklist, deploy, monitor, settle};
use crate::domain::deployment::{
    Activity, Deployment, DeploymentEvent as E, Hold, HoldReason, Lane, Outcome, Run, Status, Task, TaskKind, run_step,
    tasks,
};
use crate::domain::ids::Stream;
use crate::domain::plan::Release;
use crate::domain::policy::{Phase, Recovery, StepKind};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::{Span, after};
use jiff::Timestamp;

/// When a start that could not be prepared is tried again.
const RETRY: Span = Span::secs(15);
/// Consecutive unhealthy reads of a watched success before it raises an alarm.
const ALARM_AFTER: u32 = 2;

pub(super) fn receive(tx: &mut Tx<'_>, stream: &Stream, key: &str, outcome: &Outcome) -> Result<(), Stop> {
    let Some(id) = crate::domain::ids::DeploymentId::parse(stream.name()) else { return Ok(()) };
    let Some(d) = tx.deployment(id)? else { return Ok(()) };
    let Some(task) = tasks(&d).into_iter().find(|t| t.key == key) else { return Ok(()) };
    match &task.kind {
        TaskKind::Prepare => prepared(tx, &d, outcome),
        TaskKind::Job { .. } => job(tx, &d, outcome),
        TaskKind::Cancel { .. } => tx.on(id, E::CancelEnded),
        TaskKind::Sample { .. } => sample(tx, &d, &task, outcome),
    }
}

fn sample(tx: &mut Tx<'_>, d: &Deployment, task: &Task, outcome: &Outcome) -> Result<(), Stop> {
    let Outcome::Readings { readings } = outcome else { return Ok(()) };
    let part = task.key.rsplit('.').next().unwrap_or_default();
    match part.chars().next() {
        Some('c') => checklist::checks_read(tx, d, readings),
        Some('m') => monitor::read(tx, d, outcome),
        Some('v') => verified(tx, d, readings),
        Some('w') => watched(tx, d, readings),
        _ => Ok(()),
    }
}

/// The start, decided from scratch: the release as it is now, the plan as the policy is now, the gate as it is now.
fn prepared(tx: &mut Tx<'_>, d: &Deployment, outcome: &Outcome) -> Result<(), Stop> {
    let Outcome::Prepared { release, problem, live } = outcome else { return Ok(()) };
    let Some(release) = release else {
        let until = after(tx.ctx.now.wall, RETRY);
        settle::give_slot_back(tx, d)?;
        return tx.on(d.id, E::StartDelayed { problem: problem.clone(), until });
    };
    if !d.is_rollback() {
        let strategy = Some(d.plan.strategy.as_str());
        let plan = deploy::plan_for(tx.ctx.policy, &d.plan.service, &d.plan.environment, release.clone(), strategy);
        match plan {
            Ok(plan) => {
                if settle::void_if_changed(tx, d, plan)? {
                    return settle::give_slot_back(tx, d);
                }
            }
            Err((_, text)) => {
                let note = crate::domain::render::sentence(tx.ctx.policy, &text);
                return tx
                    .on(d.id, E::Ended { status: Status::Refused, note, by: None, stuck: false, kept_out: false });
            }
        }
    }
    let answer = settle::ask(tx, d, crate::domain::gate::Act::Deploy)?;
    match answer.verdict {
        crate::domain::gate::Verdict::Allow => begin(tx, d, live.clone()),
        crate::domain::gate::Verdict::Deny => {
            let why = answer
                .stopping()
                .next()
                .map_or_else(String::new, |f| crate::domain::render::sentence(tx.ctx.policy, &f.text));
            tx.on(d.id, E::Ended { status: Status::Refused, note: why, by: None, stuck: false, kept_out: false })
        }
        crate::domain::gate::Verdict::Hold { .. } => {
            settle::give_slot_back(tx, d)?;
            let problem = answer
                .stopping()
                .next()
                .map_or_else(String::new, |f| crate::domain::render::sentence(tx.ctx.policy, &f.text));
            // Delayed until now: it awaits again, and the gate says what for.
            tx.on(d.id, E::StartDelayed { problem, until: tx.ctx.now.wall })
        }
    }
}

fn begin(tx: &mut Tx<'_>, d: &Deployment, live: Option<Release>) -> Result<(), Stop> {
    observe(tx, d, live.as_ref())?;
    let previous = if d.is_rollback() { None } else { live };
    let lists = deploy::open_lists(tx.ctx.policy, &d.plan, d.next_item(), |p| p == Phase::During);
    tx.on(d.id, E::Started { previous, lists: if d.is_rollback() { Vec::new() } else { lists } })?;
    let emergency = matches!(&d.lane, Lane::Rollback { mode: crate::domain::command::RollbackMode::Emergency, .. });
    if matches!(d.lane, Lane::Hotfix { .. }) || emergency {
        let event = crate::domain::person::PersonEvent::DebtOpened { deployment: d.id };
        tx.on_person(&d.requester, event)?;
    }
    Ok(())
}

/// What is read back as live and is not what the book says was brought there by hand; the book follows, so that it is known
/// what a rollback puts back.
fn observe(tx: &mut Tx<'_>, d: &Deployment, live: Option<&Release>) -> Result<(), Stop> {
    let Some(live) = live else { return Ok(()) };
    let booked = tx.environment(&d.plan.environment)?.track(&d.plan.service).live;
    if booked.is_some_and(|b| b.revision == live.revision) {
        return Ok(());
    }
    let (service, release, deployment) = (d.plan.service.clone(), live.clone(), d.id);
    let event = crate::domain::environment::EnvironmentEvent::LiveChanged { service, release, deployment, good: false };
    tx.on_environment(&d.plan.environment, event)
}

fn job(tx: &mut Tx<'_>, d: &Deployment, outcome: &Outcome) -> Result<(), Stop> {
    let Some(run) = &d.run else { return Ok(()) };
    let step = run_step(d).cloned();
    match outcome {
        Outcome::Job { succeeded: true, summary } => match step.map(|s| s.kind) {
            Some(StepKind::Traffic(stage)) if !run.going_back => {
                tx.on(d.id, E::TrafficMoved { weight: stage.weight })?;
                if stage.bake <= Span::ZERO {
                    return tx.on(d.id, E::StepEnded { ok: true, summary: summary.clone() });
                }
                let until = after(tx.ctx.now.work, stage.bake.paced(d.plan.pace));
                tx.on(d.id, E::BakeBegun { until })?;
                tx.on(d.id, E::ReadingBegun)
            }
            _ => tx.on(d.id, E::StepEnded { ok: true, summary: summary.clone() }),
        },
        Outcome::Job { succeeded: false, summary } => step_failed(tx, d, summary),
        Outcome::Lost { summary } => lost(tx, d, run, summary),
        _ => Ok(()),
    }
}

/// A step that failed: back, or stuck when it was on the way back already.
pub(super) fn step_failed(tx: &mut Tx<'_>, d: &Deployment, summary: &str) -> Result<(), Stop> {
    let Some(run) = &d.run else { return Ok(()) };
    let name = run.steps().get(run.at).map_or("step", |s| s.name.as_str()).to_owned();
    let (going_back, rollback) = (run.going_back, d.is_rollback());
    tx.on(d.id, E::StepEnded { ok: false, summary: summary.to_owned() })?;
    let Some(d) = tx.deployment(d.id)? else { return Ok(()) };
    if going_back || rollback {
        return back::stuck(tx, &d, &format!("{name}: {summary}"));
    }
    back::turn(tx, &d, &format!("{name} failed: {summary}"), None, Status::RolledBack)
}

/// Nobody can tell what became of the job: again if that is harmless, else a person decides.
fn lost(tx: &mut Tx<'_>, d: &Deployment, run: &Run, summary: &str) -> Result<(), Stop> {
    let Some(step) = run_step(d).cloned() else { return Ok(()) };
    let recovery = match &step.kind {
        StepKind::Command { recovery, .. } | StepKind::Http { recovery, .. } => *recovery,
        _ => Recovery::Idempotent,
    };
    if recovery == Recovery::Idempotent && run.attempt < 3 {
        let activity = advance::begin(tx, d, run, &step.kind);
        return tx.on(d.id, E::StepBegun { activity });
    }
    if run.going_back || d.is_rollback() {
        return step_failed(tx, d, summary);
    }
    let now = tx.ctx.now;
    let key = match &run.activity {
        Activity::Job { key, .. } => key.clone(),
        _ => String::new(),
    };
    tx.on(d.id, E::StepBegun { activity: Activity::Doubt { key, since: now } })?;
    let text = format!("nobody can tell whether {} happened: {summary}", step.name);
    let until = Some(after(now.work, advance::HOLD_MAX.paced(d.plan.pace)));
    let hold = Hold { reason: HoldReason::Doubt, text, since: now, until, ask_at: None };
    tx.on(d.id, E::Held { hold })
}

/// Verification read its probes: healthy and the right version, or again, or failed.
fn verified(tx: &mut Tx<'_>, d: &Deployment, readings: &[Reading]) -> Result<(), Stop> {
    let Some(run) = &d.run else { return Ok(()) };
    let Some(StepKind::Verify { tries: allowed, every, live, .. }) = run_step(d).map(|s| s.kind.clone()) else {
        return Ok(());
    };
    let Activity::Verify { tries, .. } = run.activity else { return Ok(()) };
    let expected = expected_version(d, run);
    let mut said = Vec::new();
    let mut ok = true;
    for r in readings {
        let is_live = live && d.plan.live_probe.as_deref() == Some(r.probe.as_str());
        let good = if is_live {
            expected.as_deref().is_some_and(|v| same_version(&r.text, v))
        } else {
            r.verdict == Verdict::Healthy
        };
        ok &= good;
        let wanted =
            if is_live && !good { format!(", not {}", expected.as_deref().unwrap_or("known")) } else { String::new() };
        said.push(format!("{}: {}{wanted}", r.probe, r.text));
    }
    let text = said.join("; ");
    let next = after(tx.ctx.now.work, every.paced(d.plan.pace).max(monitor::SAMPLE_MIN));
    tx.on(d.id, E::VerifyRead { ok, text: text.clone(), next })?;
    if ok {
        return tx.on(d.id, E::StepEnded { ok: true, summary: text });
    }
    if tries + 1 >= allowed.max(1) {
        return step_failed_fresh(tx, d, &text);
    }
    Ok(())
}

fn step_failed_fresh(tx: &mut Tx<'_>, d: &Deployment, summary: &str) -> Result<(), Stop> {
    match tx.deployment(d.id)? {
        Some(d) => step_failed(tx, &d, summary),
        None => Ok(()),
    }
}

/// The version that must be live once the direction it goes in is through.
fn expected_version(d: &Deployment, run: &Run) -> Option<String> {
    if run.going_back { d.previous.as_ref().map(|r| r.version.clone()) } else { Some(d.plan.release.version.clone()) }
}

/// `v1.2.0` and `1.2.0` are one version.
pub(super) fn same_version(a: &str, b: &str) -> bool {
    a.trim().trim_start_matches('v') == b.trim().trim_start_matches('v')
}

fn watched(tx: &mut Tx<'_>, d: &Deployment, readings: &[Reading]) -> Result<(), Stop> {
    let Some(w) = &d.watch else { return Ok(()) };
    let bad = |r: &&Reading| {
        if d.plan.live_probe.as_deref() == Some(r.probe.as_str()) {
            r.verdict != Verdict::Inconclusive && !same_version(&r.text, &d.plan.release.version)
        } else {
            r.verdict == Verdict::Unhealthy
        }
    };
    let unhealthy: Vec<Reading> = readings.iter().filter(bad).cloned().collect();
    let next: Timestamp = advance::watch_next(tx);
    let text = unhealthy.iter().map(|r| format!("{}: {}", r.probe, r.text)).collect::<Vec<_>>().join("; ");
    let count = if unhealthy.is_empty() { 0 } else { w.unhealthy + 1 };
    let alarmed = w.alarmed;
    tx.on(d.id, E::WatchRead { unhealthy, next })?;
    if count >= ALARM_AFTER && !alarmed {
        tx.on(d.id, E::WatchAlarmed { text })?;
    }
    Ok(())
}
