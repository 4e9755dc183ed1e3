//! An incident begins.

use super::{climb, first, publish, room};
use crate::domain::alert::Linked;
use crate::domain::decide::{Stop, Tx};
use crate::domain::deployment::{Deployment, Origin};
use crate::domain::ids::{IncidentId, PersonId, ServiceName};
use crate::domain::incident::{BoardEvent, DRILL_MAX, Declaration, IncidentEvent as E, SUSPECTS, Suspect};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::render;
use crate::domain::response::{Ladder, Severity};
use crate::domain::runbook::hints;
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
    let begins = Begins { service: wanted.service, by: Some((by, origin)), suspects, ..Begins::default() };
    let id = opened(tx, &severity, &title, begins)?;
    let channel = &tx.ctx.policy.channels.incidents;
    let text = vec![
        plain(format!("{id} is declared as {}. Its card is in #{channel}; ", severity.name)),
        code(format!("/incident ack {id}")),
        plain(" takes it."),
    ];
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

/// How an incident begins, besides its title and severity.
#[derive(Default)]
pub(super) struct Begins<'a> {
    pub service: Option<&'a ServiceName>,
    pub by: Option<(&'a PersonId, &'a Origin)>,
    pub suspects: &'a [Suspect],
    /// Instead of its severity's.
    pub ladder: Option<Ladder>,
    /// What whoever is paged first reads.
    pub why: Option<&'a str>,
    /// For practice.
    pub drill: bool,
    pub alerts: Vec<Linked>,
    pub storm: bool,
}

pub(super) fn opened(
    tx: &mut Tx<'_>,
    severity: &Severity,
    title: &str,
    begins: Begins<'_>,
) -> Result<IncidentId, Stop> {
    let Begins { service, by, suspects, ladder, why, drill, alerts, storm } = begins;
    let (id, now) = (tx.board()?.next(), tx.ctx.now.wall);
    let suspects = ranked(suspects, service);
    let reminder = severity.rollback_reminder.filter(|_| !suspects.is_empty()).map(|span| after(now, span));
    let declaration = Declaration {
        id,
        title: title.to_owned(),
        severity: severity.name.clone(),
        service: service.cloned(),
        reporter: by.map(|(person, _)| person.clone()),
        origin: by.map(|(_, origin)| origin.clone()),
        suspects,
        ladder: ladder.or_else(|| tx.ctx.policy.response.ladder_of(&severity.name).cloned()),
        next_update: after(now, if drill { DRILL_MAX } else { severity.update }),
        rollback_reminder: reminder,
        drill,
        alerts,
        runbooks: if drill { Vec::new() } else { hints(&tx.ctx.policy.runbooks, title, service) },
        storm,
    };
    tx.on_board(BoardEvent::Opened { incident: id, title: title.to_owned(), service: service.cloned() })?;
    tx.on_incident(id, E::Declared(Box::new(declaration)))?;
    room::opens(tx, id)?;
    first::opens(tx, id)?;
    if let Some(why) = why {
        climb::at_once(tx, id, why)?;
    }
    climb::go_on(tx, id)?;
    publish::begins(tx, id)?;
    Ok(id)
}

/// A deployment goes back where config asks for an incident about that: one opens by itself, or the open one of the service
/// hears of it. What was asked for by hand in an incident is told there as well.
pub fn rolled_back(tx: &mut Tx<'_>, d: &Deployment, why: &str) -> Result<(), Stop> {
    hears(tx, d, why).map(|_| ())
}

/// The way back failed: whoever is a level up is paged as well.
pub fn stuck(tx: &mut Tx<'_>, d: &Deployment, why: &str) -> Result<(), Stop> {
    match hears(tx, d, why)? {
        Some(id) => climb::go_up(tx, id, &format!("{} is stuck", d.id)).map(|_| ()),
        None => Ok(()),
    }
}

fn hears(tx: &mut Tx<'_>, d: &Deployment, why: &str) -> Result<Option<IncidentId>, Stop> {
    let policy = tx.ctx.policy;
    let asked = policy.environments.get(&d.plan.environment).and_then(|e| e.rollback_opens.as_deref());
    let Some(severity) = asked.and_then(|name| policy.response.severity(name)).cloned() else { return Ok(None) };
    let service = &d.plan.service;
    let what = format!("{service} {} → {}", d.plan.release.version, d.plan.environment);
    let open = tx.board()?.of_service(service);
    let id = match open {
        Some(id) => id,
        None => {
            let suspect = Suspect {
                deployment: d.id,
                what: what.clone(),
                at: d.run.as_ref().map_or(tx.ctx.now.wall, |run| run.started.wall),
                same_service: true,
                went_back: false,
            };
            let title = format!("{service} is rolled back in {}", d.plan.environment);
            let begins = Begins { service: Some(service), suspects: &[suspect], ..Begins::default() };
            opened(tx, &severity, &title, begins)?
        }
    };
    tx.on_incident(id, E::DeploymentRolledBack { deployment: d.id, what, why: why.to_owned() })?;
    publish::rolled_back(tx, id)?;
    Ok(Some(id))
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
