//! What an incident owes: a ladder that never stalls, never goes on against a promise and pages whom it says; one board that
//! knows what is open; and a next update as long as it lasts. All of it by plain arithmetic on the journal.

use super::Checker;
use signalbox::domain::ids::{PersonId, Stream};
use signalbox::domain::incident::{Incident, IncidentEvent as E, Status};
use signalbox::domain::response::Level;
use signalbox::domain::roster::RosterState;
use signalbox::domain::time::from_millis;
use signalbox::domain::world::State;
use signalbox::store::{EventRow, TimerRow};
use std::collections::BTreeSet;

/// Words of a page that goes up although its time has not come.
const EARLY: [&str; 3] = ["nobody says how it stands", "is stuck", "cannot be reached"];

impl Checker {
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.streams.values().filter_map(|f| match &f.state {
            Some(State::Incident(i)) => Some(i.as_ref()),
            _ => None,
        })
    }

    /// Before the event happens.
    pub(super) fn judge_incident(&self, replica: usize, row: &EventRow, e: &E, i: &Incident) -> Result<(), String> {
        let ended = i.status.ended();
        match e {
            E::Paged { level, people, why, .. } => {
                if ended {
                    return Err(format!("pages while it is {}", i.status.words()));
                }
                self.pages_whom_it_says(replica, i, level, people, row.at)?;
                let passed_by = i.climb.next.checked_sub(1).and_then(|n| i.climb.ladder.as_ref()?.levels.get(n));
                // Nobody is on the level before: the next one is asked at once.
                let passed_by = passed_by.is_some_and(|level| self.holders(replica, level, row.at).is_empty());
                let early = passed_by || EARLY.iter().any(|early| why.contains(early));
                let by_itself = row.actor == "signalbox" && !early;
                // An alert made it worse at this very instant: whoever has it is asked again, by the same offsets.
                let raised = i.climb.from.as_millisecond() == row.at && why.ends_with(&format!(": {}", i.severity));
                if by_itself { may_go_up(i, row.at, raised) } else { Ok(()) }
            }
            E::RoundBegun | E::LadderEnded if i.status != Status::Open => {
                Err(format!("the ladder goes on while it is {}", i.status.words()))
            }
            E::Reviewed { .. } if i.post_mortem_due.is_some() && i.lessons.is_none() => {
                Err("is reviewed without a post-mortem".into())
            }
            E::Reviewed { .. } if i.actions.iter().any(|a| a.owner.is_none() || a.due.is_none()) => {
                Err("is reviewed with an action that nobody does".into())
            }
            _ => Ok(()),
        }
    }

    fn pages_whom_it_says(
        &self,
        replica: usize,
        i: &Incident,
        name: &str,
        people: &[PersonId],
        at: i64,
    ) -> Result<(), String> {
        let level = i.climb.ladder.as_ref().and_then(|ladder| ladder.levels.get(i.climb.next));
        let Some(level) = level.filter(|level| level.name == name) else {
            return Err(format!("pages {name}, and the next level is another"));
        };
        let meant = self.holders(replica, level, at);
        if meant == people.iter().cloned().collect() {
            Ok(())
        } else {
            Err(format!("pages {people:?} and not {meant:?}"))
        }
    }

    /// Whoever holds its roles, and whoever is on call then, with whom they took over from until that is accepted.
    fn holders(&self, replica: usize, level: &Level, at: i64) -> BTreeSet<PersonId> {
        let policy = &self.policies[replica];
        let everybody = policy.people.values();
        let mut out: BTreeSet<PersonId> =
            everybody.filter(|p| !p.roles.is_disjoint(&level.roles)).map(|p| p.id.clone()).collect();
        for roster in level.rosters.iter().filter_map(|name| policy.response.rosters.get(name)) {
            let state = match self.streams.get(&Stream::roster(&roster.name)).and_then(|f| f.state.as_ref()) {
                Some(State::Roster(state)) => state.as_ref().clone(),
                _ => RosterState::default(),
            };
            // Whom config no longer knows cannot be paged.
            let on_call = state.pageable(roster, from_millis(at)).into_iter();
            out.extend(on_call.filter(|id| policy.people.contains_key(id)));
        }
        out
    }

    /// At every commit.
    pub(super) fn incidents_hold(&self, timers: &[TimerRow]) -> Vec<String> {
        let mut wrong = Vec::new();
        for i in self.incidents().filter(|i| !i.status.ended()) {
            let has = |purpose: &str| timers.iter().any(|t| t.id == format!("{}:{purpose}", Stream::incident(i.id)));
            // What is silenced comes back with the end of that, which is a timer of the alerts' board.
            let told = i.hushed().is_none();
            let climbs = i.status == Status::Open && i.climb.ladder.is_some() && !i.climb.ended;
            let climbs = climbs && i.alerts.hushed.is_none();
            let promised = told && i.status == Status::Acknowledged;
            for (needs, purpose) in [(climbs, "climb"), (promised, "promise"), (told, "update")] {
                if needs && !has(purpose) {
                    wrong.push(format!("{} is {} and has no timer {purpose}", i.id, i.status.words()));
                }
            }
        }
        let open: BTreeSet<_> = self.incidents().filter(|i| !i.status.ended()).map(|i| i.id).collect();
        let known: BTreeSet<_> = match self.streams.get(&Stream::board()).and_then(|f| f.state.as_ref()) {
            Some(State::Board(board)) => board.open.keys().copied().collect(),
            _ => BTreeSet::new(),
        };
        if open != known {
            wrong.push(format!("{open:?} are open, and the board knows {known:?}"));
        }
        wrong
    }
}

/// By itself a ladder goes on only at the time of its next level, by one of its two clocks.
fn may_go_up(i: &Incident, at: i64, raised: bool) -> Result<(), String> {
    let from = i.climb.from.as_millisecond();
    let level = i.climb.ladder.as_ref().and_then(|ladder| ladder.levels.get(i.climb.next)).ok_or("no level is left")?;
    let unanswered = (i.status == Status::Open || raised).then_some(level.after);
    let unresolved = level.unresolved.filter(|_| i.status != Status::Mitigated);
    let due = unanswered.into_iter().chain(unresolved).map(|offset| from + offset.as_millis()).min();
    match due {
        Some(due) if due <= at => Ok(()),
        Some(due) => Err(format!("{} is reached {} ms too early", level.name, due - at)),
        None => Err(format!("{} is reached while it is {}", level.name, i.status.words())),
    }
}
