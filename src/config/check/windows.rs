//! Windows: none that never opens, none too short for what runs in it.

use crate::config::context::Context;
use crate::config::ics::YEARS;
use crate::config::place::At;
use crate::config::problem::{Code, Severity};
use crate::config::raw::{Root, StepEntry, WindowEntry};
use crate::domain::policy::{OnShortWindow, Policy};
use crate::domain::time::Span;
use crate::domain::window::{Window, zone};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

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
    let Some(zone) = zone(&window.zone) else { return };
    let limit = |year: i16| Date::new(year, 1, 1).unwrap_or(Date::MAX);
    let (first, last) = match now {
        // Two years on, nobody remembers why a freeze was written.
        Some(now) => {
            let today = now.to_zoned(zone.clone()).date();
            (today, today.saturating_add(2.years()))
        }
        None => (limit(*YEARS.start()), limit(*YEARS.end() + 1)),
    };
    let shut = closings(environment, policy);
    let mut day = first;
    while day < last {
        if window.days.contains(&day.weekday())
            && let Some((from, to)) = occurrence(window, day, &zone)
            && open_somewhere(from.max(now.unwrap_or(Timestamp::MIN)), to, &shut)
        {
            return;
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    cx.error(Code::UnreachableWindow, &at.place, format!("this window of {environment} never opens"))
        .label("always inside a freeze or a holiday")
        .hint("shorten the freeze or holiday, or move the window");
}

fn occurrence(window: &Window, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let end_day = if window.to.is_none_or(|to| to <= window.from) { day.tomorrow().ok()? } else { day };
    let end = end_day.to_datetime(window.to.unwrap_or_else(Time::midnight));
    Some((instant(day.to_datetime(window.from), zone)?, instant(end, zone)?))
}

fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_zoned(local).compatible().ok().map(|z| z.timestamp())
}

/// When the environment is closed to every service and nobody may pass, in order.
fn closings(environment: &str, policy: &Policy) -> Vec<(Timestamp, Timestamp)> {
    let mut out: Vec<(Timestamp, Timestamp)> = Vec::new();
    for h in &policy.calendar.holidays {
        let Some(zone) = zone(&h.zone) else { continue };
        let end = h.to.tomorrow().unwrap_or(Date::MAX).to_datetime(Time::midnight());
        out.extend(instant(h.from.to_datetime(Time::midnight()), &zone).zip(instant(end, &zone)));
    }
    for f in &policy.calendar.freezes {
        let here = f.environments.is_empty() || f.environments.contains(environment);
        let Some(zone) = zone(&f.zone).filter(|_| here && f.services.is_empty() && f.pass.is_empty()) else {
            continue;
        };
        out.extend(instant(f.from, &zone).zip(instant(f.to, &zone)));
    }
    out.sort();
    out
}

fn open_somewhere(from: Timestamp, to: Timestamp, shut: &[(Timestamp, Timestamp)]) -> bool {
    let mut free_from = from;
    for (begin, end) in shut {
        if *begin > free_from {
            break;
        }
        free_from = free_from.max(*end);
    }
    free_from < to
}

/// Whether the shortest good run of every strategy fits into the longest window.
fn too_short(environment: &str, root: &Root, policy: &Policy, cx: &mut Context) {
    let Some(env) = policy.environments.get(environment) else { return };
    let raw = root.environments.get(environment).and_then(|e| e.windows.as_ref());
    let Some(longest) = env.windows.iter().map(length).max() else { return };
    let Some(at) = raw.and_then(|w| w.first()) else { return };
    let severity = if env.on_short_window == OnShortWindow::Warn { Severity::Warning } else { Severity::Error };
    for (service, entry) in &root.services.0 {
        let pairs = entry.strategies.0.iter().flat_map(|p| &p.value.0);
        for (_, strategy) in pairs.filter(|(e, _)| e.value == environment) {
            let needed = shortest(root, &strategy.value);
            if needed <= longest {
                continue;
            }
            let message = format!(
                "{} takes at least {needed} with `{}`, and the longest window of {environment} has {longest}",
                service.value, strategy.value
            );
            let problem = match severity {
                Severity::Error => cx.error(Code::WindowTooShort, &strategy.place, message),
                Severity::Warning => cx.warning(Code::WindowTooShort, &strategy.place, message),
            };
            problem.hint("shorten the bakes or lengthen the window").related(&at.place, "the first window");
        }
    }
}

/// The nominal length, as on a day without a clock change.
fn length(window: &Window) -> Span {
    let minutes = |t: Time| i64::from(t.hour()) * 60 + i64::from(t.minute());
    let end = window.to.filter(|to| *to > window.from).map_or_else(|| 24 * 60 + window.to.map_or(0, minutes), minutes);
    Span::mins(end - minutes(window.from))
}

/// Every bake in full.
fn shortest(root: &Root, strategy: &str) -> Span {
    let steps = root.strategies.get(strategy).and_then(|s| s.steps.0.as_deref()).unwrap_or_default();
    let bakes = steps.iter().filter_map(|at| match &at.value {
        StepEntry::TrafficStep(s) => s.bake.as_ref().map(|b| b.value.0),
        _ => None,
    });
    bakes.fold(Span::ZERO, |sum, bake| sum + bake)
}
