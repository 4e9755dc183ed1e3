//! What is asked first, and what often helps: ticked by whoever answers it.
//!
//! Anybody in config may tick, as with everything in an incident. Nothing waits for a tick.

use super::act::done;
use crate::domain::decide::{Stop, Tx, checklist};
use crate::domain::deployment::{ItemMark, ItemState};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{Incident, IncidentEvent as E, first_list};
use crate::domain::message::{code, plain};

/// An incident that is urgent now has its list, once, unless it is practice.
pub fn opens(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let response = &tx.ctx.policy.response;
    let urgent = response.severity(&i.severity).is_some_and(|s| s.urgent);
    let list = first_list(response).filter(|_| urgent && !i.drill && i.first.is_none());
    list.map_or(Ok(()), |list| tx.on_incident(id, E::FirstOpened { list: Box::new(list) }))
}

pub fn tick(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, numbers: &[u32]) -> Result<(), Stop> {
    let Some((i, items)) = items(tx, id, numbers)? else { return Ok(()) };
    let new = items.iter().filter(|item| !matches!(item.mark, ItemMark::Ticked { .. }));
    let new: Vec<u32> = new.map(|item| item.no).collect();
    if new.is_empty() {
        done(tx, format!("{}: ticked already.", i.id));
        return Ok(());
    }
    tx.on_incident(i.id, E::FirstTicked { by: by.clone(), items: new.clone() })?;
    let text = format!("{}: ticked {}.{}", i.id, listed(&new), left(tx, i.id)?);
    done(tx, text);
    Ok(())
}

pub fn untick(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, numbers: &[u32]) -> Result<(), Stop> {
    let Some((i, items)) = items(tx, id, numbers)? else { return Ok(()) };
    let settled: Vec<u32> = items.iter().filter(|item| item.settled()).map(|item| item.no).collect();
    if settled.is_empty() {
        done(tx, format!("{}: open already.", i.id));
        return Ok(());
    }
    tx.on_incident(i.id, E::FirstUnticked { by: by.clone(), items: settled.clone() })?;
    done(tx, format!("{}: open again: {}.", i.id, listed(&settled)));
    Ok(())
}

pub fn not_applicable(
    tx: &mut Tx<'_>,
    by: &PersonId,
    id: Option<IncidentId>,
    item: u32,
    reason: &str,
) -> Result<(), Stop> {
    let Some((i, _)) = items(tx, id, &[item])? else { return Ok(()) };
    let example = format!("/checklist na {} {item} nothing was released", i.id);
    if !super::act::said(tx, reason, "Why it does not apply", example) {
        return Ok(());
    }
    let (by, reason) = (by.clone(), reason.trim().to_owned());
    tx.on_incident(i.id, E::FirstNotApplicable { by, item, reason })?;
    let text = format!("{}: item {item} does not apply.{}", i.id, left(tx, i.id)?);
    done(tx, text);
    Ok(())
}

/// The incident that is meant with its items of these numbers, while it runs; or a refusal.
fn items(tx: &mut Tx<'_>, id: Option<IncidentId>, numbers: &[u32]) -> Result<Option<(Incident, Vec<ItemState>)>, Stop> {
    let Some(i) = tx.meant(id)? else { return Ok(None) };
    let Some(list) = &i.first else {
        let text = vec![
            plain(format!("{} has no checklist. ", i.id)),
            code(format!("/incident status {}", i.id)),
            plain(" shows how it stands."),
        ];
        tx.refuse_text("no_checklist", text);
        return Ok(None);
    };
    if i.status.ended() {
        let text = vec![
            plain(format!("{} is {}: its checklist stays as it is. ", i.id, i.status.words())),
            code(format!("/incident reopen {} REASON", i.id)),
            plain(" opens it again, with its ticks."),
        ];
        tx.refuse_text("too_late", text);
        return Ok(None);
    }
    let found = checklist::chosen(tx, list.items.iter(), numbers, (&i.id.to_string(), "checklist"));
    Ok(found.map(|items| (i, items)))
}

/// ` 3 left.`, behind what was done.
fn left(tx: &mut Tx<'_>, id: IncidentId) -> Result<String, Stop> {
    let counted = tx.incident(id)?.as_ref().and_then(Incident::first_done);
    Ok(match counted.map_or(0, |(done, all)| all - done) {
        0 => " Nothing is left of it.".to_owned(),
        n => format!(" {n} left."),
    })
}

fn listed(items: &[u32]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
