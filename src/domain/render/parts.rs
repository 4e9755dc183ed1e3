//! Pieces that several messages share.

use crate::domain::approval::{assign, candidates};
use crate::domain::deployment::{Deployment, Lane, Request, Status};
use crate::domain::gate::{Answer, Finding, Rule, Says, Verdict};
use crate::domain::ids::PersonId;
use crate::domain::message::{
    Action, Block, Button, ButtonStyle, FieldKind, Form, FormField, Line, Mark, Message, Piece, Text, Tone, bold, code,
    mention, moment, person, plain,
};
use crate::domain::placeholder;
use crate::domain::plan::Plan;
use crate::domain::policy::{Policy, Slot, StepKind, StepSpec};
use crate::domain::time::Span;

/// A text as one plain string, for notes that outlive their zone; times are RFC 3339.
#[must_use]
pub fn words(text: &Text) -> String {
    let mut out = String::new();
    for piece in text {
        match piece {
            Piece::Plain(s) | Piece::Bold(s) | Piece::Code(s) => out.push_str(s),
            Piece::Person { id, .. } => out.push_str(id.as_str()),
            Piece::Channel(c) => {
                out.push('#');
                out.push_str(c.as_str());
            }
            Piece::Time { at, .. } => out.push_str(&at.to_string()),
            Piece::Link { text, .. } => out.push_str(text),
        }
    }
    out
}

/// A text for a note that people read later: names as config has them, times in the policy's zone, no full stop at its end.
#[must_use]
pub fn sentence(policy: &Policy, text: &Text) -> String {
    let zone = crate::domain::window::zone(&policy.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let mut out = String::new();
    for piece in text {
        match piece {
            Piece::Person { id, .. } => out.push_str(policy.person_name(id)),
            Piece::Time { at, .. } => {
                out.push_str(&at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M").to_string());
            }
            other => out.push_str(&words(&vec![other.clone()])),
        }
    }
    out.trim_end().trim_end_matches('.').to_owned()
}

/// How something ended, in one sentence that names the status once: `expired: nobody turned a key`.
pub(super) fn ending(d: &Deployment) -> String {
    let (status, note) = (d.status.words(), d.note.trim_end_matches('.'));
    if note.starts_with(status) { note.to_owned() } else { format!("{status}: {note}") }
}

/// `api v1.2.0 → production`
pub(super) fn what(plan: &Plan) -> String {
    format!("{} {} → {}", plan.service, plan.release.version, plan.environment)
}

/// The first characters of a revision, as people compare them.
pub(super) fn short(revision: &str) -> String {
    let body = revision.strip_prefix("sha256:").unwrap_or(revision);
    body.chars().take(12).collect()
}

pub(super) fn button(label: &str, style: ButtonStyle, command: &str, args: &[(&str, &str)]) -> Button {
    Button { label: label.into(), style, action: Action::new(command, args), confirm: None, form: None }
}

pub(super) fn confirmed(mut button: Button, ask: &str) -> Button {
    button.confirm = Some(ask.into());
    button
}

/// A button that asks for one line first.
pub(super) fn asking(mut button: Button, field: &str, label: &str, required: bool) -> Button {
    let kind = FieldKind::Line;
    let ask = FormField { name: field.into(), label: label.into(), kind, required, help: String::new() };
    button.form = Some(Form { title: button.label.clone(), submit: button.label.clone(), fields: vec![ask] });
    button
}

pub(super) fn line(mark: Mark, text: Text) -> Line {
    Line { mark, text }
}

/// One line per key: who turned it, or who can.
#[must_use]
pub fn who_can_turn(policy: &Policy, slots: &[Slot], turned: &[PersonId], requester: &PersonId) -> Vec<Line> {
    let assigned = assign(slots, turned, policy, requester);
    let mut out = Vec::new();
    for (i, slot) in slots.iter().enumerate() {
        let title = policy.titles(&slot.roles);
        let optional = if slot.optional { " (optional)" } else { "" };
        match assigned.slots.get(i).and_then(Option::as_ref) {
            Some(by) => {
                out.push(line(Mark::Done, vec![bold(title), plain(format!("{optional}: turned by ")), person(by)]))
            }
            None => {
                let who = candidates(slots, turned, policy, requester, i);
                let mut text = vec![bold(title), plain(format!("{optional}: "))];
                text.extend(listed(&who));
                text.push(plain(if who.is_empty() { "nobody can turn it" } else { " can turn it" }));
                out.push(line(if slot.optional { Mark::Bullet } else { Mark::Key }, text));
            }
        }
    }
    out
}

/// `Sara, Omar or Lina`, at most five by name.
pub(super) fn listed(people: &[PersonId]) -> Text {
    let shown = people.len().min(5);
    let mut out = Vec::new();
    for (n, p) in people.iter().take(shown).enumerate() {
        if n > 0 {
            out.push(plain(if n + 1 == people.len() { " or " } else { ", " }));
        }
        out.push(person(p));
    }
    if people.len() > shown {
        out.push(plain(format!(" or {} more", people.len() - shown)));
    }
    out
}

/// The same people, notified.
pub(super) fn called(people: &[PersonId]) -> Text {
    let mut out = Vec::new();
    for (n, p) in people.iter().take(8).enumerate() {
        if n > 0 {
            out.push(plain(" "));
        }
        out.push(mention(p));
    }
    out
}

/// `Succeeded: v1.2.0 is live after 20 s`; a note that begins with the word itself is not led by it again.
pub(super) fn noted(lead: &str, word: &str, note: &str) -> Text {
    let note = note.trim_end_matches('.');
    match note.strip_prefix(word) {
        Some(rest) => vec![bold(lead), plain(rest)],
        None => vec![bold(format!("{lead}:")), plain(format!(" {note}"))],
    }
}

/// With a capital, as a sentence begins.
pub(super) fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// Whole seconds, since a card changes once in each: nobody reads `584 ms left`.
pub(super) fn seconds(span: Span) -> Span {
    Span::secs((span.as_millis() + 999) / 1000)
}

/// Whether a step's summary adds nothing to its mark.
pub(super) fn says_nothing(summary: &str) -> bool {
    summary.is_empty() || summary == "exit code 0"
}

/// `10 % of the traffic for 5 min, at most 5 errors`
pub(super) fn step_text(step: &StepSpec, plan: &Plan) -> String {
    match &step.kind {
        StepKind::Traffic(s) => {
            let share = format!("{} % of the traffic", s.weight);
            let named = if step.name == share { share } else { format!("{}: {share}", step.name) };
            if s.bake > Span::ZERO {
                format!("{named} for {}, at most {} errors", s.bake.paced(plan.pace), s.error_budget)
            } else {
                named
            }
        }
        StepKind::Command { argv, .. } => format!("{}: runs {}", step.name, filled(&argv.join(" "), plan)),
        StepKind::Manual { prompt, .. } => format!("{}: {prompt}", step.name),
        StepKind::Verify { probes, live, .. } => {
            let mut what = probes.clone();
            if *live {
                what.push("the live version".into());
            }
            format!("{}: reads {}", step.name, what.join(", "))
        }
        _ => step.name.clone(),
    }
}

/// A command as it will be run, as far as the plan tells.
fn filled(template: &str, plan: &Plan) -> String {
    let value = |name: &'static str| {
        Ok(match name {
            "service" => plan.service.to_string(),
            "environment" => plan.environment.to_string(),
            "version" => plan.release.version.clone(),
            "revision" => plan.release.revision.clone(),
            _ => format!("{{{name}}}"),
        })
    };
    placeholder::expand(template, value).unwrap_or_else(|_| template.to_owned())
}

/// Mark and words of one rule.
pub(super) fn finding_line(f: &Finding) -> Line {
    let mark = match f.says {
        Says::Pass => Mark::Done,
        Says::Note => Mark::Warning,
        Says::Hold => Mark::Open,
        Says::Deny => Mark::Failed,
    };
    let mut text = vec![bold(f.rule.words()), plain(": ")];
    text.extend(f.text.iter().cloned());
    if let Some(source) = &f.source {
        text.extend([plain(" "), code(source.to_string())]);
    }
    line(mark, text)
}

/// One sentence: may it run, and if not when.
pub(super) fn verdict_text(answer: &Answer) -> Text {
    match answer.verdict {
        Verdict::Allow => vec![plain("It may run now.")],
        Verdict::Deny => vec![plain("It is refused as it stands.")],
        Verdict::Hold { until } => {
            let open: Vec<&str> = answer.stopping().filter(|f| f.until.is_none()).map(wanted).collect();
            let mut text = vec![plain("It waits")];
            if !open.is_empty() {
                text.push(plain(format!(" for {}", and(&open))));
            }
            if let Some(at) = until {
                let timed: Vec<String> =
                    answer.stopping().filter(|f| f.until.is_some()).map(|f| f.rule.words().to_lowercase()).collect();
                let timed: Vec<&str> = timed.iter().map(String::as_str).collect();
                let lead = if open.is_empty() {
                    " and runs ".to_owned()
                } else {
                    format!(", and for {}: until ", and(&timed))
                };
                text.extend([plain(lead), moment(at)]);
            }
            text.push(plain("."));
            text
        }
    }
}

/// What a rule that stops waits for.
fn wanted(f: &Finding) -> &'static str {
    match f.rule {
        Rule::Lock => "the end of a lock",
        Rule::Keys => "keys",
        Rule::Checklist => "its checklist",
        Rule::Queue => "its turn",
        other => other.words(),
    }
}

/// `keys`, `keys and checklist`, `keys, checklist and queue`.
pub(super) fn and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What the sender of an accepted request is told.
#[must_use]
pub fn accepted(policy: &Policy, r: &Request, answer: &Answer) -> Message {
    let mut text = vec![bold(r.id.to_string()), plain(format!(" is asked for: {}. ", what(&r.plan)))];
    match r.lane {
        Lane::Rollback { mode, .. } if r.slots.is_empty() => text.push(plain(format!("The {mode} rollback starts."))),
        _ => text.extend(verdict_text(answer)),
    }
    let channel = &policy.channels.deployments;
    text.extend(if &r.origin.channel == channel {
        vec![plain(" Its card is in this channel.")]
    } else {
        vec![plain(" Its card is in "), Piece::Channel(channel.clone()), plain(".")]
    });
    Message::new(Tone::Good, text)
}

/// The plan, the gate's answer and who would be asked; nothing is changed.
#[must_use]
pub fn dry_run(
    policy: &Policy,
    plan: &Plan,
    lane: &Lane,
    slots: &[Slot],
    requester: &PersonId,
    answer: &Answer,
) -> Message {
    let mut title = vec![bold("Dry run"), plain(format!(" of {}. ", what(plan)))];
    title.extend(verdict_text(answer));
    let tone = match answer.verdict {
        Verdict::Allow => Tone::Good,
        Verdict::Hold { .. } => Tone::Waiting,
        Verdict::Deny => Tone::Bad,
    };
    let mut fields = vec![
        ("Revision".to_owned(), vec![code(short(&plan.release.revision))]),
        ("Strategy".to_owned(), vec![plain(plan.strategy.as_str())]),
        ("Takes at least".to_owned(), vec![plain(plan.min_duration().to_string())]),
        ("Plan".to_owned(), vec![code(plan.digest().chars().take(8).collect::<String>())]),
    ];
    if let Lane::Hotfix { reason } = lane {
        fields.push(("Hotfix".to_owned(), vec![plain(reason.as_str())]));
    }
    let steps = plan.steps.iter().map(|s| line(Mark::Bullet, vec![plain(step_text(s, plan))])).collect();
    let mut message = Message::new(tone, title)
        .block(Block::Fields(fields))
        .text(vec![bold("Steps")])
        .block(Block::List(steps))
        .text(vec![bold("Gate")])
        .block(Block::List(answer.findings.iter().map(finding_line).collect()));
    if !slots.is_empty() {
        message = message.text(vec![bold("Keys")]).block(Block::List(who_can_turn(policy, slots, &[], requester)));
    }
    message.context(vec![plain("Nothing is changed and nobody is asked.")])
}

/// Whether what was deployed is watched and unhealthy.
const fn alarmed(d: &Deployment) -> bool {
    matches!(&d.watch, Some(watch) if watch.alarmed)
}

/// The colour of a status.
pub(super) const fn tone(d: &Deployment) -> Tone {
    match d.status {
        Status::Awaiting => Tone::Waiting,
        Status::Starting | Status::Running | Status::Baking | Status::Verifying => Tone::Busy,
        Status::Held => Tone::Warning,
        Status::Succeeded if alarmed(d) => Tone::Warning,
        Status::RollingBack | Status::Failed | Status::RolledBack => Tone::Bad,
        Status::Succeeded => Tone::Good,
        Status::Rejected | Status::Cancelled | Status::Expired | Status::Superseded | Status::Refused => Tone::Neutral,
    }
}
