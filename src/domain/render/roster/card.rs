//! The card of a hand-off: its notes, and the button by which the incoming person says that they have it.

use super::super::card::Card;
use super::super::parts::{button, line};
use super::channel;
use crate::domain::message::{
    Block, Button, ButtonStyle, Line, Mark, Message, Text, Tone, bold, code, mention, moment, person, plain,
};
use crate::domain::policy::Policy;
use crate::domain::roster::{Dated, Handoff, Noted, Notes, RosterState, Shift};

/// Lines of each kind that a card names.
const LINES: usize = 8;

/// The key of a hand-off's card.
#[must_use]
pub fn handoff_key(roster: &str, number: u32) -> String {
    format!("handoff:{roster}:{number}")
}

/// The cards of a roster: its last hand-offs.
#[must_use]
pub fn handoff_cards(policy: &Policy, roster: &str, state: &RosterState) -> Vec<Card> {
    let card = |h: &Handoff| Card {
        key: handoff_key(roster, h.number),
        channel: channel(policy, roster),
        thread_of: None,
        message: message(roster, state, h),
    };
    state.handoffs.iter().map(card).collect()
}

fn message(roster: &str, state: &RosterState, h: &Handoff) -> Message {
    let waits = h.accepted.is_none() && !h.over;
    let mut title = vec![bold(format!("On call in {roster}: "))];
    title.push(if waits { mention(&h.incoming) } else { person(&h.incoming) });
    title.extend(h.outgoing.iter().flat_map(|out| [plain(", after "), person(out)]));
    let tone = match (h.accepted, h.over) {
        (Some(_), _) => Tone::Good,
        (None, true) => Tone::Neutral,
        (None, false) => Tone::Waiting,
    };
    let mut fields: Vec<(String, Text)> = vec![("Since".into(), vec![moment(h.at)])];
    fields.extend(h.until.map(|until| ("Until".into(), vec![moment(until)])));
    let standing: Vec<_> = state.standing.iter().filter(|_| waits).cloned().collect();
    let accepted = match (h.accepted, h.over) {
        (Some(at), _) => vec![plain("accepted "), moment(at)],
        (None, true) => vec![plain("never accepted; it was handed on")],
        (None, false) if standing.is_empty() => vec![plain("not accepted yet")],
        (None, false) => {
            let mut text = vec![plain("not accepted yet; until then ")];
            text.extend(crate::domain::decide::names(&standing));
            text.push(plain(" can be paged as well"));
            text
        }
    };
    fields.push(("Hand-off".into(), accepted));
    let mut message = notes(Message::new(tone, title).block(Block::Fields(fields)), &h.notes);
    if waits {
        message = message.button(have_it(roster, h.number));
    }
    message
}

/// The incoming person's word.
pub(super) fn have_it(roster: &str, number: u32) -> Button {
    let number = number.to_string();
    button("I have it", ButtonStyle::Primary, "oncall accept", &[("roster", roster), ("handoff", &number)])
}

/// The notes as blocks of a message; what there is none of is said in one line.
pub(super) fn notes(mut message: Message, notes: &Notes) -> Message {
    let mut none = Vec::new();
    let lists: [(&str, &str, Vec<Line>); 6] = [
        ("Nobody would be paged", "", dated(&notes.unreachable, Mark::Failed, " · from ")),
        ("Open incidents", "no open incident", dated(&notes.incidents, Mark::Warning, " · since ")),
        ("Muted alerts", "", dated(&notes.muted, Mark::Warning, " · until ")),
        ("Post-mortems due", "no post-mortem due", dated(&notes.post_mortems, Mark::Open, " · by ")),
        ("Rolled back in the last week", "nothing rolled back", dated(&notes.rolled_back, Mark::Failed, " · ")),
        (
            "In the next week",
            "no freeze and no holiday ahead",
            notes.calendar.iter().take(LINES).map(lasting).collect(),
        ),
    ];
    for (heading, nothing, lines) in lists {
        if !lines.is_empty() {
            message = message.text(vec![bold(heading)]).block(Block::List(lines));
        } else if !nothing.is_empty() {
            none.push(nothing);
        }
    }
    if !notes.shifts.is_empty() {
        let lines = notes.shifts.iter().take(LINES).map(shift).collect();
        message = message.text(vec![bold("The week ahead")]).block(Block::List(lines));
    }
    if none.is_empty() { message } else { message.context(vec![plain(sentence(&none))]) }
}

/// `No open incident, nothing rolled back.`
fn sentence(parts: &[&str]) -> String {
    let text = parts.join(", ");
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", chars.as_str())
}

fn dated(all: &[Noted], mark: Mark, joint: &str) -> Vec<Line> {
    let one = |n: &Noted| line(mark, vec![plain(format!("{}{joint}", n.what)), moment(n.at)]);
    let mut out: Vec<Line> = all.iter().take(LINES).map(one).collect();
    if all.len() > LINES {
        out.push(line(Mark::Bullet, vec![plain(format!("and {} more", all.len() - LINES))]));
    }
    out
}

fn lasting(d: &Dated) -> Line {
    line(Mark::Bullet, vec![plain(format!("{} · ", d.what)), moment(d.from), plain(" to "), moment(d.until)])
}

/// One shift: `Sara Haddad from … until …`.
pub(super) fn shift(s: &Shift) -> Line {
    let who = s.person.as_ref().map_or_else(|| plain("nobody"), person);
    let mark = if s.person.is_some() { Mark::Bullet } else { Mark::Warning };
    line(mark, vec![who, plain(" from "), moment(s.from), plain(" until "), moment(s.until)])
}

/// How an override is taken back.
pub(super) fn undo(roster: &str, number: u32) -> Text {
    vec![code(format!("/oncall cancel {roster} {number}")), plain(" takes it back.")]
}
