//! Maintenance: rounds begin at their slots, people tick what they did, and whoever owns what stays open is reminded.
//!
//! Everybody in config may tick: the card says who did. Only the newest round can be ticked.

use super::{Stop, Tx, checklist};
use crate::domain::deployment::{ItemMark, ListState};
use crate::domain::ids::{PersonId, Stream};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::rhythm::{
    Look, Maintenance, MaintenanceCommand as C, MaintenanceEvent as E, MaintenanceState, Opened, Purpose, Round,
    look as look_at, maintenance_timers,
};
use crate::domain::world::{Event, State};

/// People of a role that are named as owners; more would be nobody.
const OWNERS: usize = 6;

/// A timer of it, or a look at it after a start and with a new config.
pub(super) fn fire(tx: &mut Tx<'_>, name: &str, purpose: Purpose) -> Result<(), Stop> {
    match purpose {
        Purpose::Slot => look(tx, name),
        Purpose::Remind => remind(tx, name),
    }
}

fn look(tx: &mut Tx<'_>, name: &str) -> Result<(), Stop> {
    let (state, now) = (maintenance_state(tx, name)?, tx.ctx.now.wall);
    let Some(maintenance) = tx.ctx.policy.rhythm.maintenance.get(name) else {
        return if state.armed.is_some() { emit(tx, name, E::MaintenanceRetired) } else { Ok(()) };
    };
    let due = match look_at(&maintenance.cron, state.armed.as_ref(), now) {
        Look::Quiet => return Ok(()),
        Look::Arm(armed) => return emit(tx, name, E::MaintenanceArmed { armed }),
        Look::Slot(due) => due,
    };
    let opened = Opened {
        number: state.next_number(),
        slot: due.slot,
        missed: due.missed,
        owners: owners(tx, maintenance)?,
        list: ListState::open(&maintenance.checklist, 1),
        remind: maintenance.remind.clone(),
        next: due.next,
    };
    emit(tx, name, E::MaintenanceOpened(Box::new(opened)))
}

fn remind(tx: &mut Tx<'_>, name: &str) -> Result<(), Stop> {
    let (state, now) = (maintenance_state(tx, name)?, tx.ctx.now.wall);
    let due = |(purpose, at): &(Purpose, _)| *purpose == Purpose::Remind && *at <= now;
    if !maintenance_timers(&state).iter().any(due) {
        return Ok(());
    }
    let (Some(round), Some(maintenance)) = (state.open(), tx.ctx.policy.rhythm.maintenance.get(name)) else {
        return Ok(());
    };
    let owners = owners(tx, maintenance)?;
    emit(tx, name, E::MaintenanceReminded { number: round.number, owners })
}

/// Whose it is at this moment, each once.
fn owners(tx: &mut Tx<'_>, maintenance: &Maintenance) -> Result<Vec<PersonId>, Stop> {
    let of = &maintenance.owners;
    let mut out: Vec<PersonId> = of.people.iter().cloned().collect();
    for roster in &of.rosters {
        // The holder; whoever goes before them is pageable and has no share in this.
        out.extend(tx.on_call(roster)?.into_iter().take(1));
    }
    if !of.roles.is_empty() {
        out.extend(tx.ctx.policy.holders(&of.roles).map(|person| person.id.clone()));
    }
    let mut seen = std::collections::BTreeSet::new();
    out.retain(|person| seen.insert(person.clone()));
    out.truncate(OWNERS);
    Ok(out)
}

pub(super) fn command(tx: &mut Tx<'_>, by: &PersonId, command: &C) -> Result<(), Stop> {
    let (name, numbers, meant) = match command {
        C::Show { .. } => return Ok(()),
        C::Tick { name, items, round } | C::Untick { name, items, round } => (name, items.clone(), *round),
        C::NotApplicable { name, item, round, .. } => (name, vec![*item], *round),
    };
    let Some(round) = round(tx, name, meant)? else { return Ok(()) };
    let items = checklist::chosen(tx, round.list.items.iter(), &numbers, (name, "maintenance"));
    let Some(items) = items else { return Ok(()) };
    let number = round.number;
    let mut touched = Vec::new();
    for i in &items {
        let (item, by) = (i.no, by.clone());
        let event = match command {
            C::Tick { .. } if !matches!(i.mark, ItemMark::Ticked { .. }) => E::MaintenanceTicked { number, item, by },
            C::Untick { .. } if i.settled() => E::MaintenanceUnticked { number, item, by },
            C::NotApplicable { reason, .. } => {
                E::MaintenanceNotApplicable { number, item, by, reason: reason.trim().to_owned() }
            }
            _ => continue,
        };
        emit(tx, name, event)?;
        touched.push(item.to_string());
    }
    let which = touched.join(", ");
    let text = match command {
        _ if touched.is_empty() => format!("{name}: that is so already."),
        C::Untick { .. } => format!("{name}: open again: {which}."),
        C::NotApplicable { .. } => format!("{name}: item {which} does not apply."),
        _ => format!("{name}: ticked {which}."),
    };
    let left = maintenance_state(tx, name)?.rounds.last().map_or(0, |r| r.list.required_open());
    let left = match left {
        0 => " Everything is done. Thank you.".to_owned(),
        n => format!(" {n} left."),
    };
    tx.reply(Message::line(Tone::Good, format!("{text}{left}")));
    Ok(())
}

/// The newest round, unless another one is meant; or a refusal.
fn round(tx: &mut Tx<'_>, name: &str, meant: Option<u32>) -> Result<Option<Round>, Stop> {
    let newest = maintenance_state(tx, name)?.rounds.pop();
    let known = tx.ctx.policy.rhythm.maintenance.contains_key(name);
    let text = match &newest {
        Some(round) if meant.is_none_or(|n| n == round.number) && known => return Ok(newest),
        Some(_) if known => format!("That round of {name} is over: the next one has begun. "),
        _ if known => format!("No round of {name} has begun yet. "),
        _ => format!("There is no maintenance called {name} any more. "),
    };
    tx.refuse_text("no_round", vec![plain(text), code("/maintenance"), plain(" shows what is open.")]);
    Ok(None)
}

/// The state of a maintenance; an empty one before its first event.
fn maintenance_state(tx: &mut Tx<'_>, name: &str) -> Result<MaintenanceState, Stop> {
    Ok(match tx.state(&Stream::maintenance(name))? {
        Some(State::Maintenance(state)) => *state,
        _ => MaintenanceState::default(),
    })
}

fn emit(tx: &mut Tx<'_>, name: &str, event: E) -> Result<(), Stop> {
    tx.emit(Stream::maintenance(name), Event::Maintenance(event))
}
