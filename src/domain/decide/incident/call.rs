//! People are asked for by name or role, and ladders are climbed for practice.

use super::act::{done, said};
use super::climb;
use super::declare::{Begins, opened};
use crate::domain::decide::{Stop, Tx, names};
use crate::domain::deployment::Origin;
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{BoardEvent, Incident, IncidentEvent as E};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::policy::{Policy, Source};
use crate::domain::response::{Ladder, Level};
use crate::domain::time::Span;

/// How often somebody who is asked for by name is asked again, and how long after.
const AGAIN: (u32, Span) = (2, Span::mins(5));

/// Pages a person, whoever is on call in a roster, or the holders of a role: in an incident, or about something new, which is
/// then an incident of the least severity with a ladder of its own. It wakes them: somebody asks.
pub fn page(
    tx: &mut Tx<'_>,
    by: &PersonId,
    origin: &Origin,
    whom: &str,
    text: &str,
    about: Option<IncidentId>,
) -> Result<(), Stop> {
    let policy = tx.ctx.policy;
    let Some(level) = level(policy, whom) else {
        let text = format!("{whom} is not a person, a roster or a role of this config.");
        tx.refuse_text("unknown_person", vec![plain(text)]);
        return Ok(());
    };
    if !said(tx, text, "What it is about", format!("/page {whom} the database is on fire")) {
        return Ok(());
    }
    let (people, nobody) = climb::on_level(tx, &level)?;
    if people.is_empty() {
        let why = if nobody.is_empty() { format!("Nobody has the role {}", level.name) } else { capital(&nobody) };
        let text = vec![plain(format!("{why}, so nobody is paged. ")), code("/oncall"), plain(" shows who is there.")];
        tx.refuse_text("nobody_there", text);
        return Ok(());
    }
    let asks = format!("{} asks for you", policy.person_name(by));
    let id = match about {
        Some(id) => {
            let Some(i) = tx.running(Some(id), "helped with")? else { return Ok(()) };
            let (ways, why) = (climb::urgent_ways(tx, &people), format!("{asks}: {}", text.trim()));
            let (by, level, people) = (by.clone(), level.name, people.clone());
            tx.on_incident(i.id, E::Called { by, level, people, why, ways })?;
            i.id
        }
        None => {
            let Some(severity) = policy.response.severities.last() else {
                let text = "The config has no severities, so there is nothing to page about. Add [severities.p3].";
                tx.refuse_text("unknown_severity", vec![plain(text)]);
                return Ok(());
            };
            let (repeat, pause) = AGAIN;
            let source = Source::default();
            let ladder = Ladder { name: "page".into(), levels: vec![level], repeat, pause, urgent: true, source };
            let begins = Begins { by: Some((by, origin)), ladder: Some(ladder), why: Some(&asks), ..Begins::default() };
            opened(tx, severity, text.trim(), begins)?
        }
    };
    let mut reply = names(&people);
    let is = if people.len() == 1 { "is" } else { "are" };
    reply.push(plain(format!(" {is} paged about {id}. Its card is in #{}.", policy.channels.incidents)));
    tx.reply(Message::new(Tone::Good, reply));
    Ok(())
}

/// What a word means: a person first, then a roster, then a role.
fn level(policy: &Policy, whom: &str) -> Option<Level> {
    let mut level = Level {
        name: "L1".into(),
        after: Span::ZERO,
        unresolved: None,
        roles: Default::default(),
        people: Default::default(),
        all: false,
        rosters: Default::default(),
        source: Source::default(),
    };
    if let Some(person) = policy.people.values().find(|p| p.id.as_str() == whom) {
        level.people.insert(person.id.clone());
    } else if policy.response.rosters.contains_key(whom) {
        whom.clone_into(&mut level.name);
        level.rosters.insert(whom.to_owned());
    } else {
        let role = policy.roles.values().find(|r| r.role.as_str() == whom)?;
        role.title.clone_into(&mut level.name);
        level.roles.insert(role.role.clone());
    }
    Some(level)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The real ladder of a severity, climbed for practice: real people, real ways, and a score at its end.
pub fn drill(tx: &mut Tx<'_>, by: &PersonId, origin: &Origin, severity: &str) -> Result<(), Stop> {
    let Some(severity) = tx.severity(severity) else { return Ok(()) };
    if tx.ctx.policy.response.ladder_of(&severity.name).is_none() {
        let text =
            format!("Nobody is paged about {}: its severity names no ladder, so there is no drill.", severity.name);
        tx.refuse_text("no_ladder", vec![plain(text)]);
        return Ok(());
    }
    let title = format!("Drill: who answers a {}?", severity.name);
    let why = Some("this is a drill, acknowledge it");
    let begins = Begins { by: Some((by, origin)), why, drill: true, ..Begins::default() };
    let id = opened(tx, &severity, &title, begins)?;
    let text =
        format!("{id} is a drill: the ladder of {} is climbed until somebody has it, and then scored.", severity.name);
    done(tx, text);
    Ok(())
}

/// A drill is over: everybody who is asked for has it, or nobody answered.
pub fn drill_over(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)?.filter(|i| i.drill && !i.status.ended()) else { return Ok(()) };
    let answered = i.ack.as_ref().filter(|_| i.missing().is_empty());
    let Some(by) = answered.map(|ack| &ack.by).or(i.reporter.as_ref().filter(|_| i.climb.ended)).cloned() else {
        return Ok(());
    };
    let resolution = score(tx.ctx.policy, &i);
    tx.on_incident(id, E::Resolved { by, resolution, cause: String::new(), post_mortem_due: None })?;
    tx.on_board(BoardEvent::Ended { incident: id })
}

/// `Lina Aziz has it after 2 min, within the 30 min of P1; 3 of 3 people were reached, the slowest in 400 ms`.
fn score(policy: &Policy, i: &Incident) -> String {
    let first = match &i.ack {
        Some(ack) => {
            let took = Span::between(i.started, ack.at).rounded();
            let within = policy.response.severity(&i.severity).map_or(String::new(), |s| {
                let word = if took <= s.respond { "within" } else { "later than" };
                format!(", {word} the {} of {}", s.respond, s.name)
            });
            let after = if took > Span::ZERO { format!("after {took}") } else { "at once".into() };
            format!("{} has it {after}{within}", policy.person_name(&ack.by))
        }
        None => "nobody answered".to_owned(),
    };
    let people: std::collections::BTreeSet<&PersonId> = i.paged().map(|(_, p)| &p.person).collect();
    let taken = |person: &&&PersonId| i.paged().any(|(_, p)| p.person == ***person && p.taken());
    let reached = people.iter().filter(taken).count();
    let slowest = i.paged().flat_map(|(_, p)| p.attempts.iter().filter_map(|a| a.delivered)).max();
    let slowest = slowest.map_or(String::new(), |span| format!(", the slowest in {span}"));
    let missed: Vec<&str> = people.iter().filter(|p| !taken(p)).map(|p| policy.person_name(p)).collect();
    let missed = if missed.is_empty() { String::new() } else { format!("; not reached: {}", missed.join(", ")) };
    format!("{first}; {reached} of {} people were reached{slowest}{missed}", people.len())
}
