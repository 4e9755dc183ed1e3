//! What people do in an incident.

use super::{call, climb, first, publish, room};
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{
    ACK_BETWEEN, ACK_FOR, BoardEvent, Duty, Incident, IncidentEvent as E, SNOOZES, Status, UPDATE_EVERY_MIN,
};
use crate::domain::message::{Message, Piece, Tone, clock, code, person, plain};
use crate::domain::response::{Ladder, Severity};
use crate::domain::status::Template;
use crate::domain::time::{Span, after};
use jiff::Timestamp;

pub(super) fn done(tx: &mut Tx<'_>, text: impl Into<String>) {
    tx.reply(Message::line(Tone::Good, text));
}

/// Refuses an empty text, with an example of a full one.
pub(super) fn said(tx: &mut Tx<'_>, text: &str, what: &str, example: String) -> bool {
    let there = !text.trim().is_empty();
    if !there {
        tx.refuse_text("text_missing", vec![plain(format!("{what} is missing: ")), code(example), plain(".")]);
    }
    there
}

/// When people want to hear of it next.
fn next_update(tx: &Tx<'_>, severity: &str) -> Timestamp {
    let every = tx.ctx.policy.response.severity(severity).map_or(UPDATE_EVERY_MIN, |s| s.update);
    after(tx.ctx.now.wall, every)
}

pub fn join(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "joined")? else { return Ok(()) };
    if i.joined.contains(by) {
        tx.refuse_text("joined", vec![plain(format!("You are in {} already.", i.id))]);
        return Ok(());
    }
    tx.on_incident(i.id, E::Joined { person: by.clone(), said: String::new() })?;
    let text = match i.rooms.names().into_iter().next() {
        Some(name) => {
            vec![plain(format!("You are in {}. Its war room is ", i.id)), Piece::Channel(name.clone()), plain(".")]
        }
        None => {
            let incidents = &tx.ctx.policy.channels.incidents;
            vec![plain(format!("You are in {}. Its thread in #{incidents} is the war room.", i.id))]
        }
    };
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

pub fn acknowledge(
    tx: &mut Tx<'_>,
    by: &PersonId,
    id: Option<IncidentId>,
    eta: Option<Span>,
    episode: Option<u32>,
) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "acknowledged")? else { return Ok(()) };
    if episode.is_some_and(|e| e != i.episode) {
        let text = vec![
            plain(format!("That button is of an earlier beginning of {}, which was opened again since. ", i.id)),
            code(format!("/incident ack {}", i.id)),
            plain(" takes it now."),
        ];
        tx.refuse_text("old_episode", text);
        return Ok(());
    }
    let eta = eta.unwrap_or(ACK_FOR).clamp(ACK_BETWEEN.0, ACK_BETWEEN.1);
    let until = after(tx.ctx.now.wall, eta);
    tx.on_incident(i.id, E::Acknowledged { by: by.clone(), until })?;
    if i.drill {
        call::drill_over(tx, i.id)?;
        done(tx, format!("You have {}, which is a drill: there is nothing to do. Thank you.", i.id));
        return Ok(());
    }
    let text = vec![
        plain(format!("You have {} until ", i.id)),
        clock(until),
        plain(". Say how it stands by then: "),
        code(format!("/incident update {} …", i.id)),
        plain("."),
    ];
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

pub fn update(
    tx: &mut Tx<'_>,
    by: &PersonId,
    id: Option<IncidentId>,
    text: &str,
    public: Option<&str>,
) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "updated")? else { return Ok(()) };
    if !said(tx, text, "What people should know", format!("/incident update {} we scale up", i.id))
        || !publish::checked(tx, by, &i, public)
    {
        return Ok(());
    }
    let next = next_update(tx, &i.severity);
    tx.on_incident(i.id, E::Updated { by: by.clone(), text: text.trim().to_owned(), next })?;
    told(tx, "Told", next);
    publish::follow(tx, i.id, by, Template::PublicUpdate, public)
}

fn told(tx: &mut Tx<'_>, what: &str, next: Timestamp) {
    let text = vec![plain(format!("{what}. The next update is due by ")), clock(next), plain(".")];
    tx.reply(Message::new(Tone::Good, text));
}

pub fn mitigate(
    tx: &mut Tx<'_>,
    by: &PersonId,
    id: Option<IncidentId>,
    text: &str,
    public: Option<&str>,
) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "mitigated")? else { return Ok(()) };
    if i.status == Status::Mitigated {
        let text = vec![plain(format!("{} is mitigated already. ", i.id)), code(format!("/incident resolve {}", i.id))];
        tx.refuse_text("mitigated", text);
        return Ok(());
    }
    if !said(tx, text, "What helped", format!("/incident mitigate {} rolled back to v1.1.0", i.id))
        || !publish::checked(tx, by, &i, public)
    {
        return Ok(());
    }
    let next = next_update(tx, &i.severity);
    tx.on_incident(i.id, E::Mitigated { by: by.clone(), text: text.trim().to_owned(), next })?;
    told(tx, "Mitigated: nobody is paged about it any more", next);
    publish::follow(tx, i.id, by, Template::PublicMitigated, public)
}

pub fn resolve(
    tx: &mut Tx<'_>,
    by: &PersonId,
    id: Option<IncidentId>,
    (resolution, cause): (&str, &str),
    public: Option<&str>,
) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "resolved")? else { return Ok(()) };
    let example = || format!("/incident resolve {} rolled back to v1.1.0 --cause \"a missing index\"", i.id);
    if !said(tx, resolution, "What ended it", example()) || !said(tx, cause, "Its root cause", example()) {
        return Ok(());
    }
    if !publish::checked(tx, by, &i, public) {
        return Ok(());
    }
    let severity = tx.ctx.policy.response.severity(&i.severity).cloned();
    let now = tx.ctx.now.wall;
    let post_mortem_due = severity.and_then(|s| s.post_mortem).filter(|_| !i.drill).map(|span| after(now, span));
    let (resolution, cause) = (resolution.trim().to_owned(), cause.trim().to_owned());
    tx.on_incident(i.id, E::Resolved { by: by.clone(), resolution, cause, post_mortem_due })?;
    tx.on_board(BoardEvent::Ended { incident: i.id })?;
    done(tx, format!("{} is resolved after {}.", i.id, Span::between(i.started, now).rounded()));
    publish::follow(tx, i.id, by, Template::PublicResolved, public)
}

pub fn reopen(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, reason: &str) -> Result<(), Stop> {
    let Some(i) = tx.meant(id)? else { return Ok(()) };
    if !i.status.ended() {
        tx.refuse_text("open", vec![plain(format!("{} is {}, not over.", i.id, i.status.words()))]);
        return Ok(());
    }
    if !said(tx, reason, "Why it is opened again", format!("/incident reopen {} it is slow again", i.id)) {
        return Ok(());
    }
    let ladder = tx.ctx.policy.response.ladder_of(&i.severity).cloned();
    let (by, reason, next_update) = (by.clone(), reason.trim().to_owned(), next_update(tx, &i.severity));
    tx.on_board(BoardEvent::Opened { incident: i.id, title: i.title.clone(), service: i.service.clone() })?;
    tx.on_incident(i.id, E::Reopened { by, reason, ladder, next_update })?;
    room::opens(tx, i.id)?;
    climb::go_on(tx, i.id)?;
    done(tx, format!("{} is open again.", i.id));
    publish::begins(tx, i.id)
}

pub fn severity(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, name: &str) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "given another severity")? else { return Ok(()) };
    let Some(wanted) = tx.severity(name) else { return Ok(()) };
    if wanted.name == i.severity {
        tx.refuse_text("same_severity", vec![plain(format!("{} is {} already.", i.id, wanted.name))]);
        return Ok(());
    }
    let response = &tx.ctx.policy.response;
    let raised = response.worse(&wanted.name, &i.severity);
    let ladder = response.ladder_of(&wanted.name).cloned();
    let why = raised.then(|| format!("{} makes it {}", tx.ctx.policy.person_name(by), wanted.name));
    becomes(tx, &i, &wanted, (ladder, raised), why.as_deref())?;
    done(tx, format!("{} is {} now.", i.id, wanted.name));
    Ok(())
}

/// It has another severity, with all that hangs on that. `raised`: it is worse, so the ladder is climbed from its start; with a
/// `why`, at once.
pub(super) fn becomes(
    tx: &mut Tx<'_>,
    i: &Incident,
    wanted: &Severity,
    (ladder, raised): (Option<Ladder>, bool),
    why: Option<&str>,
) -> Result<(), Stop> {
    let next_update = after(tx.ctx.now.wall, wanted.update);
    let (from, to) = (i.severity.clone(), wanted.name.clone());
    tx.on_incident(i.id, E::SeverityChanged { from, to, ladder, raised, next_update })?;
    room::opens(tx, i.id)?;
    first::opens(tx, i.id)?;
    if let Some(why) = why {
        climb::at_once(tx, i.id, why)?;
    }
    publish::begins(tx, i.id)
}

pub fn assign(tx: &mut Tx<'_>, id: Option<IncidentId>, duty: Duty, to: &PersonId) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "given to somebody")? else { return Ok(()) };
    if i.duties.get(&duty) == Some(to) {
        let text = vec![person(to), plain(format!(" has {} of {} already.", duty.words(), i.id))];
        tx.refuse_text("assigned", text);
        return Ok(());
    }
    tx.on_incident(i.id, E::Assigned { duty, person: to.clone() })?;
    let text = vec![person(to), plain(format!(" is {} of {}.", duty.words(), i.id))];
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

pub fn escalate(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, reason: Option<&str>) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "escalated")? else { return Ok(()) };
    let name = tx.ctx.policy.person_name(by);
    let why = reason.map_or_else(|| format!("{name} asks for you"), |reason| format!("{name}: {}", reason.trim()));
    if climb::go_up(tx, i.id, &why)? {
        let level = tx.incident(i.id)?.and_then(|i| i.level().map(str::to_owned)).unwrap_or_default();
        done(tx, format!("{level} is paged about {}.", i.id));
    } else {
        let text = vec![plain(format!("Everybody on the ladder of {} is paged already.", i.id))];
        tx.refuse_text("top_of_ladder", text);
    }
    Ok(())
}

pub fn snooze(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, span: Span) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "snoozed")? else { return Ok(()) };
    let times = i.next_update.as_ref().map_or(0, |next| next.snoozed);
    if times >= SNOOZES {
        let text = vec![
            plain(format!("The update of {} was put off {times} times. Say how it stands instead: ", i.id)),
            code(format!("/incident update {} …", i.id)),
            plain("."),
        ];
        tx.refuse_text("snoozed_enough", text);
        return Ok(());
    }
    let longest = tx.ctx.policy.response.severity(&i.severity).map_or(UPDATE_EVERY_MIN, |s| s.update);
    let until = after(tx.ctx.now.wall, span.clamp(UPDATE_EVERY_MIN, longest));
    tx.on_incident(i.id, E::Snoozed { by: by.clone(), until })?;
    told(tx, "Put off", until);
    Ok(())
}
