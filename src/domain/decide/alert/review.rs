//! Silences and maintenance begin and end: what is quiet because of them, and what is told again.

use super::changes::Changes;
use crate::domain::alert::{AlertBoardEvent, BoardPurpose, Entry, Line, REARMED};
use crate::domain::decide::incident::alerts;
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::IncidentId;

/// A timer of the board, or a look at it after a start and with a new config.
pub fn fire(tx: &mut Tx<'_>, purpose: BoardPurpose) -> Result<(), Stop> {
    let (board, now) = (tx.alerts()?, tx.ctx.now.wall);
    if purpose == BoardPurpose::Silences {
        for silence in board.silences.iter().filter(|s| s.until <= now) {
            tx.on_alerts(AlertBoardEvent::SilenceEnded { number: silence.number, by: None })?;
        }
    }
    let left = review(tx)?;
    // Whatever is left is looked at next.
    let next = || tx.ctx.policy.alerts.maintenance.iter().filter_map(|m| m.next_change(now)).min();
    let look = if left { Some(now) } else { next() };
    if tx.alerts()?.look != look {
        tx.on_alerts(AlertBoardEvent::MaintenancePlanned { look })?;
    }
    Ok(())
}

/// Looks at everything that fires: whether it is silenced now. Says whether something is left to be looked at.
pub fn review(tx: &mut Tx<'_>) -> Result<bool, Stop> {
    let (board, now) = (tx.alerts()?, tx.ctx.now.wall);
    let (mut changes, mut freed, mut left) = (Changes::default(), 0, false);
    for (key, entry) in &board.firing {
        let held = board.held(&tx.ctx.policy.alerts, key, entry, now);
        if held == entry.held {
            continue;
        }
        if held.is_none() {
            if freed >= REARMED {
                left = true;
                continue;
            }
            freed += 1;
            free(tx, key, entry, &mut changes)?;
        }
        changes.put(key, Entry { held, ..entry.clone() });
    }
    changes.finish(tx, &[])?;
    Ok(left)
}

/// Something that fires is not silenced any more.
fn free(tx: &mut Tx<'_>, key: &str, entry: &Entry, changes: &mut Changes) -> Result<(), Stop> {
    if entry.settles {
        return Ok(());
    }
    if entry.severity.is_none() {
        changes.say(Line {
            key: entry.key.clone(),
            title: entry.title.clone(),
            text: String::new(),
            service: entry.service.clone(),
            link: entry.link.clone(),
            firing: true,
        });
    } else if entry.incident.is_none() {
        // One that people ended while it was silenced stays so.
        tx.count("rearmed");
        changes.wants(key, entry);
    }
    Ok(())
}

/// Whether anybody is to be paged about an incident, as far as its alerts say so.
pub fn hush(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), Stop> {
    let board = tx.alerts()?;
    let own: Vec<&Entry> = board.firing.values().filter(|e| e.incident == Some(id)).collect();
    let all = !own.is_empty() && own.iter().all(|e| e.held.is_some());
    let why = own.iter().filter(|_| all).find_map(|e| e.held.as_deref());
    let firing = own.iter().any(|e| !e.settles);
    alerts::hushes(tx, id, why, firing)
}
