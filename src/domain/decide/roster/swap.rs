//! Swaps: the holder of a shift asks somebody to take it. Until that person says yes, nothing changes.

use super::roster_state;
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::PersonId;
use crate::domain::message::{code, moment, person, plain};
use crate::domain::roster::{HORIZON, OFFERS, OVERRIDE_MAX, Offer, Roster, RosterEvent as E, Shift, instant, shifts};
use crate::domain::time::{Span, after};

pub fn offer(tx: &mut Tx<'_>, by: &PersonId, roster: &Roster, to: &PersonId, at: Option<&str>) -> Result<(), Stop> {
    let (name, now) = (&roster.name, tx.ctx.now.wall);
    let state = roster_state(tx, name)?;
    if to == by {
        tx.refuse_text("yourself", vec![plain("That shift is yours already.")]);
        return Ok(());
    }
    let wanted = match at.map(|at| instant(at, &roster.zone, now)).transpose() {
        Ok(wanted) => wanted,
        Err(why) => {
            tx.not_understood(&why, format!("/oncall swap {name} {to} sunday 03:10"));
            return Ok(());
        }
    };
    let all = shifts(roster, &state.overrides, now, after(now, HORIZON));
    let meant = |s: &&Shift| wanted.is_none_or(|at| s.from <= at && at < s.until);
    let found = all.iter().filter(meant).find(|s| wanted.is_some() || s.person.as_ref() == Some(by));
    let Some(shift) = found.filter(|s| s.person.as_ref() == Some(by)) else {
        let mut text = vec![plain(format!("That shift of {name} is not yours to give"))];
        if let Some(holder) = found.and_then(|s| s.person.as_ref()) {
            text.extend([plain("; it is that of "), person(holder)]);
        }
        text.extend([plain(". "), code(format!("/oncall week {name}")), plain(" shows whose is which.")]);
        tx.refuse_text("not_your_shift", text);
        return Ok(());
    };
    let (from, until) = (shift.from, shift.until);
    if Span::between(from, until) > OVERRIDE_MAX || state.offers.len() >= OFFERS {
        let text =
            vec![plain(format!("{name} cannot be swapped so: the shift is too long, or too many offers are open."))];
        tx.refuse_text("too_many", text);
        return Ok(());
    }
    let number = state.next();
    tx.on_roster(name, E::SwapOffered { number, giver: by.clone(), taker: to.clone(), from, until })?;
    let mut text = vec![person(to), plain(" is asked to take it from "), moment(from), plain(" until "), moment(until)];
    text.push(plain(". Until they say yes it is yours. "));
    text.extend([code(format!("/oncall decline {name} {number}")), plain(" takes the offer back.")]);
    tx.done(text);
    Ok(())
}

pub fn take(tx: &mut Tx<'_>, by: &PersonId, roster: &Roster, number: Option<u32>) -> Result<(), Stop> {
    let name = &roster.name;
    let Some(offer) = meant(tx, by, roster, number, false)? else { return Ok(()) };
    let state = roster_state(tx, name)?;
    let from = offer.from.max(tx.ctx.now.wall);
    let still = shifts(roster, &state.overrides, from, offer.until);
    if !still.iter().all(|s| s.person.as_ref() == Some(&offer.giver)) {
        let text = vec![
            plain("That shift has changed since it was offered. "),
            code(format!("/oncall week {name}")),
            plain(" shows how it is now."),
        ];
        tx.refuse_text("shift_changed", text);
        return Ok(());
    }
    let Offer { number, giver, taker, until, .. } = offer;
    let text = vec![
        plain(format!("You are on call in {name} from ")),
        moment(from),
        plain(" until "),
        moment(until),
        plain(". "),
        person(&giver),
        plain(" is told."),
    ];
    tx.on_roster(name, E::SwapTaken { number, giver, taker, from, until })?;
    tx.done(text);
    Ok(())
}

pub fn decline(tx: &mut Tx<'_>, by: &PersonId, roster: &Roster, number: Option<u32>) -> Result<(), Stop> {
    let Some(Offer { number, giver, taker, .. }) = meant(tx, by, roster, number, true)? else { return Ok(()) };
    let other = if by == &giver { taker.clone() } else { giver.clone() };
    let text = vec![plain("The shift stays with "), person(&giver), plain(". "), person(&other), plain(" is told.")];
    tx.on_roster(&roster.name, E::SwapDeclined { number, giver, taker, by: by.clone() })?;
    tx.done(text);
    Ok(())
}

/// The offer that is meant, to `by` or also of `by`; or a refusal.
fn meant(
    tx: &mut Tx<'_>,
    by: &PersonId,
    roster: &Roster,
    number: Option<u32>,
    also_own: bool,
) -> Result<Option<Offer>, Stop> {
    let (name, state) = (&roster.name, roster_state(tx, &roster.name)?);
    let concerns = |o: &&Offer| &o.taker == by || (also_own && &o.giver == by);
    let now = tx.ctx.now.wall;
    let theirs: Vec<&Offer> = state.offers.iter().filter(|o| o.until > now && concerns(o)).collect();
    let found = match number {
        Some(number) => theirs.iter().find(|o| o.number == number).copied(),
        None if theirs.len() == 1 => theirs.first().copied(),
        None => None,
    };
    if found.is_none() {
        let text = match (number, theirs.as_slice()) {
            (None, [_, _, ..]) => {
                let all: Vec<String> = theirs.iter().map(|o| o.number.to_string()).collect();
                format!("Several shifts of {name} are offered; say which: {}.", all.join(", "))
            }
            (Some(number), _) if state.offers.iter().any(|o| o.number == number) => {
                format!("Offer {number} of {name} is for somebody else to answer.")
            }
            _ => format!("No shift of {name} is offered to you; it may be taken back, or over."),
        };
        tx.refuse_text("no_offer", vec![plain(text)]);
    }
    Ok(found.cloned())
}
