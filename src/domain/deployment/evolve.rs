//! `evolve(state, event)`: the only way a deployment's state changes.

use super::event::DeploymentEvent as E;
use super::lists::{ItemMark, ListState, TickedBy};
use super::progress::{evolve_run, start, status_of};
use super::run::Activity;
use super::{Deployment, FollowUp, Key, Status, Wait, Watch};
use crate::domain::ids::PersonId;
use crate::domain::message::plain;
use crate::domain::probe::Reading;
use crate::domain::time::Now;
use std::collections::BTreeSet;

/// The event cannot happen to a deployment in this state: a bug or a damaged journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot happen to a deployment that is {state}")]
pub struct Illegal {
    pub event: &'static str,
    pub state: String,
}

/// The state after `event`.
///
/// # Errors
/// When the event cannot happen in this state.
pub fn evolve(state: Option<Deployment>, event: &E, at: Now) -> Result<Deployment, Illegal> {
    let Some(mut d) = state else {
        return match event {
            E::Requested { request } => Ok(begin(request, at)),
            _ => Err(Illegal { event: "an event", state: "not requested".into() }),
        };
    };
    let may = |now: bool, event: &'static str| {
        if now { Ok(()) } else { Err(Illegal { event, state: d.status.words().into() }) }
    };
    match event {
        E::Requested { .. } => may(false, "requested")?,
        E::KeyTurned { .. } => may(d.status == Status::Awaiting, "key_turned")?,
        E::KeyWithdrawn { .. } => may(d.status == Status::Awaiting, "key_withdrawn")?,
        E::Starting => may(d.status == Status::Awaiting, "starting")?,
        E::Started { .. } => may(d.status == Status::Starting, "started")?,
        E::Ended { .. } => may(!d.status.ended(), "ended")?,
        _ => {}
    }
    d.updated = at;
    if before_the_run(&mut d, event, at) || lists(&mut d, event, at) || afterwards(&mut d, event, at) {
        return Ok(d);
    }
    let Deployment { plan, run, status, .. } = &mut d;
    let Some(run) = run.as_mut().filter(|_| status.active()) else {
        return Err(Illegal { event: "a step of a run", state: status.words().into() });
    };
    evolve_run(run, event, &plan.steps, &plan.rollback, at);
    *status = status_of(run);
    Ok(d)
}

/// Keys, waiting and the start; false when the event is none of these.
fn before_the_run(d: &mut Deployment, event: &E, at: Now) -> bool {
    match event {
        E::KeyTurned { person } => d.keys.push(Key { person: person.clone(), at: at.wall }),
        E::KeyWithdrawn { person } => d.keys.retain(|k| &k.person != person),
        E::KeysVoided { plan, digest, slots, expires_at, .. } => {
            d.plan = (**plan).clone();
            d.digest.clone_from(digest);
            d.slots.clone_from(slots);
            d.expires_at = *expires_at;
            d.keys.clear();
            d.wait = None;
            d.status = Status::Awaiting;
        }
        E::Waiting { codes, until, because } => {
            d.wait = Some(Wait { codes: codes.clone(), until: *until, because: because.clone() });
        }
        E::Starting => {
            d.status = Status::Starting;
            d.starts += 1;
            d.wait = None;
        }
        E::StartDelayed { problem, until } => {
            d.status = Status::Awaiting;
            let because = vec![vec![plain(format!("It cannot start yet: {problem}."))]];
            d.wait = Some(Wait { codes: vec!["not_ready".into()], until: Some(*until), because });
        }
        E::Started { previous, lists } => {
            if previous.is_some() {
                d.previous.clone_from(previous);
            }
            d.lists.extend(lists.iter().cloned());
            d.status = Status::Running;
            d.checking = false;
            d.next_check = None;
            d.run = Some(start(&d.plan.steps, at));
        }
        _ => return false,
    }
    true
}

/// Checklists and their automatic checks; false when the event is none of these.
fn lists(d: &mut Deployment, event: &E, at: Now) -> bool {
    match event {
        E::ItemTicked { item, by } => mark(d, *item, &ItemMark::Ticked { by: by.clone(), at: at.wall }),
        E::ItemUnticked { item, .. } => mark(d, *item, &ItemMark::Open),
        E::ItemNotApplicable { item, person, reason } => {
            let by = person.clone();
            mark(d, *item, &ItemMark::NotApplicable { by, reason: reason.clone(), at: at.wall });
        }
        E::ChecksBegun => {
            d.checking = true;
            d.next_check = None;
        }
        E::ChecksRead { readings, next } => {
            d.checking = false;
            d.checks_read += 1;
            d.next_check = *next;
            let read: BTreeSet<u32> = d.items_to_read().map(|(_, i)| i.no).collect();
            keep_readings(&mut d.lists, readings, &read);
        }
        E::ListsOpened { lists } => d.lists.extend(lists.iter().cloned()),
        _ => return false,
    }
    true
}

/// The end, and what comes after it; false when the event is none of these.
fn afterwards(d: &mut Deployment, event: &E, at: Now) -> bool {
    match event {
        E::Ended { status, note, stuck, kept_out, .. } => {
            d.status = *status;
            d.note.clone_from(note);
            d.stuck = *stuck;
            d.kept_out = *kept_out;
            d.ended_at = Some(at.wall);
            d.checking = false;
            d.next_check = None;
            d.wait = None;
            if let Some(run) = &mut d.run {
                (run.activity, run.hold, run.monitor) = (Activity::Idle, None, None);
            }
        }
        E::WatchBegun { until, next } => {
            let (until, next) = (*until, *next);
            d.watch = Some(Watch { until, next, reads: 0, reading: false, unhealthy: 0, alarmed: false });
        }
        E::WatchReadingBegun => with_watch(d, |w| w.reading = true),
        E::WatchRead { unhealthy, next } => with_watch(d, |w| {
            w.reading = false;
            w.reads += 1;
            w.next = *next;
            w.unhealthy = if unhealthy.is_empty() { 0 } else { w.unhealthy + 1 };
        }),
        E::WatchAlarmed { .. } => with_watch(d, |w| w.alarmed = true),
        E::WatchEnded => d.watch = None,
        E::FollowUpsSet { due } => {
            d.follow_ups = due.iter().map(|(after, due)| FollowUp { after: *after, due: *due }).collect();
        }
        E::FollowUpPosted { after, lists } => {
            d.follow_ups.retain(|f| f.after != *after);
            d.lists.extend(lists.iter().cloned());
        }
        _ => return false,
    }
    true
}

fn begin(r: &super::Request, at: Now) -> Deployment {
    let automatic = r.lists.iter().any(|l| l.items.iter().any(|i| i.probe.is_some()));
    Deployment {
        id: r.id,
        plan: r.plan.clone(),
        digest: r.digest.clone(),
        lane: r.lane.clone(),
        requester: r.requester.clone(),
        requested_at: at.wall,
        origin: r.origin.clone(),
        status: Status::Awaiting,
        updated: at,
        slots: r.slots.clone(),
        keys: Vec::new(),
        expires_at: r.expires_at,
        skip_ci: r.skip_ci.clone(),
        lists: r.lists.clone(),
        checks_read: 0,
        next_check: automatic.then_some(at.wall),
        checking: false,
        wait: None,
        starts: 0,
        previous: r.previous.clone(),
        run: None,
        ended_at: None,
        note: String::new(),
        stuck: false,
        kept_out: false,
        watch: None,
        follow_ups: Vec::new(),
    }
}

/// Only in the items that were meant: a list from before keeps what it read before.
fn keep_readings(lists: &mut [ListState], readings: &[Reading], read: &BTreeSet<u32>) {
    for item in lists.iter_mut().flat_map(|l| &mut l.items).filter(|i| read.contains(&i.no)) {
        if let Some(r) = readings.iter().find(|r| item.probe.as_deref() == Some(r.probe.as_str())) {
            item.reading = Some(r.clone());
        }
    }
}

fn mark(d: &mut Deployment, no: u32, mark: &ItemMark) {
    d.lists.iter_mut().for_each(|list| list.mark(no, mark));
}

fn with_watch(d: &mut Deployment, f: impl FnOnce(&mut Watch)) {
    if let Some(w) = &mut d.watch {
        f(w);
    }
}

impl TickedBy {
    /// The person, unless it was the automatic check.
    #[must_use]
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Person(p) => Some(p),
            Self::Check => None,
        }
    }
}
