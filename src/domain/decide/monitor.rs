//! Judging a release that has traffic: breach, fine, or not to be told (DESIGN 4.3).

use super::{Stop, Tx, back};
use crate::domain::deployment::{
    Activity, Deployment, DeploymentEvent as E, Hold, HoldReason, Monitor, Outcome, Run, Status,
};
use crate::domain::policy::{Stage, StepKind};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::{Span, after};
use jiff::Timestamp;

/// Probes are never read faster than this.
pub const SAMPLE_MIN: Span = Span::millis(500);

/// The stage the monitor watches.
pub(super) fn stage<'a>(d: &'a Deployment, m: &Monitor) -> Option<&'a Stage> {
    match d.plan.steps.get(m.step).map(|s| &s.kind) {
        Some(StepKind::Traffic(stage)) => Some(stage),
        _ => None,
    }
}

/// The monitor's probes answered.
pub(super) fn read(tx: &mut Tx<'_>, d: &Deployment, outcome: &Outcome) -> Result<(), Stop> {
    let Outcome::Readings { readings } = outcome else { return Ok(()) };
    let Some(m) = d.run.as_ref().and_then(|r| r.monitor.as_ref()) else { return Ok(()) };
    let every = stage(d, m).map_or(Span::secs(30), |s| s.every).paced(d.plan.pace).max(SAMPLE_MIN);
    tx.on(d.id, E::Read { readings: readings.clone(), next: after(tx.ctx.now.work, every) })?;
    let Some(d) = tx.deployment(d.id)? else { return Ok(()) };
    let Some(run) = &d.run else { return Ok(()) };
    let (Some(m), false) = (&run.monitor, run.going_back) else { return Ok(()) };
    let Some(stage) = stage(&d, m) else { return Ok(()) };
    if let Some(why) = breach(m, stage) {
        return back::turn(tx, &d, &why, None, Status::RolledBack);
    }
    judge(tx, &d, run, m, stage)
}

/// Why this is a breach, if it is one.
fn breach(m: &Monitor, stage: &Stage) -> Option<String> {
    let counts = m.counts().unwrap_or_default();
    if counts.errors > stage.error_budget {
        return Some(format!(
            "{} errors in {} requests at {} %, {} allowed",
            counts.errors, counts.requests, stage.weight, stage.error_budget
        ));
    }
    let limit = stage.unhealthy_after.max(1);
    let (probe, n) = m.unhealthy.iter().find(|(_, n)| **n >= limit)?;
    let said = m.latest.iter().find(|r| &r.probe == probe).map_or("", |r| r.text.as_str());
    Some(format!("{probe} is unhealthy {n} times in a row at {} %: {said}", stage.weight))
}

/// Whether enough is known to go on; else why not.
fn conclusive(m: &Monitor, stage: &Stage) -> Result<String, String> {
    if let Some(r) =
        m.latest.iter().find(|r| Some(&r.probe) != stage.counters.as_ref() && r.verdict != Verdict::Healthy)
    {
        return Err(format!("{} is {}: {}", r.probe, r.verdict, r.text));
    }
    if stage.counters.is_none() {
        return Ok(format!("{} % watched", stage.weight));
    }
    match m.counts().filter(|_| counted(m, stage)) {
        None => Err(format!("its requests cannot be counted: {}", counter_text(m, stage))),
        Some(c) if c.requests < stage.min_requests => {
            Err(format!("only {} of at least {} requests", c.requests, stage.min_requests))
        }
        Some(c) => Ok(format!("{} requests, {} errors, {} allowed", c.requests, c.errors, stage.error_budget)),
    }
}

/// Whether the newest reading could be counted: numbers from before the lights went out prove nothing.
fn counted(m: &Monitor, stage: &Stage) -> bool {
    let newest = m.latest.iter().find(|r| Some(&r.probe) == stage.counters.as_ref());
    newest.is_some_and(|r| ["requests", "errors"].iter().all(|v| r.values.contains_key(*v)))
}

fn counter_text<'a>(m: &'a Monitor, stage: &Stage) -> &'a str {
    let found: Option<&Reading> = m.latest.iter().find(|r| Some(&r.probe) == stage.counters.as_ref());
    found.map_or("no reading", |r| r.text.as_str())
}

/// No breach: ends a bake whose time is over, lifts a doubt that has cleared, renews the window while people are waited for.
fn judge(tx: &mut Tx<'_>, d: &Deployment, run: &Run, m: &Monitor, stage: &Stage) -> Result<(), Stop> {
    let now = tx.ctx.now;
    match &run.activity {
        Activity::Bake { until, .. } if now.work >= *until => match (conclusive(m, stage), &run.hold) {
            (Ok(summary), hold) => {
                if hold.as_ref().is_some_and(|h| h.reason == HoldReason::Inconclusive) {
                    tx.on(d.id, E::Released { by: None })?;
                }
                tx.on(d.id, E::StepEnded { ok: true, summary })
            }
            (Err(text), None) => {
                let until = Some(after(now.work, stage.hold_for.paced(d.plan.pace)));
                let hold = Hold { reason: HoldReason::Inconclusive, text, since: now, until, ask_at: None };
                tx.on(d.id, E::Held { hold })
            }
            (Err(_), Some(_)) => Ok(()),
        },
        Activity::Bake { .. } => Ok(()),
        _ if window_over(m, stage, d.plan.pace, now.work) => tx.on(d.id, E::WindowRenewed),
        _ => Ok(()),
    }
}

fn window_over(m: &Monitor, stage: &Stage, pace: u32, now: Timestamp) -> bool {
    let length = stage.bake.max(Span::mins(1)).paced(pace);
    m.base.is_some() && Span::between(m.window, now) >= length
}
