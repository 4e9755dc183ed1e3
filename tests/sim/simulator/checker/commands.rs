//! What a runbook's command owes: one run for one confirmation, by somebody who may, of the words that were shown; and one that may
//! run at most once is handed over once, whatever breaks.

use super::super::core::{Shared, lock};
use super::Checker;
use signalbox::domain::policy::Recovery;
use signalbox::domain::runbook::{RunStatus, RunbookEvent, RunbookState, job_key};
use signalbox::domain::world::State;
use signalbox::jobs::{Job, JobAction};
use signalbox::store::EventRow;

impl Checker {
    pub fn runbooks(&self) -> impl Iterator<Item = (&str, &RunbookState)> {
        self.streams.iter().filter_map(|(stream, folded)| match &folded.state {
            Some(State::Runbook(state)) => Some((stream.name(), state.as_ref())),
            _ => None,
        })
    }

    /// Before the event happens.
    pub(super) fn judge_command(
        &self,
        replica: usize,
        row: &EventRow,
        e: &RunbookEvent,
        before: Option<&State>,
    ) -> Result<(), String> {
        let RunbookEvent::RunBegun { number, by } = e else { return Ok(()) };
        let Some(State::Runbook(state)) = before else { return Err("begins what nobody asked for".into()) };
        let run = state.run(*number).ok_or("begins what nobody asked for")?;
        let (policy, asked) = (&self.policies[replica], &run.asked);
        let command = policy.runbooks.get(row.stream.name()).and_then(|book| book.command(&asked.command));
        let roles = command.map(|command| &command.roles).ok_or("begins what config does not know")?;
        match () {
            () if run.status != RunStatus::Asked => Err(format!("begins while it is {:?}", run.status)),
            () if by.as_str() != row.actor => Err(format!("{by} confirms by the hand of {}", row.actor)),
            () if policy.people.get(by).is_none_or(|p| p.roles.is_disjoint(roles)) => Err(format!("{by} may not")),
            () if asked.second_key && asked.by == *by => Err(format!("{by} confirms what they asked for")),
            () => Ok(()),
        }
    }

    /// A command's job has its effect outside, for the first time or once more.
    pub(super) fn command_may_begin(&self, job: &Job, t: i64) -> Result<(), String> {
        let mut all = self.runbooks().flat_map(|(name, state)| state.runs.iter().map(move |run| (name, run)));
        let run = all.find(|(name, run)| job_key(name, run.asked.number) == job.key);
        let run = run.map(|(_, run)| run.clone()).ok_or("it was not asked for")?;
        let JobAction::Command { argv, .. } = &job.action else { return Err("it is no command".into()) };
        // A call that was under way when somebody stopped it has this long to arrive.
        let lately = self.unasked.get(&job.key).is_some_and(|since| t - since <= 12_000);
        match () {
            () if run.begun.is_none() => Err("nobody confirmed it".into()),
            () if run.status != RunStatus::Running && !lately => Err(format!("begins while it is {:?}", run.status)),
            () if *argv != run.asked.argv => Err(format!("runs {argv:?} and not {:?}", run.asked.argv)),
            () => Ok(()),
        }
    }

    /// A job is handed over that had begun before. Its key says so; but of a command that may run once nobody trusts in that.
    pub fn job_handed_again(&self, job: &Job, core: &Shared) {
        let once = matches!(&job.action, JobAction::Command { recovery: Recovery::AtMostOnce, .. });
        if once && job.target.deployment.is_none() {
            lock(core).violate(format!("command {} is handed over a second time", job.key));
        }
    }

    pub(super) fn commands_at_the_end(&self) -> Vec<String> {
        let open = self.runbooks().flat_map(|(name, state)| state.runs.iter().map(move |run| (name, run)));
        let open = open.filter(|(_, run)| run.open());
        open.map(|(name, run)| format!("{name} #{} is {:?} for ever", run.asked.number, run.status)).collect()
    }
}
