//! Answers to questions about incidents.

use super::super::parts::{button, line};
use super::{title, tone};
use crate::domain::incident::{Incident, IncidentEvent as E, Marked, RoomCame};
use crate::domain::message::{
    Block, ButtonStyle, Line, Mark, Message, Text, Tone, bold, code, link, moment, person, plain,
};
use crate::domain::paging::{Came, Try};
use crate::domain::policy::Policy;
use crate::domain::status::PublicCame;
use jiff::Timestamp;

/// Somebody declares what is declared already.
#[must_use]
pub fn incident_nearly_the_same(_policy: &Policy, i: &Incident, wanted: &str, severity: &str) -> Message {
    let mut text = vec![plain("That is said already: ")];
    text.extend(title(i));
    let id = i.id.to_string();
    let anyway = format!("/incident {severity} {wanted} --anyway");
    let join = button("Join", ButtonStyle::Primary, "incident join", &[("incident", &id)]);
    let other = vec![plain("If it is something else: "), code(anyway)];
    Message::new(Tone::Warning, text).context(other).button(join)
}

/// Every open incident in one line.
#[must_use]
pub fn incident_list(open: &[Incident], ended: &[Incident]) -> Message {
    let heading = match open.len() {
        0 => "No incident is open".to_owned(),
        1 => "1 incident is open".to_owned(),
        n => format!("{n} incidents are open"),
    };
    let mut message = Message::new(if open.is_empty() { Tone::Good } else { Tone::Bad }, vec![bold(heading)]);
    if !open.is_empty() {
        message = message.block(Block::List(open.iter().map(|i| in_a_line(i, Mark::Running)).collect()));
    }
    if !ended.is_empty() {
        message = message.text(vec![bold("Lately")]);
        message = message.block(Block::List(ended.iter().map(|i| in_a_line(i, Mark::Done)).collect()));
    }
    message
}

fn in_a_line(i: &Incident, mark: Mark) -> Line {
    let mut text = title(i);
    text.extend([plain(" · since "), moment(i.started)]);
    line(mark, text)
}

/// One incident, as its card shows it, without buttons.
#[must_use]
pub fn incident_status(policy: &Policy, i: &Incident) -> Message {
    let mut message = super::card::incident_card(policy, i).message;
    message.buttons.clear();
    message
}

/// Everything that happened, in order.
#[must_use]
pub fn timeline(i: &Incident, events: &[super::Act]) -> Message {
    let lines = told(i, events, |_| true).into_iter().map(|told| {
        let mut text: Text = vec![moment(told.at), plain(" ")];
        text.extend(told.what);
        if !told.by.is_empty() {
            text.push(plain(" · "));
            text.extend(told.by);
        }
        text.extend(told.link.iter().flat_map(|url| [plain(" · "), link("message", url)]));
        line(Mark::Bullet, text)
    });
    let mut heading = title(i);
    heading.push(plain(": timeline"));
    Message::new(tone(i), heading).block(Block::List(lines.collect()))
}

/// A line of the timeline.
pub(super) struct Told {
    pub at: Timestamp,
    pub what: Text,
    /// Empty: signalbox itself.
    pub by: Text,
    /// Where it was said.
    pub link: Option<String>,
}

/// What happened and `wanted` lets through, and what people marked, each at its own time.
pub(super) fn told(i: &Incident, events: &[super::Act], wanted: impl Fn(&E) -> bool) -> Vec<Told> {
    let unsaid = |e: &E| {
        matches!(
            e,
            E::Marked { .. }
                | E::Unmarked { .. }
                | E::MarkChanged { .. }
                | E::FirstOpened { .. }
                | E::RoomWanted { .. }
        )
    };
    let acts = events.iter().filter(|(_, _, e)| !unsaid(e) && wanted(e)).map(|(at, by, e)| Told {
        at: *at,
        what: happened(i, e),
        by: by.iter().map(person).collect(),
        link: None,
    });
    let mut all: Vec<Told> = acts.chain(i.marked().map(said)).collect();
    // What happened at one instant stays as it came.
    all.sort_by_key(|told| told.at);
    all
}

fn said(mark: &Marked) -> Told {
    let quote = &mark.quote;
    let words: Vec<&str> = quote.text.split_whitespace().collect();
    let what = match (mark.removed, words.is_empty()) {
        (true, _) => "a marked message that was removed since".to_owned(),
        (_, true) => "a message without words".to_owned(),
        _ => format!("“{}”", words.join(" ")),
    };
    let by = quote.author.as_ref().map_or_else(|| plain(quote.name.clone()), person);
    Told { at: quote.at, what: vec![plain(what)], by: vec![by], link: quote.link.clone().filter(|_| !mark.removed) }
}

pub(super) fn happened(i: &Incident, e: &E) -> Text {
    let said = |text: String| vec![plain(text)];
    match e {
        E::Declared(d) => said(format!("declared as {}: {}", d.severity, d.title)),
        E::Joined { .. } => said("joins".into()),
        E::Acknowledged { until, .. } => vec![plain("acknowledged, until "), moment(*until)],
        E::Called { people, why, .. } => {
            let mut text = vec![plain("pages ")];
            text.extend(crate::domain::decide::names(people));
            text.push(plain(format!(" ({why})")));
            text
        }
        E::Paged { level, people, .. } if people.is_empty() => said(format!("{level} is passed by, nobody is there")),
        E::Paged { level, people, why, .. } => {
            let mut text = vec![plain(format!("{level} paged: "))];
            text.extend(crate::domain::decide::names(people));
            if !why.is_empty() {
                text.push(plain(format!(" ({why})")));
            }
            text
        }
        E::Passed { level } => said(format!("{level} is passed by, everybody there has it")),
        E::PageCame { of, came } => page_came(i, of, came),
        E::RoundBegun => said("the ladder begins again".into()),
        E::LadderEnded => said("the ladder ends without an answer".into()),
        E::Nudged { person: who } => vec![plain("asked "), person(who), plain(" how it stands")],
        E::PromiseBroken { person: who } => vec![person(who), plain(" said nothing in time")],
        E::Updated { text, .. } => said(text.clone()),
        E::UpdateAsked { told, .. } => said(
            match told {
                crate::domain::incident::Told::Nobody | crate::domain::incident::Told::Privately => {
                    "an update is asked for"
                }
                crate::domain::incident::Told::Channel => "an update is due",
                crate::domain::incident::Told::Above => "the update is overdue",
            }
            .into(),
        ),
        E::Snoozed { until, .. } => vec![plain("the update is put off until "), moment(*until)],
        E::SeverityChanged { from, to, .. } => said(format!("{to}, was {from}")),
        E::Assigned { duty, person: who } => vec![person(who), plain(format!(" is {}", duty.words()))],
        E::Mitigated { text, .. } => said(format!("mitigated: {text}")),
        E::Resolved { resolution, cause, .. } => said(format!("resolved: {resolution}; root cause: {cause}")),
        E::Reopened { reason, .. } => said(format!("opened again: {reason}")),
        E::RollbackReminded => said("the way back is brought to mind".into()),
        E::ImpactSaid { text, .. } => said(format!("impact: {text}")),
        E::DeploymentRolledBack { deployment, what, why } => said(format!("{deployment} {what} went back: {why}")),
        E::ActionAdded { n, text, .. } => said(format!("action {n}: {text}")),
        E::ActionPlanned { n, owner, due, .. } => {
            let mut text = vec![plain(format!("action {n}"))];
            text.extend(owner.iter().flat_map(|who| [plain(" goes to "), person(who)]));
            text.extend(due.iter().flat_map(|due| [plain(" is due "), moment(*due)]));
            text
        }
        E::ActionDone { n, .. } => said(format!("action {n} is done")),
        E::ActionNagged { n } => said(format!("action {n} is brought to mind")),
        E::LessonsSaid { text, .. } => said(format!("learned: {text}")),
        E::AlertsFired { alerts, .. } if alerts.len() == 1 => said(format!("fires: {}", names(alerts))),
        E::AlertsFired { alerts, .. } => said(format!("{} alerts fire: {}", alerts.len(), names(alerts))),
        E::AlertsOver { keys } if keys.len() == 1 => said("an alert is over".into()),
        E::AlertsOver { keys } => said(format!("{} alerts are over", keys.len())),
        E::Hushed { why } => said(format!("nobody is paged for now: {why}")),
        E::Rearmed { firing: true, .. } => said("it still fires, and people are paged again".into()),
        E::Rearmed { .. } => said("its alerts ended while nobody was paged".into()),
        // They are told at the time at which they were written.
        E::Marked { .. } | E::Unmarked { .. } | E::MarkChanged { .. } => Vec::new(),
        // Nobody did that; what is done about it is told.
        E::FirstOpened { .. } => Vec::new(),
        E::FirstTicked { items, .. } => said(format!("ticked: {}", named(i, items))),
        E::FirstUnticked { items, .. } => said(format!("open again: {}", named(i, items))),
        E::FirstNotApplicable { item, reason, .. } => {
            said(format!("does not apply: {} ({reason})", named(i, &[*item])))
        }
        E::LadderWidened { ladder } => said(format!("also those of the ladder {} are asked", ladder.name)),
        E::PagedToo { level, people, .. } => {
            let mut text = vec![plain(format!("{level} paged as well: "))];
            text.extend(super::super::parts::listed(people));
            text
        }
        E::CommandBegun { runbook, number, what, .. } => said(format!("runs {runbook} #{number}: {what}")),
        E::CommandEnded { runbook, number, what, summary, .. } => {
            said(format!("{runbook} #{number}, {what}, ends: {summary}"))
        }
        E::Published { phase, text, .. } => said(format!("customers are told, {}: {text}", phase.name())),
        E::PublicationCame { of, came: PublicCame::Posted { .. } } => said(format!("{} has it", of.place)),
        E::PublicationCame { of, came: PublicCame::Failed { why, .. } } => {
            said(format!("{} does not have it: {why}", of.place))
        }
        E::RoomWanted { .. } => Vec::new(),
        E::RoomCame { platform, came: RoomCame::Made { name, .. } } => {
            said(format!("the war room on {platform} is #{name}"))
        }
        E::RoomCame { platform, came: RoomCame::Refused { why } } => {
            said(format!("the war room on {platform} is the thread: {why}"))
        }
        E::RoomsClosed => said("the war room is put aside".into()),
        E::MailLost { to, why } => said(format!("a mail to {to} is lost: {why}")),
        E::PostMortemNagged => said("the post-mortem is brought to mind".into()),
        E::Reviewed { .. } => said("reviewed".into()),
    }
}

/// Items of its list, in its words.
fn named(i: &Incident, items: &[u32]) -> String {
    let words: Vec<String> =
        items.iter().map(|no| i.first_item(*no).map_or_else(|| format!("item {no}"), str::to_owned)).collect();
    words.join("; ")
}

/// The first few by name.
fn names(alerts: &[crate::domain::alert::Linked]) -> String {
    let shown: Vec<&str> = alerts.iter().take(5).map(|a| a.title.as_str()).collect();
    let more = if alerts.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// What came of a page; whom an earlier beginning has paged is not in the state any more.
fn page_came(i: &Incident, of: &Try, came: &Came) -> Text {
    let page = i.climb.pages.get(of.page).filter(|_| of.episode == i.episode);
    let mut text = vec![plain("a page")];
    text.extend(page.into_iter().flat_map(|page| [plain(" to "), person(&page.person)]));
    text.push(plain(match came {
        Came::Delivered { .. } => format!(" is delivered by {}", of.via.words()),
        Came::Failed { why, .. } => format!(" failed by {}: {why}", of.via.words()),
    }));
    text
}
