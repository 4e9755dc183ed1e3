//! Windows: none that never opens, none too short for what runs in it.

use crate::config::context::Context;
use crate::config::ics::YEARS;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{Root, StepEntry, WindowEntry};
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::policy::{OnShortWindow, Policy};
use crate::domain::time::{Span, after};
use crate::domain::window::{Calendar, Window, open_intervals};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::slice;

/// How far reachability looks at once.
const MONTH: Span = Span::hours(30 * 24);

pub fn check(root: &Root, policy: &Policy, now: Option<Timestamp>, cx: &mut Context) {
    for (name, environment) in &root.environments.0 {
        for at in environment.windows.iter().flatten() {
            if !shape(at, cx) {
                continue;
            }
            let Some(window) = crate::config::build::window(at, &policy.zone, cx) else { continue };
            reachable(&name.value, at, &window, policy, now, cx);
        }
        too_short(&name.value, root, policy, cx);
    }
}

/// Whether it has a length at all; says so when it has none.
fn shape(at: &At<WindowEntry>, cx: &mut Context) -> bool {
    let raw = &at.value;
    let (Some(from), to) = (raw.from.0.as_ref(), raw.to.as_ref()) else { return false };
    let Some(begin) = from.value.0 else {
        cx.error(Code::EmptyWindow, &from.place, "a window cannot begin at the day's end")
            .hint("write 00:00 and the next day");
        return false;
    };
    if let Some(end) = to.filter(|to| to.value.0 == Some(begin)) {
        cx.error(Code::EmptyWindow, &end.place, "this window closes when it opens")
            .hint("for a whole day write from = \"00:00\" and leave `to` out");
        return false;
    }
    true
}

/// Whether it is ever open in spite of freezes and holidays.
fn reachable(
    environment: &str,
    at: &At<WindowEntry>,
    window: &Window,
    policy: &Policy,
    now: Option<Timestamp>,
    cx: &mut Context,
) {
    let name = EnvironmentName::new(environment);
    let shut = Calendar {
        holidays: policy.calendar.holidays.clone(),
        // One that spares a service, or that somebody may pass, leaves the window of use.
        freezes: policy
            .calendar
            .freezes
            .iter()
            .filter(|f| f.services.is_empty() && f.pass.is_empty())
            .cloned()
            .collect(),
    };
    let mut from = now.unwrap_or_else(|| new_year(*YEARS.start()));
    // Two years on, nobody remembers why a freeze was written.
    let last = now.map_or_else(|| new_year(*YEARS.end() + 1), |now| after(now, Span::hours(2 * 366 * 24)));
    while from < last {
        let to = after(from, MONTH).min(last);
        if !open_intervals(slice::from_ref(window), &shut, &ServiceName::new(""), &name, from, to).is_empty() {
            return;
        }
        from = to;
    }
    cx.error(Code::UnreachableWindow, &at.place, format!("this window of {environment} never opens"))
        .label("always inside a freeze or a holiday")
        .hint("shorten the freeze or holiday, or move the window");
}

fn new_year(year: i16) -> Timestamp {
    let day = Date::new(year, 1, 1).unwrap_or(Date::MAX);
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |z| z.timestamp())
}

/// Whether the shortest good run of every strategy fits into every window.
fn too_short(environment: &str, root: &Root, policy: &Policy, cx: &mut Context) {
    let Some(env) = policy.environments.get(environment) else { return };
    let Some(raw) = root.environments.get(environment).and_then(|e| e.windows.as_ref()) else { return };
    if env.windows.len() != raw.len() {
        // One of them could not be read, which was reported; which is which is not known here.
        return;
    }
    let lengths = lengths(&env.windows, &env.name);
    let Some(longest) = lengths.iter().copied().max() else { return };
    for (service, entry) in &root.services.0 {
        let pairs = entry.strategies.0.iter().flat_map(|p| &p.value.0);
        for (_, strategy) in pairs.filter(|(e, _)| e.value == environment) {
            let needed = shortest(root, &strategy.value);
            if needed > longest {
                let message = format!(
                    "{} takes at least {needed} with `{}`, and the longest window of {environment} has {longest}",
                    service.value, strategy.value
                );
                let problem = match env.on_short_window {
                    OnShortWindow::Refuse => cx.error(Code::WindowTooShort, &strategy.place, message),
                    OnShortWindow::Warn => cx.warning(Code::WindowTooShort, &strategy.place, message),
                };
                problem.hint("shorten the bakes or lengthen the window");
                raw.iter().take(1).for_each(|at| {
                    problem.related(&at.place, "the first window");
                });
                continue;
            }
            for (at, length) in raw.iter().zip(&lengths).filter(|(_, length)| needed > **length) {
                let message = format!("{} takes at least {needed}, and this window has {length}", service.value);
                cx.warning(Code::WindowTooShort, &at.place, message)
                    .hint("shorten the bakes, lengthen the window, or let this service wait for the next one")
                    .related(&strategy.place, "so long with this strategy");
            }
        }
    }
}

/// How long each window stays open, counted with whatever adjoins it, in two weeks without a change of clocks anywhere.
fn lengths(windows: &[Window], environment: &EnvironmentName) -> Vec<Span> {
    let from = new_year(2024);
    let (calendar, service) = (Calendar::default(), ServiceName::new(""));
    let open = |windows: &[Window]| {
        open_intervals(windows, &calendar, &service, environment, from, after(from, Span::hours(14 * 24)))
    };
    let together = open(windows);
    let length = |window: &Window| {
        // The first opening may be cut by the edge; the middle ones are whole.
        let alone = open(slice::from_ref(window));
        let around = alone.iter().filter_map(|(start, _)| {
            together.iter().find(|(from, to)| from <= start && start < to).map(|(from, to)| Span::between(*from, *to))
        });
        around.max().unwrap_or(Span::ZERO)
    };
    windows.iter().map(length).collect()
}

/// Every bake in full.
fn shortest(root: &Root, strategy: &str) -> Span {
    let steps = root.strategies.get(strategy).and_then(|s| s.steps.0.as_deref()).unwrap_or_default();
    let bakes = steps.iter().filter_map(|at| match &at.value {
        StepEntry::Traffic(s) => s.bake.as_ref().map(|b| b.value.0),
        _ => None,
    });
    bakes.fold(Span::ZERO, |sum, bake| sum + bake)
}
