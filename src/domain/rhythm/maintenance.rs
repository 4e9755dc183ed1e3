//! Maintenance: a checklist that comes round again, with owners, chased while it stays open, superseded by the next round.

use super::{Armed, Cron, Purpose};
use crate::domain::deployment::{ItemMark, ListState, TickedBy};
use crate::domain::ids::{ChannelName, PersonId, Role};
use crate::domain::policy::{Checklist, Source};
use crate::domain::time::{Now, Span, after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// When an open round is brought to mind, counted from its beginning; then every so often as between the last two.
pub const REMIND: [Span; 2] = [Span::hours(24), Span::hours(48)];
/// Reminders of one round; whoever has read so many needs no more.
pub const REMINDERS: u32 = 30;

/// Maintenance as config has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Maintenance {
    pub name: String,
    pub cron: Cron,
    pub checklist: Checklist,
    pub owners: Owners,
    /// Absent: engineering.
    pub channel: Option<ChannelName>,
    /// Never empty, and growing.
    pub remind: Vec<Span>,
    pub source: Source,
}

/// Whose it is. Looked up when a round begins and whenever it is brought to mind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owners {
    pub roles: BTreeSet<Role>,
    pub people: BTreeSet<PersonId>,
    /// Whoever is on call there.
    pub rosters: BTreeSet<String>,
}

/// The state of the stream `maintenance/NAME`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MaintenanceState {
    pub armed: Option<Armed>,
    /// The newest last; the one before is kept so that its card can be closed.
    pub rounds: Vec<Round>,
}

/// One time that it came round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    pub number: u32,
    pub slot: Timestamp,
    /// When it was posted.
    pub opened: Timestamp,
    /// Rounds before it that nobody was told of.
    pub missed: u32,
    pub owners: Vec<PersonId>,
    pub list: ListState,
    pub remind: Vec<Span>,
    pub reminded: u32,
    /// When every required item was settled; taken back when one is opened again.
    pub done: Option<Timestamp>,
    /// The next round has begun.
    pub superseded: bool,
}

/// How a round begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub number: u32,
    pub slot: Timestamp,
    pub missed: u32,
    pub owners: Vec<PersonId>,
    pub list: ListState,
    pub remind: Vec<Span>,
    pub next: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MaintenanceEvent {
    MaintenanceArmed {
        armed: Armed,
    },
    MaintenanceOpened(Box<Opened>),
    MaintenanceTicked {
        number: u32,
        item: u32,
        by: PersonId,
    },
    MaintenanceUnticked {
        number: u32,
        item: u32,
        by: PersonId,
    },
    MaintenanceNotApplicable {
        number: u32,
        item: u32,
        by: PersonId,
        reason: String,
    },
    /// Whoever owns it then was told.
    MaintenanceReminded {
        number: u32,
        owners: Vec<PersonId>,
    },
    MaintenanceRetired,
}

/// What a person asks, after parsing. An absent name is the only one that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "maintenance", content = "of")]
pub enum MaintenanceCommand {
    /// What is open, and what comes next; or one of them whole.
    Show {
        name: Option<String>,
    },
    Tick {
        name: String,
        items: Vec<u32>,
        round: Option<u32>,
    },
    Untick {
        name: String,
        items: Vec<u32>,
        round: Option<u32>,
    },
    NotApplicable {
        name: String,
        item: u32,
        reason: String,
        round: Option<u32>,
    },
}

impl MaintenanceCommand {
    /// Its name in the catalogue.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Show { .. } => "maintenance",
            Self::Tick { .. } => "maintenance tick",
            Self::Untick { .. } => "maintenance untick",
            Self::NotApplicable { .. } => "maintenance na",
        }
    }

    /// It changes nothing.
    #[must_use]
    pub const fn asks(&self) -> bool {
        matches!(self, Self::Show { .. })
    }
}

impl Round {
    /// Somebody still has something to do about it.
    #[must_use]
    pub const fn open(&self) -> bool {
        self.done.is_none() && !self.superseded
    }

    /// When it is brought to mind next.
    #[must_use]
    pub fn next_reminder(&self) -> Option<Timestamp> {
        if !self.open() || self.reminded >= REMINDERS {
            return None;
        }
        let nth = usize::try_from(self.reminded).ok()?;
        let (last, before) = (self.remind.last()?, self.remind.iter().rev().nth(1));
        let every = last.as_millis() - before.map_or(0, |b| b.as_millis());
        let beyond = i64::try_from(nth.saturating_sub(self.remind.len() - 1)).unwrap_or(i64::MAX);
        let span = match self.remind.get(nth) {
            Some(span) => *span,
            None => Span::millis(
                last.as_millis().saturating_add(every.max(Span::hours(1).as_millis()).saturating_mul(beyond)),
            ),
        };
        Some(after(self.opened, span))
    }
}

impl MaintenanceState {
    /// The round that is open.
    #[must_use]
    pub fn open(&self) -> Option<&Round> {
        self.rounds.last().filter(|round| round.open())
    }

    /// The number that the next round gets.
    #[must_use]
    pub fn next_number(&self) -> u32 {
        self.rounds.last().map_or(0, |round| round.number) + 1
    }
}

/// The timers this state asks for. All go by the wall clock.
#[must_use]
pub fn maintenance_timers(state: &MaintenanceState) -> Vec<(Purpose, Timestamp)> {
    let slot = state.armed.iter().map(|armed| (Purpose::Slot, armed.next));
    let remind = state.open().and_then(Round::next_reminder).map(|at| (Purpose::Remind, at));
    slot.chain(remind.filter(|_| state.armed.is_some())).collect()
}

/// The state after `event`. Every event can happen to every round.
#[must_use]
pub fn evolve_maintenance(mut state: MaintenanceState, event: &MaintenanceEvent, now: Now) -> MaintenanceState {
    use MaintenanceEvent as E;
    match event {
        E::MaintenanceArmed { armed } => state.armed = Some(armed.clone()),
        E::MaintenanceOpened(opened) => {
            if let Some(armed) = &mut state.armed {
                armed.next = opened.next;
            }
            for before in &mut state.rounds {
                before.superseded |= before.done.is_none();
            }
            let surplus = state.rounds.len().saturating_sub(1);
            state.rounds.drain(..surplus);
            state.rounds.push(Round {
                number: opened.number,
                slot: opened.slot,
                opened: now.wall,
                missed: opened.missed,
                owners: opened.owners.clone(),
                list: opened.list.clone(),
                remind: opened.remind.clone(),
                reminded: 0,
                done: None,
                superseded: false,
            });
        }
        E::MaintenanceTicked { number, item, by } => {
            let mark = ItemMark::Ticked { by: TickedBy::Person(by.clone()), at: now.wall };
            put(&mut state, *number, *item, mark, now);
        }
        E::MaintenanceUnticked { number, item, .. } => put(&mut state, *number, *item, ItemMark::Open, now),
        E::MaintenanceNotApplicable { number, item, by, reason } => {
            let mark = ItemMark::NotApplicable { by: by.clone(), reason: reason.clone(), at: now.wall };
            put(&mut state, *number, *item, mark, now);
        }
        E::MaintenanceReminded { number, owners } => {
            if let Some(round) = state.rounds.iter_mut().find(|r| r.number == *number) {
                (round.reminded, round.owners) = (round.reminded + 1, owners.clone());
            }
        }
        E::MaintenanceRetired => {
            state.armed = None;
            state.rounds.iter_mut().for_each(|round| round.superseded |= round.done.is_none());
        }
    }
    state
}

fn put(state: &mut MaintenanceState, number: u32, item: u32, mark: ItemMark, now: Now) {
    let Some(round) = state.rounds.iter_mut().find(|r| r.number == number) else { return };
    round.list.mark(item, &mark);
    let settled = round.list.required_open() == 0;
    round.done = if settled { round.done.or(Some(now.wall)) } else { None };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::{Item, Phase, Section};

    fn at(hours: i64) -> Now {
        Now::at(after("2026-01-05T07:00:00Z".parse().unwrap(), Span::hours(hours)))
    }

    fn list(required: &[bool]) -> ListState {
        let item =
            |required: &bool| Item { text: "look".into(), required: *required, probe: None, source: Source::default() };
        let sections = vec![Section { title: "Weekly".into(), items: required.iter().map(item).collect() }];
        let (services, environments) = (BTreeSet::new(), BTreeSet::new());
        let phase = Phase::During;
        let source = Source::default();
        ListState::open(
            &Checklist { id: "weekly".into(), title: "Weekly".into(), phase, services, environments, sections, source },
            1,
        )
    }

    fn opened(state: MaintenanceState, number: u32, hours: i64) -> MaintenanceState {
        let remind = vec![Span::hours(4), Span::hours(24)];
        let (slot, next) = (at(hours).wall, at(hours + 168).wall);
        let list = list(&[true, true, false]);
        let event = Opened { number, slot, missed: 0, owners: vec!["lina".into()], list, remind, next };
        evolve_maintenance(state, &MaintenanceEvent::MaintenanceOpened(Box::new(event)), at(hours))
    }

    fn armed() -> MaintenanceState {
        let cron = Cron::read("0 10 * * mon", "+03:00").unwrap();
        let armed = Armed { cron, next: at(0).wall };
        evolve_maintenance(MaintenanceState::default(), &MaintenanceEvent::MaintenanceArmed { armed }, at(-1))
    }

    #[test]
    fn it_is_chased_while_it_stays_open_and_no_longer() {
        let mut state = opened(armed(), 1, 0);
        for (n, hours) in [4, 24, 44, 64].into_iter().enumerate() {
            let timers = maintenance_timers(&state);
            assert_eq!(timers, [(Purpose::Slot, at(168).wall), (Purpose::Remind, at(hours).wall)], "reminder {n}");
            let event = MaintenanceEvent::MaintenanceReminded { number: 1, owners: vec!["sara".into()] };
            state = evolve_maintenance(state, &event, at(hours));
        }
        assert_eq!(state.open().unwrap().owners, [PersonId::new("sara")], "whose it is by then");
        for item in [1, 2] {
            let event = MaintenanceEvent::MaintenanceTicked { number: 1, item, by: "sara".into() };
            state = evolve_maintenance(state, &event, at(65));
        }
        assert_eq!(state.open(), None, "the optional item is left");
        assert_eq!(maintenance_timers(&state), [(Purpose::Slot, at(168).wall)]);
        let event = MaintenanceEvent::MaintenanceUnticked { number: 1, item: 2, by: "sara".into() };
        state = evolve_maintenance(state, &event, at(66));
        assert!(state.open().is_some(), "it is open again");
    }

    #[test]
    fn the_next_round_supersedes_the_one_before_and_only_two_are_kept() {
        let mut state = opened(opened(armed(), 1, 0), 2, 168);
        assert_eq!(state.rounds.iter().map(|r| (r.number, r.superseded)).collect::<Vec<_>>(), [(1, true), (2, false)]);
        state = opened(state, 3, 336);
        assert_eq!(state.rounds.iter().map(|r| r.number).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(state.next_number(), 4);
        state = evolve_maintenance(state, &MaintenanceEvent::MaintenanceRetired, at(337));
        assert_eq!((state.open(), maintenance_timers(&state)), (None, Vec::new()));
    }

    #[test]
    fn after_so_many_reminders_nobody_is_reminded() {
        let mut state = opened(armed(), 1, 0);
        for _ in 0..REMINDERS {
            let event = MaintenanceEvent::MaintenanceReminded { number: 1, owners: Vec::new() };
            state = evolve_maintenance(state, &event, at(1));
        }
        assert_eq!(maintenance_timers(&state), [(Purpose::Slot, at(168).wall)]);
    }
}
