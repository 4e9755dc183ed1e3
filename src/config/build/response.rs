//! Severities, ladders and rosters.

use super::{Names, known, paging, role_set, span, text};
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{LadderEntry, LevelEntry, Root, SeverityEntry};
use crate::config::read::Req;
use crate::config::scalars::Length;
use crate::domain::ids::PersonId;
use crate::domain::incident::{ROOM_NAME_CHARS, ROOM_WORDS, UPDATE_EVERY_MIN};
use crate::domain::response::{Ladder, Level, Response, Severity};
use crate::domain::time::Span;
use crate::limits;

pub fn all(root: &Root, names: &Names<'_>, zone: &str, cx: &mut Context) -> Response {
    let ladders: Vec<&str> = root.ladders.names();
    Response {
        severities: root.severities.0.iter().map(|(name, raw)| severity(name, raw, &ladders, cx)).collect(),
        ladders: root
            .ladders
            .0
            .iter()
            .map(|(name, raw)| (name.value.clone(), ladder(name, raw, root, names, cx)))
            .collect(),
        // A file, which is read elsewhere.
        post_mortem: None,
        night: paging::night(root, cx),
        link: paging::link(root, cx),
        questions: reminders(root.incidents.as_ref().and_then(|i| i.questions.as_deref()), "questions", cx),
        quick_wins: reminders(root.incidents.as_ref().and_then(|i| i.quick_wins.as_deref()), "quick_wins", cx),
        room_name: room_name(root, cx),
        room_archive: root.incidents.as_ref().and_then(|i| i.room_archive.as_ref()).map(|at| at.value.0),
        rosters: super::roster::all(root, names, zone, cx),
        status: super::status::all(root, names, cx),
    }
}

/// Lines of the checklist that urgent incidents begin with.
fn reminders(lines: Option<&[At<String>]>, key: &str, cx: &mut Context) -> Vec<String> {
    let lines = lines.unwrap_or_default();
    if let Some(at) = lines.get(limits::REMINDERS) {
        cx.error(Code::BadValue, &at.place, format!("`{key}` has more than {} lines", limits::REMINDERS))
            .hint("whoever was woken reads a few; put the others into a checklist");
    }
    lines.iter().take(limits::REMINDERS).map(|at| at.value.trim().to_owned()).filter(|l| !l.is_empty()).collect()
}

/// What channels of their own are called: different for each incident, and a name that every platform takes.
fn room_name(root: &Root, cx: &mut Context) -> Option<String> {
    let at = root.incidents.as_ref()?.room_name.as_ref()?;
    let text = at.value.trim();
    let mut rest = text.to_owned();
    for word in ROOM_WORDS {
        rest = rest.replace(&format!("{{{word}}}"), "0");
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if !rest.chars().all(plain) || rest.len() > ROOM_NAME_CHARS {
        cx.error(Code::BadValue, &at.place, format!("no platform takes channels called `{text}`")).hint(format!(
            "small letters, digits, `-`, `_`, and {{number}}, {{severity}}, {{service}}, {{date}}; at most {ROOM_NAME_CHARS} characters"
        ));
    } else if !text.contains("{number}") {
        cx.error(Code::BadValue, &at.place, format!("all channels of incidents would be called `{text}`"))
            .hint("put {number} into the name: `inc-{number}`");
    }
    Some(text.to_owned())
}

fn severity(name: &At<String>, raw: &SeverityEntry, ladders: &[&str], cx: &mut Context) -> Severity {
    if let Some(at) = &raw.ladder {
        known(at, ladders, Code::UnknownLadder, "ladder", cx);
    }
    let update = needed(&raw.update);
    if update < UPDATE_EVERY_MIN && raw.update.0.is_some() {
        cx.error(Code::BadValue, &name.place, format!("{}: updates cannot be asked for that often", name.value))
            .hint(format!("`update` is at least {}", UPDATE_EVERY_MIN));
    }
    Severity {
        // Keys of the file are small; people write and read `P0`.
        name: name.value.to_uppercase(),
        title: text(&raw.title),
        respond: needed(&raw.respond),
        update,
        ladder: raw.ladder.as_ref().map(|at| at.value.clone()),
        urgent: raw.urgent.as_ref().is_some_and(|at| at.value),
        overdue_goes_up: raw.overdue_goes_up.as_ref().is_some_and(|at| at.value),
        rollback_reminder: raw.rollback_reminder.as_ref().map(|at| at.value.0),
        post_mortem: raw.post_mortem.as_ref().map(|at| at.value.0),
        own_channel: raw.own_channel.as_ref().is_some_and(|at| at.value),
        source: cx.files.source(&name.place),
    }
}

fn ladder(name: &At<String>, raw: &LadderEntry, root: &Root, names: &Names<'_>, cx: &mut Context) -> Ladder {
    let entries = raw.levels.0.as_deref().unwrap_or_default();
    if entries.is_empty() && raw.levels.0.is_some() {
        cx.error(Code::MissingKey, &name.place, format!("the ladder `{}` has no level", name.value))
            .hint("a ladder without levels pages nobody; leave `ladder` out of the severity instead");
    }
    let mut levels: Vec<Level> = Vec::with_capacity(entries.len());
    for (n, at) in entries.iter().enumerate() {
        let level = level(n, at, root, names, cx);
        if levels.last().is_some_and(|before| before.after > level.after) {
            cx.error(Code::BadValue, &at.place, format!("{} is reached before the level below it", level.name))
                .hint("`after` counts from the start of the incident, so it grows from level to level");
        }
        levels.push(level);
    }
    Ladder {
        name: name.value.clone(),
        levels,
        repeat: raw.repeat.as_ref().map_or(2, |at| at.value).min(limits::LADDER_ROUNDS),
        pause: span(raw.pause.as_ref(), Span::mins(15)),
        urgent: false,
        source: cx.files.source(&name.place),
    }
}

fn level(n: usize, at: &At<LevelEntry>, root: &Root, names: &Names<'_>, cx: &mut Context) -> Level {
    let raw = &at.value;
    let listed = root.people.names();
    let mut people = std::collections::BTreeSet::new();
    for person in raw.people.iter().flatten() {
        known(person, &listed, Code::UnknownPerson, "person", cx);
        people.insert(PersonId::new(&person.value));
    }
    let roles = role_set(raw.roles.as_deref().unwrap_or_default(), names, cx);
    let listed = root.rosters.names();
    let mut rosters = std::collections::BTreeSet::new();
    for roster in raw.rosters.iter().flatten() {
        known(roster, &listed, Code::UnknownRoster, "roster", cx);
        rosters.insert(roster.value.clone());
    }
    let held = |role: &str| root.people.0.iter().any(|(_, p)| p.roles.iter().flatten().any(|r| r.value == role));
    if people.is_empty() && rosters.is_empty() && !roles.iter().any(|role| held(role.as_str())) {
        cx.error(Code::TooFewHolders, &at.place, "nobody can be paged on this level")
            .hint("name `rosters`, `people`, or `roles` that somebody holds");
    }
    Level {
        name: raw.name.as_ref().map_or_else(|| format!("L{}", n + 1), |at| at.value.clone()),
        after: needed(&raw.after),
        unresolved: raw.unresolved.as_ref().map(|at| at.value.0),
        roles,
        people,
        all: raw.all.as_ref().is_some_and(|at| at.value),
        rosters,
        source: cx.files.source(&at.place),
    }
}

/// A length that must be there; when it is not, that was reported.
fn needed(field: &Req<At<Length>>) -> Span {
    field.0.as_ref().map_or(Span::ZERO, |at| at.value.0)
}
