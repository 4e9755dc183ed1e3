//! Private answers to questions: status, history, window, why, when, quarantine.

use super::card::standing;
use super::parts::{capital, finding_line, line, noted, tone, verdict_text, what};
use crate::domain::deployment::{Deployment, Lane, Status};
use crate::domain::environment::{Environment, Lock};
use crate::domain::gate::{Answer, Verdict};
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::message::{Block, Line, Mark, Message, Text, Tone, bold, code, moment, person, plain};
use crate::domain::policy::Policy;
use crate::domain::window::{Opening, Reason, weekday_name};
use jiff::Timestamp;
use jiff::civil::Weekday;

/// `/deploy status`: everything that is open.
#[must_use]
pub fn status(policy: &Policy, open: &[Deployment], environments: &[(EnvironmentName, Environment)]) -> Message {
    let title = match open.len() {
        0 => vec![plain("Nothing is open.")],
        1 => vec![bold("1 deployment"), plain(" is open.")],
        n => vec![bold(format!("{n} deployments")), plain(" are open.")],
    };
    let mut message = Message::new(if open.is_empty() { Tone::Neutral } else { Tone::Busy }, title);
    if !open.is_empty() {
        message = message.block(Block::List(open.iter().map(one_line).collect()));
    }
    let mut live: Vec<Line> = Vec::new();
    for (name, env) in environments {
        for (service, track) in &env.tracks {
            let Some(release) = &track.live else { continue };
            let text = vec![plain(format!("{service} in {name}: ")), bold(release.version.as_str())];
            live.push(line(Mark::Bullet, text));
        }
    }
    if !live.is_empty() {
        message = message.text(vec![bold("Live")]).block(Block::List(live));
    }
    let locks: Vec<Line> =
        environments.iter().flat_map(|(name, env)| env.locks.iter().map(move |(s, l)| lock_line(name, s, l))).collect();
    if !locks.is_empty() {
        message = message.text(vec![bold("Locks")]).block(Block::List(locks));
    }
    let _ = policy;
    message
}

fn lock_line(environment: &EnvironmentName, service: &str, lock: &Lock) -> Line {
    let what = if service.is_empty() { environment.to_string() } else { format!("{service} in {environment}") };
    let mut text = vec![bold(what), plain(" by ")];
    text.push(lock.owner.as_ref().map_or_else(|| plain("signalbox"), person));
    if let Some(until) = lock.until {
        text.extend([plain(" until "), moment(until)]);
    }
    text.push(plain(format!(": {}", lock.reason)));
    line(Mark::Warning, text)
}

fn one_line(d: &Deployment) -> Line {
    let mark = match d.status {
        Status::Awaiting => Mark::Key,
        Status::Held => Mark::Warning,
        _ => Mark::Running,
    };
    line(
        mark,
        vec![code(d.id.to_string()), plain(format!(" {} · {} · ", what(&d.plan), standing(d))), person(&d.requester)],
    )
}

/// `/deploy status D-42`: its card, without buttons.
#[must_use]
pub fn status_one(policy: &Policy, d: &Deployment) -> Message {
    let mut cards = super::card::cards(policy, d);
    let mut message = cards.swap_remove(0).message;
    message.buttons.clear();
    message.tone = tone(d);
    message
}

/// One line of `/deploy history`.
pub struct Past {
    pub id: String,
    pub what: String,
    pub status: String,
    pub requester: crate::domain::ids::PersonId,
    pub requested_at: Timestamp,
    pub note: String,
}

/// `/deploy history`, newest first.
#[must_use]
pub fn history(rows: &[Past]) -> Message {
    if rows.is_empty() {
        return Message::line(Tone::Neutral, "No deployment matches.");
    }
    let title = match rows.len() {
        1 => "1 deployment".to_owned(),
        n => format!("{n} deployments, newest first"),
    };
    let lines = rows.iter().map(|r| {
        let mark = match r.status.as_str() {
            "succeeded" => Mark::Done,
            "failed" | "rolled_back" => Mark::Failed,
            "rejected" | "cancelled" | "expired" | "superseded" | "refused" => Mark::Skipped,
            _ => Mark::Running,
        };
        let status = r.status.replace('_', " ");
        // A note that begins with the status says it for both.
        let (status, note) = if r.note.starts_with(&status) { (r.note.clone(), "") } else { (status, r.note.as_str()) };
        let mut text = vec![
            code(r.id.as_str()),
            plain(format!(" {} · {status} · ", r.what)),
            moment(r.requested_at),
            plain(" · "),
            person(&r.requester),
        ];
        if !note.is_empty() {
            text.push(plain(format!(" · {note}")));
        }
        line(mark, text)
    });
    Message::new(Tone::Neutral, vec![bold(title)]).block(Block::List(lines.collect()))
}

/// `/why`: every rule with its verdict and the config line behind it.
#[must_use]
pub fn explain(title: &str, d: Option<&Deployment>, answer: &Answer) -> Message {
    let tone = match answer.verdict {
        Verdict::Allow => Tone::Good,
        Verdict::Hold { .. } => Tone::Waiting,
        Verdict::Deny => Tone::Bad,
    };
    let mut head = vec![bold(title.to_owned()), plain(". ")];
    match d {
        Some(d) if d.status.ended() => {
            let word = d.status.words();
            head.extend(noted(&capital(word), word, &d.note));
            head.push(plain("."));
        }
        Some(d) if d.status.active() => {
            match d.run.as_ref().and_then(|r| r.hold.as_ref()) {
                Some(hold) => head.push(plain(format!("It is held: {}.", hold.text))),
                None => head.push(plain(format!("It {}.", d.status.stands()))),
            }
            if let Some(run) = d.run.as_ref().filter(|r| r.going_back) {
                head.push(plain(format!(" Why: {}.", run.why_back)));
            }
        }
        _ => head.extend(verdict_text(answer)),
    }
    let mut message = Message::new(tone, head);
    if let Some(Lane::Hotfix { reason }) = d.map(|d| &d.lane) {
        message = message.text(vec![bold("Hotfix lane: "), plain(reason.as_str())]);
    }
    if !answer.findings.is_empty() {
        message = message.block(Block::List(answer.findings.iter().map(finding_line).collect()));
    }
    message
}

/// `/when`: the next instant this would pass.
#[must_use]
pub fn when(title: &str, d: Option<&Deployment>, answer: &Answer) -> Message {
    if let Some(d) = d.filter(|d| d.status != Status::Awaiting) {
        return Message::line(Tone::Neutral, format!("{title}: it {}.", d.status.stands()));
    }
    let mut text = vec![bold(title.to_owned()), plain(": ")];
    let others: Vec<_> = answer.stopping().filter(|f| f.until.is_none()).collect();
    let (tone, say): (Tone, Text) = match answer.verdict {
        Verdict::Allow => (Tone::Good, vec![plain("now.")]),
        Verdict::Deny => (Tone::Bad, vec![plain("never, as it stands:")]),
        Verdict::Hold { until: Some(at) } if others.is_empty() => (Tone::Waiting, vec![moment(at), plain(".")]),
        Verdict::Hold { until: Some(at) } => {
            (Tone::Waiting, vec![moment(at), plain(" at the earliest, once nothing of this is missing:")])
        }
        Verdict::Hold { until: None } => (Tone::Waiting, vec![plain("as soon as nothing of this is missing:")]),
    };
    text.extend(say);
    let mut message = Message::new(tone, text);
    let lines: Vec<_> = answer.stopping().map(finding_line).collect();
    if !lines.is_empty() {
        message = message.block(Block::List(lines));
    }
    message
}

/// One environment's line in `/window`.
pub struct Openness {
    pub environment: EnvironmentName,
    pub opening: Opening,
    /// The next open stretches, at most a week ahead.
    pub ahead: Vec<(Timestamp, Timestamp)>,
}

/// `/window`: what is open, until when, and the week ahead.
#[must_use]
pub fn window(policy: &Policy, service: Option<&ServiceName>, all: &[Openness]) -> Message {
    let title = service.map_or_else(|| "Windows".to_owned(), |s| format!("Windows for {s}"));
    let any_open = all.iter().any(|o| o.opening.open);
    let mut message = Message::new(if any_open { Tone::Good } else { Tone::Waiting }, vec![bold(title)]);
    for one in all {
        let o = &one.opening;
        let mut text = vec![bold(one.environment.to_string()), plain(if o.open { " is open" } else { " is closed" })];
        if let Some(name) = &o.name {
            let what = if o.reason == Reason::Freeze { "frozen" } else { "holiday" };
            text.push(plain(format!(" ({what}: {name})")));
        }
        match (o.open, o.opens_at, o.closes_at) {
            (true, _, Some(at)) => text.extend([plain(" until "), moment(at)]),
            (true, _, None) => text.push(plain(" at any time")),
            (false, Some(at), _) => text.extend([plain("; it opens "), moment(at)]),
            (false, None, _) => text.push(plain("; it does not open within a year")),
        }
        text.push(plain("."));
        if let Some(source) = &o.source {
            text.extend([plain(" "), code(source.to_string())]);
        }
        message = message.text(text);
        if let Some(env) = policy.environments.get(&one.environment).filter(|e| !e.windows.is_empty()) {
            let rules: Vec<_> = env.windows.iter().map(window_words).collect();
            message = message.context(vec![plain(rules.join("; "))]);
        }
        if one.ahead.len() > 1 || (one.ahead.len() == 1 && !o.open) {
            let lines = one.ahead.iter().take(7).map(|(from, to)| {
                line(Mark::Bullet, vec![moment(*from), plain(" to "), crate::domain::message::clock(*to)])
            });
            message = message.block(Block::List(lines.collect()));
        }
    }
    message
}

/// `Mon-Thu 10:00-14:00 (+03:00)`
fn window_words(w: &crate::domain::window::Window) -> String {
    let to = w.to.map_or_else(|| "24:00".to_owned(), |t| t.strftime("%H:%M").to_string());
    format!("{} {}-{to} ({})", days_words(&w.days), w.from.strftime("%H:%M"), w.zone)
}

/// `Mon-Thu`, `Mon, Wed, Fri`: neighbours in a week run together.
fn days_words(days: &[Weekday]) -> String {
    let week = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    let runs = week.split(|d| !days.contains(d)).filter(|run| !run.is_empty());
    let named = runs.map(|run| match run {
        [one] => capital(weekday_name(*one)),
        [first, .., last] => format!("{}-{}", capital(weekday_name(*first)), capital(weekday_name(*last))),
        [] => String::new(),
    });
    named.collect::<Vec<_>>().join(", ")
}

/// `/quarantine list`
#[must_use]
pub fn quarantined(environments: &[(EnvironmentName, Environment)]) -> Message {
    let mut lines = Vec::new();
    for (name, env) in environments {
        for (service, track) in &env.tracks {
            for q in track.quarantine.values() {
                let text = vec![
                    bold(format!("{service} {}", q.version)),
                    plain(format!(" in {name} since {} · ", q.deployment)),
                    moment(q.since),
                    plain(format!(" · {}", q.reason)),
                ];
                lines.push(line(Mark::Failed, text));
            }
        }
    }
    if lines.is_empty() {
        return Message::line(Tone::Good, "Nothing is quarantined.");
    }
    Message::new(Tone::Warning, vec![bold("Quarantined")]).block(Block::List(lines))
}
