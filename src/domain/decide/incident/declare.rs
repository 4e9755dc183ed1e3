//! An incident begins.

use super::climb;
use crate::domain::decide::{Stop, Tx};
use crate::domain::deployment::Origin;
use crate::domain::ids::{PersonId, ServiceName};
use crate::domain::incident::{BoardEvent, Declaration, IncidentEvent as E, SUSPECTS, Suspect};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::render;
use crate::domain::time::after;

pub struct Wanted<'a> {
    pub severity: &'a str,
    pub title: &'a str,
    pub service: Option<&'a ServiceName>,
    pub anyway: bool,
}

pub fn declare(
    tx: &mut Tx<'_>,
    by: &PersonId,
    origin: &Origin,
    wanted: &Wanted<'_>,
    suspects: &[Suspect],
) -> Result<(), Stop> {
    let Some(severity) = tx.severity(wanted.severity) else { return Ok(()) };
    let (board, now) = (tx.board()?, tx.ctx.now.wall);
    let title = wanted.title.trim().to_owned();
    if let Some(same) = board.nearly(&title, wanted.service, now).filter(|_| !wanted.anyway)
        && let Some(i) = tx.incident(same)?
    {
        let message = render::incident_nearly_the_same(tx.ctx.policy, &i, &title, &severity.name);
        tx.refuse("nearly_the_same", message);
        return Ok(());
    }
    let id = board.next();
    let suspects = ranked(suspects, wanted.service);
    let reminder = severity.rollback_reminder.filter(|_| !suspects.is_empty()).map(|span| after(now, span));
    let declaration = Declaration {
        id,
        title: title.clone(),
        severity: severity.name.clone(),
        service: wanted.service.cloned(),
        reporter: Some(by.clone()),
        origin: Some(origin.clone()),
        suspects,
        ladder: tx.ctx.policy.response.ladder_of(&severity.name).cloned(),
        next_update: after(now, severity.update),
        rollback_reminder: reminder,
    };
    tx.on_board(BoardEvent::Opened { incident: id, title, service: wanted.service.cloned() })?;
    tx.on_incident(id, E::Declared(Box::new(declaration)))?;
    climb::go_on(tx, id)?;
    let channel = &tx.ctx.policy.channels.incidents;
    let text = vec![
        plain(format!("{id} is declared as {}. Its card is in #{channel}; ", severity.name)),
        code(format!("/incident ack {id}")),
        plain(" takes it."),
    ];
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

/// The likeliest first: those of the same service, then the newest.
fn ranked(suspects: &[Suspect], service: Option<&ServiceName>) -> Vec<Suspect> {
    let mut out: Vec<Suspect> = suspects.to_vec();
    if let Some(service) = service {
        let begins = format!("{service} ");
        out.iter_mut().for_each(|s| s.same_service = s.what.starts_with(&begins));
    }
    out.sort_by_key(|s| (!s.same_service, std::cmp::Reverse(s.at)));
    out.truncate(SUSPECTS);
    out
}
