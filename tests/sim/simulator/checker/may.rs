//! Whether a deployment may start or move traffic, decided by plain arithmetic.

use super::Checker;
use signalbox::domain::deployment::{Deployment, ItemMark, Lane, TickedBy, run_step};
use signalbox::domain::ids::{PersonId, Role};
use signalbox::domain::policy::{OnShortWindow, Overrun, Phase, Policy, StepKind};
use std::collections::BTreeSet;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;
/// The zone of every rule of the simulation.
const ZONE: i64 = 3 * 60 * MINUTE;

/// Whether distinct people can fill all slots: every way is tried.
fn filled(slots: &[&BTreeSet<Role>], people: &[&BTreeSet<Role>], used: u32) -> bool {
    let Some((slot, rest)) = slots.split_first() else { return true };
    (0..people.len())
        .any(|p| used & (1 << p) == 0 && !slot.is_disjoint(people[p]) && filled(rest, people, used | (1 << p)))
}

impl Checker {
    fn keys_fill(&self, policy: &Policy, d: &Deployment, slots: &[&BTreeSet<Role>]) -> bool {
        let turned: BTreeSet<&PersonId> = self.keys.get(&d.id).into_iter().flatten().collect();
        let people: Vec<_> = turned
            .into_iter()
            .filter(|p| **p != d.requester)
            .filter_map(|p| policy.people.get(p).map(|p| &p.roles))
            .collect();
        filled(slots, &people, 0)
    }

    /// When production closes next, if it is open at `at` for this deployment.
    fn closes(&self, policy: &Policy, d: &Deployment, slots: &[&BTreeSet<Role>], at: i64) -> Option<i64> {
        let local = at + ZONE;
        let (day, minute) = (local.div_euclid(DAY), local.rem_euclid(DAY) / MINUTE);
        let weekday = (day + 3).rem_euclid(7);
        if weekday > 4
            || minute < self.times.open.0
            || minute >= self.times.open.1
            || self.times.holidays.contains(&day)
        {
            return None;
        }
        let frozen: Vec<_> = self.times.freezes.iter().filter(|(from, to, _)| *from <= at && at < *to).collect();
        let extra: Vec<&BTreeSet<Role>> = slots.iter().copied().chain(frozen.iter().map(|(_, _, pass)| pass)).collect();
        if !frozen.is_empty() && !self.keys_fill(policy, d, &extra) {
            return None;
        }
        let end = day * DAY + self.times.open.1 * MINUTE - ZONE;
        let next = self.times.freezes.iter().map(|(from, _, _)| *from).filter(|from| *from > at).min();
        Some(next.map_or(end, |n| n.min(end)))
    }

    fn slots<'a>(policy: &'a Policy, d: &'a Deployment) -> Vec<&'a BTreeSet<Role>> {
        let env = policy.environments.get(&d.plan.environment);
        let slots = match (&d.lane, env) {
            (Lane::Regular, Some(env)) => &env.keys,
            (Lane::Hotfix { .. }, Some(env)) => env.hotfix.as_ref().map_or(&d.slots, |h| &h.keys),
            _ => &d.slots,
        };
        slots.iter().filter(|s| !s.optional).map(|s| &s.roles).collect()
    }

    fn locked(&self, d: &Deployment, at: i64) -> bool {
        let env = self.environment(&d.plan.environment);
        let held =
            |scope: &str| env.locks.get(scope).is_some_and(|l| l.until.is_none_or(|until| until.as_millisecond() > at));
        held("") || held(d.plan.service.as_str())
    }

    pub(super) fn may_start(&self, replica: usize, d: &Deployment, at: i64) -> Result<(), String> {
        let policy = &self.policies[replica];
        let env = policy.environments.get(&d.plan.environment).ok_or("starts in an environment that is not there")?;
        let others = self.deployments().filter(|o| {
            o.id != d.id
                && o.status.active()
                && (&o.plan.service, &o.plan.environment) == (&d.plan.service, &d.plan.environment)
        });
        if let Some(other) = others.map(|o| o.id).next() {
            return Err(format!("starts while {other} runs there"));
        }
        if d.digest != d.plan.digest() {
            return Err("starts with a plan that its digest does not name".into());
        }
        let slots = Self::slots(policy, d);
        if !self.keys_fill(policy, d, &slots) {
            return Err(format!("starts without its keys: {:?} of {slots:?}", self.keys.get(&d.id)));
        }
        if let Lane::Rollback { .. } = d.lane {
            return Ok(());
        }
        if d.plan.policy != policy.hash {
            return Err(format!("starts by {}, which is not {}", d.plan.policy, policy.hash));
        }
        if self.locked(d, at) {
            return Err("starts while it is locked".into());
        }
        let state = self.environment(&d.plan.environment);
        if state.track(&d.plan.service).quarantine.contains_key(&d.plan.release.revision) {
            return Err("starts a quarantined revision".into());
        }
        let open = |l: &&signalbox::domain::deployment::ListState| {
            l.phase == Phase::Before && l.items.iter().any(|i| i.required && !i.settled())
        };
        if d.lists.iter().any(|l| open(&l)) {
            return Err("starts with required items open".into());
        }
        self.ticks_are_fresh(policy, d, at)?;
        if let Lane::Hotfix { .. } = d.lane {
            let owes = self.debts(&d.requester).open.into_keys().any(|o| o != d.id);
            return if owes { Err("starts a hotfix of somebody who owes a review".into()) } else { Ok(()) };
        }
        if let Some(after) = &env.after {
            let had = (after.environment.clone(), d.plan.service.clone(), d.plan.release.revision.clone());
            if !self.good.contains(&had) {
                return Err("starts before it succeeded in staging".into());
            }
        }
        if env.windows.is_empty() {
            return Ok(());
        }
        let closes = self.closes(policy, d, &slots, at).ok_or("starts outside its window")?;
        let needs = d.plan.min_duration().as_millis();
        if env.on_short_window == OnShortWindow::Refuse && at + needs > closes {
            return Err(format!("needs {needs} ms and {} are left", closes - at));
        }
        Ok(())
    }

    /// What a check ticked was read lately.
    fn ticks_are_fresh(&self, policy: &Policy, d: &Deployment, at: i64) -> Result<(), String> {
        let items = d.items().filter(|(l, i)| l.phase == Phase::Before && i.required);
        for (_, item) in items {
            let ItemMark::Ticked { by: TickedBy::Check, .. } = item.mark else { continue };
            let read = item.reading.as_ref().map_or(0, |r| r.at.as_millisecond());
            let fresh = item.probe.as_ref().and_then(|p| policy.probes.get(p)).map_or(0, |p| p.fresh_for.as_millis());
            // Clocks of two replicas differ, and a reading takes its time.
            if fresh > 0 && at - read > fresh + 75_000 {
                return Err(format!("starts on a check that was read {} s ago", (at - read) / 1000));
            }
        }
        Ok(())
    }

    /// More traffic: no lock, and an open window where closing time holds.
    pub(super) fn may_advance(&self, replica: usize, d: &Deployment, at: i64) -> Result<(), String> {
        let policy = &self.policies[replica];
        let Some(run) = d.run.as_ref().filter(|r| !r.going_back && r.at > 0) else { return Ok(()) };
        let moves = run_step(d).is_some_and(|s| matches!(s.kind, StepKind::Traffic(_) | StepKind::Deploy));
        // A step that is begun again was let through before.
        if !moves || d.is_rollback() || run.attempt > 0 {
            return Ok(());
        }
        if self.locked(d, at) {
            return Err("moves traffic while it is locked".into());
        }
        let holds = policy
            .environments
            .get(&d.plan.environment)
            .is_some_and(|e| e.overrun == Overrun::Hold && !e.windows.is_empty());
        let closed = || self.closes(policy, d, &Self::slots(policy, d), at).is_none();
        if holds && d.lane == Lane::Regular && closed() {
            return Err("moves traffic outside its window".into());
        }
        Ok(())
    }
}
