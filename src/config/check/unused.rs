//! Warnings about what nothing refers to, and about setups that are allowed and rarely meant.

use crate::config::context::Context;
use crate::config::problem::Code;
use crate::config::raw::Root;
use crate::domain::policy::{Policy, StepKind};
use std::collections::BTreeSet;

pub fn check(root: &Root, policy: &Policy, cx: &mut Context) {
    let strategies: BTreeSet<&str> =
        policy.services.values().flat_map(|s| s.strategies.values()).map(String::as_str).collect();
    for (name, _) in root.strategies.0.iter().filter(|(n, _)| !strategies.contains(n.value.as_str())) {
        cx.warning(Code::Unused, &name.place, format!("no service uses the strategy `{}`", name.value));
    }
    let probes = used_probes(policy);
    for (name, _) in root.probes.0.iter().filter(|(n, _)| !probes.contains(n.value.as_str())) {
        cx.warning(Code::Unused, &name.place, format!("nothing asks the probe `{}`", name.value));
    }
    for (name, _) in &root.roles.0 {
        if !policy.people.values().any(|p| p.roles.contains(name.value.as_str())) {
            cx.warning(Code::Unused, &name.place, format!("nobody holds the role `{}`", name.value));
        }
    }
    let used: BTreeSet<&str> =
        policy.response.ladders.values().flat_map(|l| &l.levels).flat_map(|l| &l.rosters).map(String::as_str).collect();
    for (name, _) in root.rosters.0.iter().filter(|(n, _)| !used.contains(n.value.as_str())) {
        cx.warning(Code::Unused, &name.place, format!("no ladder pages the roster `{}`", name.value));
    }
    let deployed: BTreeSet<&str> =
        policy.services.values().flat_map(|s| s.strategies.keys()).map(|e| e.as_str()).collect();
    for (name, environment) in &root.environments.0 {
        if !deployed.contains(name.value.as_str()) {
            cx.warning(Code::Unused, &name.place, format!("no service is deployed to {}", name.value));
        }
        let keyless = environment.keys.as_ref().is_none_or(|keys| keys.iter().all(|k| k.value.optional));
        if keyless && environment.windows.as_ref().is_some_and(|w| !w.is_empty()) {
            cx.warning(Code::Suspicious, &name.place, format!("{} has windows and needs no key", name.value))
                .hint("add `keys`, or remove the windows");
        }
    }
    for (service, entry) in &root.services.0 {
        let Some(pairs) = entry.strategies.0.as_ref() else { continue };
        for (environment, _) in &pairs.value.0 {
            let before = root.environments.get(&environment.value).and_then(|e| e.after.as_ref());
            if let Some(before) = before.filter(|b| !pairs.value.0.iter().any(|(e, _)| e.value == b.value)) {
                let place = before.place.clone();
                let message = format!(
                    "{} is not deployed to {}, so it never reaches {}",
                    service.value, before.value, environment.value
                );
                cx.error(Code::MissingKey, &environment.place, message)
                    .hint(format!("name a strategy for {} as well", before.value))
                    .related(&place, "required here");
            }
        }
    }
}

fn used_probes(policy: &Policy) -> BTreeSet<&str> {
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for s in policy.strategies.values() {
        for step in s.steps.iter().chain(&s.rollback).chain(&s.full_rollback).chain(&s.emergency_rollback) {
            match &step.kind {
                StepKind::Traffic(stage) => {
                    used.extend(stage.counters.as_deref());
                    used.extend(stage.probes.iter().map(String::as_str));
                }
                StepKind::Verify { probes, .. } => used.extend(probes.iter().map(String::as_str)),
                _ => {}
            }
        }
    }
    used.extend(policy.services.values().filter_map(|s| s.live_probe.as_deref()));
    used.extend(policy.rhythm.digests.values().flat_map(|d| &d.probes).map(String::as_str));
    used.extend(policy.rhythm.objectives.iter().map(|o| o.probe.as_str()));
    let items = policy.checklists.iter().flat_map(|c| &c.sections).flat_map(|s| &s.items);
    used.extend(items.filter_map(|i| i.probe.as_deref()));
    used
}
