//! Turning keys: approve, withdraw, reject (DESIGN 4.2).

use super::refuse::who_holds;
use super::{Stop, Tx};
use crate::domain::approval::{Usefulness, useful};
use crate::domain::deployment::{Deployment, DeploymentEvent as E, Status, freeze_slot};
use crate::domain::ids::{DeploymentId, PersonId};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::policy::Slot;
use crate::domain::window::freezes_at;

pub(super) fn approve(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId, plan: Option<&str>) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    if !still_open(tx, &d) {
        return Ok(());
    }
    if let Some(seen) = plan.filter(|p| !d.digest.starts_with(*p)) {
        let text = vec![plain(format!(
            "That card showed plan {seen}; {id} has changed to {} since. Read it again and turn your key then.",
            d.short_digest()
        ))];
        tx.refuse_text("stale_card", text);
        return Ok(());
    }
    let slots = wanted_slots(tx, &d);
    match useful(&slots, &d.turned(), tx.ctx.policy, &d.requester, by) {
        Usefulness::Already => {
            let text = vec![
                plain(format!("Your key for {id} is turned already. ")),
                code(format!("/withdraw {id}")),
                plain(" takes it back."),
            ];
            tx.refuse_text("already_turned", text);
        }
        Usefulness::Requester => {
            let text = vec![plain(format!("You asked for {id}, so somebody else must turn its keys."))];
            tx.refuse_text("requester", text);
        }
        Usefulness::NoRole { needed } => {
            let mut text = vec![plain(format!("{id} waits for a key of {}. ", tx.ctx.policy.titles(&needed)))];
            text.extend(who_holds(tx.ctx.policy, &needed));
            tx.refuse_text("role_missing", text);
        }
        Usefulness::Spare => {
            let text = vec![plain(format!("{id} needs no further key that you could turn."))];
            tx.refuse_text("not_needed", text);
        }
        Usefulness::Fills(slot) => {
            tx.on(id, E::KeyTurned { person: by.clone() })?;
            // A slot may take several roles: named is the one this person turns it with.
            let own = tx.ctx.policy.people.get(by).map(|p| p.roles.clone()).unwrap_or_default();
            let held = slots.get(slot).and_then(|s| s.roles.intersection(&own).next()).cloned();
            let title = held.map_or_else(String::new, |r| tx.ctx.policy.titles(&[r].into()));
            let text = vec![
                plain(format!("Your key for {id} is turned, as {title}. ")),
                code(format!("/withdraw {id}")),
                plain(" takes it back until it starts."),
            ];
            tx.reply(Message::new(Tone::Good, text));
        }
    }
    Ok(())
}

/// The request's slots, and one more for every freeze that an extra key may pass now.
fn wanted_slots(tx: &Tx<'_>, d: &Deployment) -> Vec<Slot> {
    let policy = tx.ctx.policy;
    let freezes = freezes_at(&policy.calendar, &d.plan.service, &d.plan.environment, tx.ctx.now.wall);
    let extra = freezes.into_iter().filter(|f| !f.pass.is_empty()).map(freeze_slot);
    d.slots.iter().cloned().chain(extra).collect()
}

/// Whether keys still matter; else says how it stands.
fn still_open(tx: &mut Tx<'_>, d: &Deployment) -> bool {
    if d.status == Status::Awaiting {
        return true;
    }
    let what = if d.status.ended() {
        format!("{} has ended: {}.", d.id, d.status.words())
    } else {
        format!("{} has started.", d.id)
    };
    let text = vec![
        plain(format!("{what} Keys count only before the start. ")),
        code(format!("/deploy status {}", d.id)),
        plain(" shows it."),
    ];
    tx.refuse_text("too_late", text);
    false
}

pub(super) fn withdraw(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    if !still_open(tx, &d) {
        return Ok(());
    }
    if !d.keys.iter().any(|k| &k.person == by) {
        tx.refuse_text("no_key", vec![plain(format!("You have no key in {id}, so there is none to take back."))]);
        return Ok(());
    }
    tx.on(id, E::KeyWithdrawn { person: by.clone() })?;
    tx.reply(Message::line(Tone::Neutral, format!("Your key for {id} is taken back.")));
    Ok(())
}

/// One rejection is a veto. Anybody who could turn one of its keys may veto, and the requester may not (they cancel).
pub(super) fn reject(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId, reason: &str) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    if !still_open(tx, &d) {
        return Ok(());
    }
    if by == &d.requester {
        let text = vec![plain("It is your own request: "), code(format!("/cancel {id}")), plain(" takes it back.")];
        tx.refuse_text("requester", text);
        return Ok(());
    }
    let roles = wanted_slots(tx, &d).into_iter().flat_map(|s| s.roles).collect();
    if !d.keys.iter().any(|k| &k.person == by) && !tx.allowed(by, &roles, &format!("reject {id}")) {
        return Ok(());
    }
    let why = if reason.trim().is_empty() { "no reason given" } else { reason.trim() };
    let note = format!("rejected by {}: {why}", tx.ctx.policy.person_name(by));
    tx.on(id, E::Ended { status: Status::Rejected, note, by: Some(by.clone()), stuck: false, kept_out: false })?;
    tx.reply(Message::line(Tone::Neutral, format!("{id} is rejected.")));
    Ok(())
}
