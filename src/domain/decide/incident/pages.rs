//! What came of what was sent: of a page, of a post on a status page, of a mail. A page that nobody can take sends the ladder on
//! at once.

use super::climb;
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{IncidentEvent as E, Status};
use crate::domain::paging::{Came, Try};
use crate::domain::status::{PublicCame, PublicTry};

pub fn came(tx: &mut Tx<'_>, id: IncidentId, of: &Try, came: &Came) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let page = i.climb.pages.get(of.page).filter(|_| of.episode == i.episode);
    if !page.is_some_and(|page| page.is_news(of, came)) {
        return Ok(());
    }
    tx.on_incident(id, E::PageCame { of: of.clone(), came: came.clone() })?;
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let Some(page) = i.climb.pages.get(of.page).filter(|p| p.lost() && !p.settled) else { return Ok(()) };
    // Whoever is further up was asked already; only the highest level that was reached can be the one that is missing.
    let ladder = i.climb.ladder.as_ref();
    let top = ladder.and_then(|ladder| ladder.levels.get(i.climb.next.checked_sub(1)?));
    let mut there = i.paged().filter(|(_, p)| p.level == page.level && p.at >= i.climb.from);
    if i.status == Status::Open && top.is_some_and(|level| level.name == page.level) && there.all(|(_, p)| p.lost()) {
        climb::go_up(tx, id, &format!("{} cannot be reached", page.level))?;
    }
    Ok(())
}

pub fn published(tx: &mut Tx<'_>, id: IncidentId, of: &PublicTry, came: &PublicCame) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let standing = i.publications.get(of.publication).and_then(|p| p.places.get(&of.place));
    if !standing.is_some_and(|standing| standing.is_news(of.post, came)) {
        return Ok(());
    }
    tx.on_incident(id, E::PublicationCame { of: of.clone(), came: came.clone() })
}

pub fn lost_mail(tx: &mut Tx<'_>, id: IncidentId, to: &str, why: &str) -> Result<(), Stop> {
    if tx.incident(id)?.is_none() {
        return Ok(());
    }
    tx.on_incident(id, E::MailLost { to: to.to_owned(), why: why.to_owned() })
}
