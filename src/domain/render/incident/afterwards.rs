//! What is said once an incident is over: about its actions, and about the post-mortem that is owed.

use super::super::announce::{Notice, Place};
use super::super::parts::{asking, button};
use super::card::{action, incident_key};
use super::title;
use crate::domain::incident::{Action, Incident, IncidentEvent as E};
use crate::domain::message::{ButtonStyle, Message, Text, Tone, code, mention, moment, person, plain};
use crate::domain::policy::Policy;

fn thread(policy: &Policy, i: &Incident, tone: Tone, text: Text) -> Notice {
    let place = Place::Thread { card: incident_key(i), channel: policy.channels.incidents.clone() };
    Notice { place, message: Message::new(tone, text) }
}

/// What an event of an action is worth saying.
pub(super) fn of_action(policy: &Policy, e: &E, i: &Incident) -> Option<Notice> {
    match e {
        E::ActionAdded { n, .. } | E::ActionPlanned { n, .. } => {
            let a = i.action(*n)?;
            let mut text = vec![plain("Action ")];
            text.extend(action(a).text);
            // Whoever gets it hears of it.
            if let E::ActionAdded { owner: Some(who), .. } | E::ActionPlanned { owner: Some(who), .. } = e {
                text.extend([plain(" "), mention(who)]);
            }
            Some(thread(policy, i, Tone::Neutral, text))
        }
        E::ActionDone { n, by } => {
            let text = vec![plain(format!("Action {n} is done: {} · ", i.action(*n)?.text)), person(by)];
            Some(thread(policy, i, Tone::Good, text))
        }
        E::ActionNagged { n } => chased(policy, i, i.action(*n)?),
        _ => None,
    }
}

/// An action is due soon, which its owner hears alone, or was due, which all may see.
fn chased(policy: &Policy, i: &Incident, a: &Action) -> Option<Notice> {
    let (owner, due) = (a.owner.as_ref()?, a.due?);
    let late = due <= i.updated.wall;
    let mut text = vec![plain(if late { "This was due " } else { "This is due " }), moment(due), plain(": ")];
    text.extend([plain(format!("{} (action {} of ", a.text, a.n)), code(i.id.to_string()), plain("). ")]);
    if late {
        text.extend([mention(owner), plain(" "), code(format!("/incident done {} {}", i.id, a.n))]);
        return Some(thread(policy, i, Tone::Warning, text));
    }
    let (id, n) = (i.id.to_string(), a.n.to_string());
    let done = button("Done", ButtonStyle::Primary, "incident done", &[("incident", &id), ("action", &n)]);
    let message = Message::new(Tone::Waiting, text).button(done);
    Some(Notice { place: Place::Person(owner.clone()), message })
}

/// The post-mortem is owed: whoever led hears it alone, from its due time on all may see it.
pub(super) fn owed(policy: &Policy, i: &Incident) -> Vec<Notice> {
    let Some(due) = i.post_mortem_due else { return Vec::new() };
    let late = due <= i.updated.wall;
    let mut text = title(i);
    text.extend([plain(if late { ": its post-mortem was due " } else { ": its post-mortem is due " }), moment(due)]);
    text.push(plain(". The draft is there, it lacks what was learned. "));
    let Some(lead) = i.lead().filter(|_| !late) else {
        text.extend(i.lead().into_iter().flat_map(|lead| [mention(lead), plain(" ")]));
        text.push(code(format!("/incident lessons {} …", i.id)));
        return vec![thread(policy, i, Tone::Warning, text)];
    };
    let id = i.id.to_string();
    let lessons = button("Lessons", ButtonStyle::Primary, "incident lessons", &[("incident", &id)]);
    let draft = button("Post-mortem", ButtonStyle::Plain, "incident postmortem", &[("incident", &id)]);
    let message = Message::new(Tone::Waiting, text).button(asking(lessons, "text", "What was learned", true));
    vec![Notice { place: Place::Person(lead.clone()), message: message.button(draft) }]
}
