//! The draft of a post-mortem: Markdown from a template that people can change. The same journal gives the same bytes.
//!
//! What people typed is put in as one line that Markdown shows as it was typed. Deliberately absent: where it goes.

use super::status::filled;
use super::{answers, title};
use crate::domain::ids::PersonId;
use crate::domain::incident::{Duty, Incident, IncidentEvent as E};
use crate::domain::message::{Block, Message, Piece, Text, Tone, code, moment, plain};
use crate::domain::paging::Came;
use crate::domain::policy::Policy;
use crate::domain::status::PublicCame;
use crate::domain::time::Span;
use crate::domain::window::zone;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// The template of those who name none of their own.
pub const POST_MORTEM: &str = include_str!("post_mortem.md.j2");

/// What a template can name.
#[derive(Clone, Default, Serialize)]
struct Facts {
    id: String,
    title: String,
    severity: String,
    severity_means: String,
    status: &'static str,
    service: String,
    zone: String,
    began: String,
    mitigated: String,
    resolved: String,
    lasted: String,
    reporter: String,
    impact: String,
    cause: String,
    resolution: String,
    lessons: String,
    duties: Vec<Held>,
    levels: Vec<Reached>,
    deployments: Vec<Before>,
    timeline: Vec<Happened>,
    actions: Vec<ToDo>,
}

#[derive(Clone, Default, Serialize)]
struct Held {
    name: &'static str,
    person: String,
}

/// A level that was paged, with how long it took from there.
#[derive(Clone, Default, Serialize)]
struct Reached {
    name: String,
    people: String,
    at: String,
    acknowledged: String,
    resolved: String,
}

#[derive(Clone, Default, Serialize)]
struct Before {
    id: String,
    what: String,
    at: String,
    same_service: bool,
}

#[derive(Clone, Default, Serialize)]
struct Happened {
    at: String,
    what: String,
    by: String,
    /// Where it was said; empty for what signalbox knows by itself.
    link: String,
}

#[derive(Clone, Default, Serialize)]
struct ToDo {
    n: u32,
    text: String,
    owner: String,
    due: String,
    done: bool,
}

/// An act, when it happened, and whose it was; none: signalbox's own.
pub type Act = (Timestamp, Option<PersonId>, E);

/// The draft, from `template`.
///
/// # Errors
/// When the template names what there is not, or does not end.
pub fn post_mortem(policy: &Policy, template: &str, i: &Incident, acts: &[Act]) -> Result<String, String> {
    filled(template, &facts(policy, i, acts)).map_err(|e| e.to_string())
}

/// What is wrong with a template, and on which of its lines: it is filled once with something in every place, and once with
/// nothing in any.
#[must_use]
pub fn post_mortem_problem(template: &str) -> Option<(u32, String)> {
    let full = Facts {
        duties: vec![Held::default()],
        levels: vec![Reached::default()],
        deployments: vec![Before::default()],
        timeline: vec![Happened::default()],
        actions: vec![ToDo::default()],
        ..Facts::default()
    };
    let problem = [full, Facts::default()].iter().find_map(|facts| filled(template, facts).err())?;
    let line = problem.line().and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    Some((line, problem.detail().map_or_else(|| problem.to_string(), str::to_owned)))
}

/// The draft as people read it in chat, ready to be copied.
#[must_use]
pub fn post_mortem_message(i: &Incident, draft: Result<String, String>) -> Message {
    let mut text = title(i);
    let draft = match draft {
        Ok(draft) => draft,
        Err(what) => {
            text.push(plain(format!(": the template of post-mortems does not work: {what}")));
            return Message::new(Tone::Bad, text);
        }
    };
    text.push(plain(": post-mortem"));
    let mut message = Message::new(Tone::Neutral, text).block(Block::Code(draft));
    if let Some(due) = i.post_mortem_due.filter(|_| i.lessons.is_none()) {
        let rest = vec![
            plain("Due "),
            moment(due),
            plain(". It lacks what was learned: "),
            code(format!("/incident lessons {} …", i.id)),
        ];
        message = message.context(rest);
    }
    message
}

fn facts(policy: &Policy, i: &Incident, acts: &[Act]) -> Facts {
    let tz = zone(&policy.zone).unwrap_or(TimeZone::UTC);
    let when = |at: Timestamp| at.to_zoned(tz.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let name = |who: &PersonId| line(policy.person_name(who));
    let names = |all: &[PersonId]| all.iter().map(name).collect::<Vec<_>>().join(", ");
    let ended = i.resolved.as_ref();
    Facts {
        id: i.id.to_string(),
        title: line(&i.title),
        severity: i.severity.clone(),
        severity_means: policy.response.severity(&i.severity).map_or(String::new(), |s| line(&s.title)),
        status: i.status.words(),
        service: i.service.as_ref().map_or(String::new(), |s| line(s.as_str())),
        zone: policy.zone.clone(),
        began: when(i.started),
        mitigated: i.mitigated_at.map_or(String::new(), when),
        resolved: ended.map_or(String::new(), |r| when(r.at)),
        lasted: ended.map_or(String::new(), |r| minutes(i.started, r.at)),
        reporter: i.reporter.as_ref().map_or(String::new(), name),
        impact: line(&i.impact),
        cause: ended.map_or(String::new(), |r| line(&r.cause)),
        resolution: ended.map_or(String::new(), |r| line(&r.resolution)),
        lessons: i.lessons.as_ref().map_or(String::new(), |l| line(&l.text)),
        duties: Duty::ALL
            .into_iter()
            .filter_map(|duty| Some(Held { name: duty.words(), person: name(i.duties.get(&duty)?) }))
            .collect(),
        levels: reached(acts, &when, &names),
        deployments: i
            .suspects
            .iter()
            .map(|s| Before {
                id: s.deployment.to_string(),
                what: line(&s.what),
                at: when(s.at),
                same_service: s.same_service,
            })
            .collect(),
        // That a page arrived is on the card; what is worth reading later is that one did not.
        timeline: answers::told(i, acts, |e| !arrived(e))
            .into_iter()
            .map(|told| Happened {
                at: when(told.at),
                what: line(&words(policy, &told.what, &when)),
                by: line(&words(policy, &told.by, &when)),
                link: told.link.unwrap_or_default(),
            })
            .collect(),
        actions: i
            .actions
            .iter()
            .map(|a| ToDo {
                n: a.n,
                text: line(&a.text),
                owner: a.owner.as_ref().map_or(String::new(), name),
                due: a.due.map_or(String::new(), when),
                done: a.done.is_some(),
            })
            .collect(),
    }
}

fn arrived(e: &E) -> bool {
    matches!(
        e,
        E::PageCame { came: Came::Delivered { .. }, .. }
            | E::PublicationCame { came: PublicCame::Posted { .. }, .. }
            | E::RoomCame { .. }
            | E::RoomsClosed
    )
}

/// Every level that was reached, with the first acknowledgement and the end that came after it.
fn reached(acts: &[Act], when: &impl Fn(Timestamp) -> String, names: &impl Fn(&[PersonId]) -> String) -> Vec<Reached> {
    let after = |n: usize, from: Timestamp, wanted: fn(&E) -> bool| {
        let later = acts.iter().skip(n + 1).find(|(_, _, e)| wanted(e));
        later.map_or(String::new(), |(at, ..)| minutes(from, *at))
    };
    let paged = acts.iter().enumerate().filter_map(|(n, (at, _, e))| match e {
        E::Paged { level, people, .. } => Some(Reached {
            name: line(level),
            people: names(people),
            at: when(*at),
            acknowledged: after(n, *at, |e| matches!(e, E::Acknowledged { .. })),
            resolved: after(n, *at, |e| matches!(e, E::Resolved { .. })),
        }),
        _ => None,
    });
    paged.collect()
}

/// Whole minutes, or seconds when there are not so many.
fn minutes(from: Timestamp, to: Timestamp) -> String {
    match Span::between(from, to).rounded() {
        span if span <= Span::ZERO => "at once".into(),
        span => span.to_string(),
    }
}

/// A text without its forms.
fn words(policy: &Policy, text: &Text, when: &impl Fn(Timestamp) -> String) -> String {
    let one = |piece: &Piece| match piece {
        Piece::Plain(text) | Piece::Bold(text) | Piece::Code(text) => text.clone(),
        Piece::Person { id, .. } => policy.person_name(id).to_owned(),
        Piece::Time { at, .. } => when(*at),
        Piece::Channel(name) => format!("#{name}"),
        Piece::Link { text, .. } => text.clone(),
    };
    text.iter().map(one).collect()
}

/// What somebody typed, as one line that Markdown leaves as it is.
fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for c in word.chars() {
            if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn what_was_typed_stays_one_line_and_is_no_markdown() {
        assert_eq!(line("a *bold*\n## plan | <b>"), "a \\*bold\\* \\#\\# plan \\| \\<b\\>");
    }
}
