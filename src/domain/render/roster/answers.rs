//! Answers to questions about rosters.

use super::super::parts::line;
use super::card::{have_it, notes, shift};
use crate::domain::message::{Block, Line, Mark, Message, Text, Tone, bold, code, moment, person, plain};
use crate::domain::policy::Policy;
use crate::domain::roster::{Notes, Roster, RosterState, Shift, who};
use jiff::Timestamp;

/// Lines of a week that are shown.
const SHIFTS: usize = 40;

/// Who is on call at an instant, in each of these rosters; `now` tells a question about the future from one about the present.
#[must_use]
pub fn on_call(policy: &Policy, rosters: &[(&Roster, RosterState)], at: Timestamp, now: bool) -> Message {
    if rosters.is_empty() {
        return Message::line(Tone::Neutral, "The config has no rosters, so nobody is on call. Add [rosters.primary].");
    }
    let title: Text = if now { vec![bold("On call")] } else { vec![bold("On call at "), moment(at)] };
    let lines = rosters.iter().flat_map(|(roster, state)| one(policy, roster, state, at, now)).collect();
    Message::new(Tone::Neutral, title).block(Block::List(lines))
}

fn one(policy: &Policy, roster: &Roster, state: &RosterState, at: Timestamp, now: bool) -> Vec<Line> {
    let found = who(roster, &state.overrides, at);
    let mut text = vec![bold(roster.name.as_str()), plain(": ")];
    text.push(found.holder.as_ref().map_or_else(|| plain("nobody"), person));
    if found.holder.as_ref().is_some_and(|p| !policy.people.contains_key(p)) {
        text.push(plain(" (whom the config no longer knows, so nobody is paged)"));
    }
    text.extend(found.since.into_iter().filter(|_| !now).flat_map(|since| [plain(" from "), moment(since)]));
    if let Some(until) = found.until {
        text.extend([plain(" until "), moment(until), plain(", then ")]);
        text.push(found.next.as_ref().map_or_else(|| plain("nobody"), person));
    }
    let covered = state.overrides.iter().filter(|o| o.from <= at && at < o.until).max_by_key(|o| o.number);
    if let Some(o) = covered {
        text.push(plain(format!(" · override {} by ", o.number)));
        text.push(person(&o.by));
    }
    let mark = if found.holder.is_some() { Mark::Done } else { Mark::Warning };
    let mut out = vec![line(mark, text)];
    if !now {
        return out;
    }
    if let Some(open) = state.open_handoff() {
        let mut text = vec![person(&open.incoming)];
        text.push(plain(" has not said that they have it"));
        if !state.standing.is_empty() {
            text.push(plain("; until then "));
            text.extend(crate::domain::decide::names(&state.standing));
            text.push(plain(" can be paged as well"));
        }
        out.push(line(Mark::Warning, text));
    }
    for offer in &state.offers {
        let text = vec![
            person(&offer.taker),
            plain(" is asked to take "),
            moment(offer.from),
            plain(" until "),
            moment(offer.until),
            plain(" from "),
            person(&offer.giver),
        ];
        out.push(line(Mark::Open, text));
    }
    out
}

/// The shifts ahead of each roster.
#[must_use]
pub fn week(rosters: &[(&Roster, Vec<Shift>)]) -> Message {
    let mut message = Message::new(Tone::Neutral, vec![bold("The week ahead")]);
    for (roster, shifts) in rosters {
        let lines = shifts.iter().take(SHIFTS).map(shift).collect();
        message = message.text(vec![bold(roster.name.as_str())]).block(Block::List(lines));
    }
    message
}

/// A hand-off as it would be posted now.
#[must_use]
pub fn handoff_ahead(roster: &Roster, state: &RosterState, now: Timestamp, ahead: &Notes) -> Message {
    let found = who(roster, &state.overrides, now);
    let mut title = vec![bold(format!("Hand-off of {}: ", roster.name))];
    match (&found.until, &found.next) {
        (Some(until), Some(next)) => title.extend([person(next), plain(" takes over at "), moment(*until)]),
        (Some(until), None) => title.extend([plain("nobody is on call from "), moment(*until)]),
        _ => title.push(plain("no change is ahead")),
    }
    let mut message = notes(Message::new(Tone::Neutral, title), ahead);
    if let Some(open) = state.open_handoff() {
        let text = vec![plain("The last one is not accepted yet: "), code(format!("/oncall accept {}", roster.name))];
        message = message.text(text).button(have_it(&roster.name, open.number));
    }
    message
}
