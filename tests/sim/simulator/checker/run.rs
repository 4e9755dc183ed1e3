//! What a run owes: a breach goes back at once, a success was observed, a failed way back starts nothing more.

use super::Checker;
use signalbox::domain::deployment::{Deployment, DeploymentEvent, Status, StepStatus};
use signalbox::domain::ids::DeploymentId;
use signalbox::domain::policy::StepKind;
use signalbox::domain::world::Event;
use signalbox::store::{Batch, EventRow};

impl Checker {
    pub(super) fn judge_runs(&self, batch: &Batch) -> Vec<String> {
        batch.events.iter().filter_map(|row| self.judge_run(batch, row).err()).collect()
    }

    fn judge_run(&self, batch: &Batch, row: &EventRow) -> Result<(), String> {
        let Ok(Event::Deployment(event)) = Event::read(row.stream.kind(), &row.body) else { return Ok(()) };
        let Some(d) = DeploymentId::parse(row.stream.name()).and_then(|id| self.deployment(id)) else { return Ok(()) };
        let has = |kind: &str| batch.events.iter().any(|e| e.stream == row.stream && e.kind == kind);
        match event {
            DeploymentEvent::Read { .. } if breached(d) && !has("went_back") && !has("ended") => {
                Err(format!("{} breaches its budget and does not go back", d.id))
            }
            DeploymentEvent::Ended { status: Status::Succeeded, .. } => success_is_observed(d),
            DeploymentEvent::Ended { stuck: true, .. } if has("step_begun") => {
                Err(format!("{} is stuck and begins a step all the same", d.id))
            }
            _ => Ok(()),
        }
    }
}

/// By the state after the batch: a monitor that is still there has seen more errors than its stage allows.
fn breached(d: &Deployment) -> bool {
    let Some(m) = d.run.as_ref().filter(|r| !r.going_back).and_then(|r| r.monitor.as_ref()) else { return false };
    let Some(StepKind::Traffic(stage)) = d.plan.steps.get(m.step).map(|s| &s.kind) else { return false };
    let (Some(base), Some(last)) = (m.base, m.last) else { return false };
    let errors = if last.errors >= base.errors { last.errors - base.errors } else { last.errors };
    errors > stage.error_budget || m.unhealthy.values().any(|n| *n >= stage.unhealthy_after.max(1))
}

/// Every step is done, and the last live version that was read is the one that was to be.
fn success_is_observed(d: &Deployment) -> Result<(), String> {
    let run = d.run.as_ref().ok_or_else(|| format!("{} succeeds without a run", d.id))?;
    if let Some(step) = run.forward.iter().find(|s| s.status != StepStatus::Done) {
        return Err(format!("{} succeeds and its step {} is {:?}", d.id, step.name, step.status));
    }
    let reads = |s: &signalbox::domain::policy::StepSpec| matches!(s.kind, StepKind::Verify { live: true, .. });
    let mut read = d.plan.steps.iter().zip(&run.forward).filter(|(spec, _)| reads(spec)).map(|(_, step)| &step.summary);
    match read.next_back() {
        Some(summary) if summary.contains(&d.plan.release.version) => Ok(()),
        found => Err(format!("{} succeeds and {} was not read: {found:?}", d.id, d.plan.release.version)),
    }
}
