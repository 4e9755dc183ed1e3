//! The card of an incident: one message, edited in place, a pure function of its state.

use super::super::alert;
use super::super::card::Card;
use super::super::parts::{asking, button, confirmed, line};
use super::page::came_of;
use super::status::customers;
use super::{title, tone};
use crate::domain::decide::names;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Action, Duty, Incident, Status};
use crate::domain::message::{
    Block, Button, ButtonStyle, FieldKind, Form, FormField, Line, Mark, Message, Piece, Text, bold, clock, code,
    moment, person, plain,
};
use crate::domain::paging::Page;
use crate::domain::policy::Policy;
use crate::domain::response::Level;
use crate::domain::time::{Span, after};

/// Deployments that the card offers a way back from.
const WAYS_BACK: usize = 1;

/// The key of an incident's card.
#[must_use]
pub fn incident_key(i: &Incident) -> String {
    card_of_incident(i.id)
}

/// The same, where only its number is known.
#[must_use]
pub fn card_of_incident(id: IncidentId) -> String {
    format!("card:{id}")
}

/// Whose card has this key.
#[must_use]
pub fn incident_of_key(key: &str) -> Option<IncidentId> {
    IncidentId::parse(key.strip_prefix("card:")?).filter(|_| key.starts_with("card:I"))
}

/// All cards of an incident: its own, and what is asked first in its thread.
#[must_use]
pub fn incident_cards(policy: &Policy, i: &Incident) -> Vec<Card> {
    std::iter::once(incident_card(policy, i)).chain(super::first::first_card(policy, i)).collect()
}

#[must_use]
pub fn incident_card(policy: &Policy, i: &Incident) -> Card {
    let mut message = Message::new(tone(i), title(i));
    if let Some(resolved) = &i.resolved {
        let word = if i.drill { "Score: " } else { "Resolved: " };
        message = message.text(vec![bold(word), plain(resolved.resolution.as_str())]);
        if !resolved.cause.is_empty() {
            message = message.text(vec![bold("Root cause: "), plain(resolved.cause.as_str())]);
        }
    } else if let Some(said) = &i.said {
        let text = vec![plain(said.text.as_str()), plain(" · "), person(&said.by), plain(" "), clock(said.at)];
        message = message.text(text);
    }
    message = message.block(Block::Fields(fields(policy, i)));
    if !i.status.ended() {
        let ladder = ladder(policy, i);
        if !ladder.is_empty() {
            message = message.text(vec![bold("Paged")]).block(Block::List(ladder));
        }
        if i.alerts.listed.len() > 1 || i.alerts.listed.iter().any(|(l, _)| l.link.is_some()) {
            message = message.text(vec![bold("Alerts")]).block(Block::List(alert::listed(&i.alerts)));
        }
        if !i.suspects.is_empty() {
            message = message.text(vec![bold("Deployed before it began")]).block(Block::List(suspects(i)));
        }
    }
    let books = runbooks(policy, i);
    if !i.status.ended() && !books.is_empty() {
        message = message.text(vec![bold("Runbooks")]).block(Block::List(books));
    }
    if !i.actions.is_empty() {
        message = message.text(vec![bold("Actions")]).block(Block::List(i.actions.iter().map(action).collect()));
    }
    for b in buttons(policy, i) {
        message = message.button(b);
    }
    Card { key: incident_key(i), channel: policy.channels.incidents.clone(), thread_of: None, message }
}

fn fields(policy: &Policy, i: &Incident) -> Vec<(String, Text)> {
    let mut out: Vec<(String, Text)> = Vec::new();
    let mut field = |name: &str, text: Text| out.push((name.to_owned(), text));
    let meaning = policy.response.severity(&i.severity).map_or("", |s| s.title.as_str());
    field(
        "Severity",
        vec![
            plain(i.severity.as_str()),
            plain(if meaning.is_empty() { String::new() } else { format!(", {meaning}") }),
        ],
    );
    if !i.impact.is_empty() {
        field("Impact", vec![plain(i.impact.as_str())]);
    }
    if let Some(service) = &i.service {
        field("Service", vec![plain(service.to_string())]);
    }
    let mut started = vec![moment(i.started)];
    match &i.reporter {
        Some(by) => started.extend([plain(", declared by "), person(by)]),
        None if i.alerts.all() > 0 => started.push(plain(", opened by an alert")),
        None => started.push(plain(", opened by itself")),
    }
    field("Started", started);
    if i.alerts.all() > 0 {
        field("Alerts", alert::counted(&i.alerts, i.status.ended()));
    }
    let team: Vec<_> = i.joined.iter().cloned().collect();
    let mut roles: Text = Vec::new();
    for duty in Duty::ALL {
        if let Some(who) = i.duties.get(&duty) {
            roles.extend([
                plain(if roles.is_empty() { String::new() } else { ", ".into() }),
                plain(format!("{} ", duty.words())),
                person(who),
            ]);
        }
    }
    if !roles.is_empty() {
        field("Roles", roles);
    } else if !i.status.ended() {
        field("Roles", vec![plain("nobody yet: "), code(format!("/incident assign {} commander NAME", i.id))]);
    }
    if let Some(told) = customers(i) {
        field("Customers", told);
    }
    let rooms = i.rooms.names();
    if !rooms.is_empty() {
        let mut text: Text = Vec::new();
        for name in rooms {
            text.push(plain(if text.is_empty() { "" } else { ", " }));
            text.push(Piece::Channel(name.clone()));
        }
        field("War room", text);
    }
    field("Team", if team.is_empty() { vec![plain("nobody yet")] } else { names(&team) });
    if let Some(resolved) = &i.resolved {
        field("Lasted", vec![plain(Span::between(i.started, resolved.at).rounded().to_string())]);
        if let Some(text) = post_mortem(i) {
            field("Post-mortem", text);
        }
    } else {
        if let Some(ack) = &i.ack {
            field(
                "Acknowledged",
                vec![person(&ack.by), plain(" at "), clock(ack.at), plain(", until "), clock(ack.until)],
            );
        }
        if let Some(next) = &i.next_update {
            field("Next update", vec![plain("by "), clock(next.due)]);
        }
    }
    out
}

/// Who was paged, and who comes next.
fn ladder(policy: &Policy, i: &Incident) -> Vec<Line> {
    let climb = &i.climb;
    let Some(ladder) = &climb.ladder else { return Vec::new() };
    let mut out = Vec::new();
    for (n, level) in ladder.levels.iter().enumerate() {
        let paged: Vec<_> = i.paged().map(|(_, p)| p).filter(|p| p.level == level.name && p.at >= climb.from).collect();
        let mut text = vec![bold(level.name.as_str()), plain(" ")];
        let mark = match (paged.is_empty(), n < climb.next) {
            (false, true) => {
                out.extend(paged.into_iter().map(|page| paged_line(page, level.all)));
                continue;
            }
            (true, true) => {
                text.push(plain("nobody is there, passed by"));
                Mark::Skipped
            }
            (_, false) => {
                text.extend(asked_for(policy, level));
                match (i.status, level.unresolved) {
                    (Status::Open, _) => text.extend([plain(" at "), clock(after(climb.from, level.after))]),
                    (Status::Acknowledged, Some(u)) => {
                        text.extend([plain(" at "), clock(after(climb.from, u)), plain(" unless it is under control")]);
                    }
                    _ => text.push(plain(" not needed")),
                }
                Mark::Open
            }
        };
        out.push(line(mark, text));
    }
    let named = |page: &Page| ladder.levels.iter().any(|level| level.name == page.level);
    out.extend(i.paged().map(|(_, page)| page).filter(|page| !named(page)).map(|page| paged_line(page, false)));
    if climb.ended {
        out.push(line(Mark::Warning, vec![plain("nobody answered; the whole channel is asked")]));
    } else if climb.round > 0 {
        out.push(line(Mark::Warning, vec![plain(format!("round {} of {}", climb.round + 1, ladder.repeat + 1))]));
    }
    out
}

/// Runbooks that fit what was said, with what to type to read them; those that config has still.
fn runbooks(policy: &Policy, i: &Incident) -> Vec<Line> {
    let one = |name: &String| {
        let book = policy.runbooks.get(name)?;
        let text = vec![code(format!("/runbook {name} --incident {}", i.id)), plain(format!(" {}", book.title))];
        Some(line(Mark::Bullet, text))
    };
    i.runbooks.iter().filter_map(one).collect()
}

/// How far the post-mortem is.
fn post_mortem(i: &Incident) -> Option<Text> {
    Some(match (&i.reviewed, &i.lessons, i.post_mortem_due) {
        (Some(by), ..) => vec![plain("reviewed by "), person(by)],
        (None, Some(lessons), _) => vec![plain("complete, by "), person(&lessons.by)],
        (None, None, Some(due)) => vec![plain("a draft, due "), moment(due)],
        (None, None, None) => return None,
    })
}

pub(super) fn action(a: &Action) -> Line {
    let mut text = vec![plain(format!("{}. {}", a.n, a.text))];
    match &a.owner {
        Some(who) => text.extend([plain(" · "), person(who)]),
        None => text.push(plain(" · nobody yet")),
    }
    match (a.done, a.due) {
        (Some(_), _) => {}
        (None, Some(due)) => text.extend([plain(" · by "), moment(due)]),
        (None, None) => text.push(plain(" · no date yet")),
    }
    line(if a.done.is_some() { Mark::Done } else { Mark::Open }, text)
}

/// One person who was paged, by what, and what came of it.
fn paged_line(page: &Page, all: bool) -> Line {
    let mut text = vec![bold(page.level.as_str()), plain(" "), person(&page.person)];
    text.extend(came_of(page));
    let mark = if page.acked.is_some() {
        Mark::Done
    } else if page.lost() {
        Mark::Failed
    } else {
        Mark::Running
    };
    if all && page.acked.is_none() {
        text.push(plain(" · must acknowledge"));
    }
    line(mark, text)
}

/// Who a level that is not reached yet will page: people are looked up when it is.
fn asked_for(policy: &Policy, level: &Level) -> Text {
    let mut words: Vec<String> = level.rosters.iter().map(|roster| format!("on call in {roster}")).collect();
    if !level.roles.is_empty() {
        words.push(policy.titles(&level.roles));
    }
    let mut text = vec![plain(words.join(" and "))];
    if !level.people.is_empty() && level.roles.is_empty() {
        text.push(plain(if words.is_empty() { "" } else { " and " }));
        text.extend(names(&level.people.iter().cloned().collect::<Vec<_>>()));
    }
    text
}

fn suspects(i: &Incident) -> Vec<Line> {
    let one = |s: &crate::domain::incident::Suspect| {
        let mark = if s.same_service { Mark::Warning } else { Mark::Bullet };
        let mut text = vec![code(s.deployment.to_string()), plain(format!(" {} ", s.what)), moment(s.at)];
        if s.went_back {
            text.push(plain(", undone"));
        }
        line(mark, text)
    };
    i.suspects.iter().map(one).collect()
}

fn buttons(policy: &Policy, i: &Incident) -> Vec<Button> {
    let id = i.id.to_string();
    let me = [("incident", id.as_str())];
    let plain_button = |label: &str, command: &str| button(label, ButtonStyle::Plain, command, &me);
    if i.drill && i.status.ended() {
        return Vec::new();
    }
    if i.status.ended() {
        let lessons = asking(plain_button("Lessons", "incident lessons"), "text", "What was learned", true);
        let more = form(
            plain_button("Action", "incident action"),
            "Add",
            &[
                ("text", "What is to be done", true),
                ("owner", "Who does it", false),
                ("due", "Within, such as 7d", false),
            ],
        );
        let draft = plain_button("Post-mortem", "incident postmortem");
        let reopen = asking(plain_button("Reopen", "incident reopen"), "reason", "Why it is opened again", true);
        return match i.status {
            Status::Reviewed => vec![draft, reopen],
            _ => vec![draft, lessons, more, plain_button("Reviewed", "incident review"), reopen],
        };
    }
    let mut out = Vec::new();
    if i.unanswered() {
        let episode = i.episode.to_string();
        let args = [("incident", id.as_str()), ("episode", episode.as_str())];
        out.push(button("Acknowledge", ButtonStyle::Primary, "incident ack", &args));
    }
    // What customers read has a line of its own, and only where they read it.
    let said = |label: &str, command: &str, lines: &[(&str, &str, bool)]| {
        let public = i.public().map(|_| ("public", "What customers read", false));
        form(plain_button(label, command), label, &lines.iter().copied().chain(public).collect::<Vec<_>>())
    };
    out.push(said("Update", "incident update", &[("text", "How it stands", true)]));
    if i.status != Status::Mitigated {
        out.push(said("Mitigated", "incident mitigate", &[("text", "What helped", true)]));
    }
    let ended = [("resolution", "What ended it", true), ("cause", "Its root cause", true)];
    out.push(said("Resolve", "incident resolve", &ended));
    if policy.response.status.page.is_some() && !i.drill {
        let title = i.public().is_none().then_some(("title", "Headline", false));
        let lines: Vec<_> = [("text", "What customers read", true)].into_iter().chain(title).collect();
        out.push(form(plain_button("Tell customers", "incident publish"), "Tell them", &lines));
    }
    out.push(plain_button("Join", "incident join"));
    out.push(confirmed(plain_button("Escalate", "incident escalate"), "Page the next level now?"));
    for suspect in i.suspects.iter().filter(|s| s.same_service && !s.went_back).take(WAYS_BACK) {
        let deployment = suspect.deployment.to_string();
        let back = button("Roll back", ButtonStyle::Danger, "rollback", &[("deployment", &deployment)]);
        out.push(confirmed(back, &format!("Undo {deployment}: {}?", suspect.what)));
    }
    out
}

/// A button that asks for several lines first: the name of each, its label, and whether it must be there.
fn form(mut button: Button, submit: &str, lines: &[(&str, &str, bool)]) -> Button {
    let field = |(name, label, required): &(&str, &str, bool)| FormField {
        name: (*name).into(),
        label: (*label).into(),
        kind: FieldKind::Line,
        required: *required,
        help: String::new(),
    };
    let fields = lines.iter().map(field).collect();
    button.form = Some(Form { title: button.label.clone(), submit: submit.into(), fields });
    button
}
