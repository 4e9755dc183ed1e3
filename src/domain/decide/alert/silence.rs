//! `/silence`: people who know say that nobody is to be paged about something for a while.

use super::review::review;
use crate::domain::alert::{
    AlertBoard, AlertBoardEvent, AlertCommand as C, Glob, Matcher, SILENCE_MAX, SILENCES, Silence, short,
};
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::message::{Message, Tone, code, moment, plain};
use crate::domain::time::{Span, after};

pub fn command(tx: &mut Tx<'_>, by: &PersonId, command: &C) -> Result<(), Stop> {
    match command {
        C::Silence { matcher, span, reason } => silence(tx, by, matcher, *span, reason),
        C::CancelSilence { number } => cancel(tx, by, *number),
        C::List | C::Silences => Ok(()),
    }
}

fn silence(tx: &mut Tx<'_>, by: &PersonId, typed: &str, span: Span, reason: &str) -> Result<(), Stop> {
    let roles = &tx.ctx.policy.alerts.silencers;
    if !tx.allowed(by, roles, "silence alerts") {
        return Ok(());
    }
    let board = tx.alerts()?;
    if span > SILENCE_MAX {
        let text = vec![plain(format!("A silence lasts {SILENCE_MAX} at most, so that it cannot be forgotten."))];
        tx.refuse_text("too_long", text);
        return Ok(());
    }
    if board.silences.len() >= SILENCES {
        let text = vec![plain(format!("There are {} silences already. ", board.silences.len())), code("/silence list")];
        tx.refuse_text("too_many", text);
        return Ok(());
    }
    let Some(matcher) = read(&board, typed) else {
        let text = vec![
            plain(format!("Nothing that fires is called {typed}. Name an alert, an incident or labels: ")),
            code("/silence service=api for 1h we move it"),
            plain("; "),
            code("/alerts"),
            plain(" lists what fires."),
        ];
        tx.refuse_text("no_alert", text);
        return Ok(());
    };
    let (number, until) = (board.last + 1, after(tx.ctx.now.wall, span));
    let meant = board.firing.iter().filter(|(key, entry)| matcher.matches(key, entry)).count();
    let (typed, reason) = (typed.trim().to_owned(), reason.trim().to_owned());
    let silence = Silence { number, matcher, typed, until, by: by.clone(), reason };
    tx.on_alerts(AlertBoardEvent::Silenced(Box::new(silence)))?;
    review(tx)?;
    let now = match meant {
        0 => "Nothing of it fires now; what begins to page nobody".to_owned(),
        1 => "1 alert that fires pages nobody".to_owned(),
        n => format!("{n} alerts that fire page nobody"),
    };
    let text = vec![
        plain(format!("Silence {number}. {now} until ")),
        moment(until),
        plain(". What fires then is told again. "),
        code(format!("/silence cancel {number}")),
        plain(" ends it sooner."),
    ];
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

fn cancel(tx: &mut Tx<'_>, by: &PersonId, number: u32) -> Result<(), Stop> {
    let roles = &tx.ctx.policy.alerts.silencers;
    if !tx.allowed(by, roles, "end a silence") {
        return Ok(());
    }
    if !tx.alerts()?.silences.iter().any(|s| s.number == number) {
        let text = vec![plain(format!("There is no silence {number}. ")), code("/silence list")];
        tx.refuse_text("no_silence", text);
        return Ok(());
    }
    tx.on_alerts(AlertBoardEvent::SilenceEnded { number, by: Some(by.clone()) })?;
    if review(tx)? {
        let look = Some(tx.ctx.now.wall);
        tx.on_alerts(AlertBoardEvent::MaintenancePlanned { look })?;
    }
    tx.reply(Message::line(Tone::Good, format!("Silence {number} is over. What fires is told again.")));
    Ok(())
}

/// `INC-7`: the alerts of an incident; `service=api,severity=warn*`: labels; anything else: a name, in which `*` is any text.
fn read(board: &AlertBoard, typed: &str) -> Option<Matcher> {
    let typed = typed.trim().trim_start_matches('{').trim_end_matches('}');
    if typed.is_empty() {
        return None;
    }
    if let Some(id) = IncidentId::parse(typed).filter(|_| typed.starts_with(['I', 'i'])) {
        let own = board.firing.iter().filter(|(_, e)| e.incident == Some(id));
        let keys: std::collections::BTreeSet<String> = own.map(|(key, _)| key.clone()).collect();
        return (!keys.is_empty()).then_some(Matcher::Keys(keys));
    }
    if typed.contains('=') {
        let pair = |part: &str| {
            let (name, value) = part.split_once('=')?;
            let value = value.trim().trim_matches(['"', '~', '=']);
            Some((name.trim().to_owned(), Glob::new(value))).filter(|(name, _)| !name.is_empty())
        };
        return typed.split(',').map(pair).collect::<Option<_>>().map(Matcher::Labels);
    }
    if let Some(key) = board.firing.keys().find(|key| short(key).eq_ignore_ascii_case(typed)) {
        return Some(Matcher::Keys([key.clone()].into()));
    }
    Some(Matcher::Words(Glob::new(typed)))
}
