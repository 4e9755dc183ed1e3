//! The delivery numbers as people read them: a line for each, with what it counts.

use super::super::parts::line;
use crate::domain::message::{Block, Line, Mark, Message, Text, Tone, bold, code, moment, person, plain};
use crate::domain::numbers::{Asked, Median, PerPlace, Summary};
use crate::domain::policy::Policy;
use crate::domain::time::Span;

/// People that are named.
const PEOPLE: usize = 12;

/// The answer to `/stats`.
#[must_use]
pub fn stats(policy: &Policy, summary: &Summary) -> Message {
    let asked = &summary.asked;
    let mut title = vec![bold("Delivery numbers"), plain(of(asked)), plain(" · from "), moment(asked.from)];
    title.extend([plain(" to "), moment(asked.to)]);
    let message = add(policy, Message::new(Tone::Neutral, title), "", summary);
    let text = "Medians, counted when something ends. Lead time counts from the request: revisions carry no time of their own. ";
    message.context(vec![plain(text), code("/stats month"), plain(" looks further back.")])
}

fn of(asked: &Asked) -> String {
    match (&asked.service, &asked.environment) {
        (Some(s), Some(e)) => format!(" of {s} in {e}"),
        (Some(s), None) => format!(" of {s}"),
        (None, Some(e)) => format!(" of {e}"),
        (None, None) => String::new(),
    }
}

/// The numbers as blocks of a message.
pub(super) fn add(policy: &Policy, mut message: Message, heading: &str, summary: &Summary) -> Message {
    if !heading.is_empty() {
        message = message.text(vec![bold(heading)]);
    }
    let days = summary.asked.days();
    let mut lines: Vec<Line> = Vec::new();
    for (name, place) in &summary.places {
        lines.extend(of_place(name.as_str(), place, days));
    }
    if summary.places.is_empty() {
        lines.push(line(Mark::Bullet, vec![plain("No deployment came to an end.")]));
    }
    lines.extend(incidents(policy, summary));
    message.block(Block::List(lines))
}

fn of_place(name: &str, p: &PerPlace, days: f64) -> Vec<Line> {
    let per_day = f64::from(p.succeeded) / days.max(0.01);
    let often = if days <= 1.5 { String::new() } else { format!(", {per_day:.1} a day") };
    let text = format!(": {} of {} succeeded{often}", p.succeeded, counted(p.deployments, "deployment"));
    let mut out = vec![line(Mark::Bullet, vec![bold(name), plain(text)])];
    let mut more: Vec<String> = Vec::new();
    if let Some(rate) = p.failure_rate() {
        more.push(format!("change failure rate {:.0} % ({} of {})", rate * 100.0, p.failed, p.deployments));
    }
    more.extend(said("lead time from request", p.lead));
    more.extend(said("approval wait", p.approval));
    if p.closed > Span::ZERO {
        more.push(format!("{} lost to closed windows by {}", p.closed, counted(p.closed_of, "deployment")));
    }
    more.extend(said("way back", p.way_back));
    if !p.taken.is_empty() {
        let stages: Vec<String> = p.taken.iter().map(|(stage, n)| format!("{n} {}", stage.words())).collect();
        more.push(format!("taken back: {}", stages.join(", ")));
    }
    if !more.is_empty() {
        out.push(line(Mark::Bullet, vec![plain(format!("{name}: {}", more.join(" · ")))]));
    }
    out
}

fn incidents(policy: &Policy, s: &Summary) -> Vec<Line> {
    let mut out = Vec::new();
    let kinds: Vec<String> = s.severities.iter().map(|(name, n)| format!("{n} {name}")).collect();
    let mut text = vec![bold(counted(s.incidents, "incident"))];
    if !kinds.is_empty() {
        text.push(plain(format!(": {}", kinds.join(", "))));
    }
    let more: Vec<String> = [said("time to acknowledge", s.acknowledged), said("time to restore", s.restored)]
        .into_iter()
        .flatten()
        .collect();
    if !more.is_empty() {
        text.push(plain(format!(" · {}", more.join(" · "))));
    }
    out.push(line(Mark::Bullet, text));
    let pages: u32 = s.pages.values().map(|p| p.all).sum();
    if pages > 0 {
        let by_night: u32 = s.pages.values().map(|p| p.by_night).sum();
        let mut text: Text = vec![bold(counted(pages, "page")), plain(format!(", {by_night} by night"))];
        text.extend(said("reached after", s.reached).map(|said| plain(format!(" · {said}"))));
        if s.unreached > 0 {
            text.push(plain(format!(" · {} reached nobody", s.unreached)));
        }
        for (n, (who, of)) in s.pages.iter().take(PEOPLE).enumerate() {
            text.push(plain(if n == 0 { " · " } else { ", " }));
            let night = if of.by_night > 0 { format!(" ({} by night)", of.by_night) } else { String::new() };
            text.push(if policy.people.contains_key(who) { person(who) } else { plain(who.as_str()) });
            text.push(plain(format!(" {}{night}", of.all)));
        }
        out.push(line(Mark::Bullet, text));
    }
    out
}

fn said(what: &str, median: Median) -> Option<String> {
    median.at.map(|at| format!("{what} {at} (of {})", median.of))
}

fn counted(n: u32, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}
