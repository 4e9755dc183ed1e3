//! Messages that people mark for the timeline, and what becomes of those messages.

use super::act::done;
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{IncidentEvent as E, MARKS, Quote, Status, clipped};
use crate::domain::message::plain;

pub fn mark(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, quote: &Quote) -> Result<(), Stop> {
    let open: Vec<String> = tx.board()?.open.keys().map(ToString::to_string).collect();
    if id.is_none() && open.len() > 1 {
        let text = format!("{} are open. Put 📌 on a message in the thread of the one you mean.", open.join(" and "));
        tx.refuse_text("which_incident", vec![plain(text)]);
        return Ok(());
    }
    let Some(i) = tx.lately(id)? else { return Ok(()) };
    if i.status == Status::Reviewed {
        tx.refuse_text("reviewed", vec![plain(format!("{} is reviewed, so its timeline stays as it is.", i.id))]);
        return Ok(());
    }
    let there = i.mark(&quote.key());
    if there.is_none() && i.marks.len() >= MARKS {
        tx.refuse_text("marks_full", vec![plain(format!("The timeline of {} has {MARKS} messages already.", i.id))]);
        return Ok(());
    }
    if !there.is_some_and(|m| m.by.contains(by)) {
        let quote = Box::new(quote.clone().clipped());
        tx.on_incident(i.id, E::Marked { by: by.clone(), quote })?;
    }
    done(tx, format!("It is in the timeline of {}. Taking 📌 off takes it out.", i.id));
    Ok(())
}

pub fn unmark(tx: &mut Tx<'_>, by: &PersonId, id: IncidentId, message: &str) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let Some(mark) = i.mark(message).filter(|m| m.by.contains(by)) else { return Ok(()) };
    if i.status == Status::Reviewed {
        tx.refuse_text("reviewed", vec![plain(format!("{id} is reviewed, so its timeline stays as it is."))]);
        return Ok(());
    }
    let last = mark.by.len() == 1;
    tx.on_incident(id, E::Unmarked { by: by.clone(), message: message.to_owned() })?;
    let text = match last {
        true => format!("It is out of the timeline of {id}."),
        false => format!("It stays in the timeline of {id}: somebody else has put 📌 on it too."),
    };
    done(tx, text);
    Ok(())
}

/// What marked messages say now.
pub fn looked_at(tx: &mut Tx<'_>, id: IncidentId, read: &[(String, Option<String>)]) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)?.filter(|i| i.status != Status::Reviewed) else { return Ok(()) };
    for (message, text) in read {
        if i.mark(message).is_some_and(|mark| !mark.reads(text.as_deref())) {
            let text = text.as_deref().map(clipped);
            tx.on_incident(i.id, E::MarkChanged { message: message.clone(), text })?;
        }
    }
    Ok(())
}
