//! The card of a deployment: one message, edited in place, a pure function of its state.

use super::list::list_card;
use super::parts::{
    and, asking, button, capital, confirmed, line, noted, says_nothing, seconds, short, tone, what, who_can_turn,
};
use crate::domain::approval::assign;
use crate::domain::deployment::{
    Activity, Deployment, HoldReason, Lane, Run, Status, StepRun, StepStatus, freeze_slot, run_step,
};
use crate::domain::ids::ChannelName;
use crate::domain::message::{
    Block, ButtonStyle, Line, Mark, Message, Piece, Progress, Text, bold, clock, code, moment, person, plain,
};
use crate::domain::policy::{Phase, Policy, StepKind};
use crate::domain::time::Span;
use crate::domain::window::freezes_at;

/// A message that is edited in place. `key` names it for ever on every platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub key: String,
    pub channel: ChannelName,
    /// The key of the card in whose thread it stands.
    pub thread_of: Option<String>,
    pub message: Message,
}

/// The key of a deployment's own card.
#[must_use]
pub fn deployment_key(d: &Deployment) -> String {
    format!("card:{}", d.id)
}

/// All cards of a deployment: its own, and one per checklist in its thread.
#[must_use]
pub fn cards(policy: &Policy, d: &Deployment) -> Vec<Card> {
    let channel = policy.channels.deployments.clone();
    let own =
        Card { key: deployment_key(d), channel: channel.clone(), thread_of: None, message: deployment(policy, d) };
    let lists = d.lists.iter().map(|l| Card {
        key: format!("list:{}:{}", d.id, l.id),
        channel: channel.clone(),
        thread_of: Some(deployment_key(d)),
        message: list_card(policy, d, l),
    });
    std::iter::once(own).chain(lists).collect()
}

fn deployment(policy: &Policy, d: &Deployment) -> Message {
    let mut message = Message::new(tone(d), title(d));
    // How it stands comes first; who and what, which do not change, stand below it.
    if d.status.ended() {
        message = message.text(result(d));
    }
    if let Some(run) = &d.run {
        message = running(d, run, message);
    }
    if d.status == Status::Awaiting {
        message = awaiting(policy, d, message);
    }
    for text in notes(d) {
        message = message.context(text);
    }
    message = message.block(Block::Fields(fields(d)));
    for b in buttons(policy, d) {
        message = message.button(b);
    }
    message
}

fn title(d: &Deployment) -> Text {
    let kind = match &d.lane {
        Lane::Regular => "",
        Lane::Hotfix { .. } => "Hotfix: ",
        Lane::Rollback { .. } => "Rollback: ",
    };
    let status = if d.stuck { "failed, and needs a person".to_owned() } else { standing(d) };
    vec![code(d.id.to_string()), plain(" "), bold(format!("{kind}{}", what(&d.plan))), plain(format!(" · {status}"))]
}

/// `awaiting keys and its checklist`, `baking at 10 %`.
pub(super) fn standing(d: &Deployment) -> String {
    let words = d.status.words();
    match (d.status, &d.wait, &d.run) {
        (Status::Awaiting, Some(wait), _) => {
            let named: Vec<&str> = wait.codes.iter().filter_map(|c| waiting_for(c)).collect();
            if named.is_empty() { words.to_owned() } else { format!("{words} {}", and(&named)) }
        }
        (Status::Baking, _, Some(run)) => format!("{words} at {} %", run.weight),
        _ => words.to_owned(),
    }
}

/// What a reason code of the gate waits for, in a word.
fn waiting_for(code: &str) -> Option<&'static str> {
    Some(match code {
        "keys_missing" => "keys",
        "items_open" => "its checklist",
        "locked" => "the end of a lock",
        "running" | "queued" => "its turn",
        "outside_window" | "freeze" | "holiday" => "its window",
        _ => return None,
    })
}

fn fields(d: &Deployment) -> Vec<(String, Text)> {
    let field = |name: &str, text: Text| (name.to_owned(), text);
    let mut out = vec![
        field("Requested by", vec![person(&d.requester), plain(" at "), clock(d.requested_at)]),
        field("Revision", vec![code(short(&d.plan.release.revision))]),
    ];
    match &d.lane {
        Lane::Hotfix { reason } | Lane::Rollback { reason, .. } => {
            out.push(field("Reason", vec![plain(reason.as_str())]))
        }
        Lane::Regular => {}
    }
    if let Some(previous) = &d.previous {
        let name = if d.is_rollback() { "Instead of" } else { "Was live" };
        out.push(field(name, vec![plain(previous.version.as_str())]));
    }
    if let Some(reason) = &d.skip_ci {
        out.push(field("CI checks", vec![plain(format!("skipped: {reason}"))]));
    }
    if d.run.is_some() && !d.keys.is_empty() {
        let mut keys = Vec::new();
        for (n, k) in d.keys.iter().enumerate() {
            if n > 0 {
                keys.push(plain(", "));
            }
            keys.push(person(&k.person));
        }
        out.push(field("Keys", keys));
    }
    if !d.status.ended() {
        let needs = d.plan.min_duration();
        let at_least = if needs > Span::ZERO { format!(", at least {needs}") } else { String::new() };
        out.push(field("Plan", vec![code(d.short_digest()), plain(format!(" {}{at_least}", d.plan.strategy))]));
    }
    out
}

fn awaiting(policy: &Policy, d: &Deployment, mut message: Message) -> Message {
    let freezes = freezes_at(&policy.calendar, &d.plan.service, &d.plan.environment, d.updated.wall);
    let extra = freezes.into_iter().filter(|f| !f.pass.is_empty()).map(freeze_slot);
    let slots: Vec<_> = d.slots.iter().cloned().chain(extra).collect();
    if !slots.is_empty() {
        message = message.block(Block::List(who_can_turn(policy, &slots, &d.turned(), &d.requester)));
    }
    let before: Vec<_> = d.items().filter(|(l, _)| l.phase == Phase::Before).map(|(_, i)| i).collect();
    if !before.is_empty() {
        let done = before.iter().filter(|i| i.settled()).count();
        let open = before.iter().filter(|i| i.required && !i.settled()).count();
        let note = match open {
            0 => "done, every required item is settled".to_owned(),
            1 => "done, 1 required item open".to_owned(),
            n => format!("done, {n} required items open"),
        };
        message = message.block(Block::Progress(Progress {
            label: "Checklist".into(),
            done: u32::try_from(done).unwrap_or(0),
            of: u32::try_from(before.len()).unwrap_or(1),
            note,
            budget: false,
        }));
    }
    if let Some(wait) = &d.wait {
        for because in &wait.because {
            message = message.text(because.clone());
        }
        if let Some(until) = wait.until {
            let keyed = !wait.codes.iter().any(|c| c == "keys_missing" || c == "items_open");
            let lead = if keyed { "It runs " } else { "With its keys and checklist complete it runs " };
            message = message.text(vec![plain(lead), moment(until), plain(".")]);
        }
    }
    if !d.plan.release.changes.is_empty() {
        let changes = d.plan.release.changes.iter().take(8);
        message = message
            .text(vec![bold("Changes")])
            .block(Block::List(changes.map(|c| line(Mark::Bullet, vec![plain(c.as_str())])).collect()));
    }
    let missing = assign(&slots, &d.turned(), policy, &d.requester).missing(&slots);
    let how = if missing.is_empty() { "Expires " } else { "React with ✅ or press Approve to turn a key. Expires " };
    message.context(vec![plain(how), moment(d.expires_at), plain(".")])
}

fn running(d: &Deployment, run: &Run, mut message: Message) -> Message {
    let (done, of) = (run.steps().iter().filter(|s| s.status == StepStatus::Done).count(), run.steps().len());
    if d.status.active() && of > 0 {
        let label = if run.going_back { "Rolling back" } else { "Progress" };
        let elapsed = Span::between(run.started.work, d.updated.work);
        message = message.block(Block::Progress(Progress {
            label: label.into(),
            done: u32::try_from(done).unwrap_or(0),
            of: u32::try_from(of).unwrap_or(1),
            note: format!("steps, {} so far, {} % of the traffic", at_least_seconds(elapsed), run.weight),
            budget: false,
        }));
    }
    if let Some(p) = errors(d, run) {
        message = message.block(Block::Progress(p));
    }
    if let Some(text) = now_text(d, run) {
        message = message.text(text);
    }
    if run.going_back && !run.why_back.is_empty() && d.status.active() {
        message = message.text(vec![bold("Why: "), plain(run.why_back.as_str())]);
    }
    let steps: Vec<Line> = run.forward.iter().chain(&run.back).map(step_line).collect();
    message.block(Block::List(steps))
}

/// `0 s` where nothing has passed yet, rather than `0 ms`.
fn at_least_seconds(span: Span) -> String {
    if span > Span::ZERO { seconds(span).to_string() } else { "0 s".to_owned() }
}

/// Errors against the budget of the stage that is watched.
fn errors(d: &Deployment, run: &Run) -> Option<Progress> {
    let monitor = run.monitor.as_ref()?;
    let StepKind::Traffic(stage) = &d.plan.steps.get(monitor.step)?.kind else { return None };
    stage.counters.as_ref()?;
    let counts = monitor.counts().unwrap_or_default();
    let budget = stage.error_budget;
    Some(Progress {
        label: format!("Errors at {} %", stage.weight),
        // One above the budget breaches, so a bar that is full has breached.
        done: u32::try_from(counts.errors.min(budget + 1)).unwrap_or(u32::MAX),
        of: u32::try_from(budget + 1).unwrap_or(u32::MAX),
        note: format!("{} of {budget} allowed, in {} requests", counts.errors, counts.requests),
        budget: true,
    })
}

/// What it does now and what comes next.
fn now_text(d: &Deployment, run: &Run) -> Option<Text> {
    if !d.status.active() {
        return None;
    }
    if let Some(hold) = &run.hold {
        let mut text = vec![bold("Held: "), plain(hold.text.as_str()), plain(". ")];
        text.push(plain(match hold.reason {
            HoldReason::Paused => "Resume lets it go on.",
            HoldReason::Inconclusive => "Promote goes on as it is, Resume watches once more, Abort rolls back.",
            HoldReason::Gate => "It goes on when the gate lets it; Abort rolls back.",
            HoldReason::Doubt => "Promote takes it as done, Resume runs it again, Abort rolls back.",
        }));
        if let Some(until) = hold.until {
            let left = Span::between(d.updated.work, until);
            text.push(plain(format!(" If nobody decides, it rolls back in {}.", seconds(left))));
        }
        if let Some(at) = hold.ask_at {
            text.extend([plain(" It asks again "), moment(at), plain(".")]);
        }
        return Some(text);
    }
    let step = run_step(d)?;
    let mut text = vec![bold("Now: ")];
    text.push(plain(match &run.activity {
        Activity::Bake { until, .. } => {
            let left = Span::between(d.updated.work, *until);
            if left > Span::ZERO {
                format!("{} bakes, {} left", step.name, seconds(left))
            } else {
                format!("{} is judged", step.name)
            }
        }
        Activity::Person { .. } => match &step.kind {
            StepKind::Manual { prompt, .. } => {
                format!("{} waits for a person: {}", step.name, prompt.trim_end_matches('.'))
            }
            _ => step.name.clone(),
        },
        Activity::Cancel { key, .. } => format!("{key} is told to end"),
        Activity::Verify { tries, last, .. } if *tries > 0 => format!("{} (try {}): {last}", step.name, tries + 1),
        _ => step.name.clone(),
    }));
    let next = run.steps().get(run.at + 1);
    text.push(plain(next.map_or_else(|| ". Then it is done.".to_owned(), |n| format!(". Next: {}.", n.name))));
    Some(text)
}

fn step_line(step: &StepRun) -> Line {
    let mark = match step.status {
        StepStatus::Pending => Mark::Open,
        StepStatus::Running => Mark::Running,
        StepStatus::Done => Mark::Done,
        StepStatus::Failed => Mark::Failed,
        StepStatus::Skipped => Mark::Skipped,
    };
    let mut text: Text = vec![plain(step.name.as_str())];
    if let (Some(from), Some(to)) = (step.started, step.ended) {
        text.push(plain(format!(" · {}", Span::between(from.work, to.work))));
    }
    if !says_nothing(&step.summary) {
        text.push(plain(format!(" · {}", step.summary)));
    }
    line(mark, text)
}

/// How it ended, in one line.
fn result(d: &Deployment) -> Text {
    let lead = match d.status {
        _ if d.stuck => "stuck",
        Status::Succeeded if d.is_rollback() => "rolled back",
        status => status.words(),
    };
    let mut text = noted(&capital(lead), lead, &d.note);
    if let Some(previous) = d.previous.as_ref().filter(|_| d.status == Status::RolledBack) {
        text.push(plain(format!("; {} serves again", previous.version)));
    }
    text.push(plain("."));
    text
}

/// What is worth knowing besides, small.
fn notes(d: &Deployment) -> Vec<Text> {
    let mut out = Vec::new();
    if d.stuck {
        let go = format!("/rollback {} in {}", d.plan.service, d.plan.environment);
        out.push(vec![
            plain("Put it right by hand, or try "),
            code(go),
            plain(" again; the service stays locked until somebody unlocks it."),
        ]);
    }
    if d.status == Status::RolledBack {
        let unlock = format!("/unlock {} in {}", d.plan.service, d.plan.environment);
        if d.kept_out {
            out.push(vec![
                plain(format!(
                    "Going back put {} into quarantine and a lock on {}. Once the cause is understood: ",
                    d.plan.release.version, d.plan.service
                )),
                code(unlock),
            ]);
        }
    }
    if let Some(watch) = &d.watch {
        let state = if watch.alarmed { "Unhealthy; watched" } else { "Watched" };
        out.push(vec![
            plain(format!("{state} until ")),
            Piece::Time { at: watch.until, style: crate::domain::message::TimeStyle::Clock },
            plain("."),
        ]);
    }
    if d.plan.pace > 1 && !d.status.ended() {
        out.push(vec![plain(format!("Demo pace: bakes, holds and time limits pass {} times faster.", d.plan.pace))]);
    }
    out
}

fn buttons(policy: &Policy, d: &Deployment) -> Vec<crate::domain::message::Button> {
    let id = d.id.to_string();
    let me: &[(&str, &str)] = &[("deployment", &id)];
    let abort = || {
        let ask = format!("Stop {} and go back to what was live?", d.id);
        confirmed(button("Abort", ButtonStyle::Danger, "abort", me), &ask)
    };
    let why = button("Why?", ButtonStyle::Plain, "why", me);
    match d.status {
        Status::Awaiting => {
            let plan = d.short_digest();
            let keyed = [("deployment", id.as_str()), ("plan", plan)];
            let mut out = Vec::new();
            if !d.slots.is_empty() {
                out.push(button("Approve", ButtonStyle::Primary, "approve", &keyed));
                out.push(asking(button("Reject", ButtonStyle::Danger, "reject", me), "reason", "Why?", true));
            }
            if d.lists.iter().any(|l| l.phase == Phase::Before) {
                out.push(button("Checklist", ButtonStyle::Plain, "checklist", me));
            }
            out.push(why);
            out.push(confirmed(button("Cancel", ButtonStyle::Plain, "cancel", me), &format!("Take {} back?", d.id)));
            out
        }
        Status::Held => vec![
            button("Promote", ButtonStyle::Primary, "promote", me),
            button("Resume", ButtonStyle::Plain, "resume", me),
            abort(),
        ],
        Status::Baking => {
            let ask = format!("Skip the rest of this bake of {}?", d.id);
            vec![
                confirmed(button("Promote", ButtonStyle::Plain, "promote", me), &ask),
                button("Pause", ButtonStyle::Plain, "pause", me),
                abort(),
            ]
        }
        Status::Running | Status::Verifying if !d.is_rollback() => {
            let waits = d.run.as_ref().is_some_and(|r| matches!(r.activity, Activity::Person { .. }));
            let mut out = Vec::new();
            if waits {
                out.push(button("Done", ButtonStyle::Primary, "confirm", me));
            }
            out.extend([button("Pause", ButtonStyle::Plain, "pause", me), abort()]);
            out
        }
        Status::Succeeded if d.watch.is_some() && policy.services.contains_key(&d.plan.service) => {
            let ask = format!(
                "Put {} in {} back to the release before {}?",
                d.plan.service, d.plan.environment, d.plan.release.version
            );
            vec![confirmed(button("Roll back", ButtonStyle::Danger, "rollback", me), &ask)]
        }
        _ => Vec::new(),
    }
}
