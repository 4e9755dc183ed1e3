//! A timer fell due. One that the state no longer asks for, or asks for later, changes nothing.

use super::{Stop, Tx, advance, back, receipt, settle};
use crate::domain::deployment::{
    Activity, Deployment, DeploymentEvent as E, Hold, HoldReason, Purpose, Status, run_step, timers,
};
use crate::domain::environment::EnvironmentEvent;
use crate::domain::gate::{Act, Verdict};
use crate::domain::ids::{DeploymentId, EnvironmentName, Stream};

pub(super) fn fire(tx: &mut Tx<'_>, stream: &Stream, purpose: &Purpose) -> Result<(), Stop> {
    if stream.kind() == "environment" {
        return lock_expired(tx, &EnvironmentName::new(stream.name()), purpose);
    }
    let Some(id) = DeploymentId::parse(stream.name()) else { return Ok(()) };
    let Some(d) = tx.deployment(id)? else { return Ok(()) };
    let now = tx.ctx.now;
    if !timers(&d).iter().any(|t| &t.purpose == purpose && t.due <= now.on(t.clock)) {
        return Ok(());
    }
    match purpose {
        Purpose::Expiry => expire(tx, &d),
        Purpose::Ask => ask(tx, &d),
        Purpose::Checks => tx.on(id, E::ChecksBegun),
        Purpose::Limit => limit(tx, &d),
        Purpose::Sample => tx.on(id, E::ReadingBegun),
        Purpose::Verify => tx.on(id, E::VerifyBegun),
        Purpose::Hold => hold_over(tx, &d),
        Purpose::Watch => watch(tx, &d),
        Purpose::FollowUp(after) => {
            let lists = advance::follow_up_lists(tx, &d, Some(*after));
            tx.on(id, E::FollowUpPosted { after: *after, lists })
        }
        Purpose::Lock(_) => Ok(()),
    }
}

fn expire(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    let answer = settle::ask(tx, d, Act::Deploy)?;
    // Closing time and the end of a request are often one instant; what people left open says more than the clock.
    let missing = answer.stopping().find(|f| f.until.is_none()).or_else(|| answer.stopping().next());
    let missing = missing.map(|f| crate::domain::render::sentence(tx.ctx.policy, &f.text));
    let note = format!("expired: {}", missing.unwrap_or_else(|| "it was not started in time".into()));
    tx.on(d.id, E::Ended { status: Status::Expired, note, by: None, stuck: false, kept_out: false })
}

/// It is time to ask the gate again: for a pending request, or for a run that holds.
fn ask(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    if d.status == Status::Awaiting {
        tx.wake(d.id);
        return Ok(());
    }
    let Some(hold) = d.run.as_ref().and_then(|r| r.hold.clone()) else { return Ok(()) };
    let answer = settle::ask(tx, d, Act::Advance)?;
    match answer.verdict {
        Verdict::Allow => tx.on(d.id, E::Released { by: None }),
        Verdict::Hold { until: Some(ask_at) } => {
            let text = answer
                .stopping()
                .next()
                .map_or_else(String::new, |f| crate::domain::render::sentence(tx.ctx.policy, &f.text));
            tx.on(d.id, E::Held { hold: Hold { text, ask_at: Some(ask_at), ..hold } })
        }
        _ => {
            let until = crate::domain::time::after(tx.ctx.now.work, advance::HOLD_MAX.paced(d.plan.pace));
            tx.on(d.id, E::Held { hold: Hold { ask_at: None, until: Some(until), ..hold } })
        }
    }
}

fn limit(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    let Some(run) = &d.run else { return Ok(()) };
    match &run.activity {
        Activity::Cancel { .. } => tx.on(d.id, E::CancelEnded),
        Activity::Person { .. } => {
            let who = run_step(d).map_or_else(|| "the step".to_owned(), |s| s.name.clone());
            receipt::step_failed(tx, d, &format!("nobody confirmed {who} in time"))
        }
        Activity::Job { .. } => {
            let limit = run_step(d).map_or_else(String::new, |s| s.time_limit.paced(d.plan.pace).to_string());
            let why = format!("it did not end within {limit}");
            if run.going_back || d.is_rollback() {
                return receipt::step_failed(tx, d, &why);
            }
            let name = run_step(d).map_or_else(String::new, |s| s.name.clone());
            back::turn(tx, d, &format!("{name}: {why}"), None, Status::RolledBack)
        }
        _ => Ok(()),
    }
}

fn hold_over(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    let Some(hold) = d.run.as_ref().and_then(|r| r.hold.as_ref()) else { return Ok(()) };
    let why = match hold.reason {
        HoldReason::Paused => "it was paused and nobody resumed it in time".to_owned(),
        HoldReason::Inconclusive => format!("nobody decided in time: {}", hold.text),
        HoldReason::Gate | HoldReason::Doubt => format!("held too long: {}", hold.text),
    };
    if d.is_rollback() {
        return back::stuck(tx, d, &why);
    }
    back::turn(tx, d, &why, None, Status::RolledBack)
}

fn watch(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    let over = d.watch.as_ref().is_some_and(|w| w.until <= tx.ctx.now.wall);
    tx.on(d.id, if over { E::WatchEnded } else { E::WatchReadingBegun })
}

fn lock_expired(tx: &mut Tx<'_>, name: &EnvironmentName, purpose: &Purpose) -> Result<(), Stop> {
    let Purpose::Lock(scope) = purpose else { return Ok(()) };
    let env = tx.environment(name)?;
    let over = env.locks.get(scope).and_then(|l| l.until).is_some_and(|u| u <= tx.ctx.now.wall);
    if !over {
        return Ok(());
    }
    tx.on_environment(name, EnvironmentEvent::Unlocked { scope: scope.clone(), by: None })?;
    super::locks::wake_held(tx, name)
}
