//! `evolve(state, event)` for incidents.

use super::event::IncidentEvent as E;
use super::{
    ACK_BETWEEN, Ack, Action, Climb, Incident, Lessons, Marked, NextUpdate, Resolution, Said, Status, Told, passed,
};
use crate::domain::alert::{Alerts, Hushed};
use crate::domain::deployment::{ItemMark, TickedBy};
use crate::domain::ids::PersonId;
use crate::domain::paging::{Page, Step};
use crate::domain::response::Ladder;
use crate::domain::status::{PublicPost, Publication};
use crate::domain::time::{Now, after};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The event cannot happen to an incident in this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Impossible(&'static str);

/// The state after `event`.
///
/// # Errors
/// When there is no incident yet and it is not declared, or it is declared twice.
pub fn evolve(state: Option<Incident>, event: &E, at: Now) -> Result<Incident, Impossible> {
    let mut incident = match (state, event) {
        (None, E::Declared(d)) => Incident {
            id: d.id,
            title: d.title.clone(),
            severity: d.severity.clone(),
            status: Status::Open,
            impact: String::new(),
            service: d.service.clone(),
            reporter: d.reporter.clone(),
            origin: d.origin.clone(),
            started: at.wall,
            updated: at,
            episode: 1,
            climb: climb(d.ladder.clone(), at.wall),
            ack: None,
            duties: Default::default(),
            joined: Default::default(),
            said: None,
            next_update: Some(asked(d.next_update)),
            mitigated_at: None,
            resolved: None,
            suspects: d.suspects.clone(),
            rollback_reminder: d.rollback_reminder,
            post_mortem_due: None,
            post_mortem_nagged: 0,
            lessons: None,
            actions: Vec::new(),
            drill: d.drill,
            reviewed: None,
            alerts: {
                let mut alerts = Alerts { storm: d.storm, ..Alerts::default() };
                alerts.fire(&d.alerts);
                alerts
            },
            marks: Vec::new(),
            publications: Vec::new(),
            runbooks: d.runbooks.clone(),
            first: None,
            rooms: Default::default(),
        },
        (None, _) => return Err(Impossible("it was never declared")),
        (Some(_), E::Declared(_)) => return Err(Impossible("it was declared before")),
        (Some(incident), _) => incident,
    };
    happen(&mut incident, event, at);
    incident.updated = at;
    Ok(incident)
}

fn climb(ladder: Option<Ladder>, from: Timestamp) -> Climb {
    Climb { ladder, from, next: 0, round: 0, ended: false, pages: Vec::new(), since: 0 }
}

const fn asked(due: Timestamp) -> NextUpdate {
    NextUpdate { due, told: Told::Nobody, snoozed: 0 }
}

fn happen(i: &mut Incident, event: &E, at: Now) {
    match event {
        E::Declared(_) => {}
        E::Joined { person, .. } => _ = i.joined.insert(person.clone()),
        E::Acknowledged { by, until } => {
            if i.status == Status::Open {
                i.status = Status::Acknowledged;
            }
            i.ack = Some(Ack { by: by.clone(), at: at.wall, until: *until, nudged: false });
            i.joined.insert(by.clone());
            i.climb.acked(by, at.wall);
        }
        E::Paged { level, people, why, ways, all } => {
            i.climb.next += 1;
            i.climb.page(people, level, why, ways, *all, at);
        }
        E::Called { level, people, why, ways, .. } => i.climb.page(people, level, why, ways, false, at),
        E::Passed { .. } => i.climb.next += 1,
        E::PageCame { of, came } => {
            if of.episode == i.episode
                && let Some(page) = i.climb.pages.get_mut(of.page)
            {
                page.came(of, came, at);
            }
        }
        E::RoundBegun => {
            i.climb.round += 1;
            i.climb.next = 0;
            i.climb.from = at.wall;
        }
        E::LadderEnded => i.climb.ended = true,
        E::Nudged { .. } => {
            if let Some(ack) = &mut i.ack {
                ack.nudged = true;
            }
        }
        E::PromiseBroken { .. } => {
            i.ack = None;
            if i.status == Status::Acknowledged {
                i.status = Status::Open;
            }
            i.climb.restart(at.wall);
        }
        E::Updated { by, text, next } => {
            i.said = Some(Said { by: by.clone(), at: at.wall, text: text.clone() });
            i.next_update = Some(asked(*next));
            i.lives(by, *next);
        }
        E::UpdateAsked { told, again } => {
            if let Some(next) = &mut i.next_update {
                next.told = *told;
                if let Some(due) = again {
                    (next.due, next.told) = (*due, Told::Nobody);
                }
            }
        }
        E::Snoozed { until, .. } => {
            if let Some(next) = &mut i.next_update {
                *next = NextUpdate { due: *until, told: Told::Nobody, snoozed: next.snoozed + 1 };
            }
        }
        E::SeverityChanged { to, ladder, raised, next_update, .. } => {
            to.clone_into(&mut i.severity);
            if *raised {
                i.climb.ladder.clone_from(ladder);
                i.climb.restart(at.wall);
            }
            if i.next_update.is_some() {
                i.next_update = Some(asked(*next_update));
            }
        }
        E::Assigned { duty, person } => {
            i.duties.insert(*duty, person.clone());
            i.joined.insert(person.clone());
        }
        E::Mitigated { by, text, next } => {
            i.status = Status::Mitigated;
            i.mitigated_at = Some(at.wall);
            i.climb.settle();
            i.said = Some(Said { by: by.clone(), at: at.wall, text: text.clone() });
            i.next_update = Some(asked(*next));
            i.lives(by, *next);
        }
        E::Resolved { by, resolution, cause, post_mortem_due } => {
            i.status = Status::Resolved;
            i.climb.settle();
            let (by, resolution, cause) = (by.clone(), resolution.clone(), cause.clone());
            i.resolved = Some(Resolution { by, at: at.wall, resolution, cause });
            i.next_update = None;
            i.rollback_reminder = None;
            i.post_mortem_due = *post_mortem_due;
            i.post_mortem_nagged = post_mortem_due.map_or(0, |due| passed(due, at.wall));
        }
        E::Reopened { ladder, next_update, .. } => {
            i.status = Status::Open;
            i.episode += 1;
            i.climb = climb(ladder.clone(), at.wall);
            i.ack = None;
            i.mitigated_at = None;
            i.resolved = None;
            i.next_update = Some(asked(*next_update));
            i.post_mortem_due = None;
            i.lessons = None;
            i.reviewed = None;
        }
        E::RollbackReminded => i.rollback_reminder = None,
        E::ImpactSaid { text, .. } => text.clone_into(&mut i.impact),
        E::DeploymentRolledBack { deployment, .. } => {
            i.suspects.iter_mut().filter(|s| s.deployment == *deployment).for_each(|s| s.went_back = true);
            if i.suspects.first().is_none_or(|s| s.went_back) {
                i.rollback_reminder = None;
            }
        }
        E::ActionAdded { n, text, owner, due, .. } => {
            let (n, text, owner) = (*n, text.clone(), owner.clone());
            let mut action = Action { n, text, owner, due: None, done: None, nagged: 0 };
            action.set(*due, at.wall);
            i.actions.push(action);
        }
        E::ActionPlanned { n, owner, due, .. } => {
            if let Some(action) = i.actions.iter_mut().find(|a| a.n == *n) {
                action.owner = owner.clone().or(action.owner.take());
                action.set(due.or(action.due), at.wall);
            }
        }
        E::ActionDone { n, .. } => {
            if let Some(action) = i.actions.iter_mut().find(|a| a.n == *n) {
                action.done = Some(at.wall);
            }
        }
        E::ActionNagged { n } => {
            if let Some(action) = i.actions.iter_mut().find(|a| a.n == *n) {
                action.nagged += 1;
            }
        }
        E::Marked { by, quote } => match i.marks.iter_mut().find(|m| m.quote.key() == quote.key()) {
            Some(mark) => {
                mark.by.insert(by.clone());
                (mark.quote, mark.removed) = ((**quote).clone(), false);
            }
            None => i.marks.push(Marked { quote: (**quote).clone(), by: [by.clone()].into(), removed: false }),
        },
        E::Unmarked { by, message } => {
            if let Some(mark) = i.marks.iter_mut().find(|m| m.quote.key() == *message) {
                mark.by.remove(by);
            }
        }
        E::MarkChanged { message, text } => {
            if let Some(mark) = i.marks.iter_mut().find(|m| m.quote.key() == *message) {
                mark.removed = text.is_none();
                mark.quote.text = text.clone().unwrap_or_default();
            }
        }
        E::LessonsSaid { by, text } => {
            i.lessons = Some(Lessons { by: by.clone(), at: at.wall, text: text.clone() });
        }
        E::PostMortemNagged => i.post_mortem_nagged += 1,
        E::Reviewed { by } => {
            i.status = Status::Reviewed;
            i.reviewed = Some(by.clone());
        }
        E::AlertsFired { alerts, again } => {
            i.alerts.fire(alerts);
            if *again {
                i.alerts.hushed = None;
                i.status = Status::Open;
                (i.ack, i.mitigated_at) = (None, None);
                i.climb.restart(at.wall);
            }
        }
        E::AlertsOver { keys } => i.alerts.end(keys),
        E::Hushed { why } => {
            i.alerts.hushed = Some(Hushed { why: why.clone(), over: false });
            i.climb.settle();
        }
        E::Rearmed { firing, next_update } => {
            i.alerts.hushed = i.alerts.hushed.take().filter(|_| !firing).map(|h| Hushed { over: true, ..h });
            if *firing {
                i.climb.restart(at.wall);
            }
            if i.next_update.is_some() {
                i.next_update = Some(asked(*next_update));
            }
        }
        E::LadderWidened { ladder } => match &mut i.climb.ladder {
            Some(there) => there.widen(ladder),
            None => {
                i.climb.ladder = Some((**ladder).clone());
                (i.climb.from, i.climb.next, i.climb.round, i.climb.ended) = (at.wall, 0, 0, false);
            }
        },
        E::PagedToo { level, people, why, ways } => i.climb.page(people, level, why, ways, false, at),
        E::CommandBegun { by, .. } => _ = i.joined.insert(by.clone()),
        E::CommandEnded { .. } => {}
        E::Published { title, places, by, phase, text } => {
            let post = PublicPost { at: at.wall, by: by.clone(), phase: *phase, text: text.clone() };
            match (title, i.publications.last_mut()) {
                (None, Some(publication)) => publication.posts.push(post),
                (title, _) => {
                    let (title, posts) = (title.clone().unwrap_or_default(), vec![post]);
                    let places = places.iter().map(|place| (place.clone(), Default::default())).collect();
                    i.publications.push(Publication { title, posts, places });
                }
            }
        }
        E::PublicationCame { of, came } => {
            let publication = i.publications.get_mut(of.publication);
            if let Some(standing) = publication.and_then(|p| p.places.get_mut(&of.place)) {
                standing.came(of.post, came);
            }
        }
        E::FirstOpened { list } => i.first = Some((**list).clone()),
        E::FirstTicked { by, items } => {
            i.mark_items(items, &ItemMark::Ticked { by: TickedBy::Person(by.clone()), at: at.wall });
            i.is_at_it(by, at.wall);
        }
        E::FirstUnticked { items, .. } => i.mark_items(items, &ItemMark::Open),
        E::FirstNotApplicable { by, item, reason } => {
            let (by, reason) = (by.clone(), reason.clone());
            i.is_at_it(&by, at.wall);
            i.mark_items(&[*item], &ItemMark::NotApplicable { by, reason, at: at.wall });
        }
        E::MailLost { .. } => {}
        E::RoomWanted { name, archive } => i.rooms.ask(name, *archive, at),
        E::RoomCame { platform, came } => _ = i.rooms.at.insert(platform.clone(), came.clone()),
        E::RoomsClosed => i.rooms.closed = true,
    }
}

impl Action {
    fn set(&mut self, due: Option<Timestamp>, now: Timestamp) {
        if self.due != due {
            self.nagged = due.map_or(0, |due| passed(due, now));
        }
        self.due = due;
    }
}

impl Climb {
    fn page(
        &mut self,
        people: &[PersonId],
        level: &str,
        why: &str,
        ways: &BTreeMap<PersonId, Vec<Step>>,
        all: bool,
        at: Now,
    ) {
        let page = |person: &PersonId| {
            let ways = ways.get(person).map(Vec::as_slice).unwrap_or_default();
            Page { all, ..Page::new(person.clone(), level, why, ways, at) }
        };
        self.pages.extend(people.iter().map(page));
    }

    fn restart(&mut self, from: Timestamp) {
        (self.from, self.next, self.round, self.ended) = (from, 0, 0, false);
        self.settle();
        self.since = self.pages.len();
    }

    /// Nothing more of any page is begun.
    fn settle(&mut self) {
        self.pages.iter_mut().for_each(|page| page.settled = true);
    }

    /// Somebody has it: nobody else is disturbed, except those who must acknowledge as well.
    fn acked(&mut self, by: &PersonId, at: Timestamp) {
        for page in self.pages.iter_mut().skip(self.since) {
            if page.person == *by {
                page.acked.get_or_insert(at);
            }
            page.settled |= !page.all || page.acked.is_some();
        }
    }
}

impl Incident {
    /// Whoever has it is at work: their promise holds at least until then.
    fn lives(&mut self, by: &PersonId, until: Timestamp) {
        if let Some(ack) = self.ack.as_mut().filter(|ack| ack.by == *by || ack.until < until) {
            ack.until = ack.until.max(until);
            ack.nudged = false;
        }
    }

    /// A sign of life and no more: whoever gives one is in the team, and keeps what they have for the least that can be
    /// promised. It tells nobody how it stands, so the next update is due as before.
    fn is_at_it(&mut self, by: &PersonId, at: Timestamp) {
        self.joined.insert(by.clone());
        if self.ack.as_ref().is_some_and(|ack| ack.by == *by) {
            self.lives(by, after(at, ACK_BETWEEN.0));
        }
    }
}
