//! The card of what is asked first: the second message of a war room, and looking like every other checklist.

use super::super::card::Card;
use super::super::list::{handles, sections};
use super::card::incident_key;
use crate::domain::deployment::ListState;
use crate::domain::incident::Incident;
use crate::domain::message::{Message, Tone, bold, code, plain};
use crate::domain::policy::Policy;

pub(super) fn first_card(policy: &Policy, i: &Incident) -> Option<Card> {
    let list = i.first.as_ref()?;
    Some(Card {
        key: format!("list:{}:{}", i.id, list.id),
        channel: policy.channels.incidents.clone(),
        thread_of: Some(incident_key(i)),
        message: message(i, list),
    })
}

/// What is asked first in an incident, with its buttons; or that it asks nothing.
#[must_use]
pub fn incident_checklist(i: &Incident) -> Message {
    match &i.first {
        Some(list) => message(i, list),
        None => Message::line(Tone::Neutral, format!("{} has no checklist.", i.id)),
    }
}

fn message(i: &Incident, list: &ListState) -> Message {
    let (done, all) = i.first_done().unwrap_or_default();
    let tone = match (done == all, i.status.ended()) {
        (true, _) => Tone::Good,
        (false, true) => Tone::Neutral,
        (false, false) => Tone::Waiting,
    };
    let title = vec![bold(list.title.as_str()), plain(format!(" for {} · {done} of {all} done", i.id))];
    let message = sections(Message::new(tone, title), list);
    if i.status.ended() {
        return message.context(vec![plain(format!("Closed: {} is {}.", i.id, i.status.words()))]);
    }
    let id = i.id.to_string();
    handles(message, list, "checklist", &[("incident", &id)]).context(vec![
        code(format!("/checklist untick {id} 3")),
        plain(" takes a tick back, "),
        code(format!("/incident update {id} …")),
        plain(" tells everybody what you find."),
    ])
}
