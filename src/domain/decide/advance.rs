//! A run goes on: the next step begins, or the run ends well.

use super::{Stop, Tx, back, settle};
use crate::domain::deployment::{
    Activity, Deployment, DeploymentEvent as E, Hold, HoldReason, ListState, Run, Status, run_step,
};
use crate::domain::environment::EnvironmentEvent;
use crate::domain::gate::{Act, Verdict};
use crate::domain::policy::{Phase, StepKind};
use crate::domain::time::{Span, after};

/// How long a hold that only a person lifts may last before it goes back.
pub const HOLD_MAX: Span = Span::hours(4);
/// How often a watched success is read.
const WATCH_EVERY: Span = Span::mins(1);

pub(super) fn next(tx: &mut Tx<'_>, d: &Deployment) -> Result<(), Stop> {
    let Some(run) = &d.run else { return Ok(()) };
    if run.activity != Activity::Idle {
        return Ok(());
    }
    if run.going_back {
        return back::next(tx, d, run);
    }
    if run.hold.is_some() {
        return Ok(());
    }
    let Some(step) = run_step(d) else { return succeed(tx, d, run) };
    let acts = !matches!(step.kind, StepKind::Verify { .. } | StepKind::Manual { .. });
    if acts && run.at > 0 && !d.is_rollback() && !may_advance(tx, d)? {
        return Ok(());
    }
    let activity = begin(tx, d, run, &step.kind.clone());
    tx.on(d.id, E::StepBegun { activity })
}

/// Asks the gate whether more traffic may move; holds when not.
fn may_advance(tx: &mut Tx<'_>, d: &Deployment) -> Result<bool, Stop> {
    let answer = settle::ask(tx, d, Act::Advance)?;
    let ask_at = match answer.verdict {
        Verdict::Allow => return Ok(true),
        Verdict::Hold { until } => until,
        Verdict::Deny => None,
    };
    let text =
        answer.stopping().next().map_or_else(String::new, |f| crate::domain::render::sentence(tx.ctx.policy, &f.text));
    let now = tx.ctx.now;
    // A closed window ends by itself; anything else is bounded, so that nothing waits for ever.
    let until = if ask_at.is_some() { None } else { Some(after(now.work, HOLD_MAX.paced(d.plan.pace))) };
    tx.on(d.id, E::Held { hold: Hold { reason: HoldReason::Gate, text, since: now, until, ask_at } })?;
    Ok(false)
}

/// What a step waits for once it has begun.
pub(super) fn begin(tx: &Tx<'_>, d: &Deployment, run: &Run, kind: &StepKind) -> Activity {
    let now = tx.ctx.now;
    match kind {
        StepKind::Manual { .. } => Activity::Person { since: now },
        StepKind::Verify { .. } => Activity::Verify { tries: 0, next: now.work, reading: true, last: String::new() },
        _ => {
            let key = crate::domain::deployment::job_key(d, run.going_back, run.at, run.attempt + 1);
            Activity::Job { key, since: now }
        }
    }
}

fn succeed(tx: &mut Tx<'_>, d: &Deployment, run: &Run) -> Result<(), Stop> {
    let took = Span::between(run.started.work, tx.ctx.now.work);
    let env = tx.ctx.policy.environments.get(&d.plan.environment);
    let watch = env.map_or(Span::ZERO, |e| e.watch);
    let note = format!("{} is live after {took}", d.plan.release.version);
    tx.on(d.id, E::Ended { status: Status::Succeeded, note, by: None, stuck: false, kept_out: false })?;
    let (service, release, deployment) = (d.plan.service.clone(), d.plan.release.clone(), d.id);
    let live = EnvironmentEvent::LiveChanged { service, release, deployment, good: true };
    tx.on_environment(&d.plan.environment, live)?;
    if d.is_rollback() {
        return back::keep_out(tx, d);
    }
    if tx.deployment(d.id)?.is_some_and(|d| d.items_to_read().next().is_some()) {
        // What was read while it ran is out of date now that it serves everybody.
        tx.on(d.id, E::ChecksBegun)?;
    }
    let now = tx.ctx.now.wall;
    if watch > Span::ZERO {
        tx.on(d.id, E::WatchBegun { until: after(now, watch), next: after(now, WATCH_EVERY) })?;
    }
    let mut spans: Vec<Span> = follow_up_lists(tx, d, None)
        .iter()
        .filter_map(|l| match l.phase {
            Phase::After(span) => Some(span),
            _ => None,
        })
        .collect();
    spans.sort_unstable();
    spans.dedup();
    if !spans.is_empty() {
        let due = spans.into_iter().map(|s| (s, after(now, s))).collect();
        tx.on(d.id, E::FollowUpsSet { due })?;
    }
    Ok(())
}

/// The follow-up checklists of `d`; those of one span, or all.
pub(super) fn follow_up_lists(tx: &Tx<'_>, d: &Deployment, span: Option<Span>) -> Vec<ListState> {
    let wanted = |p: Phase| matches!(p, Phase::After(s) if span.is_none_or(|w| w == s));
    super::deploy::open_lists(tx.ctx.policy, &d.plan, d.next_item(), wanted)
}

/// When a watched success is read next.
pub(super) fn watch_next(tx: &Tx<'_>) -> jiff::Timestamp {
    after(tx.ctx.now.wall, WATCH_EVERY)
}
