//! `/rollback`: the way back by hand (DESIGN 4.3). Windows, freezes, locks and quarantines never gate it.

use super::deploy::{accept, check_reachable, observed};
use super::{Stop, Tx, back, request_slots, settle};
use crate::domain::command::{RollbackMode, RollbackTarget};
use crate::domain::deployment::{Deployment, Lane, Origin, Request, Status};
use crate::domain::ids::{DeploymentId, EnvironmentName, PersonId, ServiceName};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::plan::Plan;
use crate::domain::policy::{Environment, Strategy};
use crate::domain::time::after;

pub(super) fn request(
    tx: &mut Tx<'_>,
    by: &PersonId,
    origin: &Origin,
    target: &RollbackTarget,
    mode: RollbackMode,
    reason: Option<&str>,
) -> Result<(), Stop> {
    let Some((service, name)) = place(tx, target)? else { return Ok(()) };
    let Some(env) = tx.ctx.policy.environments.get(&name) else {
        tx.refuse_text("unknown_environment", vec![plain(format!("There is no environment {name} in the config."))]);
        return Ok(());
    };
    if !may(tx, by, env, mode, &service) {
        return Ok(());
    }
    let state = tx.environment(&name)?;
    if let Some(running) = state.track(&service).running {
        return turn_running(tx, by, running, mode, reason);
    }
    let Some(strategy) = strategy(tx, &service, &name) else { return Ok(()) };
    let steps = match mode {
        RollbackMode::Quick => &strategy.rollback,
        RollbackMode::Full => &strategy.full_rollback,
        RollbackMode::Emergency => &strategy.emergency_rollback,
    };
    if steps.is_empty() {
        let text = vec![plain(format!(
            "The strategy {} has no steps for a {mode} rollback ({}).",
            strategy.name, strategy.source
        ))];
        tx.refuse_text("no_such_way_back", text);
        return Ok(());
    }
    let track = state.track(&service);
    let Some(good) = track.good_before().cloned() else {
        let text = vec![
            plain(format!("No earlier good release of {service} in {name} is on record; deploy one instead: ")),
            code(format!("/deploy {service} VERSION to {name} --hotfix \"reason\"")),
            plain("."),
        ];
        tx.refuse_text("nothing_to_go_back_to", text);
        return Ok(());
    };
    let plan = plan(tx, &service, &name, strategy, good, observed(steps, true));
    let lane = Lane::Rollback { mode, reason: reason.unwrap_or("no reason given").trim().to_owned() };
    let slots = request_slots(env, &lane).unwrap_or_default();
    if let Err((code, text)) = check_reachable(tx.ctx.policy, &slots, by) {
        tx.refuse_text(code, text);
        return Ok(());
    }
    let id = DeploymentId(tx.ctx.next_number);
    let answer = settle::gate_answer(tx, None, &plan, &lane, by, &slots, &[], &[])?;
    let request = Request {
        id,
        digest: plan.digest(),
        lane,
        requester: by.clone(),
        origin: origin.clone(),
        slots,
        expires_at: after(tx.ctx.now.wall, env.key_expiry),
        skip_ci: None,
        lists: Vec::new(),
        previous: track.live,
        plan,
    };
    accept(tx, request, &answer)
}

/// Service and environment of what shall go back.
fn place(tx: &mut Tx<'_>, target: &RollbackTarget) -> Result<Option<(ServiceName, EnvironmentName)>, Stop> {
    match target {
        RollbackTarget::Deployment(id) => {
            let found = tx.known(*id)?;
            let Some(d) = found else { return Ok(None) };
            let track = tx.environment(&d.plan.environment)?.track(&d.plan.service);
            let live = track.live.as_ref().is_some_and(|l| l.revision == d.plan.release.revision);
            if !live && track.running != Some(*id) {
                let now = track.live.map_or_else(|| "another release".to_owned(), |l| l.version);
                let text = vec![
                    plain(format!(
                        "{id} is not what is live: {} in {} serves {now}. ",
                        d.plan.service, d.plan.environment
                    )),
                    code(format!("/rollback {} in {}", d.plan.service, d.plan.environment)),
                    plain(" rolls that back."),
                ];
                tx.refuse_text("not_live", text);
                return Ok(None);
            }
            Ok(Some((d.plan.service, d.plan.environment)))
        }
        RollbackTarget::Place { service: Some(service), environment } => {
            Ok(Some((service.clone(), environment.clone())))
        }
        RollbackTarget::Place { service: None, environment } => match tx.ctx.policy.default_service() {
            Some(s) => Ok(Some((s.name.clone(), environment.clone()))),
            None => {
                let all: Vec<_> = tx.ctx.policy.services.keys().map(ToString::to_string).collect();
                let text = vec![
                    plain(format!("Which service? {}. ", all.join(", "))),
                    code(format!("/rollback SERVICE in {environment}")),
                    plain("."),
                ];
                tx.refuse_text("service_missing", text);
                Ok(None)
            }
        },
    }
}

fn may(tx: &mut Tx<'_>, by: &PersonId, env: &Environment, mode: RollbackMode, service: &ServiceName) -> bool {
    let roles = match mode {
        RollbackMode::Quick => &env.rollback.quick,
        RollbackMode::Full => &env.operators,
        RollbackMode::Emergency => &env.rollback.emergency,
    };
    tx.allowed(by, &roles.clone(), &format!("roll back {service} in {} ({mode})", env.name))
}

/// A running deployment turns round; two rollbacks never race.
fn turn_running(
    tx: &mut Tx<'_>,
    by: &PersonId,
    running: DeploymentId,
    mode: RollbackMode,
    reason: Option<&str>,
) -> Result<(), Stop> {
    let Some(d): Option<Deployment> = tx.known(running)? else { return Ok(()) };
    let going_back = d.is_rollback() || d.run.as_ref().is_some_and(|r| r.going_back);
    if going_back || mode != RollbackMode::Quick {
        let text = if going_back {
            vec![plain(format!("{running} is rolling back already."))]
        } else {
            vec![
                plain(format!("{running} is running. It goes back first: ")),
                code(format!("/abort {running}")),
                plain(format!("; then ask for {mode}.")),
            ]
        };
        tx.refuse_text("going_back", text);
        return Ok(());
    }
    let mut why = format!("rolled back by {}", tx.ctx.policy.person_name(by));
    if let Some(reason) = reason {
        why.push_str(": ");
        why.push_str(reason);
    }
    if d.status == Status::Starting {
        let note = why;
        tx.on(
            running,
            crate::domain::deployment::DeploymentEvent::Ended {
                status: Status::Cancelled,
                note,
                by: Some(by.clone()),
                stuck: false,
                kept_out: false,
            },
        )?;
    } else {
        back::turn(tx, &d, &why, Some(by), Status::RolledBack)?;
    }
    tx.reply(Message::line(Tone::Good, format!("{running} stops and rolls back.")));
    Ok(())
}

fn strategy<'a>(tx: &mut Tx<'a>, service: &ServiceName, name: &EnvironmentName) -> Option<&'a Strategy> {
    let policy = tx.ctx.policy;
    let found =
        policy.services.get(service).and_then(|s| s.strategies.get(name)).and_then(|own| policy.strategies.get(own));
    if found.is_none() {
        tx.refuse_text("not_deployed_there", vec![plain(format!("{service} is not deployed to {name}."))]);
    }
    found
}

fn plan(
    tx: &Tx<'_>,
    service: &ServiceName,
    name: &EnvironmentName,
    strategy: &Strategy,
    good: crate::domain::plan::Release,
    steps: Vec<crate::domain::policy::StepSpec>,
) -> Plan {
    let s = tx.ctx.policy.services.get(service);
    Plan {
        service: service.clone(),
        environment: name.clone(),
        release: good,
        strategy: strategy.name.clone(),
        executor: s.map(|s| s.executor.clone()).unwrap_or_default(),
        settings: s.map(|s| s.settings.clone()).unwrap_or_default(),
        steps,
        rollback: Vec::new(),
        pace: tx.ctx.policy.pace,
        live_probe: s.and_then(|s| s.live_probe.clone()),
        policy: tx.ctx.policy.hash.clone(),
    }
}
