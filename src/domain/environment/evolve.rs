//! `evolve(state, event)` for environments, and the timers their locks ask for.

use super::event::EnvironmentEvent as E;
use super::{Environment, Lock, Quarantine, Track};
use crate::domain::deployment::{Purpose, TimerSpec};
use crate::domain::ids::ServiceName;
use crate::domain::time::{Clock, Now};

/// Good releases kept for rollbacks, per service.
const BEFORE: usize = 10;
/// Succeeded revisions kept for "staging first", per service.
const SUCCEEDED: usize = 200;

/// The state after `event`. Every event can happen to every environment.
#[must_use]
pub fn evolve(mut env: Environment, event: &E, at: Now) -> Environment {
    match event {
        E::Locked { scope, owner, reason, until, .. } => {
            let lock = Lock { owner: owner.clone(), reason: reason.clone(), since: at.wall, until: *until };
            env.locks.insert(scope.clone(), lock);
        }
        E::Unlocked { scope, .. } => {
            env.locks.remove(scope);
        }
        E::Pending { service, deployment } => track(&mut env, service).pending.push(*deployment),
        E::Withdrawn { service, deployment } => {
            let t = track(&mut env, service);
            t.pending.retain(|d| d != deployment);
            t.queue.retain(|d| d != deployment);
        }
        E::Queued { service, deployment } => {
            let t = track(&mut env, service);
            if !t.queue.contains(deployment) {
                t.queue.push(*deployment);
            }
        }
        E::SlotTaken { service, deployment } => {
            let t = track(&mut env, service);
            t.pending.retain(|d| d != deployment);
            t.queue.retain(|d| d != deployment);
            t.running = Some(*deployment);
        }
        E::SlotFreed { service, deployment, back } => {
            let t = track(&mut env, service);
            if t.running == Some(*deployment) {
                t.running = None;
            }
            if *back {
                t.pending.push(*deployment);
            }
        }
        E::LiveChanged { service, release, deployment, good } => {
            let t = track(&mut env, service);
            if let Some(old) = t.live.take().filter(|old| old.revision != release.revision) {
                t.before.retain(|r| r.revision != old.revision);
                t.before.insert(0, old);
            }
            t.before.retain(|r| r.revision != release.revision);
            t.before.truncate(BEFORE);
            if *good {
                t.succeeded.insert(release.revision.clone(), *deployment);
                if t.succeeded.len() > SUCCEEDED
                    && let Some(oldest) = t.succeeded.iter().min_by_key(|(_, d)| **d).map(|(r, _)| r.clone())
                {
                    t.succeeded.remove(&oldest);
                }
            }
            t.live = Some(release.clone());
        }
        E::Quarantined { service, release, deployment, reason } => {
            let q = Quarantine {
                version: release.version.clone(),
                deployment: *deployment,
                reason: reason.clone(),
                since: at.wall,
            };
            let t = track(&mut env, service);
            t.before.retain(|r| r.revision != release.revision);
            t.quarantine.insert(release.revision.clone(), q);
        }
        E::QuarantineReleased { service, revision, .. } => {
            track(&mut env, service).quarantine.remove(revision);
        }
    }
    env
}

fn track<'a>(env: &'a mut Environment, service: &ServiceName) -> &'a mut Track {
    env.tracks.entry(service.clone()).or_default()
}

/// One timer per lock that expires.
#[must_use]
pub fn timers(env: &Environment) -> Vec<TimerSpec> {
    let expiring = env.locks.iter().filter_map(|(scope, lock)| Some((scope, lock.until?)));
    expiring.map(|(scope, due)| TimerSpec { purpose: Purpose::Lock(scope.clone()), due, clock: Clock::Wall }).collect()
}
