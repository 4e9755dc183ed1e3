//! Rosters: who is on call, changed by people and by time (DESIGN 4.6).
//!
//! Whoever is on a roster may change it, and whoever config names as its managers. A shift is given away only by whoever has
//! it, and taken only by whoever was asked. A hand-off is accepted only by its incoming person.

mod change;
mod handoff;
mod swap;

pub use handoff::notes as handoff_notes;
pub(super) use handoff::{fire, look};

use super::refuse::names;
use super::{Facts, Stop, Tx};
use crate::domain::ids::{PersonId, Stream};
use crate::domain::message::{Message, Piece, Tone, code, plain};
use crate::domain::roster::{Misread, OncallCommand as C, Roster, RosterEvent, RosterState};
use crate::domain::world::{Event, State};

pub(super) fn command(tx: &mut Tx<'_>, by: &PersonId, command: &C, facts: &Facts) -> Result<(), Stop> {
    let Some(roster) = tx.roster_meant(by, command.roster()) else { return Ok(()) };
    // What is due is done first: a hand-off that is late is not what this person asks for.
    look(tx, &roster.name, facts, None)?;
    match command {
        C::Override { person, when, .. } => change::replace(tx, by, &roster, person, when)?,
        C::Cancel { number, .. } => change::cancel(tx, by, &roster, *number)?,
        C::Swap { person, at, .. } => swap::offer(tx, by, &roster, person, at.as_deref())?,
        C::Take { number, .. } => swap::take(tx, by, &roster, *number)?,
        C::Decline { number, .. } => swap::decline(tx, by, &roster, *number)?,
        C::Accept { handoff, .. } => handoff::accept(tx, by, &roster, *handoff)?,
        C::Who { .. } | C::Week { .. } | C::Handoff { .. } | C::Simulate { .. } => {}
    }
    look(tx, &roster.name, facts, Some(by))
}

/// The state of a roster; an empty one before its first event.
///
/// # Errors
/// When it is not loaded.
pub fn roster_state(tx: &mut Tx<'_>, name: &str) -> Result<RosterState, Stop> {
    Ok(match tx.state(&Stream::roster(name))? {
        Some(State::Roster(state)) => *state,
        _ => RosterState::default(),
    })
}

impl Tx<'_> {
    /// Who is to be paged for a roster now, as far as config knows them; nobody for a roster that it no longer has.
    pub(super) fn on_call(&mut self, name: &str) -> Result<Vec<PersonId>, Stop> {
        let Some(roster) = self.ctx.policy.response.rosters.get(name) else { return Ok(Vec::new()) };
        let mut people = roster_state(self, name)?.pageable(roster, self.ctx.now.wall);
        people.retain(|person| self.ctx.policy.people.contains_key(person));
        Ok(people)
    }

    fn on_roster(&mut self, name: &str, event: RosterEvent) -> Result<(), Stop> {
        self.emit(Stream::roster(name), Event::Roster(event))
    }

    /// The roster that is meant, or a refusal that says which there are.
    fn roster_meant(&mut self, by: &PersonId, name: Option<&str>) -> Option<Roster> {
        let rosters = &self.ctx.policy.response.rosters;
        let all: Vec<&str> = rosters.keys().map(String::as_str).collect();
        let found = match (name, all.as_slice()) {
            (Some(name), _) => rosters.get(name),
            (None, [only]) => rosters.get(*only),
            // Whoever is on one of several means that one.
            (None, _) => {
                let mut own = rosters.values().filter(|r| r.people().contains(by));
                own.next().filter(|_| own.next().is_none())
            }
        };
        if found.is_none() {
            let text = match (name, all.as_slice()) {
                (_, []) => "The config has no rosters, so nobody is on call. Add [rosters.primary].".to_owned(),
                (Some(name), all) => format!("{name} is not a roster; there is {}.", all.join(", ")),
                (None, all) => format!("There are several rosters; say which one is meant: {}.", all.join(", ")),
            };
            self.refuse_text("which_roster", vec![plain(text)]);
        }
        found.cloned()
    }

    /// Whether `by` may change who is on call; else refuses and says who may.
    fn may_change(&mut self, by: &PersonId, roster: &Roster) -> bool {
        let policy = self.ctx.policy;
        let manages = policy.people.get(by).is_some_and(|p| !p.roles.is_disjoint(&roster.managers));
        let allowed = manages || roster.people().contains(by);
        if !allowed {
            let people: Vec<PersonId> = roster.people().into_iter().cloned().collect();
            let mut text = vec![plain(format!("Who is on call in {} is changed by the people on it: ", roster.name))];
            text.extend(names(&people));
            if !roster.managers.is_empty() {
                text.push(plain(format!("; or by a {}", policy.titles(&roster.managers))));
            }
            text.push(plain(". Ask one of them."));
            self.refuse_text("not_on_roster", text);
        }
        allowed
    }

    fn done(&mut self, text: Vec<Piece>) {
        self.reply(Message::new(Tone::Good, text));
    }

    /// Refuses with an example of what is understood.
    fn not_understood(&mut self, why: &Misread, example: String) {
        let mut text = why.pieces();
        text.extend([plain(". For example "), code(example), plain(".")]);
        self.refuse_text("not_understood", text);
    }
}
