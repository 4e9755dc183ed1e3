//! Holidays and freezes that are written in the config file itself.

use super::{Names, known, role_set, text};
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{FreezeEntry, HolidayEntry, Root};
use crate::config::scalars::Moment;
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::window::{Calendar, Freeze, Holiday};
use jiff::civil::{DateTime, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Adds the file's own holidays and freezes to those of the calendar files.
pub fn with_file_rules(
    mut calendar: Calendar,
    root: &Root,
    names: &Names<'_>,
    zone: &str,
    cx: &mut Context,
) -> Calendar {
    for at in root.holidays.iter().flatten() {
        calendar.holidays.extend(holiday(at, zone, cx));
    }
    let mut names_seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for at in root.freezes.iter().flatten() {
        if let Some(name) = &at.value.name.0
            && let Some(before) = names_seen.insert(&name.value, name)
        {
            cx.error(Code::DuplicateName, &name.place, "two freezes have this name")
                .hint("whoever passes a freeze names it")
                .related(&before.place, "the other one");
        }
        calendar.freezes.extend(freeze(at, names, zone, cx));
    }
    calendar.holidays.sort_by(|a, b| (a.from, a.to, &a.name).cmp(&(b.from, b.to, &b.name)));
    calendar.freezes.sort_by(|a, b| (a.from, a.to, &a.name).cmp(&(b.from, b.to, &b.name)));
    calendar
}

fn holiday(at: &At<HolidayEntry>, zone: &str, cx: &mut Context) -> Option<Holiday> {
    let raw = &at.value;
    let from = raw.from.0.as_ref()?.value.0;
    let to = raw.to.as_ref().map_or(from, |to| to.value.0);
    if let Some(end) = &raw.to
        && to < from
    {
        cx.error(Code::BadDate, &end.place, "this holiday ends before it begins").hint("`to` is its last day");
    }
    Some(Holiday {
        name: text(&raw.name),
        from,
        to,
        zone: raw.zone.as_ref().map_or_else(|| zone.to_owned(), |z| z.value.0.clone()),
        source: cx.files.source(&at.place),
    })
}

fn freeze(at: &At<FreezeEntry>, names: &Names<'_>, zone: &str, cx: &mut Context) -> Option<Freeze> {
    let raw = &at.value;
    let environments = raw.environments.iter().flatten().map(|at| {
        known(at, &names.environments, Code::UnknownEnvironment, "environment", cx);
        EnvironmentName::new(&at.value)
    });
    let environments: BTreeSet<_> = environments.collect();
    let services = raw.services.iter().flatten().map(|at| {
        known(at, &names.services, Code::UnknownService, "service", cx);
        ServiceName::new(&at.value)
    });
    let services: BTreeSet<_> = services.collect();
    let pass = role_set(raw.pass.as_deref().unwrap_or_default(), names, cx);
    let from = match raw.from.0.as_ref()?.value {
        Moment::At(at) => at,
        Moment::Day(day) => day.to_datetime(Time::midnight()),
    };
    let end = raw.to.0.as_ref()?;
    let to = match end.value {
        Moment::At(at) => at,
        Moment::Day(day) => day.tomorrow().map_or(DateTime::MAX, |next| next.to_datetime(Time::midnight())),
    };
    if to <= from {
        cx.error(Code::BadDate, &end.place, "this freeze ends before it begins");
    }
    Some(Freeze {
        name: text(&raw.name),
        from,
        to,
        zone: raw.zone.as_ref().map_or_else(|| zone.to_owned(), |z| z.value.0.clone()),
        environments,
        services,
        pass,
        source: cx.files.source(&at.place),
    })
}
