//! Customers are told. What they read was typed for them, or comes from a public template; nothing else gets here.

use super::act::said;
use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{Duty, Incident, IncidentEvent as E, Status};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::render;
use crate::domain::status::{PUBLIC_POSTS, PUBLIC_TEXT_CHARS, PUBLIC_TITLE_CHARS, Phase, Template};
use crate::domain::time::Span;

/// What somebody wants customers to read.
pub struct Wanted<'a> {
    pub text: &'a str,
    pub title: Option<&'a str>,
    pub phase: Option<Phase>,
}

pub fn publish(tx: &mut Tx<'_>, by: &PersonId, id: Option<IncidentId>, wanted: &Wanted<'_>) -> Result<(), Stop> {
    let Some(i) = tx.running(id, "told to customers")? else { return Ok(()) };
    let example = format!("/incident publish {} Some payments fail. We are working on it.", i.id);
    if !may(tx, by, &i)
        || !said(tx, wanted.text, "What customers read", example)
        || !fits(tx, wanted.text, PUBLIC_TEXT_CHARS)
        || !fits(tx, wanted.title.unwrap_or_default(), PUBLIC_TITLE_CHARS)
    {
        return Ok(());
    }
    let before = i.public().and_then(|p| p.last()).map(|post| post.phase);
    let phase = wanted.phase.or(before).unwrap_or(Phase::Investigating);
    if phase == Phase::Resolved {
        let text = vec![
            plain("Customers are told that it is over when it is: "),
            code(format!("/incident resolve {} … --public …", i.id)),
            plain("."),
        ];
        tx.refuse_text("not_over", text);
        return Ok(());
    }
    if i.public().is_some_and(|p| p.posts.len() >= PUBLIC_POSTS) {
        let text = format!("Customers were told {} times about {}. Say the rest when it is over.", PUBLIC_POSTS, i.id);
        tx.refuse_text("told_enough", vec![plain(text)]);
        return Ok(());
    }
    if before.is_some() && wanted.title.is_some_and(|title| !title.trim().is_empty()) {
        let text = "Customers know the headline already; it stays. Leave `--title` out.".replace('`', "");
        tx.refuse_text("published", vec![plain(text)]);
        return Ok(());
    }
    tell(tx, &i, Some(by), phase, wanted.text.trim(), wanted.title)?;
    let text = vec![
        plain(format!("Customers are told about {}, as {}. ", i.id, phase.name())),
        plain("They are told when it is mitigated and when it is resolved; "),
        code(format!("/incident publish {} …", i.id)),
        plain(" says more."),
    ];
    tx.reply(Message::new(Tone::Good, text));
    Ok(())
}

/// Whether `by` may say `public` to customers now; refuses when not. Nothing said is always allowed.
pub fn checked(tx: &mut Tx<'_>, by: &PersonId, i: &Incident, public: Option<&str>) -> bool {
    let Some(text) = public.filter(|text| !text.trim().is_empty()) else { return true };
    if !may(tx, by, i) || !fits(tx, text, PUBLIC_TEXT_CHARS) {
        return false;
    }
    if i.public().is_none() {
        let text = vec![
            plain(format!("Customers know nothing of {} yet, so there is nothing to add to. ", i.id)),
            code(format!("/incident publish {} …", i.id)),
            plain(" tells them; then say this again."),
        ];
        tx.refuse_text("not_published", text);
        return false;
    }
    true
}

/// It has just become `moment`: customers who know of it hear of that, in typed words or in the template's.
pub fn follow(
    tx: &mut Tx<'_>,
    id: IncidentId,
    by: &PersonId,
    moment: Template,
    public: Option<&str>,
) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let Some(last) = i.public().and_then(|p| p.last()).cloned() else { return Ok(()) };
    let phase = match moment {
        Template::PublicMitigated => Phase::Monitoring,
        Template::PublicResolved => Phase::Resolved,
        // It was held to be under control, and is not.
        _ if last.phase == Phase::Monitoring && i.status != Status::Mitigated => Phase::Investigating,
        _ => last.phase,
    };
    if let Some(text) = public.map(str::trim).filter(|text| !text.is_empty()) {
        return tell(tx, &i, Some(by), phase, text, None);
    }
    let full = i.public().is_some_and(|p| p.posts.len() >= PUBLIC_POSTS);
    let text = render::public_text(tx.ctx.policy, &i, moment);
    // The same sentence at every update tells nobody anything.
    let every = tx.ctx.policy.response.severity(&i.severity).map_or(Span::ZERO, |s| s.update);
    let again = (last.phase, &last.text) == (phase, &text) && Span::between(last.at, tx.ctx.now.wall) < every;
    if text.is_empty() || again || (full && phase == last.phase) {
        return Ok(());
    }
    tell(tx, &i, None, phase, &text, None)
}

/// Its severity is one that customers are told of from the beginning.
pub fn begins(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    if tx.ctx.policy.response.status.publish.contains(&i.severity) { from_template(tx, &i) } else { Ok(()) }
}

/// A rollback opened it, or belongs to it, and customers are told of rollbacks.
pub fn rolled_back(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(()) };
    let told = tx.ctx.policy.response.status.page.as_ref().is_some_and(|page| page.rollbacks);
    if told { from_template(tx, &i) } else { Ok(()) }
}

fn from_template(tx: &mut Tx<'_>, i: &Incident) -> Result<(), Stop> {
    if i.drill || i.status.ended() || i.public().is_some() || tx.ctx.policy.response.status.page.is_none() {
        return Ok(());
    }
    let text = render::public_text(tx.ctx.policy, i, Template::PublicDeclared);
    tell(tx, i, None, Phase::Investigating, &text, None)
}

/// The one place from which customers are told.
fn tell(
    tx: &mut Tx<'_>,
    i: &Incident,
    by: Option<&PersonId>,
    phase: Phase,
    text: &str,
    title: Option<&str>,
) -> Result<(), Stop> {
    let policy = tx.ctx.policy;
    let (title, places) = match (i.public(), &policy.response.status.page) {
        (Some(_), _) => (None, Vec::new()),
        (None, Some(page)) if !i.drill => {
            let typed = title.map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
            (Some(typed.unwrap_or_else(|| render::public_title(policy, i))), page.places.clone())
        }
        _ => return Ok(()),
    };
    let (by, text) = (by.cloned(), text.to_owned());
    tx.on_incident(i.id, E::Published { title, places, by, phase, text })
}

/// Whether `by` may tell customers about it; refuses when not.
fn may(tx: &mut Tx<'_>, by: &PersonId, i: &Incident) -> bool {
    let policy = tx.ctx.policy;
    let Some(page) = &policy.response.status.page else {
        let text = "The config has no [status_page], so there is no place where customers are told.";
        tx.refuse_text("no_status_page", vec![plain(text)]);
        return false;
    };
    if i.drill {
        let text = format!("{} is a drill: customers are told nothing of it.", i.id);
        tx.refuse_text("drill", vec![plain(text)]);
        return false;
    }
    let duty = [Duty::Commander, Duty::Communications].iter().any(|duty| i.duties.get(duty) == Some(by));
    let role = policy.people.get(by).is_some_and(|p| !p.roles.is_disjoint(&page.roles));
    if duty || role {
        return true;
    }
    let or = match page.roles.is_empty() {
        true => String::new(),
        false => format!(", or hold {}", policy.titles(&page.roles)),
    };
    let text = vec![
        plain(format!("To tell customers you must be commander or communications of {}{or}. ", i.id)),
        code(format!("/incident assign {} communications NAME", i.id)),
        plain(" gives that duty."),
    ];
    tx.refuse_text("may_not_publish", text);
    false
}

fn fits(tx: &mut Tx<'_>, text: &str, most: usize) -> bool {
    let fits = text.chars().count() <= most;
    if !fits {
        tx.refuse_text("too_long", vec![plain(format!("Customers read at most {most} characters. Say it shorter."))]);
    }
    fits
}

#[cfg(test)]
mod tests;
