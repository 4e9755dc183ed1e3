//! A digest as people read it. What there is none of is said in one line, what could not be read in a line of its own.

use super::super::parts::line;
use super::numbers;
use crate::domain::message::{Block, Line, Mark, Message, Text, Tone, bold, clock, code, moment, person, plain};
use crate::domain::policy::Policy;
use crate::domain::probe::Verdict;
use crate::domain::rhythm::{DigestState, Health, Measured, OnCall, Part, Report, Section, Stands, Waiting, is_late};
use crate::domain::roster::{Dated, Noted};
use jiff::Timestamp;

/// Lines of each kind that a digest names.
const LINES: usize = 8;
/// Lines of places, of which there may be more.
const PLACES: usize = 20;

/// The message of a report.
#[must_use]
pub fn digest_message(policy: &Policy, title: &str, report: &Report) -> Message {
    let (word, tone) = status(report);
    let mut head = vec![bold(title), plain(" · "), moment(report.slot), plain(format!(" · {word}"))];
    if is_late(report.slot, report.at) {
        head.extend([plain(" · late, at "), moment(report.at)]);
    }
    let mut message = Message::new(tone, head);
    if report.missed > 0 {
        let several = if report.missed == 1 { "one before it was" } else { "those before it were" };
        let text = format!("Only the newest is caught up: {several} missed ({}).", report.missed);
        message = message.text(vec![plain(text)]);
    }
    let mut none = Vec::new();
    for part in &report.parts {
        message = add(policy, message, part, &mut none);
    }
    if !none.is_empty() {
        message = message.context(vec![plain(sentence(&none))]);
    }
    let head = match report.head.is_empty() {
        true => vec![plain("The head of the journal could not be read.")],
        false => vec![plain(format!("Head of the journal at {}: ", report.at)), code(report.head.as_str())],
    };
    message.context(head)
}

/// One word for all of it.
fn status(report: &Report) -> (&'static str, Tone) {
    let mut worst = 0;
    for part in &report.parts {
        worst = worst.max(match part {
            Part::Health { places } => {
                let of = |h: &Health| match h.verdict {
                    Verdict::Healthy => 0,
                    Verdict::Inconclusive => 1,
                    Verdict::Unhealthy => 3,
                };
                places.iter().map(of).max().unwrap_or(0)
            }
            Part::Incidents { open } if !open.is_empty() => 2,
            Part::Failed { .. } => 1,
            Part::Objectives { measured } | Part::Backups { measured } => {
                let of = |m: &Measured| match m.stands {
                    Stands::Met => 0,
                    Stands::Unread => 1,
                    Stands::Missed | Stands::Warning => 2,
                    Stands::Critical => 3,
                };
                measured.iter().map(of).max().unwrap_or(0)
            }
            Part::Alerts { firing, .. } if !firing.is_empty() => 2,
            _ => 0,
        });
    }
    match worst {
        0 => ("all is well", Tone::Good),
        1 => ("not all could be read", Tone::Warning),
        2 => ("needs attention", Tone::Warning),
        _ => ("something is wrong", Tone::Bad),
    }
}

fn add(policy: &Policy, message: Message, part: &Part, none: &mut Vec<&'static str>) -> Message {
    let (heading, nothing, lines) = match part {
        Part::Health { places } => ("Health", "nothing to probe", places.iter().take(PLACES).map(health).collect()),
        Part::Alerts { incidents, pages, by_night, fired, fire, firing } => {
            let mut lines = dated(incidents, Mark::Warning);
            lines.extend(dated(firing, Mark::Warning));
            if *fired > 0 || *fire > 0 {
                let text = format!("{} began to fire, {fire} fire now", count(*fired, "alert", "alerts"));
                lines.push(line(Mark::Bullet, vec![plain(text)]));
            }
            if *pages > 0 {
                let text = format!("{}, {by_night} of these by night", count(*pages, "page", "pages"));
                lines.push(line(Mark::Bullet, vec![plain(text)]));
            }
            ("Since the last digest", "nothing has burnt since the last digest", lines)
        }
        Part::Deployments { ended } => ("Last deployments", "no deployment yet", dated(ended, Mark::Bullet)),
        Part::Incidents { open } => ("Open incidents", "no open incident", dated(open, Mark::Warning)),
        Part::Keys { waiting } => ("Waiting", "nothing waits", waiting.iter().take(LINES).map(waits).collect()),
        Part::Objectives { measured } => {
            ("Objectives", "no objective", measured.iter().take(PLACES).map(stands).collect())
        }
        Part::Backups { measured } => {
            ("Backups", "no probe of backups", measured.iter().take(PLACES).map(stands).collect())
        }
        Part::Oncall { rosters } => ("On call", "no roster", rosters.iter().take(LINES).map(on_call).collect()),
        Part::Handover { rosters } => (
            "Taking over in the next day",
            "nobody takes over in the next day",
            rosters.iter().take(LINES).map(takes_over).collect(),
        ),
        Part::Due { owed } => ("Due", "nothing is owed", dated(owed, Mark::Open)),
        Part::Ahead { dated, windows } => ("In the next day", "", ahead(dated, windows)),
        Part::Numbers { summary } => return numbers::add(policy, message, "The last 24 hours", summary),
        Part::Week { summary } => return numbers::add(policy, message, "The last 7 days", summary),
        Part::Chart { curve } => match super::chart::picture(curve, &policy.zone) {
            Some(picture) => return message.block(Block::Picture(picture)),
            None => ("The day", "no curve yet", Vec::new()),
        },
        Part::Failed { section, why } => {
            let text = vec![bold(named(*section)), plain(format!(" could not be read: {why}"))];
            return message.block(Block::List(vec![line(Mark::Warning, text)]));
        }
    };
    if lines.is_empty() {
        none.extend(Some(nothing).filter(|n| !n.is_empty()));
        return message;
    }
    message.text(vec![bold(heading)]).block(Block::List(lines))
}

const fn named(section: Section) -> &'static str {
    match section {
        Section::Health => "Health",
        Section::Alerts => "What happened",
        Section::Deployments => "The last deployments",
        Section::Incidents => "Open incidents",
        Section::Keys => "What waits",
        Section::Objectives => "The objectives",
        Section::Oncall => "Who is on call",
        Section::Due => "What is due",
        Section::Numbers => "The numbers",
        Section::Backups => "Backups",
        Section::Handover => "Who takes over",
        Section::Ahead => "The calendar",
        Section::Week => "The numbers of the week",
        Section::Chart => "The curve",
    }
}

fn health(h: &Health) -> Line {
    let (mark, word) = match h.verdict {
        Verdict::Healthy => (Mark::Done, "healthy"),
        Verdict::Unhealthy => (Mark::Failed, "unhealthy"),
        Verdict::Inconclusive => (Mark::Warning, "not read"),
    };
    let mut text: Text = vec![bold(h.place.as_str()), plain(format!(": {word}"))];
    for (probe, _, said) in h.readings.iter().filter(|(_, v, _)| h.verdict == Verdict::Healthy || *v == h.verdict) {
        text.push(plain(if said.is_empty() { format!(" · {probe}") } else { format!(" · {said}") }));
    }
    line(mark, text)
}

fn stands(m: &Measured) -> Line {
    let mark = match m.stands {
        Stands::Met => Mark::Done,
        Stands::Critical => Mark::Failed,
        Stands::Missed | Stands::Warning | Stands::Unread => Mark::Warning,
    };
    let text = match m.stands {
        Stands::Unread => format!(": not read ({}), objective {}", m.value, m.target),
        _ => format!(": {} {}, objective {}", m.stands.words(), m.value, m.target),
    };
    line(mark, vec![bold(format!("{} of {}", m.title, m.place)), plain(text)])
}

fn dated(all: &[Noted], mark: Mark) -> Vec<Line> {
    let one = |n: &Noted| line(mark, vec![plain(format!("{} · ", n.what)), moment(n.at)]);
    let mut out: Vec<Line> = all.iter().take(LINES).map(one).collect();
    if all.len() > LINES {
        out.push(line(Mark::Bullet, vec![plain(format!("and {} more", all.len() - LINES))]));
    }
    out
}

fn waits(w: &Waiting) -> Line {
    let text = vec![bold(w.what.as_str()), plain(format!(" waits: {} · until ", w.for_)), moment(w.until)];
    line(Mark::Key, text)
}

fn on_call(o: &OnCall) -> Line {
    let mut text = vec![bold(o.roster.as_str()), plain(": ")];
    text.push(o.holder.as_ref().map_or_else(|| plain("nobody"), person));
    text.extend(o.until.into_iter().flat_map(|until| [plain(" until "), moment(until)]));
    if o.unaccepted {
        text.push(plain(" · the hand-off is not accepted"));
    }
    line(if o.holder.is_some() && !o.unaccepted { Mark::Done } else { Mark::Warning }, text)
}

fn takes_over(o: &OnCall) -> Line {
    let mut text = vec![bold(o.roster.as_str()), plain(": ")];
    text.push(o.next.as_ref().map_or_else(|| plain("nobody"), person));
    text.extend(o.until.into_iter().flat_map(|until| [plain(" from "), moment(until)]));
    text.extend(o.holder.iter().flat_map(|holder| [plain(", after "), person(holder)]));
    line(Mark::Bullet, text)
}

fn ahead(dated: &[Dated], windows: &[(String, Vec<(Timestamp, Timestamp)>)]) -> Vec<Line> {
    let mut out = Vec::new();
    for (environment, open) in windows {
        let mut text: Text = vec![bold(environment.as_str())];
        text.push(plain(if open.is_empty() { " does not open" } else { " is open " }));
        for (n, (from, to)) in open.iter().take(LINES).enumerate() {
            text.push(plain(if n == 0 { "" } else { ", " }));
            text.extend([moment(*from), plain(" to "), clock(*to)]);
        }
        out.push(line(Mark::Bullet, text));
    }
    out.extend(dated.iter().take(LINES).map(|d| {
        line(Mark::Warning, vec![plain(format!("{} · ", d.what)), moment(d.from), plain(" to "), moment(d.until)])
    }));
    out
}

fn count(n: u32, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}

/// `No open incident, nothing waits.`
fn sentence(parts: &[&str]) -> String {
    let text = parts.join(", ");
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", chars.as_str())
}

/// Which digests there are, and when each comes next.
#[must_use]
pub fn digest_list(policy: &Policy, states: &[(String, DigestState)]) -> Message {
    if policy.rhythm.digests.is_empty() {
        return Message::line(Tone::Neutral, "The config has no digests. Add [digests.morning].");
    }
    let lines = policy.rhythm.digests.values().map(|digest| {
        let state = states.iter().find(|(name, _)| *name == digest.name).map(|(_, state)| state);
        let mut text: Text = vec![bold(digest.name.as_str()), plain(": next ")];
        match state.and_then(|s| s.armed.as_ref()) {
            Some(armed) => text.push(moment(armed.next)),
            None => text.push(plain("not set yet")),
        }
        if let Some(last) = state.and_then(|s| s.last) {
            text.extend([plain(", last "), moment(last)]);
        }
        text.extend([plain(" · "), code(format!("/digest {}", digest.name))]);
        line(Mark::Bullet, text)
    });
    Message::new(Tone::Neutral, vec![bold("Digests")]).block(Block::List(lines.collect()))
}
