//! Strategies and their steps.

use super::{Names, known, role_set, span, strings, text};
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{CommandStep, HttpStep, Root, StepEntry, StrategyEntry, TrafficStep, VerifyStep};
use crate::domain::policy::{Recovery, Stage, StepKind, StepSpec, Strategy};
use crate::domain::time::Span;
use std::collections::BTreeMap;

pub fn all(root: &Root, names: &Names<'_>, cx: &mut Context) -> BTreeMap<String, Strategy> {
    root.strategies.0.iter().map(|(name, raw)| (name.value.clone(), one(name, raw, names, cx))).collect()
}

fn one(name: &At<String>, raw: &StrategyEntry, names: &Names<'_>, cx: &mut Context) -> Strategy {
    let mut list = |steps: Option<&[At<StepEntry>]>| {
        steps.unwrap_or_default().iter().map(|at| step(at, names, cx)).collect::<Vec<_>>()
    };
    Strategy {
        steps: list(raw.steps.0.as_deref()),
        rollback: list(raw.rollback.as_deref()),
        full_rollback: list(raw.full_rollback.as_deref()),
        emergency_rollback: list(raw.emergency_rollback.as_deref()),
        name: name.value.clone(),
        source: cx.files.source(&name.place),
    }
}

fn step(at: &At<StepEntry>, names: &Names<'_>, cx: &mut Context) -> StepSpec {
    let (name, kind, time_limit, default_limit) = match &at.value {
        StepEntry::Command(s) => {
            let kind = command(s);
            let program = match &kind {
                StepKind::Command { argv, .. } => {
                    argv.first().map_or("", |p| p.rsplit('/').next().unwrap_or(p)).to_owned()
                }
                _ => String::new(),
            };
            (named(s.name.as_ref(), &program), kind, s.time_limit.as_ref(), Span::mins(10))
        }
        StepEntry::Http(s) => {
            let kind = http(s);
            (named(s.name.as_ref(), &format!("Request {}", text(&s.url))), kind, s.time_limit.as_ref(), Span::mins(1))
        }
        StepEntry::Manual(s) => {
            let roles = role_set(s.roles.0.as_deref().unwrap_or_default(), names, cx);
            let kind = StepKind::Manual { roles, prompt: text(&s.prompt) };
            (named(s.name.as_ref(), "Confirm"), kind, s.time_limit.as_ref(), Span::hours(1))
        }
        StepEntry::Deploy(s) => {
            (named(s.name.as_ref(), "Deploy"), StepKind::Deploy, s.time_limit.as_ref(), Span::mins(10))
        }
        StepEntry::Traffic(s) => {
            let stage = stage(s, names, cx);
            let name = named(s.name.as_ref(), &format!("{} % of the traffic", stage.weight));
            (name, StepKind::Traffic(stage), s.time_limit.as_ref(), Span::mins(2))
        }
        StepEntry::Verify(s) => {
            (named(s.name.as_ref(), "Verify"), verify(s, names, cx), s.time_limit.as_ref(), Span::mins(10))
        }
        StepEntry::Restore(s) => {
            let name = named(s.name.as_ref(), "Restore the previous release");
            (name, StepKind::Restore, s.time_limit.as_ref(), Span::mins(5))
        }
        StepEntry::Maintenance(s) => {
            let on = s.on.0.as_ref().is_some_and(|at| at.value);
            let name = named(s.name.as_ref(), if on { "Maintenance mode on" } else { "Maintenance mode off" });
            (name, StepKind::Maintenance { on }, s.time_limit.as_ref(), Span::mins(1))
        }
    };
    StepSpec { name, kind, time_limit: span(time_limit, default_limit), source: cx.files.source(&at.place) }
}

fn named(name: Option<&At<String>>, default: &str) -> String {
    name.map_or_else(|| default.to_owned(), |at| at.value.clone())
}

fn command(s: &CommandStep) -> StepKind {
    StepKind::Command {
        argv: strings(s.argv.0.as_ref().map(|at| at.value.as_slice())),
        env: strings(s.env.as_deref()),
        cwd: s.cwd.as_ref().map(|at| at.value.clone()),
        recovery: s.recovery.as_ref().map_or(Recovery::AtMostOnce, |at| at.value.0),
    }
}

fn http(s: &HttpStep) -> StepKind {
    StepKind::Http {
        method: s.method.as_ref().map_or_else(|| "POST".to_owned(), |at| at.value.to_ascii_uppercase()),
        url: text(&s.url),
        body: s.body.as_ref().map(|at| at.value.clone()),
        expect_status: s.expect_status.as_ref().map_or(200, |at| at.value),
        recovery: s.recovery.as_ref().map_or(Recovery::AtMostOnce, |at| at.value.0),
    }
}

fn probes(list: Option<&[At<String>]>, names: &Names<'_>, cx: &mut Context) -> Vec<String> {
    for at in list.unwrap_or_default() {
        known(at, &names.probes, Code::UnknownProbe, "probe", cx);
    }
    strings(list)
}

fn stage(s: &TrafficStep, names: &Names<'_>, cx: &mut Context) -> Stage {
    if let Some(at) = &s.counters {
        known(at, &names.probes, Code::UnknownProbe, "probe", cx);
    }
    Stage {
        weight: s.weight.0.as_ref().map_or(100, |at| at.value),
        bake: span(s.bake.as_ref(), Span::ZERO),
        error_budget: s.error_budget.as_ref().map_or(0, |at| at.value),
        min_requests: s.min_requests.as_ref().map_or(1, |at| at.value),
        every: span(s.every.as_ref(), Span::secs(15)),
        counters: s.counters.as_ref().map(|at| at.value.clone()),
        probes: probes(s.probes.as_deref(), names, cx),
        unhealthy_after: s.unhealthy_after.as_ref().map_or(2, |at| at.value),
        hold_for: span(s.hold_for.as_ref(), Span::mins(10)),
    }
}

fn verify(s: &VerifyStep, names: &Names<'_>, cx: &mut Context) -> StepKind {
    StepKind::Verify {
        probes: probes(s.probes.as_deref(), names, cx),
        tries: s.tries.as_ref().map_or(10, |at| at.value),
        every: span(s.every.as_ref(), Span::secs(10)),
        live: s.live.as_ref().is_none_or(|at| at.value),
    }
}
