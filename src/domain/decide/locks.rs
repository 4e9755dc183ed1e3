//! Locks, quarantine and review debts: what keeps a line closed, and the recorded acts that open it.

use super::{Stop, Tx};
use crate::domain::deployment::HoldReason;
use crate::domain::environment::EnvironmentEvent as E;
use crate::domain::ids::{DeploymentId, EnvironmentName, PersonId, Role, ServiceName};
use crate::domain::message::{Message, Tone, code, moment, person, plain};
use crate::domain::person::PersonEvent;
use crate::domain::time::{Span, after};
use std::collections::BTreeSet;

pub(super) struct Wanted<'a> {
    pub service: Option<&'a ServiceName>,
    pub span: Option<Span>,
    pub reason: &'a str,
    pub take_over: bool,
}

fn operators(tx: &Tx<'_>, name: &EnvironmentName) -> BTreeSet<Role> {
    tx.ctx.policy.environments.get(name).map(|e| e.operators.clone()).unwrap_or_default()
}

fn label(service: Option<&ServiceName>, name: &EnvironmentName) -> String {
    service.map_or_else(|| name.to_string(), |s| format!("{s} in {name}"))
}

pub(super) fn lock(tx: &mut Tx<'_>, by: &PersonId, name: &EnvironmentName, wanted: &Wanted<'_>) -> Result<(), Stop> {
    let what = label(wanted.service, name);
    let roles = operators(tx, name);
    if !tx.allowed(by, &roles, &format!("lock {what}")) {
        return Ok(());
    }
    if wanted.reason.trim().is_empty() {
        let text = vec![plain("A lock needs a reason: "), code(format!("/lock {what} for 2h reason")), plain(".")];
        tx.refuse_text("reason_missing", text);
        return Ok(());
    }
    let scope = wanted.service.map_or_else(String::new, |s| s.as_str().to_owned());
    let env = tx.environment(name)?;
    let standing = env.locks.get(&scope).filter(|l| l.owner.as_ref() != Some(by));
    if let (Some(lock), false) = (standing, wanted.take_over) {
        let mut text = vec![plain(format!("{what} is locked by "))];
        text.push(lock.owner.as_ref().map_or_else(|| plain("signalbox"), person));
        text.push(plain(format!(": {}. To take it over, say so: ", lock.reason)));
        text.extend([code(format!("/lock {what} --take-over reason")), plain(".")]);
        tx.refuse_text("locked", text);
        return Ok(());
    }
    let taken_from = standing.and_then(|l| l.owner.clone());
    let until = wanted.span.map(|s| after(tx.ctx.now.wall, s));
    let reason = wanted.reason.trim().to_owned();
    tx.on_environment(name, E::Locked { scope, owner: Some(by.clone()), reason, until, taken_from })?;
    let mut text = vec![plain(format!("{what} is locked"))];
    if let Some(until) = until {
        text.extend([plain(" until "), moment(until)]);
    }
    text.extend([plain(". Rollbacks and aborts still work. "), code(format!("/unlock {what}")), plain(" ends it.")]);
    tx.reply(Message::new(Tone::Good, text));
    wake_held(tx, name)
}

pub(super) fn unlock(
    tx: &mut Tx<'_>,
    by: &PersonId,
    service: Option<&ServiceName>,
    name: &EnvironmentName,
) -> Result<(), Stop> {
    let what = label(service, name);
    let roles = operators(tx, name);
    if !tx.allowed(by, &roles, &format!("unlock {what}")) {
        return Ok(());
    }
    let scope = service.map_or_else(String::new, |s| s.as_str().to_owned());
    let env = tx.environment(name)?;
    if !env.locks.contains_key(&scope) {
        let others: Vec<_> = env.locks.keys().filter(|k| !k.is_empty()).map(|k| format!("{k} in {name}")).collect();
        let mut text = vec![plain(format!("{what} is not locked."))];
        if !others.is_empty() {
            text.push(plain(format!(" Locked there: {}.", others.join(", "))));
        }
        tx.refuse_text("not_locked", text);
        return Ok(());
    }
    tx.on_environment(name, E::Unlocked { scope, by: Some(by.clone()) })?;
    tx.reply(Message::line(Tone::Good, format!("{what} is unlocked.")));
    wake_held(tx, name)
}

/// Everything in the environment that a lock may have held is asked again.
pub(super) fn wake_held(tx: &mut Tx<'_>, name: &EnvironmentName) -> Result<(), Stop> {
    let env = tx.environment(name)?;
    for id in env.open() {
        let Some(d) = tx.deployment(id)? else { continue };
        let gate = d.run.as_ref().and_then(|r| r.hold.as_ref()).is_some_and(|h| h.reason == HoldReason::Gate);
        if gate {
            tx.on(id, crate::domain::deployment::DeploymentEvent::Released { by: None })?;
        }
        tx.wake(id);
    }
    Ok(())
}

pub(super) fn release_quarantine(
    tx: &mut Tx<'_>,
    by: &PersonId,
    service: &ServiceName,
    version: &str,
    environment: Option<&EnvironmentName>,
    reason: &str,
) -> Result<(), Stop> {
    let names: Vec<EnvironmentName> = match environment {
        Some(name) => vec![name.clone()],
        None => tx.ctx.policy.environments.keys().cloned().collect(),
    };
    let mut released = Vec::new();
    for name in &names {
        let env = tx.environment(name)?;
        let track = env.track(service);
        let found = track.quarantine.iter().find(|(_, q)| q.version == version).map(|(r, q)| (r.clone(), q.clone()));
        let Some((revision, q)) = found else { continue };
        let roles = operators(tx, name);
        if !tx.allowed(by, &roles, &format!("release a quarantine in {name}")) {
            return Ok(());
        }
        let (service, version) = (service.clone(), q.version);
        let (by, reason) = (by.clone(), reason.trim().to_owned());
        tx.on_environment(name, E::QuarantineReleased { service, revision, version, by, reason })?;
        released.push(name.to_string());
    }
    if released.is_empty() {
        let text = vec![
            plain(format!("{service} {version} is not quarantined. ")),
            code("/quarantine list"),
            plain(" shows what is."),
        ];
        tx.refuse_text("not_quarantined", text);
    } else {
        tx.reply(Message::line(
            Tone::Good,
            format!("{service} {version} may be deployed to {} again.", released.join(" and ")),
        ));
    }
    Ok(())
}

/// Closes the review debt that a hotfix or an emergency rollback opened. Nobody reviews their own.
pub(super) fn review(tx: &mut Tx<'_>, by: &PersonId, id: DeploymentId, notes: &str) -> Result<(), Stop> {
    let Some(d) = tx.known(id)? else { return Ok(()) };
    let debts = tx.debts(&d.requester)?;
    if !debts.open.contains_key(&id) {
        tx.refuse_text("no_debt", vec![plain(format!("{id} has no open review."))]);
        return Ok(());
    }
    if by == &d.requester {
        tx.refuse_text("requester", vec![plain(format!("You asked for {id}, so somebody else must review it."))]);
        return Ok(());
    }
    if notes.trim().is_empty() {
        let text = vec![plain("A review needs a note: "), code(format!("/review {id} what was found")), plain(".")];
        tx.refuse_text("reason_missing", text);
        return Ok(());
    }
    let event = PersonEvent::DebtClosed { deployment: id, by: by.clone(), notes: notes.trim().to_owned() };
    tx.on_person(&d.requester, event)?;
    let text = vec![
        plain(format!("The review of {id} is closed. ")),
        person(&d.requester),
        plain(" may use the fast lane again."),
    ];
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}
