//! Commands of runbooks: asked for, confirmed, stopped, and what became of them.
//!
//! Whoever presses is looked at again at every press: roles and the runbook may have changed since the card was drawn. What runs
//! is what the card shows, or nothing.

mod wish;

use super::refuse::role_missing;
use super::{Stop, Tx};
use crate::domain::deployment::Origin;
use crate::domain::ids::{ChannelName, PersonId, Stream};
use crate::domain::incident::IncidentEvent;
use crate::domain::message::{Message, Text, Tone, code, person, plain};
use crate::domain::runbook::{Came, Ended, Run, RunStatus, RunbookCommand as C, RunbookEvent as E, RunbookState};
use crate::domain::world::{Event, State};
use wish::{Refused, wanted};

pub(super) fn command(tx: &mut Tx<'_>, by: &PersonId, origin: &Origin, command: &C) -> Result<(), Stop> {
    match command {
        C::Run(wish) => {
            let channel = channel(tx, origin, wish.incident.is_some());
            match wanted(tx, by, wish, channel)? {
                Ok(asked) => {
                    let text = vec![
                        plain(format!("{} #{} waits: its card in ", wish.name, asked.number)),
                        crate::domain::message::Piece::Channel(asked.channel.clone()),
                        plain(" shows what would run, and asks whether you are sure."),
                    ];
                    emit(tx, &wish.name, E::RunAsked(Box::new(asked)))?;
                    tx.reply(Message::new(Tone::Waiting, text));
                }
                Err(refused) => refuse(tx, refused),
            }
            Ok(())
        }
        C::Confirm { name, number } => confirm(tx, by, name, *number),
        C::Stop { name, number } => stop(tx, by, name, *number),
        C::Show { .. } => Ok(()),
    }
}

/// Where its card stands: where it is asked for when that is one of ours, with incidents when it is about one.
fn channel(tx: &Tx<'_>, origin: &Origin, incident: bool) -> ChannelName {
    let channels = &tx.ctx.policy.channels;
    match () {
        () if incident => channels.incidents.clone(),
        () if channels.all().contains(&&origin.channel) => origin.channel.clone(),
        () => channels.engineering.clone(),
    }
}

fn refuse(tx: &mut Tx<'_>, (code, message): Refused) {
    tx.refuse(code, message);
}

/// Yes, run it: decided anew, by the runbook and the roles as they are now.
fn confirm(tx: &mut Tx<'_>, by: &PersonId, name: &str, number: u32) -> Result<(), Stop> {
    let Some(run) = known(tx, name, number)? else { return Ok(()) };
    if !matches!(run.status, RunStatus::Asked) {
        let text = vec![plain(format!("{name} #{number} {}. ", stands(&run))), code(format!("/runbook {name}"))];
        let text = [text, vec![plain(" shows what else can be run.")]].concat();
        tx.refuse_text("wrong_state", text);
        return Ok(());
    }
    let asked = &run.asked;
    let wish = wish::of(name, asked);
    let now = match wish::same(tx, by, &wish, asked)? {
        Ok(now) => now,
        Err(refused) => {
            refuse(tx, refused);
            return Ok(());
        }
    };
    if now != *asked {
        let text = vec![
            plain(format!("The runbook {name} has changed since {name} #{number} was asked for, so it does not run. ")),
            plain("Ask for it again."),
        ];
        emit(tx, name, E::RunCalledOff { number, by: None })?;
        tx.refuse_text("runbook_changed", text);
        return Ok(());
    }
    if asked.second_key && asked.by == *by {
        let mut text = vec![plain("Somebody else confirms what you ask for. ")];
        let roles = tx.ctx.policy.runbooks.get(name).and_then(|b| b.command(&asked.command)).map(|c| c.roles.clone());
        text.extend(super::refuse::who_holds(tx.ctx.policy, &roles.unwrap_or_default()));
        tx.refuse_text("second_key", text);
        return Ok(());
    }
    emit(tx, name, E::RunBegun { number, by: by.clone() })?;
    if let Some(incident) = asked.incident {
        let (runbook, what) = (name.to_owned(), asked.what());
        let event = IncidentEvent::CommandBegun { by: by.clone(), runbook, number, what };
        on_incident(tx, incident, event)?;
    }
    tx.reply(Message::line(Tone::Busy, format!("{name} #{number} begins. Its card shows how it goes.")));
    Ok(())
}

/// Ends what runs, or never begins it. Whoever may run it may stop it, and whoever asked for it or began it as well.
fn stop(tx: &mut Tx<'_>, by: &PersonId, name: &str, number: Option<u32>) -> Result<(), Stop> {
    let newest = state(tx, name)?.runs.iter().rev().find(|r| r.open()).map(|r| r.asked.number);
    let Some(number) = number.or(newest) else {
        let text = vec![plain(format!("Nothing of {name} runs or waits. ")), code("/runbook"), plain(" lists them.")];
        tx.refuse_text("nothing_runs", text);
        return Ok(());
    };
    let Some(run) = known(tx, name, number)? else { return Ok(()) };
    let policy = tx.ctx.policy;
    let own = run.asked.by == *by || run.begun.as_ref().is_some_and(|(who, _)| who == by);
    let roles = policy.runbooks.get(name).and_then(|b| b.command(&run.asked.command)).map(|c| c.roles.clone());
    // Nobody must be kept from ending what the config no longer knows.
    if let Some(roles) = roles.filter(|_| !own)
        && policy.people.get(by).is_none_or(|p| p.roles.is_disjoint(&roles))
    {
        tx.refuse_text("role_missing", role_missing(policy, &roles, &format!("stop {name} #{number}")));
        return Ok(());
    }
    match run.status {
        RunStatus::Asked => {
            emit(tx, name, E::RunCalledOff { number, by: Some(by.clone()) })?;
            tx.reply(Message::line(Tone::Good, format!("{name} #{number} does not run.")));
        }
        RunStatus::Running => {
            emit(tx, name, E::RunStopping { number, by: Some(by.clone()) })?;
            tx.reply(Message::line(Tone::Good, format!("{name} #{number} is stopped.")));
        }
        _ => tx.refuse_text("wrong_state", vec![plain(format!("{name} #{number} {}.", stands(&run)))]),
    }
    Ok(())
}

/// A timer of one that is open.
pub(super) fn fire(tx: &mut Tx<'_>, name: &str, number: u32) -> Result<(), Stop> {
    let Some(run) = state(tx, name)?.run(number).cloned() else { return Ok(()) };
    if run.due().is_none_or(|due| due > tx.ctx.now.work) {
        return Ok(());
    }
    match run.status {
        RunStatus::Asked => emit(tx, name, E::RunCalledOff { number, by: None }),
        RunStatus::Running => emit(tx, name, E::RunStopping { number, by: None }),
        RunStatus::Stopping { .. } => {
            let summary = "it was told to end and has not said that it did".to_owned();
            end(tx, name, &run, &Ended { came: Came::Lost, summary, output: None })
        }
        RunStatus::Ended(_) | RunStatus::CalledOff => Ok(()),
    }
}

/// How it ended, as its executor says. What is over already stays as it is.
pub(super) fn came(tx: &mut Tx<'_>, name: &str, number: u32, how: &Ended) -> Result<(), Stop> {
    match state(tx, name)?.run(number).cloned() {
        Some(run) if run.open() => end(tx, name, &run, how),
        _ => Ok(()),
    }
}

fn end(tx: &mut Tx<'_>, name: &str, run: &Run, how: &Ended) -> Result<(), Stop> {
    let number = run.asked.number;
    emit(tx, name, E::RunEnded { number, end: how.clone() })?;
    let Some(incident) = run.asked.incident else { return Ok(()) };
    let (runbook, what, summary) = (name.to_owned(), run.asked.what(), how.summary.clone());
    on_incident(tx, incident, IncidentEvent::CommandEnded { runbook, number, what, came: how.came, summary })
}

/// The run of this number, or a refusal.
fn known(tx: &mut Tx<'_>, name: &str, number: u32) -> Result<Option<Run>, Stop> {
    let found = state(tx, name)?.run(number).cloned();
    if found.is_none() {
        let text = vec![
            plain(format!("There is no {name} #{number}, or it is long over. ")),
            code("/runbook"),
            plain(" lists the runbooks."),
        ];
        tx.refuse_text("unknown_run", text);
    }
    Ok(found)
}

/// How it stands, behind its name.
fn stands(run: &Run) -> String {
    match &run.status {
        RunStatus::Asked => "waits to be confirmed".into(),
        RunStatus::Running => "runs already".into(),
        RunStatus::Stopping { .. } => "is being stopped".into(),
        RunStatus::Ended(end) => format!("is over: {}", end.summary),
        RunStatus::CalledOff => "was called off".into(),
    }
}

/// Who has begun what is open already, and what to do about it.
fn open_already(name: &str, run: &Run) -> Text {
    let number = run.asked.number;
    let (who, verb) = match &run.begun {
        Some((who, _)) => (who, "is running it already"),
        None => (&run.asked.by, "has asked for it already"),
    };
    let mut text = vec![person(who), plain(format!(" {verb}: {name} #{number}. "))];
    text.extend(match run.status {
        RunStatus::Asked => vec![plain("Press Run it now on its card, or "), code(format!("/runbook stop {name}"))],
        _ => vec![plain("Wait for its end, or "), code(format!("/runbook stop {name}"))],
    });
    text.push(plain("."));
    text
}

fn state(tx: &mut Tx<'_>, name: &str) -> Result<RunbookState, Stop> {
    Ok(match tx.state(&Stream::runbook(name))? {
        Some(State::Runbook(state)) => *state,
        _ => RunbookState::default(),
    })
}

fn emit(tx: &mut Tx<'_>, name: &str, event: E) -> Result<(), Stop> {
    tx.emit(Stream::runbook(name), Event::Runbook(event))
}

fn on_incident(tx: &mut Tx<'_>, id: crate::domain::ids::IncidentId, event: IncidentEvent) -> Result<(), Stop> {
    if tx.incident(id)?.is_none() {
        return Ok(());
    }
    tx.emit(Stream::incident(id), Event::Incident(event))
}
