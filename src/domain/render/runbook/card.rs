//! The card of a command: what exactly runs, where, for how long; whether it is confirmed; how it went.

use super::super::card::Card;
use super::super::parts::button;
use crate::domain::message::{
    Block, Button, ButtonStyle, Message, Text, Tone, bold, clock, code, moment, person, plain,
};
use crate::domain::policy::Policy;
use crate::domain::runbook::{CALLED_OFF, CONFIRM, Came, Run, RunStatus, RunbookState, argv};
use crate::domain::time::Span;

/// The key of its card on every platform.
#[must_use]
pub fn run_key(runbook: &str, number: u32) -> String {
    format!("runbook:{runbook}:{number}")
}

/// The cards of what is run of a runbook.
#[must_use]
pub fn runbook_cards(policy: &Policy, name: &str, state: &RunbookState) -> Vec<Card> {
    let card = |run: &Run| Card {
        key: run_key(name, run.asked.number),
        channel: run.asked.channel.clone(),
        thread_of: None,
        message: message(policy, name, run),
    };
    state.runs.iter().map(card).collect()
}

fn message(policy: &Policy, name: &str, run: &Run) -> Message {
    let asked = &run.asked;
    let (tone, how) = stands(run);
    let mut title: Text = vec![code(format!("{name} #{}", asked.number)), plain(" "), bold(asked.title.as_str())];
    let place = asked.place();
    if !place.is_empty() {
        title.push(plain(format!(" for {place}")));
    }
    title.push(plain(format!(" · {how}")));
    let mut message = Message::new(tone, title).block(Block::Code(argv::quote(&asked.argv)));
    message = message.block(Block::Fields(fields(run)));
    if matches!(run.status, RunStatus::Asked) {
        message = message.context(who_confirms(policy, name, run));
    }
    for button in buttons(name, run) {
        message = message.button(button);
    }
    message
}

fn stands(run: &Run) -> (Tone, String) {
    match &run.status {
        RunStatus::Asked => (Tone::Waiting, "run it?".into()),
        RunStatus::Running => (Tone::Busy, "running".into()),
        RunStatus::Stopping { .. } => (Tone::Warning, "is being stopped".into()),
        RunStatus::CalledOff if run.stopped.is_some() => (Tone::Neutral, "not run".into()),
        RunStatus::CalledOff => (Tone::Neutral, format!("not run: {CALLED_OFF}")),
        RunStatus::Ended(end) => {
            let (tone, word) = match end.came {
                Came::Succeeded => (Tone::Good, "done"),
                Came::Failed => (Tone::Bad, "failed"),
                Came::TimedOut => (Tone::Bad, "took too long"),
                Came::Stopped => (Tone::Warning, "stopped"),
                Came::Lost => (Tone::Bad, "nobody knows how it went"),
            };
            (tone, format!("{word}: {}", end.summary))
        }
    }
}

fn fields(run: &Run) -> Vec<(String, Text)> {
    let asked = &run.asked;
    let mut out: Vec<(String, Text)> =
        vec![("Asked by".into(), vec![person(&asked.by), plain(" "), clock(run.at.wall)])];
    if let Some((by, at)) = &run.begun {
        out.push(("Confirmed by".into(), vec![person(by), plain(" "), clock(at.wall)]));
    }
    out.push(("Runs".into(), vec![plain("where signalbox runs, without a shell")]));
    out.push(("At most".into(), vec![plain(asked.limit.to_string())]));
    if !asked.env.is_empty() {
        out.push(("Is given".into(), vec![code(asked.env.join(", "))]));
    }
    if let Some(incident) = asked.incident {
        out.push(("About".into(), vec![code(incident.to_string())]));
    }
    if let Some(by) = &run.stopped {
        out.push(("Stopped by".into(), vec![person(by)]));
    }
    if let RunStatus::Ended(end) = &run.status {
        if let (Some((_, from)), Some(to)) = (&run.begun, run.over) {
            let took = Span::between(from.wall, to);
            out.push(("Took".into(), vec![plain(took.to_string()), plain(", until "), moment(to)]));
        }
        if let Some(output) = &end.output {
            out.push(("Output".into(), printed(output)));
        }
    }
    out
}

/// How much, and the beginning of its proof; the whole digest is in the journal.
fn printed(output: &crate::domain::runbook::Output) -> Text {
    let left_out = if output.dropped > 0 { format!(", {} bytes left out", output.dropped) } else { String::new() };
    match output.bytes {
        0 => vec![plain(format!("none{left_out}"))],
        bytes => {
            let digest: String = output.sha256.chars().take(12).collect();
            vec![plain(format!("{bytes} bytes{left_out}, SHA-256 ")), code(digest)]
        }
    }
}

fn who_confirms(policy: &Policy, name: &str, run: &Run) -> Text {
    let command = policy.runbooks.get(name).and_then(|b| b.command(&run.asked.command));
    let roles = command.map(|c| policy.titles(&c.roles)).unwrap_or_default();
    let other = if run.asked.second_key { ", and is not who asked for it," } else { "" };
    vec![plain(format!(
        "Nothing runs before somebody who is {roles}{other} presses Run it now. After {CONFIRM} it is called off."
    ))]
}

fn buttons(name: &str, run: &Run) -> Vec<Button> {
    let number = run.asked.number.to_string();
    let args = [("name", name), ("run", number.as_str())];
    match &run.status {
        RunStatus::Asked => vec![
            button("Run it now", ButtonStyle::Danger, "runbook confirm", &args),
            button("Do not run it", ButtonStyle::Plain, "runbook stop", &args),
        ],
        RunStatus::Running => vec![button("Stop", ButtonStyle::Danger, "runbook stop", &args)],
        RunStatus::Stopping { .. } => Vec::new(),
        RunStatus::Ended(_) | RunStatus::CalledOff => {
            let asked = &run.asked;
            let incident = asked.incident.map(|id| id.to_string());
            let mut args = vec![("name", name), ("command", asked.command.as_str())];
            args.extend(asked.service.as_ref().map(|s| ("service", s.as_str())));
            args.extend(asked.environment.as_ref().map(|e| ("environment", e.as_str())));
            args.extend(incident.as_deref().map(|id| ("incident", id)));
            vec![button("Ask for it again", ButtonStyle::Plain, "runbook run", &args)]
        }
    }
}
