//! What a person reads who is paged: in chat, and by every other way.

use super::super::alert;
use super::super::parts::{button, sentence};
use super::title;
use crate::domain::ids::PersonId;
use crate::domain::incident::Incident;
use crate::domain::message::{Block, ButtonStyle, Message, Text, Tone, bold, clock, moment, plain};
use crate::domain::paging::{Attempt, Follow, Letter, Page, Try, Urgency, Via};
use crate::domain::policy::Policy;
use crate::domain::time::{Now, Span};
use jiff::Timestamp;

/// Whether something stands behind `why`.
pub(super) fn because(why: &str) -> String {
    if why.is_empty() { ": ".into() } else { format!(" ({why}): ") }
}

fn heading(i: &Incident, page: &Page) -> Text {
    let mut text = vec![bold(format!("You are paged as {}", page.level)), plain(because(&page.why))];
    text.extend(title(i));
    text
}

/// What stands in a page of which an earlier try may have arrived.
const REPEAT: &str = "This may be a repeat: whether an earlier try arrived is not known.";

/// The page with this place in the list, in chat. `repeat`: an earlier try may have arrived.
#[must_use]
pub fn page_message(i: &Incident, page: usize, repeat: bool) -> Option<Message> {
    let page = i.climb.pages.get(page)?;
    let (id, episode) = (i.id.to_string(), i.episode.to_string());
    let args = [("incident", id.as_str()), ("episode", episode.as_str())];
    let acknowledge = button("Acknowledge", ButtonStyle::Primary, "incident ack", &args);
    let mut message = Message::new(Tone::Bad, heading(i, page)).button(acknowledge);
    if i.alerts.storm {
        message = message.text(alert::counted(&i.alerts, false)).block(Block::List(alert::listed(&i.alerts)));
    }
    Some(if repeat { message.context(vec![plain(REPEAT)]) } else { message })
}

/// The page of a try, outside chat.
#[must_use]
pub fn page_letter(policy: &Policy, i: &Incident, of: &Try, now: Timestamp, repeat: bool) -> Option<Letter> {
    let page = i.climb.pages.get(of.page)?;
    let person = policy.people.get(&page.person)?;
    let address = person.contact.get(&of.via).cloned();
    Some(Letter { address, ..letter(policy, i, page, of, now, repeat) })
}

/// What a way is told that keeps a matter open; the page of `person` may be of an earlier beginning, and whom config no longer names
/// is told of as well.
#[must_use]
pub fn follow_letter(
    policy: &Policy,
    i: &Incident,
    of: &Try,
    person: Option<&PersonId>,
    now: Timestamp,
) -> Option<Letter> {
    let stands = i.climb.pages.get(of.page).filter(|_| i.episode == of.episode);
    let gone = || person.map(|person| Page::new(person.clone(), "", "", &[], Now::at(i.started)));
    let page = stands.cloned().or_else(gone)?;
    Some(letter(policy, i, &page, of, now, false))
}

fn letter(policy: &Policy, i: &Incident, page: &Page, of: &Try, now: Timestamp, repeat: bool) -> Letter {
    let severity = policy.response.severity(&i.severity);
    let meaning = severity.map_or_else(String::new, |s| format!(", {}", s.title));
    let mut lines = vec![format!("{}.", sentence(policy, &heading(i, page)))];
    if repeat {
        lines.push(REPEAT.to_owned());
    }
    lines.push(format!("Severity: {}{meaning}", i.severity));
    if let Some(service) = &i.service {
        lines.push(format!("Service: {service}"));
    }
    if i.alerts.all() > 0 {
        lines.push(format!("Alerts: {}", sentence(policy, &alert::counted(&i.alerts, false))));
        lines.extend(i.alerts.listed.iter().map(|(l, _)| format!("- {}", l.title)));
    }
    lines.push(format!("Started: {}", sentence(policy, &vec![moment(i.started)])));
    if let Some(said) = &i.said {
        lines.push(format!("Lately: {}", said.text));
    }
    lines.push(format!("To take it, say in chat: /incident ack {}", i.id));
    lines.extend(policy.response.link.clone());
    let again = if repeat { "Again: " } else { "" };
    let position = policy.response.severities.iter().position(|s| s.name == i.severity);
    Letter {
        id: format!("{}/{}.{}/{}", i.id, of.episode, of.page, of.via.name()),
        about: format!("signalbox/{}/{}/{}", i.id, of.episode, page.person),
        person: page.person.clone(),
        name: policy.person_name(&page.person).to_owned(),
        address: None,
        subject: i.id.to_string(),
        title: format!("{again}{} {} {}", i.id, i.severity, i.title),
        text: lines.join("\n"),
        severity: i.severity.clone(),
        rank: position.unwrap_or(usize::MAX),
        urgency: urgency(policy, i, page),
        level: page.level.clone(),
        why: page.why.clone(),
        at: page.at,
        sent: now,
        link: policy.response.link.clone(),
        repeat,
    }
}

fn urgency(policy: &Policy, i: &Incident, page: &Page) -> Urgency {
    if i.climb.ladder.as_ref().is_some_and(|ladder| ladder.urgent) {
        return Urgency::High;
    }
    policy.response.urgency(&i.severity, &policy.zone, page.at)
}

/// What became of a page: ` at 10:05 · e-mail failed (no answer) · push delivered in 0.4 s · acknowledged 10:07`.
pub(super) fn came_of(page: &Page) -> Text {
    let mut text = vec![plain(" at "), clock(page.at)];
    for attempt in &page.attempts {
        text.extend(tried(attempt, page));
    }
    if let Some(at) = page.acked {
        text.extend([plain(" · acknowledged "), clock(at)]);
    }
    text
}

fn tried(attempt: &Attempt, page: &Page) -> Option<crate::domain::message::Piece> {
    let by = attempt.via.words();
    Some(plain(match attempt.delivered {
        Some(took) if attempt.repeat => format!(" · {by} delivered in {}, perhaps twice", seconds(took)),
        Some(took) => format!(" · {by} delivered in {}", seconds(took)),
        None if attempt.ended => format!(" · {by} failed ({})", reasons(attempt)),
        // Whoever has it already is told no more by it.
        None if page.settled => return None,
        None => format!(" · {by} under way"),
    }))
}

/// Why an attempt failed; each reason once.
pub(super) fn reasons(attempt: &Attempt) -> String {
    let mut all: Vec<&str> = attempt.failed.values().map(String::as_str).collect();
    all.dedup();
    all.join("; ")
}

/// To a tenth of a second, below a minute.
fn seconds(span: Span) -> String {
    if span >= Span::mins(1) {
        return Span::millis(span.as_millis() / 1000 * 1000).to_string();
    }
    let tenths = (span.as_millis().max(0) + 50) / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// The key of a page's row by one way: the same for every try.
#[must_use]
pub fn page_key(of: &Try) -> String {
    format!("page/{}.{}/{}", of.episode, of.page, of.via.name())
}

/// Tries that are asked for now, with one place each; who knows more places fans them out.
#[must_use]
pub fn pages_asked(i: &Incident) -> Vec<Try> {
    let of = |page, via: Via| Try { episode: i.episode, page, via, place: via.name().into(), places: 1 };
    let pages = i.climb.pages.iter().enumerate();
    pages.flat_map(|(n, page)| page.asked().map(move |a| of(n, a.via))).collect()
}

/// What ways that keep a matter open are to be told: of a person, the first page by each that may have arrived, and every one that is
/// under way, behind which it is told.
#[must_use]
pub fn pages_followed(i: &Incident) -> Vec<(Try, Follow)> {
    let mut seen = std::collections::BTreeSet::new();
    let mut out = Vec::new();
    for (page, p) in i.climb.pages.iter().enumerate() {
        let what = match (i.status.ended(), p.settled) {
            (true, _) => Follow::Resolved,
            (false, true) => Follow::Acknowledged,
            (false, false) => continue,
        };
        let keeps = |a: &&Attempt| matches!(a.via, Via::Pagerduty | Via::Webhook) && (!a.ended || a.perhaps);
        for attempt in p.attempts.iter().filter(keeps) {
            let under_way = !attempt.ended && attempt.delivered.is_none();
            if seen.insert((&p.person, attempt.via)) || under_way {
                let of =
                    Try { episode: i.episode, page, via: attempt.via, place: attempt.via.name().into(), places: 1 };
                out.push((of, what));
            }
        }
    }
    out
}
