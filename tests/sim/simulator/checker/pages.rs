//! What a page owes: a row as long as it is asked for, a try at once, none begun after somebody has it or it is over, one delivery
//! for each way but for what went wrong in it, and a word about that; and the next way when one fails.
//!
//! Who has it, and what is over, is folded here a second time from the events alone.

use super::super::core::{Shared, lock};
use super::Checker;
use signalbox::domain::ids::{PersonId, Stream};
use signalbox::domain::incident::{Incident, IncidentEvent as E};
use signalbox::domain::paging::{Follow, Page, Via};
use signalbox::domain::world::State;
use signalbox::store::{Batch, OutboxRow};
use std::collections::{BTreeMap, BTreeSet};

/// How long a page may wait for its first try once nothing goes wrong any more, in ms; and since when that counts.
const PATIENCE: i64 = 60_000;
const SETTLED: i64 = 300_000;

#[derive(Default)]
pub struct Pages {
    /// By `INC-7/1.0`: incident, episode, place in the list.
    owed: BTreeMap<String, Owed>,
    /// By `INC-7/1.0/email`; in chat `INC-7/1.0/chat@slack`.
    tries: BTreeMap<String, Tried>,
    /// By way and what it is about: whether it is open there.
    matters: BTreeMap<(Via, String), bool>,
    /// When the faults stopped.
    pub calm_from: Option<i64>,
}

struct Owed {
    person: PersonId,
    all: bool,
    /// Why nobody waits for it any more.
    closed: Option<String>,
}

#[derive(Default)]
struct Tried {
    asked: i64,
    begun: u32,
    arrived: u32,
    /// By whom it arrived or was refused, and what had gone wrong there until then.
    last: Option<(usize, u64)>,
    refused: bool,
}

/// `incident/INC-7/page/1.0/email` as `INC-7/1.0/email`; none: it is no row of a page's try.
pub fn of_row(key: &str) -> Option<String> {
    let (id, rest) = key.strip_prefix("incident/")?.split_once("/page/")?;
    // What a way is told afterwards has a word more.
    (rest.matches('/').count() == 1).then(|| format!("{id}/{rest}"))
}

fn page_of(of: &str) -> &str {
    of.rsplit_once('/').map_or(of, |(page, _)| page)
}

fn name(i: &Incident, n: usize) -> String {
    format!("{}/{}.{n}", i.id, i.episode)
}

impl Checker {
    /// An event of an incident has happened, and this is its state now.
    pub(super) fn pages_after(&mut self, e: &E, i: &Incident) {
        let prefix = format!("{}/", i.id);
        let closes = |owed: &Owed| match e {
            E::Acknowledged { by, .. } => !owed.all || owed.person == *by,
            E::Mitigated { .. } | E::Resolved { .. } | E::Reopened { .. } | E::Hushed { .. } => true,
            E::PromiseBroken { .. } | E::SeverityChanged { raised: true, .. } => true,
            E::AlertsFired { again, .. } => *again,
            E::Rearmed { firing, .. } => *firing,
            _ => false,
        };
        let why = match e {
            E::Acknowledged { by, .. } => format!("{by} has it"),
            other => format!("{other:?}").split(['{', '(', ' ']).next().unwrap_or_default().to_owned(),
        };
        for (_, owed) in self.pages.owed.range_mut(prefix.clone()..).take_while(|(k, _)| k.starts_with(&prefix)) {
            if owed.closed.is_none() && closes(owed) {
                owed.closed = Some(why.clone());
            }
        }
        for (n, page) in i.climb.pages.iter().enumerate() {
            let owed = || Owed { person: page.person.clone(), all: page.all, closed: None };
            self.pages.owed.entry(name(i, n)).or_insert_with(owed);
        }
    }

    /// At every commit: what was asked for now stands as a row that is due, and everything that is asked for has one.
    pub(super) fn pages_hold(
        &mut self,
        touched: &BTreeSet<Stream>,
        batch: &Batch,
        outbox: &[OutboxRow],
        (t, work): (i64, i64),
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        for of in batch.outbox.iter().filter_map(|row| of_row(&row.key)) {
            let asked = Tried { asked: t, ..Tried::default() };
            self.pages.tries.entry(of.clone()).or_insert(asked);
            let stands = outbox.iter().find(|row| of_row(&row.key).as_ref() == Some(&of));
            if let Some(row) = stands.filter(|row| row.attempts == 0 && row.due_at > work) {
                wrong.push(format!("page {of} waits for {} ms before its first try", row.due_at - work));
            }
        }
        let incidents = touched.iter().filter_map(|stream| match &self.streams.get(stream)?.state {
            Some(State::Incident(i)) => Some(i.as_ref()),
            _ => None,
        });
        for i in incidents {
            for (n, page) in i.climb.pages.iter().enumerate() {
                let of = name(i, n);
                if self.pages.owed.get(&of).is_some_and(|owed| owed.closed.is_none()) {
                    wrong.extend(asked_for(&of, page, i, outbox));
                }
            }
        }
        wrong
    }

    /// A way is told of a page now.
    pub fn page_begins(&mut self, replica: usize, of: &str, core: &Shared) {
        let (t, troubles) = {
            let core = lock(core);
            (core.t, core.troubles)
        };
        let mut wrong = None;
        match self.pages.owed.get(page_of(of)) {
            None => wrong = Some(format!("page {of} is tried and nobody is paged")),
            Some(Owed { closed: Some(why), .. }) => wrong = Some(format!("page {of} is begun after {why}")),
            Some(_) => {}
        }
        let tried = self.pages.tries.entry(of.to_owned()).or_default();
        if tried.refused && tried.last.is_some_and(|(r, before)| troubles[r] == before) {
            wrong.get_or_insert(format!("page {of} was refused and is tried again"));
        }
        let calm = self.pages.calm_from.is_some_and(|from| tried.asked > from + SETTLED);
        if tried.begun == 0 && calm && t - tried.asked > PATIENCE {
            wrong.get_or_insert(format!("page {of} waited for {} ms", t - tried.asked));
        }
        tried.begun += 1;
        let mut core = lock(core);
        core.count("page tries");
        core.say(format!("r{replica} begins page {of}"));
        if let Some(wrong) = wrong {
            core.violate(wrong);
        }
    }

    /// It arrives. `marked`: it says that it may be a repeat, or whoever gets it can tell.
    pub fn page_arrives(&mut self, replica: usize, of: &str, marked: bool, core: &Shared) {
        let mut core = lock(core);
        let tried = self.pages.tries.entry(of.to_owned()).or_default();
        if tried.arrived > 0 && tried.last.is_some_and(|(r, before)| core.troubles[r] == before) {
            core.violate(format!("page {of} arrives a second time, and nothing had gone wrong"));
        } else if tried.arrived > 0 && !marked {
            core.violate(format!("page {of} arrives a second time and does not say so"));
        }
        core.count(if tried.arrived > 0 { "pages repeated" } else { "pages" });
        tried.arrived += 1;
        tried.last = Some((replica, core.troubles[replica]));
        core.say(format!("r{replica} page {of} arrives"));
    }

    /// It is refused for good.
    pub fn page_refused(&mut self, replica: usize, of: &str, core: &Shared) {
        let mut core = lock(core);
        let tried = self.pages.tries.entry(of.to_owned()).or_default();
        (tried.refused, tried.last) = (true, Some((replica, core.troubles[replica])));
        core.count("pages refused");
        core.say(format!("r{replica} page {of} is refused"));
    }

    /// A way that keeps a matter open is told that it began, or what became of it.
    pub fn matter(&mut self, via: Via, about: &str, what: Option<Follow>) {
        let open = self.pages.matters.entry((via, about.to_owned())).or_insert(false);
        match what {
            None => *open = true,
            Some(Follow::Resolved) => *open = false,
            Some(Follow::Acknowledged) => {}
        }
    }

    /// Every page was tried, or somebody had it before; nothing is open elsewhere that is over here.
    pub(super) fn pages_at_the_end(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let never = self.pages.tries.iter().filter(|(_, tried)| tried.begun == 0);
        for (of, _) in never.filter(|(of, _)| self.pages.owed.get(page_of(of)).is_none_or(|o| o.closed.is_none())) {
            wrong.push(format!("page {of} was due and never tried"));
        }
        for ((via, about), _) in self.pages.matters.iter().filter(|(_, open)| **open) {
            wrong.push(format!("{about} stays open at {} for ever", via.words()));
        }
        wrong
    }
}

/// Each way that is to be tried has its row; and when all have failed, the next is begun.
fn asked_for(of: &str, page: &Page, i: &Incident, outbox: &[OutboxRow]) -> Vec<String> {
    let mut wrong = Vec::new();
    let (id, rest) = of.split_once('/').unwrap_or((of, ""));
    for attempt in page.attempts.iter().filter(|a| a.delivered.is_none() && !a.ended) {
        let prefix = format!("incident/{id}/page/{rest}/{}", attempt.via.name());
        if !outbox.iter().any(|row| row.key.starts_with(&prefix) && of_row(&row.key).is_some()) {
            wrong.push(format!("page {of} is asked for by {} and has no row", attempt.via.words()));
        }
    }
    let failed = page.attempts.iter().all(|a| a.ended && a.delivered.is_none());
    if failed && page.attempts.iter().map(|a| a.via).collect::<BTreeSet<_>>().len() < page.ways.concat().len() {
        wrong.push(format!("page {of} of {} has failed, and the next way is not begun", i.id));
    }
    wrong
}
