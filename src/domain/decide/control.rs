//! Steering a run: cancel, abort, pause, resume, promote, confirm. Abort is never gated.

use super::{Stop, Tx, advance, back};
use crate::domain::deployment::{Activity, Deployment, DeploymentEvent as E, Hold, HoldReason, Run, Status, run_step};
use crate::domain::ids::{DeploymentId, PersonId};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::policy::StepKind;
use crate::domain::time::after;

fn done(tx: &mut Tx<'_>, text: String) {
    tx.reply(Message::line(Tone::Good, text));
}

/// Says how it stands and what to do instead.
fn not_now(tx: &mut Tx<'_>, d: &Deployment, what: &str, instead: &str) {
    let mut text = vec![plain(format!("{} {}, so it cannot be {what}. ", d.id, d.status.stands()))];
    if !instead.is_empty() {
        text.extend([plain("Try "), code(instead), plain(".")]);
    }
    tx.refuse_text("wrong_state", text);
}

/// The requester, or who operates the environment.
fn may_stop(tx: &mut Tx<'_>, by: &PersonId, d: &Deployment, what: &str) -> bool {
    by == &d.requester || tx.operator(by, d, what)
}

pub(super) fn cancel(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    if !may_stop(tx, by, &d, &format!("cancel {id}")) {
        return Ok(());
    }
    match d.status {
        Status::Awaiting | Status::Starting => call_off(tx, by, &d, "cancelled", None),
        s if s.active() => {
            not_now(tx, &d, "cancelled", &format!("/abort {id}"));
            Ok(())
        }
        _ => {
            not_now(tx, &d, "cancelled", "/deploy status");
            Ok(())
        }
    }
}

fn call_off(tx: &mut Tx<'_>, by: &PersonId, d: &Deployment, verb: &str, reason: Option<&str>) -> Result<(), Stop> {
    let mut note = format!("{verb} by {}", tx.ctx.policy.person_name(by));
    if let Some(reason) = reason {
        note.push_str(": ");
        note.push_str(reason);
    }
    tx.on(d.id, E::Ended { status: Status::Cancelled, note, by: Some(by.clone()), stuck: false, kept_out: false })?;
    done(tx, format!("{} is cancelled.", d.id));
    Ok(())
}

pub(super) fn abort(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId, reason: Option<&str>) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    if !may_stop(tx, by, &d, &format!("abort {id}")) {
        return Ok(());
    }
    match (&d.run, d.status) {
        (_, Status::Awaiting | Status::Starting) => call_off(tx, by, &d, "aborted", reason),
        (Some(run), s) if s.active() && run.going_back => {
            tx.refuse_text("going_back", vec![plain(format!("{id} is rolling back already."))]);
            Ok(())
        }
        (Some(_), s) if s.active() && d.is_rollback() => {
            let text = vec![plain(format!(
                "{id} is a rollback; it goes on, since stopping it would leave the service between two releases."
            ))];
            tx.refuse_text("going_back", text);
            Ok(())
        }
        (Some(run), s) if s.active() => {
            let mut why = format!("aborted by {}", tx.ctx.policy.person_name(by));
            if let Some(reason) = reason {
                why.push_str(": ");
                why.push_str(reason);
            }
            let as_status = if run.touched { Status::RolledBack } else { Status::Cancelled };
            back::turn(tx, &d, &why, Some(by), as_status)?;
            done(tx, format!("{id} stops and {}.", if run.touched { "rolls back" } else { "ends" }));
            Ok(())
        }
        _ => {
            let instead = format!("/rollback {} in {}", d.plan.service, d.plan.environment);
            not_now(tx, &d, "aborted", &instead);
            Ok(())
        }
    }
}

/// A run that goes forward, or a refusal.
fn running(tx: &mut Tx<'_>, d: &Deployment, what: &str) -> Option<Run> {
    let run = d.run.clone().filter(|r| d.status.active() && !r.going_back && !d.is_rollback());
    if run.is_none() {
        not_now(tx, d, what, &format!("/deploy status {}", d.id));
    }
    run
}

pub(super) fn pause(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    if !may_stop(tx, by, &d, &format!("pause {id}")) {
        return Ok(());
    }
    let Some(run) = running(tx, &d, "paused") else { return Ok(()) };
    if let Some(hold) = &run.hold {
        let text = vec![
            plain(format!("{id} is held already: {}. ", hold.text)),
            code(format!("/resume {id}")),
            plain(" lets it go on."),
        ];
        tx.refuse_text("held", text);
        return Ok(());
    }
    let now = tx.ctx.now;
    let text = format!("paused by {}", tx.ctx.policy.person_name(by));
    let until = Some(after(now.work, advance::HOLD_MAX.paced(d.plan.pace)));
    tx.on(id, E::Held { hold: Hold { reason: HoldReason::Paused, text, since: now, until, ask_at: None } })?;
    done(
        tx,
        format!(
            "{id} is paused at this step; its probes go on. It rolls back if nobody resumes it within {}.",
            advance::HOLD_MAX.paced(d.plan.pace)
        ),
    );
    Ok(())
}

pub(super) fn resume(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    if !may_stop(tx, by, &d, &format!("resume {id}")) {
        return Ok(());
    }
    let Some(run) = running(tx, &d, "resumed") else { return Ok(()) };
    let Some(hold) = &run.hold else {
        not_now(tx, &d, "resumed", &format!("/pause {id}"));
        return Ok(());
    };
    match hold.reason {
        HoldReason::Paused => tx.on(id, E::Released { by: Some(by.clone()) })?,
        HoldReason::Gate => {
            // The gate is asked again at once; when it still says no, the hold comes back with today's reason.
            tx.on(id, E::Released { by: Some(by.clone()) })?;
        }
        HoldReason::Inconclusive => return bake_again(tx, by, &d, &run),
        HoldReason::Doubt => {
            tx.on(id, E::Released { by: Some(by.clone()) })?;
            if let (Some(step), Some(d)) = (run_step(&d).cloned(), tx.deployment(id)?) {
                let activity = advance::begin(tx, &d, &run, &step.kind);
                tx.on(id, E::StepBegun { activity })?;
            }
        }
    }
    done(tx, format!("{id} goes on."));
    Ok(())
}

/// Watches the stage once more, from now, for its whole bake.
fn bake_again(tx: &mut Tx<'_>, by: &PersonId, d: &Deployment, run: &Run) -> Result<(), Stop> {
    let Some(StepKind::Traffic(stage)) = d.plan.steps.get(run.at).map(|s| &s.kind) else { return Ok(()) };
    let until = after(tx.ctx.now.work, stage.bake.paced(d.plan.pace));
    tx.on(d.id, E::Released { by: Some(by.clone()) })?;
    tx.on(d.id, E::WindowRenewed)?;
    tx.on(d.id, E::BakeBegun { until })?;
    done(tx, format!("{} is watched at {} % once more.", d.id, stage.weight));
    Ok(())
}

/// Goes on without the rest of the bake, from a doubt, or past a job nobody can account for. The gate is still asked.
pub(super) fn promote(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    if !tx.operator(by, &d, &format!("promote {id}")) {
        return Ok(());
    }
    let Some(run) = running(tx, &d, "promoted") else { return Ok(()) };
    let name = tx.ctx.policy.person_name(by).to_owned();
    match &run.activity {
        Activity::Bake { .. } => {
            tx.on(id, E::Promoted { person: by.clone() })?;
            tx.on(id, E::StepEnded { ok: true, summary: format!("promoted by {name} before the end of its bake") })?;
        }
        Activity::Doubt { .. } => {
            tx.on(id, E::Promoted { person: by.clone() })?;
            tx.on(id, E::StepEnded { ok: true, summary: format!("taken as done by {name}") })?;
        }
        Activity::Idle if run.hold.as_ref().is_some_and(|h| h.reason == HoldReason::Gate) => {
            let why = run.hold.as_ref().map_or("", |h| h.text.as_str());
            let text = vec![
                plain(format!("The gate holds {id}: {why} ")),
                code(format!("/resume {id}")),
                plain(" asks it again."),
            ];
            tx.refuse_text("gate_holds", text);
            return Ok(());
        }
        Activity::Idle if run.hold.is_some() => tx.on(id, E::Promoted { person: by.clone() })?,
        _ => {
            not_now(tx, &d, "promoted at this step", &format!("/deploy status {id}"));
            return Ok(());
        }
    }
    done(tx, format!("{id} goes on to its next step."));
    Ok(())
}

/// A manual step is done.
pub(super) fn confirm(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    let waits = d.run.as_ref().is_some_and(|r| matches!(r.activity, Activity::Person { .. }));
    let (true, Some(StepKind::Manual { roles, .. })) = (waits, run_step(&d).map(|s| s.kind.clone())) else {
        not_now(tx, &d, "confirmed: no step waits for a person", &format!("/deploy status {id}"));
        return Ok(());
    };
    if !tx.allowed(by, &roles, &format!("confirm a step of {id}")) {
        return Ok(());
    }
    let summary = format!("confirmed by {}", tx.ctx.policy.person_name(by));
    tx.on(id, E::StepEnded { ok: true, summary })?;
    done(tx, format!("{id}: the step is confirmed."));
    Ok(())
}
