//! What alerts do to incidents: they open them, join them, and are over.

use super::declare::{Begins, opened};
use super::{act, climb, publish};
use crate::domain::alert::{Linked, Over};
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{BoardEvent, Incident, IncidentEvent as E, Status, Suspect, UPDATE_EVERY_MIN};
use crate::domain::response::{Ladder, Severity};
use crate::domain::status::Template;
use crate::domain::time::{Span, after};
use std::collections::BTreeSet;

/// Who resolves and mitigates when nobody did.
const ITSELF: &str = "signalbox";
/// The title of an incident that gathers many.
const STORM: &str = "Alert storm";

/// A key that wants an incident.
#[derive(Clone, Debug)]
pub(in crate::domain::decide) struct Wanted {
    pub linked: Linked,
    pub severity: String,
    /// Instead of its severity's.
    pub ladder: Option<String>,
}

/// Whether an incident is there and not over.
pub(in crate::domain::decide) fn open(tx: &mut Tx<'_>, id: Option<IncidentId>) -> Result<Option<Incident>, Stop> {
    let Some(id) = id else { return Ok(None) };
    Ok(tx.incident(id)?.filter(|i| !i.status.ended()))
}

/// One of its own for a key.
pub(in crate::domain::decide) fn opens(
    tx: &mut Tx<'_>,
    key: &Wanted,
    suspects: &[Suspect],
) -> Result<Option<IncidentId>, Stop> {
    let Some(severity) = severity(tx, &key.severity) else { return Ok(None) };
    let (service, ladder) = (key.linked.service.clone(), own_ladder(tx, key));
    let begins =
        Begins { service: service.as_ref(), suspects, ladder, alerts: vec![key.linked.clone()], ..Begins::default() };
    opened(tx, &severity, &key.linked.title, begins).map(Some)
}

/// One for all of them: as bad as the worst, and everybody who would have been paged for any of them is on its ladder.
pub(in crate::domain::decide) fn storms(
    tx: &mut Tx<'_>,
    keys: &[Wanted],
    suspects: &[Suspect],
) -> Result<Option<IncidentId>, Stop> {
    let Some(severity) = worst(tx, keys).and_then(|name| severity(tx, &name)) else { return Ok(None) };
    let ladder = ladders(tx, keys).into_iter().reduce(|mut all, one| {
        all.widen(&one);
        all
    });
    let mut services: BTreeSet<_> = keys.iter().map(|k| k.linked.service.clone()).collect();
    let service = if services.len() == 1 { services.pop_first().flatten() } else { None };
    let alerts = keys.iter().map(|k| k.linked.clone()).collect();
    let begins = Begins { service: service.as_ref(), suspects, ladder, alerts, storm: true, ..Begins::default() };
    opened(tx, &severity, STORM, begins).map(Some)
}

/// They join a storm. Whoever would have been paged for one of them and was not yet is paged now.
pub(in crate::domain::decide) fn joins(tx: &mut Tx<'_>, id: IncidentId, keys: &[Wanted]) -> Result<(), Stop> {
    fires(tx, id, keys.iter().map(|k| k.linked.clone()).collect(), false)?;
    let new: Vec<Ladder> = ladders(tx, keys);
    for ladder in &new {
        let Some(i) = tx.incident(id)? else { return Ok(()) };
        if i.climb.ladder.as_ref().is_none_or(|there| !there.covers(ladder)) {
            tx.on_incident(id, E::LadderWidened { ladder: Box::new(ladder.clone()) })?;
        }
    }
    if let Some(worst) = worst(tx, keys) {
        worse(tx, id, &worst, "the storm grows")?;
    }
    for ladder in &new {
        page_too(tx, id, ladder)?;
    }
    climb::go_on(tx, id)
}

/// Pages those on the levels of `ladder` that were reached who were not paged in this climb.
fn page_too(tx: &mut Tx<'_>, id: IncidentId, ladder: &Ladder) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)?.filter(|i| i.hushed().is_none()) else { return Ok(()) };
    let at_once = ladder.levels.iter().take_while(|level| level.after == Span::ZERO).count();
    let reached = i.climb.next.max(at_once);
    for (n, level) in ladder.levels.iter().enumerate().take(reached) {
        let Some(i) = tx.incident(id)? else { return Ok(()) };
        let paged: BTreeSet<&PersonId> = i.paged().map(|(_, page)| &page.person).collect();
        let (mut people, _) = climb::on_level(tx, level)?;
        people.retain(|person| !paged.contains(person));
        if people.is_empty() {
            continue;
        }
        let own = i.climb.ladder.as_ref().and_then(|l| l.levels.get(n));
        let level = own.map_or_else(|| level.name.clone(), |l| l.name.clone());
        let ways = climb::ways(tx, &i.severity, &people);
        tx.on_incident(id, E::PagedToo { level, people, why: "the storm grows".into(), ways })?;
    }
    Ok(())
}

/// Keys of it fire. An incident that was held to be under control is not.
pub(in crate::domain::decide) fn fires(
    tx: &mut Tx<'_>,
    id: IncidentId,
    alerts: Vec<Linked>,
    held: bool,
) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let again = !held && (i.status == Status::Mitigated || i.alerts.hushed.as_ref().is_some_and(|h| h.over));
    tx.on_incident(id, E::AlertsFired { alerts, again })?;
    if !again {
        return Ok(());
    }
    climb::go_on(tx, id)?;
    publish::follow(tx, id, &PersonId::new(ITSELF), Template::PublicUpdate, None)
}

/// An alert of it is worse than it is.
pub(in crate::domain::decide) fn worse(tx: &mut Tx<'_>, id: IncidentId, name: &str, why: &str) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let response = &tx.ctx.policy.response;
    let Some(wanted) = response.severity(name).cloned().filter(|s| response.worse(&s.name, &i.severity)) else {
        return Ok(());
    };
    // What pages nobody must not take the ladder that is there.
    let ladder = match response.ladder_of(&wanted.name).cloned() {
        Some(mut ladder) => {
            i.climb.ladder.iter().for_each(|there| ladder.widen(there));
            Some(ladder)
        }
        None => i.climb.ladder.clone(),
    };
    let why = i.hushed().is_none().then(|| format!("{why}: {}", wanted.name));
    act::becomes(tx, &i, &wanted, (ladder, true), why.as_deref())
}

/// Keys of it are over. When none fires any more, what config says becomes of it.
pub(in crate::domain::decide) fn over(
    tx: &mut Tx<'_>,
    id: IncidentId,
    keys: Vec<String>,
    then: Over,
) -> Result<(), Stop> {
    if tx.incident(id)?.is_none() {
        return Ok(());
    }
    tx.on_incident(id, E::AlertsOver { keys })?;
    let Some(i) = open(tx, Some(id))?.filter(|i| i.alerts.firing == 0) else { return Ok(()) };
    // Of many that came at once, the last one does not speak for all.
    let then = if i.alerts.storm { Over::Tell } else { then };
    let (by, words) = (PersonId::new(ITSELF), "its alerts are over".to_owned());
    let now = tx.ctx.now.wall;
    let severity = tx.ctx.policy.response.severity(&i.severity).cloned();
    match then {
        Over::Tell => Ok(()),
        Over::Mitigate if i.status == Status::Mitigated => Ok(()),
        Over::Mitigate => {
            let next = after(now, severity.map_or(UPDATE_EVERY_MIN, |s| s.update));
            tx.on_incident(id, E::Mitigated { by: by.clone(), text: words, next })?;
            publish::follow(tx, id, &by, Template::PublicMitigated, None)
        }
        Over::Resolve => {
            let post_mortem_due = severity.and_then(|s| s.post_mortem).map(|span| after(now, span));
            let cause = "nobody has said it".to_owned();
            tx.on_incident(id, E::Resolved { by: by.clone(), resolution: words, cause, post_mortem_due })?;
            tx.on_board(BoardEvent::Ended { incident: id })?;
            publish::follow(tx, id, &by, Template::PublicResolved, None)
        }
    }
}

/// Everything of it that fires is silenced, or no longer: `firing` is whether anything fires.
pub(in crate::domain::decide) fn hushes(
    tx: &mut Tx<'_>,
    id: IncidentId,
    held: Option<&str>,
    firing: bool,
) -> Result<(), Stop> {
    let Some(i) = open(tx, Some(id))?.filter(|i| i.alerts.all() > 0) else { return Ok(()) };
    match (i.hushed(), held) {
        (None, Some(why)) => tx.on_incident(id, E::Hushed { why: why.to_owned() }),
        (Some(_), None) => {
            let every = tx.ctx.policy.response.severity(&i.severity).map_or(UPDATE_EVERY_MIN, |s| s.update);
            let next_update = after(tx.ctx.now.wall, every);
            tx.on_incident(id, E::Rearmed { firing, next_update })?;
            climb::go_on(tx, id)
        }
        _ => Ok(()),
    }
}

/// The severity of this name; of one that config no longer knows, the worst.
fn severity(tx: &Tx<'_>, name: &str) -> Option<Severity> {
    let response = &tx.ctx.policy.response;
    response.severity(name).or_else(|| response.severities.first()).cloned()
}

fn worst(tx: &Tx<'_>, keys: &[Wanted]) -> Option<String> {
    let response = &tx.ctx.policy.response;
    let rank = |key: &Wanted| response.severities.iter().position(|s| s.name.eq_ignore_ascii_case(&key.severity));
    keys.iter().min_by_key(|key| rank(key).unwrap_or(0)).map(|key| key.severity.clone())
}

fn own_ladder(tx: &Tx<'_>, key: &Wanted) -> Option<Ladder> {
    let response = &tx.ctx.policy.response;
    let own = key.ladder.as_ref().and_then(|name| response.ladders.get(name));
    own.or_else(|| response.ladder_of(&key.severity)).cloned()
}

/// Each ladder that one of them would have climbed, once.
fn ladders(tx: &Tx<'_>, keys: &[Wanted]) -> Vec<Ladder> {
    let mut out: Vec<Ladder> = Vec::new();
    for ladder in keys.iter().filter_map(|key| own_ladder(tx, key)) {
        if !out.iter().any(|there| there.name == ladder.name) {
            out.push(ladder);
        }
    }
    out
}
