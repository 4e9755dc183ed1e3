//! Services.

use super::{Names, known, strings};
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{Pairs, ReleasesEntry, Root, ServiceEntry};
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::policy::{ReleaseSource, Service};
use std::collections::BTreeMap;

/// The executors that this build knows.
pub const EXECUTORS: &[&str] = &["fleet", "command"];

pub fn all(root: &Root, names: &Names<'_>, cx: &mut Context) -> BTreeMap<ServiceName, Service> {
    root.services.0.iter().map(|(name, raw)| (ServiceName::new(&name.value), one(name, raw, names, cx))).collect()
}

fn one(name: &At<String>, raw: &ServiceEntry, names: &Names<'_>, cx: &mut Context) -> Service {
    if let Some(executor) = &raw.executor.0 {
        known(executor, EXECUTORS, Code::UnknownExecutor, "executor", cx);
    }
    let mut strategies = BTreeMap::new();
    for (environment, strategy) in raw.strategies.0.iter().flat_map(|at| &at.value.0) {
        known(environment, &names.environments, Code::UnknownEnvironment, "environment", cx);
        known(strategy, &names.strategies, Code::UnknownStrategy, "strategy", cx);
        strategies.insert(EnvironmentName::new(&environment.value), strategy.value.clone());
    }
    if let Some(probe) = &raw.live_probe {
        known(probe, &names.probes, Code::UnknownProbe, "probe", cx);
    }
    let releases = match raw.releases.as_ref().map(|at| &at.value) {
        None | Some(ReleasesEntry::Executor(_)) => ReleaseSource::Executor,
        Some(ReleasesEntry::Table(t)) => {
            ReleaseSource::Table { versions: t.versions.0.as_ref().map(|at| pairs(&at.value)).unwrap_or_default() }
        }
        Some(ReleasesEntry::Command(c)) => {
            ReleaseSource::Command { argv: strings(c.argv.0.as_ref().map(|at| at.value.as_slice())) }
        }
    };
    Service {
        name: ServiceName::new(&name.value),
        executor: super::text(&raw.executor),
        settings: raw.settings.as_ref().map(pairs).unwrap_or_default(),
        strategies,
        releases,
        default: raw.default.as_ref().is_some_and(|at| at.value),
        live_probe: raw.live_probe.as_ref().map(|at| at.value.clone()),
        source: cx.files.source(&name.place),
    }
}

fn pairs(from: &Pairs) -> BTreeMap<String, String> {
    from.0.iter().map(|(k, v)| (k.value.clone(), v.value.clone())).collect()
}
