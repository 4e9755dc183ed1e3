//! What follows: after every input, whatever was touched is asked what comes next, until nothing more does.

use super::deploy::expiry;
use super::{Stop, Tx, advance, checklist};
use crate::domain::approval::assign;
use crate::domain::deployment::{Deployment, DeploymentEvent as E, Lane, ListState, Status};
use crate::domain::environment::EnvironmentEvent;
use crate::domain::gate::{self, Act, Answer, Asked, Rule, Verdict};
use crate::domain::ids::{DeploymentId, PersonId};
use crate::domain::plan::Plan;
use crate::domain::policy::{Policy, Slot};

/// More rounds than any real chain of consequences; reaching it is a bug that must not hang the engine.
const ROUNDS: usize = 200;

pub(super) fn settle(tx: &mut Tx<'_>) -> Result<(), Stop> {
    for _ in 0..ROUNDS {
        let Some(id) = tx.next_woken() else { return Ok(()) };
        let Some(d) = tx.deployment(id)? else { continue };
        match d.status {
            Status::Awaiting => awaiting(tx, &d)?,
            Status::Starting => {}
            s if s.active() => advance::next(tx, &d)?,
            _ => ended(tx, &d)?,
        }
        checklist::read_new(tx, id)?;
    }
    Ok(())
}

/// Asks the gate about an existing deployment.
pub(super) fn ask(tx: &mut Tx<'_>, d: &Deployment, act: Act) -> Result<Answer, Stop> {
    let environment = tx.environment(&d.plan.environment)?;
    let upstream = upstream(tx, &d.plan)?;
    let debts = tx.debts(&d.requester)?;
    let turned = d.turned();
    Ok(gate::decide(&Asked {
        act,
        policy: tx.ctx.policy,
        id: Some(d.id),
        plan: &d.plan,
        lane: &d.lane,
        requester: &d.requester,
        slots: &d.slots,
        turned: &turned,
        lists: &d.lists,
        environment: &environment,
        upstream: upstream.as_ref(),
        debts: &debts,
        now: tx.ctx.now,
    }))
}

fn upstream(tx: &mut Tx<'_>, plan: &Plan) -> Result<Option<crate::domain::environment::Environment>, Stop> {
    let after = tx.ctx.policy.environments.get(&plan.environment).and_then(|e| e.after.clone());
    Ok(match after {
        Some(need) => Some(tx.environment(&need.environment)?),
        None => None,
    })
}

/// Asks the gate about a request that may not exist yet.
///
/// # Errors
/// When a stream must be loaded first.
#[expect(clippy::too_many_arguments, reason = "the gate looks at this much, and a struct would only repeat `Asked`")]
pub fn gate_answer(
    tx: &mut Tx<'_>,
    id: Option<DeploymentId>,
    plan: &Plan,
    lane: &Lane,
    requester: &PersonId,
    slots: &[Slot],
    turned: &[PersonId],
    lists: &[ListState],
) -> Result<Answer, Stop> {
    let environment = tx.environment(&plan.environment)?;
    let upstream = upstream(tx, plan)?;
    let debts = tx.debts(requester)?;
    let (policy, now, act) = (tx.ctx.policy, tx.ctx.now, Act::Deploy);
    let (environment, upstream, debts) = (&environment, upstream.as_ref(), &debts);
    Ok(gate::decide(&Asked {
        act,
        policy,
        id,
        plan,
        lane,
        requester,
        slots,
        turned,
        lists,
        environment,
        upstream,
        debts,
        now,
    }))
}

/// The policy may have changed: a pending plan that would be another one today voids its keys, and the gate is asked again.
pub(super) fn reconsider(tx: &mut Tx<'_>, id: DeploymentId) -> Result<(), Stop> {
    tx.wake(id);
    let Some(d) = tx.deployment(id)?.filter(|d| d.status == Status::Awaiting && !d.is_rollback()) else {
        return Ok(());
    };
    let (release, strategy) = (d.plan.release.clone(), Some(d.plan.strategy.as_str()));
    match super::plan_for(tx.ctx.policy, &d.plan.service, &d.plan.environment, release, strategy) {
        Ok(plan) => void_if_changed(tx, &d, plan).map(|_| ()),
        Err((_, text)) => {
            let note = crate::domain::render::sentence(tx.ctx.policy, &text);
            tx.on(id, E::Ended { status: Status::Refused, note, by: None, stuck: false, kept_out: false })
        }
    }
}

/// Whether the keys of `d` are all turned, by today's roles.
pub(super) fn keys_complete(policy: &Policy, d: &Deployment) -> bool {
    assign(&d.slots, &d.turned(), policy, &d.requester).complete(&d.slots)
}

fn awaiting(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    if d.next_check.is_some_and(|at| at <= tx.ctx.now.wall) && !d.checking {
        return tx.on(d.id, E::ChecksBegun);
    }
    if still_delayed(tx, d) {
        return Ok(());
    }
    let answer = ask(tx, d, Act::Deploy)?;
    match answer.verdict {
        // Checks that are being read may untick an item: what they say is waited for.
        Verdict::Allow if d.checking => Ok(()),
        Verdict::Allow => {
            let (service, deployment) = (d.plan.service.clone(), d.id);
            tx.on_environment(&d.plan.environment, EnvironmentEvent::SlotTaken { service, deployment })?;
            tx.on(d.id, E::Starting)
        }
        Verdict::Deny => {
            let why = answer
                .stopping()
                .next()
                .map_or_else(String::new, |f| crate::domain::render::sentence(tx.ctx.policy, &f.text));
            tx.on(d.id, E::Ended { status: Status::Refused, note: why, by: None, stuck: false, kept_out: false })
        }
        Verdict::Hold { until } => {
            let codes = answer.codes();
            if codes.len() == 1 && answer.of(Rule::Queue).is_some_and(|f| f.says >= gate::Says::Hold) {
                let env = tx.environment(&d.plan.environment)?;
                if !env.track(&d.plan.service).queue.contains(&d.id) {
                    let (service, deployment) = (d.plan.service.clone(), d.id);
                    tx.on_environment(&d.plan.environment, EnvironmentEvent::Queued { service, deployment })?;
                }
            }
            let until = until.filter(|at| *at > tx.ctx.now.wall);
            let own = |f: &&gate::Finding| !matches!(f.rule, Rule::Keys | Rule::Checklist);
            let because: Vec<_> = answer.stopping().filter(own).map(|f| f.text.clone()).collect();
            if d.wait.as_ref().is_none_or(|w| w.codes != codes || w.until != until || w.because != because) {
                tx.on(d.id, E::Waiting { codes, until, because })?;
            }
            Ok(())
        }
    }
}

/// The start could not be prepared and is tried again at its time, not at every input.
fn still_delayed(tx: &Tx<'_>, d: &Deployment) -> bool {
    d.wait.as_ref().is_some_and(|w| {
        w.codes.first().is_some_and(|c| c == "not_ready") && w.until.is_some_and(|u| u > tx.ctx.now.wall)
    })
}

/// An ended deployment gives back what it held in its environment.
fn ended(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    let env = tx.environment(&d.plan.environment)?;
    let track = env.track(&d.plan.service);
    let (service, deployment) = (d.plan.service.clone(), d.id);
    if track.running == Some(d.id) {
        tx.on_environment(&d.plan.environment, EnvironmentEvent::SlotFreed { service, deployment, back: false })?;
        wake_waiting(tx, d, &track.queue, &track.pending);
    } else if track.pending.contains(&d.id) || track.queue.contains(&d.id) {
        tx.on_environment(&d.plan.environment, EnvironmentEvent::Withdrawn { service, deployment })?;
        wake_waiting(tx, d, &track.queue, &track.pending);
    }
    Ok(())
}

fn wake_waiting(tx: &mut Tx<'_>, d: &Deployment, queue: &[DeploymentId], pending: &[DeploymentId]) {
    for other in queue.iter().chain(pending).filter(|o| **o != d.id) {
        tx.wake(*other);
    }
}

/// A start that did not come to be: back to awaiting, with the slot given to whoever is next.
pub(super) fn give_slot_back(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    let env = tx.environment(&d.plan.environment)?;
    let track = env.track(&d.plan.service);
    if track.running == Some(d.id) {
        let (service, deployment) = (d.plan.service.clone(), d.id);
        tx.on_environment(&d.plan.environment, EnvironmentEvent::SlotFreed { service, deployment, back: true })?;
        wake_waiting(tx, d, &track.queue, &track.pending);
    }
    Ok(())
}

/// The plan of `d` under today's policy and with this release; when it differs, its keys are void.
pub(super) fn void_if_changed(tx: &mut Tx<'_>, d: &Deployment, plan: Plan) -> Result<bool, Stop> {
    let fields: Vec<String> = d.plan.differences(&plan).into_iter().map(String::from).collect();
    if fields.is_empty() {
        return Ok(false);
    }
    let env = tx.ctx.policy.environments.get(&plan.environment);
    let slots = env.and_then(|e| super::request_slots(e, &d.lane)).unwrap_or_else(|| d.slots.clone());
    let expires_at = expiry(tx.ctx, &plan, &d.lane);
    let digest = plan.digest();
    tx.on(d.id, E::KeysVoided { fields, plan: Box::new(plan), digest, slots, expires_at })?;
    Ok(true)
}
