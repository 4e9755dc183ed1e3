//! The way back: never gated, never taken twice (DESIGN 4.3).

use super::{Stop, Tx, advance, incident};
use crate::domain::deployment::{Activity, Deployment, DeploymentEvent as E, Lane, Run, Status};
use crate::domain::environment::EnvironmentEvent;
use crate::domain::ids::PersonId;
use crate::domain::plan::Release;
use crate::domain::policy::Phase;
use crate::domain::time::Span;

/// Turns a run round. A job in flight is told to end first; the way back begins when it has, or when it took too long.
pub(super) fn turn(
    tx: &mut Tx<'_>,
    d: &Deployment,
    why: &str,
    by: Option<&PersonId>,
    as_status: Status,
) -> Result<(), Stop> {
    let Some(run) = &d.run else { return Ok(()) };
    if run.going_back {
        return Ok(());
    }
    let busy = match &run.activity {
        Activity::Job { key, .. } => Some(key.clone()),
        _ => None,
    };
    tx.on(d.id, E::WentBack { why: why.to_owned(), by: by.cloned(), as_status })?;
    if run.touched {
        incident::rolled_back(tx, d, why)?;
    }
    match busy {
        Some(key) => tx.on(d.id, E::Cancelling { key }),
        None => Ok(()),
    }
}

/// The next step of the way back, or its end.
pub(super) fn next(tx: &mut Tx<'_>, d: &Deployment, run: &Run) -> Result<(), Stop> {
    if let Some(step) = d.plan.rollback.get(run.at).filter(|_| run.touched) {
        let activity = advance::begin(tx, d, run, &step.kind.clone());
        return tx.on(d.id, E::StepBegun { activity });
    }
    let took = Span::between(run.started.work, tx.ctx.now.work);
    let (status, note) = match (run.touched, run.as_status) {
        (false, s) => (if s == Status::RolledBack { Status::Failed } else { s }, run.why_back.clone()),
        (true, _) => (Status::RolledBack, format!("{} (rolled back after {took})", run.why_back)),
    };
    let env = tx.ctx.policy.environments.get(&d.plan.environment);
    let kept_out = status == Status::RolledBack && env.is_some_and(|e| e.lock_after_rollback);
    tx.on(d.id, E::Ended { status, note, by: None, stuck: false, kept_out })?;
    if status != Status::RolledBack {
        return Ok(());
    }
    if let Some(previous) = d.previous.clone() {
        let (service, deployment) = (d.plan.service.clone(), d.id);
        let live = EnvironmentEvent::LiveChanged { service, release: previous, deployment, good: false };
        tx.on_environment(&d.plan.environment, live)?;
    }
    quarantine(tx, d, &d.plan.release.clone(), &run.why_back)?;
    let lists = super::deploy::open_lists(tx.ctx.policy, &d.plan, d.next_item(), |p| p == Phase::AfterRollback);
    if lists.is_empty() { Ok(()) } else { tx.on(d.id, E::ListsOpened { lists }) }
}

/// After a rollback that was asked for by hand: what was live stays out.
pub(super) fn keep_out(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    let Lane::Rollback { reason, .. } = &d.lane else { return Ok(()) };
    let Some(bad) = d.previous.clone() else { return Ok(()) };
    quarantine(tx, d, &bad, reason)
}

/// Locks the service there and quarantines the revision, where config asks for it.
fn quarantine(tx: &mut Tx<'_>, d: &Deployment, bad: &Release, why: &str) -> Result<(), Stop> {
    let name = d.plan.environment.clone();
    if !tx.ctx.policy.environments.get(&name).is_some_and(|e| e.lock_after_rollback) {
        return Ok(());
    }
    let (service, deployment, reason) = (d.plan.service.clone(), d.id, why.to_owned());
    let event = EnvironmentEvent::Quarantined { service, release: bad.clone(), deployment, reason };
    tx.on_environment(&name, event)?;
    if tx.environment(&name)?.locks.contains_key(d.plan.service.as_str()) {
        return Ok(());
    }
    let reason = format!("{} {} was rolled back by {}: {why}", d.plan.service, bad.version, d.id);
    let scope = d.plan.service.as_str().to_owned();
    tx.on_environment(&name, EnvironmentEvent::Locked { scope, owner: None, reason, until: None, taken_from: None })
}

/// A step of the way back failed: a person must act; nothing else is started.
pub(super) fn stuck(tx: &mut Tx<'_>, d: &Deployment, what: &str) -> Result<(), Stop> {
    let why = d.run.as_ref().map_or("", |r| r.why_back.as_str());
    let after = if why.is_empty() { String::new() } else { format!(" after: {why}") };
    let note = format!("the rollback failed ({what}){after}");
    tx.on(d.id, E::Ended { status: Status::Failed, note: note.clone(), by: None, stuck: true, kept_out: false })?;
    incident::stuck(tx, d, &note)?;
    let name = d.plan.environment.clone();
    if tx.environment(&name)?.locks.contains_key(d.plan.service.as_str()) {
        return Ok(());
    }
    let reason = format!("{} could not be rolled back: {what}", d.id);
    let scope = d.plan.service.as_str().to_owned();
    tx.on_environment(&name, EnvironmentEvent::Locked { scope, owner: None, reason, until: None, taken_from: None })
}
