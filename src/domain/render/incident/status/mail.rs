//! Mails about how an incident stands: one for each moment and recipient, all of one incident in one thread.

use super::facts::Letter;
use super::fill::or_ours;
use super::posts::words;
use super::{marked, moment};
use crate::domain::incident::{Incident, IncidentEvent as E};
use crate::domain::policy::Policy;
use crate::domain::status::{Mail, Recipient, Template};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Characters of an incident's title in a subject.
const TITLE_CHARS: usize = 120;

/// The mails of an event (none of a drill), whose place in the incident's stream is `seq`.
#[must_use]
pub fn status_mails(policy: &Policy, i: &Incident, e: &E, seq: i64, now: Timestamp) -> Vec<Mail> {
    let Some(template) = moment(e).filter(|_| !i.drill) else { return Vec::new() };
    let of = |severity: &String| policy.response.status.email.get(severity).into_iter().flatten();
    // Whoever heard of it also hears that it is less than it was.
    let before = if let E::SeverityChanged { from, .. } = e { Some(from) } else { None };
    let all: BTreeSet<&Recipient> = of(&i.severity).chain(before.into_iter().flat_map(of)).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let post = marked::bare(&words(policy, i, e, template));
    let own = policy.response.status.templates.get(&Template::Email);
    let text = or_ours(own, Template::Email, &Letter::new(policy, i, e, post));
    let first = matches!(e, E::Declared(_));
    let title: String = marked::one_line(&i.title).chars().take(TITLE_CHARS).collect();
    let again = if first { "" } else { "Re: " };
    let subject = format!("{again}[{}] {} {title}", i.severity, i.id);
    let thread = format!("{}.{}", i.id, i.started.as_millisecond());
    let id = if first { thread.clone() } else { format!("{thread}.{seq}") };
    let important = first && policy.response.severity(&i.severity).is_some_and(|s| s.urgent);
    let one = |to: &Recipient| Mail {
        id: id.clone(),
        thread: thread.clone(),
        to: to.clone(),
        subject: subject.clone(),
        text: text.clone(),
        important,
        at: now,
    };
    all.into_iter().map(one).collect()
}
