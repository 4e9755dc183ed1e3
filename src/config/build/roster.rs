//! Rosters.

use super::{Names, known, role_set, window};
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{LayerEntry, Root, RosterEntry};
use crate::config::scalars::{Length, Moment};
use crate::domain::ids::{ChannelName, PersonId};
use crate::domain::roster::{Layer, Roster, TURN_DAYS_MAX};
use crate::domain::time::Span;
use jiff::civil::{DateTime, Time};
use std::collections::BTreeMap;

/// A week.
const TURN_DAYS: i32 = 7;

pub fn all(root: &Root, names: &Names<'_>, zone: &str, cx: &mut Context) -> BTreeMap<String, Roster> {
    root.rosters.0.iter().map(|(name, raw)| (name.value.clone(), one(name, raw, root, names, zone, cx))).collect()
}

fn one(name: &At<String>, raw: &RosterEntry, root: &Root, names: &Names<'_>, zone: &str, cx: &mut Context) -> Roster {
    let entries = raw.layers.0.as_deref().unwrap_or_default();
    if entries.is_empty() && raw.layers.0.is_some() {
        cx.error(Code::MissingKey, &name.place, format!("the roster `{}` has no layer", name.value))
            .hint("name at least one: `layers = [{ people = [\"sara\", \"omar\"], from = 2026-01-05T10:00 }]`");
    }
    let zone = raw.zone.as_ref().map_or(zone, |z| z.value.0.as_str());
    let mut always: Option<&At<LayerEntry>> = None;
    for at in entries {
        let hours = at.value.only.as_ref().is_some_and(|only| !only.is_empty());
        if let Some(below) = always.filter(|_| !hours) {
            let place = at.place.clone();
            cx.error(Code::Suspicious, &below.place, "this layer never counts: a later one always does")
                .hint("the layer for all hours comes first, those for certain hours after it")
                .related(&place, "this one");
        }
        always = if hours { always } else { Some(at) };
    }
    let managers = role_set(raw.managers.as_deref().unwrap_or_default(), names, cx);
    Roster {
        name: name.value.clone(),
        zone: zone.to_owned(),
        layers: entries.iter().map(|at| layer(at, root, zone, cx)).collect(),
        managers,
        channel: raw.channel.as_ref().and_then(|at| channel(at, root, cx)),
        source: cx.files.source(&name.place),
    }
}

fn layer(at: &At<LayerEntry>, root: &Root, zone: &str, cx: &mut Context) -> Layer {
    let raw = &at.value;
    let listed = root.people.names();
    let entries = raw.people.0.as_deref().unwrap_or_default();
    if entries.is_empty() && raw.people.0.is_some() {
        cx.error(Code::TooFewHolders, &at.place, "nobody takes turns on this layer").hint("name `people`");
    }
    for person in entries {
        known(person, &listed, Code::UnknownPerson, "person", cx);
    }
    for window in raw.only.iter().flatten() {
        if let Some(from) = window.value.from.0.as_ref().filter(|from| from.value.0.is_none()) {
            cx.error(Code::BadTime, &from.place, "hours cannot begin at the end of a day")
                .hint("write 00:00 and the next day");
        }
    }
    let from = raw.from.0.as_ref().map_or(DateTime::default(), |from| match from.value {
        Moment::At(at) => at,
        Moment::Day(day) => day.to_datetime(Time::midnight()),
    });
    Layer {
        people: entries.iter().map(|person| PersonId::new(&person.value)).collect(),
        from,
        turn_days: raw.turn.as_ref().map_or(TURN_DAYS, |turn| days(turn, cx)),
        only: raw.only.iter().flatten().filter_map(|at| window(at, zone, cx)).collect(),
        source: cx.files.source(&at.place),
    }
}

/// A turn in whole days; a wrong one is reported and replaced by a week.
fn days(turn: &At<Length>, cx: &mut Context) -> i32 {
    let (span, day) = (turn.value.0.as_millis(), Span::hours(24).as_millis());
    let days = i32::try_from(span / day).unwrap_or(i32::MAX);
    if span % day == 0 && (1..=TURN_DAYS_MAX).contains(&days) {
        return days;
    }
    cx.error(Code::BadDuration, &turn.place, format!("a turn cannot last {}", turn.value.0)).hint(format!(
        "whole days, such as 1d, 1w or 2w, at most {TURN_DAYS_MAX}d; shorter turns are layers with `only`"
    ));
    TURN_DAYS
}

/// One of `[channels]`, or a problem.
pub fn channel(at: &At<String>, root: &Root, cx: &mut Context) -> Option<ChannelName> {
    let raw = root.channels.0.as_ref();
    let named = raw.into_iter().flat_map(|c| [&c.deployments, &c.incidents, &c.engineering]);
    let alerts = raw.and_then(|c| c.alerts.as_ref());
    let listed: Vec<&str> =
        named.filter_map(|c| c.0.as_ref()).chain(alerts).map(|c| c.value.trim_start_matches('#')).collect();
    let bare = At { value: at.value.trim_start_matches('#').to_owned(), place: at.place.clone() };
    known(&bare, &listed, Code::UnknownChannel, "channel of [channels]", cx).then(|| ChannelName::new(&bare.value))
}
