//! A timer of an incident fell due. One that the state no longer asks for, or asks for later, changes nothing.

use super::{afterwards, climb};
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Incident, IncidentEvent as E, Purpose, Status, Told, UPDATE_EVERY_MIN, timers};
use crate::domain::time::after;

pub fn fire(tx: &mut Tx<'_>, id: IncidentId, purpose: Purpose) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let now = tx.ctx.now.wall;
    if !timers(&i).iter().any(|(asked, due)| *asked == purpose && *due <= now) {
        return Ok(());
    }
    match purpose {
        Purpose::Climb => climb::go_on(tx, id),
        Purpose::Promise => promise(tx, &i),
        Purpose::Update => update(tx, &i),
        Purpose::PostMortem => afterwards::nag_post_mortem(tx, &i),
        Purpose::Action => afterwards::nag_actions(tx, &i),
        Purpose::Rooms => tx.on_incident(id, E::RoomsClosed),
        Purpose::RollbackReminder => tx.on_incident(id, E::RollbackReminded),
    }
}

/// Whoever has it said nothing by the time they named: they are asked once, and then the ladder is climbed again.
fn promise(tx: &mut Tx<'_>, i: &Incident) -> Result<(), Stop> {
    let Some(ack) = &i.ack else { return Ok(()) };
    let person = ack.by.clone();
    if !ack.nudged {
        return tx.on_incident(i.id, E::Nudged { person });
    }
    tx.on_incident(i.id, E::PromiseBroken { person })?;
    climb::go_on(tx, i.id)
}

/// The next update: its author alone, then the channel, then whoever is above.
fn update(tx: &mut Tx<'_>, i: &Incident) -> Result<(), Stop> {
    let Some(next) = &i.next_update else { return Ok(()) };
    let severity = tx.ctx.policy.response.severity(&i.severity).cloned();
    let every = severity.as_ref().map_or(UPDATE_EVERY_MIN, |s| s.update);
    let goes_up = severity.is_some_and(|s| s.overdue_goes_up);
    let told = match next.told {
        Told::Nobody => Told::Privately,
        Told::Privately => Told::Channel,
        Told::Channel | Told::Above => Told::Above,
    };
    let again = (told == Told::Above).then(|| after(tx.ctx.now.wall, every));
    tx.on_incident(i.id, E::UpdateAsked { told, again })?;
    // While nobody has it, the ladder goes up by itself.
    if told == Told::Above && goes_up && i.status != Status::Open {
        climb::go_up(tx, i.id, "nobody says how it stands")?;
    }
    Ok(())
}
