//! Environments.

use super::{Names, known, role_set, slots, span};
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{EnvironmentEntry, Root, WindowEntry};
use crate::domain::ids::EnvironmentName;
use crate::domain::policy::{Environment, HotfixLane, OnShortWindow, Overrun, Requirement, RollbackRules};
use crate::domain::time::Span;
use crate::domain::window::Window;
use std::collections::BTreeMap;

pub fn all(root: &Root, names: &Names<'_>, zone: &str, cx: &mut Context) -> BTreeMap<EnvironmentName, Environment> {
    root.environments
        .0
        .iter()
        .map(|(name, raw)| (EnvironmentName::new(&name.value), one(name, raw, names, zone, cx)))
        .collect()
}

fn one(name: &At<String>, raw: &EnvironmentEntry, names: &Names<'_>, zone: &str, cx: &mut Context) -> Environment {
    let after = raw.after.as_ref().map(|at| {
        known(at, &names.environments, Code::UnknownEnvironment, "environment", cx);
        Requirement { environment: EnvironmentName::new(&at.value), source: cx.files.source(&at.place) }
    });
    let hotfix = raw.hotfix.as_ref().map(|at| HotfixLane {
        keys: slots(at.value.keys.0.as_deref().unwrap_or_default(), names, cx),
        source: cx.files.source(&at.place),
    });
    let operators = role_set(raw.operators.as_deref().unwrap_or_default(), names, cx);
    let rollback = raw.rollback.as_ref().map_or_else(RollbackRules::default, |at| RollbackRules {
        quick: role_set(at.value.quick.as_deref().unwrap_or_default(), names, cx),
        full: slots(at.value.full.as_deref().unwrap_or_default(), names, cx),
        emergency: role_set(at.value.emergency.as_deref().unwrap_or_default(), names, cx),
    });
    let rollback_opens = raw.rollback_opens.as_ref().map(|at| {
        known(at, &names.severities, Code::UnknownSeverity, "severity", cx);
        at.value.to_uppercase()
    });
    Environment {
        name: EnvironmentName::new(&name.value),
        windows: raw.windows.iter().flatten().filter_map(|at| window(at, zone, cx)).collect(),
        overrun: raw.overrun.as_ref().map_or(Overrun::Finish, |at| at.value.0),
        on_short_window: raw.on_short_window.as_ref().map_or(OnShortWindow::Refuse, |at| at.value.0),
        keys: slots(raw.keys.as_deref().unwrap_or_default(), names, cx),
        hotfix,
        after,
        key_expiry: span(raw.key_expiry.as_ref(), Span::hours(4)),
        jitter: span(raw.jitter.as_ref(), Span::secs(30)),
        lock_after_rollback: raw.lock_after_rollback.as_ref().is_none_or(|at| at.value),
        watch: span(raw.watch.as_ref(), Span::mins(30)),
        rollback: RollbackRules {
            quick: if rollback.quick.is_empty() { operators.clone() } else { rollback.quick },
            ..rollback
        },
        operators,
        rollback_opens,
        source: cx.files.source(&name.place),
    }
}

/// `None` when a part of it was wrong, which was reported.
pub fn window(at: &At<WindowEntry>, zone: &str, cx: &Context) -> Option<Window> {
    let raw = &at.value;
    // A window cannot begin at the day's end; `check` reports that.
    let from = raw.from.0.as_ref()?.value.0?;
    Some(Window {
        days: raw.days.0.as_ref()?.value.0.clone(),
        from,
        to: raw.to.as_ref().and_then(|to| to.value.0).filter(|to| *to != jiff::civil::Time::midnight()),
        zone: raw.zone.as_ref().map_or_else(|| zone.to_owned(), |z| z.value.0.clone()),
        source: cx.files.source(&at.place),
    })
}
