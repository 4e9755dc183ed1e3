//! Overrides: somebody is on call for a while instead of whoever would be.

use super::roster_state;
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::PersonId;
use crate::domain::message::{Message, Tone, code, moment, person, plain};
use crate::domain::roster::{OVERRIDES, Roster, RosterEvent as E, interval};

pub fn replace(tx: &mut Tx<'_>, by: &PersonId, roster: &Roster, who: &PersonId, when: &str) -> Result<(), Stop> {
    if !tx.may_change(by, roster) {
        return Ok(());
    }
    let name = &roster.name;
    let (from, until) = match interval(when, &roster.zone, tx.ctx.now.wall) {
        Ok(span) => span,
        Err(why) => {
            tx.not_understood(&why, format!("/oncall override {name} {who} for 4h"));
            return Ok(());
        }
    };
    let state = roster_state(tx, name)?;
    let now = tx.ctx.now.wall;
    if state.overrides.iter().filter(|o| o.until > now).count() >= OVERRIDES {
        let text =
            vec![plain(format!("{name} has {OVERRIDES} overrides that are not over. Change the config instead."))];
        tx.refuse_text("too_many", text);
        return Ok(());
    }
    let number = state.next();
    tx.on_roster(name, E::Overridden { number, person: who.clone(), from, until, by: by.clone() })?;
    let mut text = vec![person(who), plain(format!(" is on call in {name} from ")), moment(from), plain(" until ")];
    text.extend([moment(until), plain(". "), code(format!("/oncall cancel {name} {number}"))]);
    text.push(plain(" takes it back."));
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

pub fn cancel(tx: &mut Tx<'_>, by: &PersonId, roster: &Roster, number: u32) -> Result<(), Stop> {
    if !tx.may_change(by, roster) {
        return Ok(());
    }
    let (name, state) = (&roster.name, roster_state(tx, &roster.name)?);
    let now = tx.ctx.now.wall;
    let standing = || state.overrides.iter().filter(|o| o.until > now);
    let Some(found) = standing().find(|o| o.number == number) else {
        let there: Vec<String> = standing().map(|o| o.number.to_string()).collect();
        let what = if there.is_empty() { "there is none".to_owned() } else { format!("there is {}", there.join(", ")) };
        let text = vec![plain(format!("{name} has no override {number} that is not over; {what}."))];
        tx.refuse_text("no_override", text);
        return Ok(());
    };
    let who = found.person.clone();
    let text =
        vec![plain("The override is taken back: "), person(&who), plain(format!(" is not on call in {name} for it."))];
    tx.on_roster(name, E::OverrideCancelled { number, person: who, by: by.clone() })?;
    tx.done(text);
    Ok(())
}
