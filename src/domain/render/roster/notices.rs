//! What is said besides the card of a hand-off: to the people it concerns alone, and to everybody in the roster's channel.

use super::super::announce::{Notice, Place};
use super::super::parts::button;
use super::card::{handoff_key, have_it};
use super::channel;
use crate::domain::ids::PersonId;
use crate::domain::message::{ButtonStyle, Message, Tone, bold, mention, moment, person, plain};
use crate::domain::policy::Policy;
use crate::domain::roster::{Handover, RosterEvent as E, RosterState};

pub fn roster(policy: &Policy, name: &str, e: &E, state: &RosterState) -> Vec<Notice> {
    let said = |tone, text| Notice { place: Place::Channel(channel(policy, name)), message: Message::new(tone, text) };
    let alone =
        |who: &PersonId, tone, text| Notice { place: Place::Person(who.clone()), message: Message::new(tone, text) };
    match e {
        E::RosterBegun { .. } | E::ShiftsPlanned { .. } | E::RosterRetired => Vec::new(),
        E::HandedOver(h) => handed(name, h),
        E::HandoffAccepted { number, by } => {
            let place = Place::Thread { card: handoff_key(name, *number), channel: channel(policy, name) };
            let text = vec![person(by), plain(" has it.")];
            let mut out = vec![Notice { place, message: Message::new(Tone::Good, text) }];
            let outgoing = state.handoffs.iter().find(|h| h.number == *number).and_then(|h| h.outgoing.as_ref());
            out.extend(outgoing.map(|who| {
                let text = vec![person(by), plain(format!(" has {name} now: you are off call. Thank you."))];
                alone(who, Tone::Good, text)
            }));
            out
        }
        E::HandoffNagged { number, .. } => nagged(policy, name, *number, state),
        E::Overridden { number, person: who, from, until, by } => {
            let mut text = vec![person(who), plain(format!(" is on call in {name} "))];
            text.extend(span(*from, *until));
            text.extend([plain(" · "), person(by)]);
            let mut out = vec![said(Tone::Neutral, text)];
            if who != by {
                let mut text = vec![plain(format!("You are on call in {name} "))];
                text.extend(span(*from, *until));
                text.extend([plain(", says "), person(by), plain(". If that cannot be: ")]);
                text.extend(super::card::undo(name, *number));
                out.push(alone(who, Tone::Warning, text));
            }
            out
        }
        E::OverrideCancelled { person: who, by, .. } => {
            let text = vec![
                plain(format!("The override of {name} with ")),
                person(who),
                plain(" is taken back · "),
                person(by),
            ];
            vec![said(Tone::Neutral, text)]
        }
        E::SwapOffered { number, giver, taker, from, until } => {
            let mut text = vec![person(giver), plain(format!(" asks you to take over {name} "))];
            text.extend(span(*from, *until));
            text.push(plain("."));
            let number = number.to_string();
            let args = [("roster", name), ("number", number.as_str())];
            let message = Message::new(Tone::Waiting, text)
                .button(button("Take it", ButtonStyle::Primary, "oncall take", &args))
                .button(button("No", ButtonStyle::Plain, "oncall decline", &args));
            vec![Notice { place: Place::Person(taker.clone()), message }]
        }
        E::SwapTaken { giver, taker, from, until, .. } => {
            let mut text = vec![person(taker), plain(format!(" takes over {name} from ")), person(giver), plain(" ")];
            text.extend(span(*from, *until));
            text.push(plain("."));
            vec![said(Tone::Good, text.clone()), alone(giver, Tone::Good, text)]
        }
        E::SwapDeclined { giver, taker, by, .. } if by == giver => {
            let text = vec![person(giver), plain(format!(" keeps the shift of {name} that you were asked to take."))];
            vec![alone(taker, Tone::Neutral, text)]
        }
        E::SwapDeclined { giver, taker, .. } => {
            let text = vec![person(taker), plain(format!(" cannot take your shift of {name}: it stays yours."))];
            vec![alone(giver, Tone::Warning, text)]
        }
    }
}

fn span(from: jiff::Timestamp, until: jiff::Timestamp) -> [crate::domain::message::Piece; 4] {
    [plain("from "), moment(from), plain(" until "), moment(until)]
}

fn handed(name: &str, h: &Handover) -> Vec<Notice> {
    let incoming = &h.incoming;
    if h.accepted {
        return Vec::new();
    }
    let mut text = vec![bold(format!("You are on call in {name}"))];
    text.extend(h.until.into_iter().flat_map(|until| [plain(" until "), moment(until)]));
    text.push(plain(". Read the notes, then say that you have it."));
    let message = Message::new(Tone::Waiting, text).button(have_it(name, h.number));
    let mut out = vec![Notice { place: Place::Person(incoming.clone()), message }];
    if let Some(outgoing) = &h.outgoing {
        let text = vec![
            plain("Your shift of "),
            plain(format!("{name} is over. Until ")),
            person(incoming),
            plain(" has said that they have it, you can be paged as well."),
        ];
        out.push(Notice { place: Place::Person(outgoing.clone()), message: Message::new(Tone::Neutral, text) });
    }
    out
}

/// Alone at first; from the second time on also where others read it.
fn nagged(policy: &Policy, name: &str, number: u32, state: &RosterState) -> Vec<Notice> {
    let Some(h) = state.handoffs.iter().find(|h| h.number == number) else { return Vec::new() };
    let incoming = &h.incoming;
    let text = vec![
        plain(format!("{name} is yours since ")),
        moment(h.at),
        plain(", and you have not said that you have it."),
    ];
    let message = Message::new(Tone::Warning, text).button(have_it(name, number));
    let mut out = vec![Notice { place: Place::Person(incoming.clone()), message }];
    if h.nags > 1 {
        let mut text = vec![mention(incoming), plain(format!(" has not taken over {name} yet"))];
        if !state.standing.is_empty() {
            text.push(plain("; "));
            for (n, who) in state.standing.iter().enumerate() {
                text.extend([plain(if n == 0 { "" } else { " and " }), mention(who)]);
            }
            text.push(plain(" can still be paged"));
        }
        text.push(plain("."));
        let place = Place::Thread { card: handoff_key(name, number), channel: channel(policy, name) };
        out.push(Notice { place, message: Message::new(Tone::Warning, text) });
    }
    out
}
