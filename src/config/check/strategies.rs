//! Strategies: stages that rise to 100 per cent, steps in lists where they can run, and a way back.

use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{ProbeEntry, Root, StepEntry, StrategyEntry, TrafficStep, What};
use crate::domain::time::Span;
use std::collections::BTreeMap;

pub fn check(root: &Root, cx: &mut Context) {
    for (name, strategy) in &root.strategies.0 {
        let steps = strategy.steps.0.as_deref().unwrap_or_default();
        if steps.is_empty() && strategy.steps.0.is_some() {
            cx.error(Code::EmptyStrategy, &name.place, format!("`{}` has no steps", name.value))
                .hint("at least one step brings the release into its place");
        }
        weights(steps, cx);
        for list in [
            Some(steps),
            strategy.rollback.as_deref(),
            strategy.full_rollback.as_deref(),
            strategy.emergency_rollback.as_deref(),
        ] {
            duplicates(list.unwrap_or_default(), cx);
            list.unwrap_or_default().iter().for_each(|at| numbers(at, root, cx));
        }
        for at in steps {
            if matches!(at.value, StepEntry::Restore(_)) {
                cx.error(
                    Code::MisplacedStep,
                    &at.place,
                    "`restore` puts back what was live before, so it is no step forward",
                )
                .hint("move it into `rollback`");
            }
        }
        for list in [&strategy.rollback, &strategy.full_rollback, &strategy.emergency_rollback] {
            for at in list.iter().flatten() {
                if matches!(at.value, StepEntry::Deploy(_) | StepEntry::Traffic(_)) {
                    cx.error(Code::MisplacedStep, &at.place, "this step moves the release forward, not back").hint(
                        "a rollback has `restore`, `command`, `http`, `manual`, `maintenance` and `verify` steps",
                    );
                }
            }
        }
    }
    way_back(root, cx);
}

fn stage(at: &At<StepEntry>) -> Option<&TrafficStep> {
    match &at.value {
        StepEntry::Traffic(s) => Some(s),
        _ => None,
    }
}

fn weights(steps: &[At<StepEntry>], cx: &mut Context) {
    let mut before: Option<&At<u8>> = None;
    for at in steps.iter().filter_map(stage).filter_map(|s| s.weight.0.as_ref()) {
        if !(1..=100).contains(&at.value) {
            cx.error(Code::StageWeights, &at.place, format!("{} is not a share of the traffic", at.value))
                .hint("from 1 to 100");
        } else if let Some(b) = before.filter(|b| b.value >= at.value) {
            cx.error(Code::StageWeights, &at.place, format!("{} % does not rise above {} %", at.value, b.value))
                .hint("each stage moves more traffic than the one before")
                .related(&b.place, "the stage before");
        }
        before = Some(at);
    }
    if let Some(last) = before.filter(|last| last.value != 100 && (1..=100).contains(&last.value)) {
        cx.error(Code::StageWeights, &last.place, format!("the last stage stops at {} %", last.value))
            .hint("end with a stage of weight 100");
    }
    let deploy = steps.iter().position(|at| matches!(at.value, StepEntry::Deploy(_)));
    let first = steps.iter().position(|at| stage(at).is_some());
    if let Some(first) = first
        && deploy.is_none_or(|d| d > first)
    {
        cx.error(Code::MisplacedStep, &steps[first].place, "no `deploy` step has started the release by then")
            .hint("put { step = \"deploy\" } before the first stage");
    }
}

fn duplicates(steps: &[At<StepEntry>], cx: &mut Context) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for at in steps.iter().filter_map(|s| name(&s.value)) {
        if let Some(before) = seen.insert(&at.value, at) {
            let before = before.place.clone();
            cx.error(Code::DuplicateName, &at.place, "two steps have this name")
                .hint("people tell steps apart by their names")
                .related(&before, "the other one");
        }
    }
}

fn name(step: &StepEntry) -> Option<&At<String>> {
    match step {
        StepEntry::Command(s) => s.name.as_ref(),
        StepEntry::Http(s) => s.name.as_ref(),
        StepEntry::Manual(s) => s.name.as_ref(),
        StepEntry::Deploy(s) => s.name.as_ref(),
        StepEntry::Traffic(s) => s.name.as_ref(),
        StepEntry::Verify(s) => s.name.as_ref(),
        StepEntry::Restore(s) => s.name.as_ref(),
        StepEntry::Maintenance(s) => s.name.as_ref(),
    }
}

/// Numbers that are of the right type and can never work.
fn numbers(at: &At<StepEntry>, root: &Root, cx: &mut Context) {
    match &at.value {
        StepEntry::Traffic(s) => traffic(s, root, cx),
        StepEntry::Verify(s) => {
            if let Some(tries) = s.tries.as_ref().filter(|t| t.value == 0) {
                cx.error(Code::BadValue, &tries.place, "zero tries never succeed").hint("at least 1");
            }
        }
        StepEntry::Http(s) => {
            if let Some(method) = &s.method
                && !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.value.to_ascii_uppercase().as_str())
            {
                cx.error(Code::BadValue, &method.place, "this is not a method").hint("GET, POST, PUT, PATCH or DELETE");
            }
        }
        _ => {}
    }
}

fn traffic(s: &TrafficStep, root: &Root, cx: &mut Context) {
    if let Some(every) = s.every.as_ref().filter(|e| e.value.0 == Span::ZERO) {
        cx.error(Code::BadDuration, &every.place, "probes cannot be read without a pause").hint("write at least 1s");
    }
    if let Some(after) = s.unhealthy_after.as_ref().filter(|n| n.value == 0) {
        cx.error(Code::BadValue, &after.place, "zero unhealthy readings would always roll back").hint("at least 1");
    }
    let bakes = s.bake.as_ref().filter(|b| b.value.0 > Span::ZERO);
    let watched = s.counters.is_some() || s.probes.as_ref().is_some_and(|p| !p.is_empty());
    if let Some(bake) = bakes.filter(|_| !watched) {
        cx.warning(Code::Suspicious, &bake.place, "this bake watches nothing")
            .hint("name `counters` or `probes`, or leave `bake` out");
    }
    if let Some(budget) = s.error_budget.as_ref().filter(|_| s.counters.is_none()) {
        cx.error(Code::BadValue, &budget.place, "nothing counts the errors of this budget")
            .hint("name a probe in `counters`");
    }
    if let Some(at) = &s.counters
        && let Some(ProbeEntry::Executor(p)) = root.probes.get(&at.value)
        && let Some(what) = p.what.0.as_ref().filter(|w| w.value.0 != What::Counters)
    {
        let place = what.place.clone();
        cx.error(Code::BadValue, &at.place, format!("`{}` reads no requests and errors", at.value))
            .hint("name a probe that asks the executor for `counters`")
            .related(&place, "it asks for something else");
    }
}

/// An environment that others come before, or that has keys or windows, is one people depend on.
fn way_back(root: &Root, cx: &mut Context) {
    let guarded = |name: &str| {
        root.environments.get(name).is_some_and(|e| {
            e.after.is_some() || e.windows.as_ref().is_some_and(|w| !w.is_empty()) || e.rollback.is_some()
        })
    };
    for (service, entry) in &root.services.0 {
        for (environment, strategy) in entry.strategies.0.iter().flat_map(|at| &at.value.0) {
            let Some(definition) = root.strategies.get(&strategy.value).filter(|_| guarded(&environment.value)) else {
                continue;
            };
            if definition.rollback.as_ref().is_none_or(Vec::is_empty) {
                let message = format!(
                    "`{}` has no rollback steps, so {} in {} has no way back",
                    strategy.value, service.value, environment.value
                );
                cx.error(Code::NoRollback, &strategy.place, message)
                    .hint("add `rollback = [{ step = \"restore\" }]` to the strategy");
            }
            unoffered(environment, strategy, definition, root, cx);
        }
    }
}

/// Keys for a way back that the strategy does not know are probably a slip.
fn unoffered(
    environment: &At<String>,
    strategy: &At<String>,
    definition: &StrategyEntry,
    root: &Root,
    cx: &mut Context,
) {
    let rules = root.environments.get(&environment.value).and_then(|e| e.rollback.as_ref()).map(|at| &at.value);
    let full = definition.full_rollback.as_ref().is_some_and(|l| !l.is_empty());
    if full && rules.is_none_or(|r| r.full.as_ref().is_none_or(Vec::is_empty)) {
        cx.error(
            Code::MissingKey,
            &strategy.place,
            format!("nobody approves a full rollback in {}", environment.value),
        )
        .hint("data is lost by it: name keys in `rollback.full` of the environment");
    }
    let emergency = definition.emergency_rollback.as_ref().is_some_and(|l| !l.is_empty());
    if emergency && rules.is_none_or(|r| r.emergency.as_ref().is_none_or(Vec::is_empty)) {
        cx.error(
            Code::MissingKey,
            &strategy.place,
            format!("nobody may take the emergency way back in {}", environment.value),
        )
        .hint("name roles in `rollback.emergency` of the environment");
    }
}
