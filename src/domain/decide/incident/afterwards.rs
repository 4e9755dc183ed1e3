//! What is left to do: how many noticed it, actions with owners and dates, lessons, and the look at all of it together.

use super::act::{done, said};
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{ACTIONS, Action, Incident, IncidentEvent as E, Status};
use crate::domain::message::{Block, Line, Mark, Message, Text, Tone, bold, code, moment, person, plain};
use crate::domain::time::{Span, after};
use jiff::Timestamp;

pub fn impact(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, text: &str) -> Result<(), Stop> {
    let Some(i) = tx.lately(id)? else { return Ok(()) };
    if !said(tx, text, "Who notices it", format!("/incident impact {} every third payment fails", i.id)) {
        return Ok(());
    }
    tx.on_incident(i.id, E::ImpactSaid { by: by.clone(), text: text.trim().to_owned() })?;
    done(tx, format!("The card of {} says so.", i.id));
    Ok(())
}

pub fn action(
    tx: &mut Tx<'_>,
    by: &PersonId,
    id: Option<IncidentId>,
    text: &str,
    owner: Option<&PersonId>,
    due: Option<Span>,
) -> Result<(), Stop> {
    let Some(i) = tx.lately(id)? else { return Ok(()) };
    let example = format!("/incident action {} alert on the pool's size --owner sara --due 7d", i.id);
    if !said(tx, text, "What is to be done", example) {
        return Ok(());
    }
    if i.actions.len() >= ACTIONS {
        tx.refuse_text("actions_full", vec![plain(format!("{} has {ACTIONS} actions already.", i.id))]);
        return Ok(());
    }
    let n = i.actions.iter().map(|a| a.n).max().unwrap_or(0) + 1;
    let due = due.map(|span| after(tx.ctx.now.wall, span));
    let (by, text, owner) = (by.clone(), text.trim().to_owned(), owner.cloned());
    tx.on_incident(i.id, E::ActionAdded { by, n, text, owner, due })?;
    planned(tx, i.id, n)
}

pub fn plan(
    tx: &mut Tx<'_>,
    by: &PersonId,
    id: Option<IncidentId>,
    n: u32,
    owner: Option<&PersonId>,
    due: Option<Span>,
) -> Result<(), Stop> {
    let Some((i, _)) = open_action(tx, id, n)? else { return Ok(()) };
    if owner.is_none() && due.is_none() {
        let text = vec![
            plain("Say who does it, or by when: "),
            code(format!("/incident plan {} {n} --owner sara --due 7d", i.id)),
            plain("."),
        ];
        tx.refuse_text("nothing_planned", text);
        return Ok(());
    }
    let due = due.map(|span| after(tx.ctx.now.wall, span));
    tx.on_incident(i.id, E::ActionPlanned { by: by.clone(), n, owner: owner.cloned(), due })?;
    planned(tx, i.id, n)
}

/// Says what the action is like now, and what it lacks.
fn planned(tx: &mut Tx<'_>, id: IncidentId, n: u32) -> Result<(), Stop> {
    let Some(action) = tx.incident(id)?.and_then(|i| i.action(n).cloned()) else { return Ok(()) };
    let mut text = vec![plain(format!("Action {n} of {id}: ")), bold(action.text.as_str())];
    text.extend(who_and_when(action.owner.as_ref(), action.due));
    if action.owner.is_none() || action.due.is_none() {
        let rest = match (&action.owner, action.due) {
            (None, None) => "--owner NAME --due 7d",
            (None, _) => "--owner NAME",
            _ => "--due 7d",
        };
        text.extend([plain(". Before the review: "), code(format!("/incident plan {id} {n} {rest}"))]);
    }
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

fn who_and_when(owner: Option<&PersonId>, due: Option<Timestamp>) -> Text {
    let mut text = Vec::new();
    text.extend(owner.into_iter().flat_map(|who| [plain(" · "), person(who)]));
    text.extend(due.into_iter().flat_map(|due| [plain(" · by "), moment(due)]));
    text
}

pub fn finish(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, n: u32) -> Result<(), Stop> {
    let Some((i, action)) = open_action(tx, id, n)? else { return Ok(()) };
    tx.on_incident(i.id, E::ActionDone { by: by.clone(), n })?;
    done(tx, format!("Done: {}.", action.text));
    Ok(())
}

/// An action that is not done, or a refusal.
fn open_action(tx: &mut Tx<'_>, id: Option<IncidentId>, n: u32) -> Result<Option<(Incident, Action)>, Stop> {
    let Some(i) = tx.lately(id)? else { return Ok(None) };
    let found = i.action(n).cloned();
    match found {
        Some(action) if action.done.is_none() => return Ok(Some((i, action))),
        Some(_) => tx.refuse_text("action_done", vec![plain(format!("Action {n} of {} is done already.", i.id))]),
        None => {
            let text = vec![
                plain(format!("{} has no action {n}. ", i.id)),
                code(format!("/incident status {}", i.id)),
                plain(" lists them."),
            ];
            tx.refuse_text("unknown_action", text);
        }
    }
    Ok(None)
}

pub fn lessons(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, text: &str) -> Result<(), Stop> {
    let Some(i) = tx.lately(id)? else { return Ok(()) };
    if !i.status.ended() {
        let text = vec![
            plain(format!("{} is {}; its lessons come afterwards. ", i.id, i.status.words())),
            code(format!("/incident resolve {} …", i.id)),
            plain(" ends it."),
        ];
        tx.refuse_text("wrong_state", text);
        return Ok(());
    }
    if !said(tx, text, "What was learned", format!("/incident lessons {} we had no alert on the pool", i.id)) {
        return Ok(());
    }
    tx.on_incident(i.id, E::LessonsSaid { by: by.clone(), text: text.trim().to_owned() })?;
    let text = vec![
        plain(format!("The post-mortem of {} is complete with that. ", i.id)),
        code(format!("/incident postmortem {}", i.id)),
        plain(" shows it, "),
        code(format!("/incident review {}", i.id)),
        plain(" closes it."),
    ];
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

/// Refused while anything is missing, and all of it is named.
pub fn review(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>) -> Result<(), Stop> {
    let Some(i) = tx.lately(id)? else { return Ok(()) };
    if i.status != Status::Resolved {
        let text = match i.status {
            Status::Reviewed => format!("{} is reviewed already.", i.id),
            other => format!("{} is {}; it is reviewed after it is resolved.", i.id, other.words()),
        };
        tx.refuse_text("wrong_state", vec![plain(text)]);
        return Ok(());
    }
    let mut missing: Vec<Text> = Vec::new();
    if i.post_mortem_due.is_some() && i.lessons.is_none() {
        let command = code(format!("/incident lessons {} …", i.id));
        missing.push(vec![plain("the lessons of its post-mortem: "), command]);
    }
    for action in &i.actions {
        let lacks = match (action.owner.is_none(), action.due.is_none()) {
            (true, true) => "an owner and a date",
            (true, false) => "an owner",
            (false, true) => "a date",
            (false, false) => continue,
        };
        let command = code(format!("/incident plan {} {} …", i.id, action.n));
        missing.push(vec![plain(format!("{lacks} for action {}, {}: ", action.n, action.text)), command]);
    }
    if !missing.is_empty() {
        let mut message =
            Message::new(Tone::Warning, vec![plain(format!("{} cannot be closed yet. There lacks", i.id))]);
        let lines = missing.into_iter().map(|text| Line { mark: Mark::Open, text });
        message = message.block(Block::List(lines.collect()));
        tx.refuse("not_ready", message);
        return Ok(());
    }
    tx.on_incident(i.id, E::Reviewed { by: by.clone() })?;
    done(tx, format!("{} is reviewed. Its open actions are still chased.", i.id));
    Ok(())
}

/// An owed post-mortem is brought to mind.
pub fn nag_post_mortem(tx: &mut Tx<'_>, i: &Incident) -> Result<(), Stop> {
    tx.on_incident(i.id, E::PostMortemNagged)
}

/// Every action that is due to be brought to mind.
pub fn nag_actions(tx: &mut Tx<'_>, i: &Incident) -> Result<(), Stop> {
    let now = tx.ctx.now.wall;
    let due: Vec<u32> = i.action_nags().filter(|(_, at)| *at <= now).map(|(n, _)| n).collect();
    for n in due {
        tx.on_incident(i.id, E::ActionNagged { n })?;
    }
    Ok(())
}

impl Tx<'_> {
    /// The incident that is meant: the named one, the only open one, or the one that ended last.
    pub(super) fn lately(&mut self, id: Option<IncidentId>) -> Result<Option<Incident>, Stop> {
        let board = self.board()?;
        let last = board.ended.last().copied().filter(|_| board.open.is_empty());
        self.meant(id.or(last))
    }
}
