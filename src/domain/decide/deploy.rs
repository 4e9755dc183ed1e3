//! `/deploy`: from words to an accepted request.

use super::refuse::who_holds;
use super::settle::gate_answer;
use super::{Ctx, Facts, Stop, Tx};
use crate::domain::approval::reachable;
use crate::domain::command::DeployRequest;
use crate::domain::deployment::{DeploymentEvent, Lane, ListState, Origin, Request, Status};
use crate::domain::environment::EnvironmentEvent;
use crate::domain::gate::{Answer, Says};
use crate::domain::ids::{DeploymentId, EnvironmentName, PersonId, ServiceName};
use crate::domain::message::{Text, code, plain};
use crate::domain::plan::{Plan, Release};
use crate::domain::policy::{Environment, Phase, Policy, Slot, StepKind, StepSpec};
use crate::domain::render;
use crate::domain::time::{Span, after};
use crate::domain::window::opening;
use jiff::Timestamp;
use std::collections::BTreeSet;

pub(super) fn request(
    tx: &mut Tx<'_>,
    person: &PersonId,
    origin: &Origin,
    asked: &DeployRequest,
    facts: &Facts,
) -> Result<(), Stop> {
    let Draft { plan, lane, slots, lists, answer } = match consider(tx, person, asked, facts)? {
        Ok(draft) => draft,
        Err((code, text)) => {
            tx.refuse_text(code, text);
            return Ok(());
        }
    };
    let id = DeploymentId(tx.ctx.next_number);
    if asked.dry_run {
        let message = render::dry_run(tx.ctx.policy, &plan, &lane, &slots, person, &answer);
        tx.reply(message);
        return Ok(());
    }
    if let Some(deny) = answer.findings.iter().find(|f| f.says == Says::Deny) {
        let mut text =
            vec![plain(format!("{} {} cannot go to {}: ", plan.service, plan.release.version, plan.environment))];
        text.extend(deny.text.iter().cloned());
        if let Some(source) = &deny.source {
            text.push(plain(format!(" ({source})")));
        }
        tx.refuse("gate_denies", super::refusal(text));
        return Ok(());
    }
    supersede(tx, id, &plan)?;
    let expires_at = expiry(tx.ctx, &plan, &lane);
    let request = Request {
        id,
        digest: plan.digest(),
        lane,
        requester: person.clone(),
        origin: origin.clone(),
        slots,
        expires_at,
        skip_ci: asked.skip_ci.clone(),
        lists,
        previous: None,
        plan,
    };
    accept(tx, request, &answer)
}

/// Writes the request down and tells the sender.
pub(super) fn accept(tx: &mut Tx<'_>, request: Request, answer: &Answer) -> Result<(), Stop> {
    let (id, service, environment) = (request.id, request.plan.service.clone(), request.plan.environment.clone());
    tx.reply(render::accepted(tx.ctx.policy, &request, answer));
    tx.on(id, DeploymentEvent::Requested { request: Box::new(request) })?;
    tx.on_environment(&environment, EnvironmentEvent::Pending { service, deployment: id })
}

/// A newer request ends older ones of the same service and environment that still need keys, out loud.
fn supersede(tx: &mut Tx<'_>, by: DeploymentId, plan: &Plan) -> Result<(), Stop> {
    let env = tx.environment(&plan.environment)?;
    for old in env.track(&plan.service).pending {
        let Some(d) = tx.deployment(old)? else { continue };
        let keyed = super::settle::keys_complete(tx.ctx.policy, &d);
        if d.status == Status::Awaiting && !keyed && !d.is_rollback() {
            let note = format!("superseded by {by}");
            tx.on(
                old,
                DeploymentEvent::Ended { status: Status::Superseded, note, by: None, stuck: false, kept_out: false },
            )?;
        }
    }
    Ok(())
}

/// A request that might be made, with what the gate says of it.
pub struct Draft {
    pub plan: Plan,
    pub lane: Lane,
    pub slots: Vec<Slot>,
    pub lists: Vec<ListState>,
    pub answer: Answer,
}

/// A code and words.
pub type Refused = (&'static str, Text);

/// What a request would be, without making it. The inner error says why it cannot even be one.
///
/// # Errors
/// When a stream must be loaded first.
pub fn consider(
    tx: &mut Tx<'_>,
    person: &PersonId,
    asked: &DeployRequest,
    facts: &Facts,
) -> Result<Result<Draft, Refused>, Stop> {
    let (plan, lane, slots) = match draft(tx.ctx, person, asked, facts) {
        Ok(parts) => parts,
        Err(refused) => return Ok(Err(refused)),
    };
    let lists = open_lists(tx.ctx.policy, &plan, 1, |p| p == Phase::Before);
    let answer = gate_answer(tx, None, &plan, &lane, person, &slots, &[], &lists)?;
    Ok(Ok(Draft { plan, lane, slots, lists, answer }))
}

fn draft(
    ctx: Ctx<'_>,
    person: &PersonId,
    asked: &DeployRequest,
    facts: &Facts,
) -> Result<(Plan, Lane, Vec<Slot>), Refused> {
    let policy = ctx.policy;
    let service = service_of(policy, asked.service.as_ref(), &asked.environment)?;
    let env = environment_of(policy, &asked.environment)?;
    let release = match &facts.release {
        Some(Ok(release)) => release.clone(),
        Some(Err(why)) => return Err(("unknown_version", vec![plain(format!("{service}: {why}."))])),
        None => return Err(("unresolved", vec![plain(format!("{} was not looked up; ask again.", asked.version))])),
    };
    let plan = plan_for(policy, &service, &asked.environment, release, asked.strategy.as_deref())?;
    let lane = match &asked.hotfix {
        Some(reason) if reason.trim().is_empty() => {
            return Err((
                "reason_missing",
                vec![plain("A hotfix needs a reason: "), code("--hotfix \"why\""), plain(".")],
            ));
        }
        Some(reason) => Lane::Hotfix { reason: reason.clone() },
        None => Lane::Regular,
    };
    let slots = request_slots(env, &lane).ok_or_else(|| {
        ("no_hotfix_lane", vec![plain(format!("{} has no hotfix lane; ask without --hotfix.", asked.environment))])
    })?;
    check_reachable(policy, &slots, person)?;
    Ok((plan, lane, slots))
}

/// Nobody shall wait for keys that nobody can turn.
pub(super) fn check_reachable(policy: &Policy, slots: &[Slot], requester: &PersonId) -> Result<(), Refused> {
    let Err(missing) = reachable(slots, policy, requester) else { return Ok(()) };
    let roles: BTreeSet<_> = missing.iter().filter_map(|i| slots.get(*i)).flat_map(|s| s.roles.clone()).collect();
    let mut text = vec![plain(format!(
        "Nobody but the requester can turn the key of {}; somebody else must ask. ",
        policy.titles(&roles)
    ))];
    text.extend(who_holds(policy, &roles));
    Err(("keys_unreachable", text))
}

fn service_of(policy: &Policy, named: Option<&ServiceName>, env: &EnvironmentName) -> Result<ServiceName, Refused> {
    let there = |s: &&crate::domain::policy::Service| s.strategies.contains_key(env);
    if let Some(name) = named {
        let found = policy.services.get(name).filter(there);
        return found.map(|s| s.name.clone()).ok_or_else(|| {
            ("not_deployed_there", vec![plain(format!("{name} is not deployed to {env}; see the config's services."))])
        });
    }
    if let Some(default) = policy.default_service() {
        return Ok(default.name.clone());
    }
    let all: Vec<_> = policy.services.values().filter(there).map(|s| s.name.to_string()).collect();
    Err((
        "service_missing",
        vec![
            plain(format!("Which service? {}. Say it first: ", all.join(", "))),
            code(format!("/deploy {} v1.2.0 to {env}", all.first().map_or("SERVICE", String::as_str))),
            plain("."),
        ],
    ))
}

fn environment_of<'a>(policy: &'a Policy, name: &EnvironmentName) -> Result<&'a Environment, Refused> {
    policy
        .environments
        .get(name)
        .ok_or_else(|| ("unknown_environment", vec![plain(format!("There is no environment {name} in the config."))]))
}

/// The plan for a release under this policy.
///
/// # Errors
/// When the service is not deployed there or the strategy does not exist; a code and words.
pub fn plan_for(
    policy: &Policy,
    service: &ServiceName,
    environment: &EnvironmentName,
    release: Release,
    strategy: Option<&str>,
) -> Result<Plan, Refused> {
    let known = policy.services.get(service);
    let own = known.and_then(|s| s.strategies.get(environment));
    let (Some(s), Some(own)) = (known, own) else {
        return Err(("not_deployed_there", vec![plain(format!("{service} is not deployed to {environment}."))]));
    };
    let name = strategy.unwrap_or(own);
    let Some(strategy) = policy.strategies.get(name) else {
        let all: Vec<_> = policy.strategies.keys().cloned().collect();
        return Err((
            "unknown_strategy",
            vec![plain(format!("There is no strategy {name}; there are {}.", all.join(", ")))],
        ));
    };
    Ok(Plan {
        service: service.clone(),
        environment: environment.clone(),
        release,
        strategy: name.to_owned(),
        executor: s.executor.clone(),
        settings: s.settings.clone(),
        steps: observed(&strategy.steps, s.live_probe.is_some()),
        rollback: observed(&strategy.rollback, s.live_probe.is_some()),
        pace: policy.pace,
        live_probe: s.live_probe.clone(),
        policy: policy.hash.clone(),
    })
}

/// Success is observed: steps that do not read back the live version get a last one that does.
pub(super) fn observed(steps: &[StepSpec], readable: bool) -> Vec<StepSpec> {
    let mut out = steps.to_vec();
    let reads = steps.iter().any(|s| matches!(s.kind, StepKind::Verify { live: true, .. }));
    if readable && !reads && !out.is_empty() {
        out.push(StepSpec {
            name: "Read back the live version".into(),
            kind: StepKind::Verify { probes: Vec::new(), tries: 5, every: Span::secs(10), live: true },
            time_limit: Span::mins(5),
            source: out.last().map(|s| s.source.clone()).unwrap_or_default(),
        });
    }
    out
}

/// The keys a lane needs in an environment; `None` when it has no such lane.
#[must_use]
pub fn request_slots(env: &Environment, lane: &Lane) -> Option<Vec<Slot>> {
    use crate::domain::command::RollbackMode;
    Some(match lane {
        Lane::Regular => env.keys.clone(),
        Lane::Hotfix { .. } => env.hotfix.as_ref()?.keys.clone(),
        Lane::Rollback { mode: RollbackMode::Full, .. } => env.rollback.full.clone(),
        Lane::Rollback { .. } => Vec::new(),
    })
}

/// Until when it may wait: the key expiry, or closing time if sooner; a request made while closed lives until it opens and
/// the key expiry after.
pub(super) fn expiry(ctx: Ctx<'_>, plan: &Plan, lane: &Lane) -> Timestamp {
    let now = ctx.now.wall;
    let Some(env) = ctx.policy.environments.get(&plan.environment) else { return after(now, Span::hours(4)) };
    let usual = after(now, env.key_expiry);
    if !matches!(lane, Lane::Regular) {
        return usual;
    }
    let o = opening(&env.windows, &ctx.policy.calendar, &plan.service, &plan.environment, &BTreeSet::new(), now);
    match (o.open, o.opens_at, o.closes_at) {
        (true, _, Some(closes)) => usual.min(closes),
        (false, Some(opens), _) => after(opens, env.key_expiry),
        _ => usual,
    }
}

/// The checklists of a plan whose phase `wanted` accepts, numbered from `first`.
pub(super) fn open_lists(policy: &Policy, plan: &Plan, first: u32, wanted: impl Fn(Phase) -> bool) -> Vec<ListState> {
    let fits = |c: &&crate::domain::policy::Checklist| {
        wanted(c.phase)
            && (c.services.is_empty() || c.services.contains(&plan.service))
            && (c.environments.is_empty() || c.environments.contains(&plan.environment))
    };
    let mut no = first;
    let lists = policy.checklists.iter().filter(fits).map(|c| {
        let list = ListState::open(c, no);
        no += u32::try_from(list.items.len()).unwrap_or(0);
        list
    });
    lists.collect()
}
