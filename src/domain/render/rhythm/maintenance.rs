//! The card of a round of maintenance, its reminders, and the list of what is open.

use super::super::announce::{Notice, Place};
use super::super::card::Card;
use super::super::list::{handles, sections};
use super::super::parts::line;
use super::channel;
use crate::domain::ids::PersonId;
use crate::domain::message::{Block, Mark, Message, Text, Tone, bold, code, mention, moment, person, plain};
use crate::domain::policy::Policy;
use crate::domain::rhythm::{MaintenanceEvent as E, MaintenanceState, Round, is_late};

fn key(name: &str, number: u32) -> String {
    format!("maintenance:{name}:{number}")
}

/// The cards of a maintenance: its last rounds.
#[must_use]
pub fn maintenance_cards(policy: &Policy, name: &str, state: &MaintenanceState) -> Vec<Card> {
    let own = policy.rhythm.maintenance.get(name).and_then(|m| m.channel.as_ref());
    let card = |round: &Round| Card {
        key: key(name, round.number),
        channel: channel(policy, own),
        thread_of: None,
        message: message(name, round),
    };
    state.rounds.iter().map(card).collect()
}

fn message(name: &str, round: &Round) -> Message {
    let (left, all) = (round.list.required_open(), round.list.items.iter().filter(|i| i.required).count());
    let (tone, word) = match (round.done, round.superseded) {
        (Some(_), _) => (Tone::Good, "everything is done".to_owned()),
        (None, true) => (Tone::Warning, format!("{left} of {all} were never done")),
        (None, false) if left == 1 => (Tone::Waiting, "1 item open".to_owned()),
        (None, false) => (Tone::Waiting, format!("{left} items open")),
    };
    let mut title: Text = vec![bold(round.list.title.as_str()), plain(" · "), moment(round.slot)];
    title.push(plain(format!(" · {word}")));
    if is_late(round.slot, round.opened) {
        title.extend([plain(" · late, at "), moment(round.opened)]);
    }
    let mut message = Message::new(tone, title);
    let waits = round.open() && round.reminded == 0;
    let mut owners: Text = vec![plain("Owner: ")];
    owners.extend(named(&round.owners, waits));
    if round.missed > 0 {
        owners.push(plain(format!(" · {} before it were missed", round.missed)));
    }
    message = message.text(owners);
    message = sections(message, &round.list);
    if round.superseded {
        return message.context(vec![plain("Closed: the next round has begun, or it is in the config no more.")]);
    }
    if !round.open() {
        return message.context(vec![code(format!("/maintenance untick {name} 1")), plain(" takes a tick back.")]);
    }
    let number = round.number.to_string();
    handles(message, &round.list, "maintenance", &[("name", name), ("round", &number)])
        .context(vec![code(format!("/maintenance untick {name} 1")), plain(" takes a tick back.")])
}

/// People one after the other; nobody is said as well.
fn named(people: &[PersonId], notify: bool) -> Text {
    if people.is_empty() {
        return vec![plain("nobody; whoever reads this, take it")];
    }
    let mut out = Vec::new();
    for (n, who) in people.iter().enumerate() {
        out.push(plain(if n == 0 { "" } else { ", " }));
        out.push(if notify { mention(who) } else { person(who) });
    }
    out
}

/// Reminders stand in the thread of the round; from the second on its channel reads them as well.
pub(in super::super) fn maintenance_notices(
    policy: &Policy,
    name: &str,
    e: &E,
    state: &MaintenanceState,
) -> Vec<Notice> {
    let own = policy.rhythm.maintenance.get(name).and_then(|m| m.channel.as_ref());
    let channel = channel(policy, own);
    let (E::MaintenanceReminded { number, .. }
    | E::MaintenanceTicked { number, .. }
    | E::MaintenanceNotApplicable { number, .. }) = e
    else {
        return Vec::new();
    };
    let Some(round) = state.rounds.iter().find(|r| r.number == *number) else { return Vec::new() };
    let thread = Place::Thread { card: key(name, *number), channel: channel.clone() };
    if !matches!(e, E::MaintenanceReminded { .. }) {
        let last = round.done == Some(last_mark(round)) && round.list.required_open() == 0;
        let text = vec![plain(format!("{} is done.", round.list.title))];
        return if last { vec![Notice { place: thread, message: Message::new(Tone::Good, text) }] } else { Vec::new() };
    }
    let left = round.list.required_open();
    let mut text = named(&round.owners, true);
    text.push(plain(format!(
        ": {} has {left} open item{}, since ",
        round.list.title,
        if left == 1 { "" } else { "s" }
    )));
    text.extend([moment(round.opened), plain(". "), code(format!("/maintenance {name}")), plain(" shows them.")]);
    let message = Message::new(Tone::Warning, text);
    let mut out = vec![Notice { place: thread, message: message.clone() }];
    if round.reminded > 1 {
        out.push(Notice { place: Place::Channel(channel), message });
    }
    out
}

/// When an item of it was settled last.
fn last_mark(round: &Round) -> jiff::Timestamp {
    use crate::domain::deployment::ItemMark;
    let at = round.list.items.iter().filter_map(|i| match &i.mark {
        ItemMark::Open => None,
        ItemMark::Ticked { at, .. } | ItemMark::NotApplicable { at, .. } => Some(*at),
    });
    at.max().unwrap_or(round.opened)
}

/// What is open, and when each comes round next; or one of them whole.
#[must_use]
pub fn maintenance_list(policy: &Policy, all: &[(String, MaintenanceState)], only: Option<&str>) -> Message {
    if policy.rhythm.maintenance.is_empty() {
        return Message::line(Tone::Neutral, "The config has no maintenance. Add [maintenance.weekly].");
    }
    let state = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, state)| state);
    if let Some(round) = only.and_then(state).and_then(|s| s.rounds.last()) {
        return message(only.unwrap_or_default(), round);
    }
    let lines = policy.rhythm.maintenance.values().filter(|m| only.is_none_or(|name| name == m.name)).map(|m| {
        let state = state(&m.name);
        let mut text: Text = vec![bold(m.name.as_str()), plain(format!(" {}: ", m.checklist.title))];
        let open = state.and_then(MaintenanceState::open);
        match (open, state.and_then(|s| s.rounds.last())) {
            (Some(round), _) => {
                let (left, of) = (round.list.required_open(), round.list.items.len());
                text.push(plain(format!("{left} of {of} open since ")));
                text.extend([moment(round.slot), plain(", ")]);
                text.extend(named(&round.owners, false));
            }
            (None, Some(round)) => {
                text.push(plain("done "));
                text.extend(round.done.map(moment));
            }
            (None, None) => text.push(plain("not begun")),
        }
        if let Some(armed) = state.and_then(|s| s.armed.as_ref()) {
            text.extend([plain(" · next "), moment(armed.next)]);
        }
        line(if open.is_some() { Mark::Open } else { Mark::Done }, text)
    });
    let context = vec![code("/maintenance weekly"), plain(" shows the items of one.")];
    Message::new(Tone::Neutral, vec![bold("Maintenance")]).block(Block::List(lines.collect())).context(context)
}
