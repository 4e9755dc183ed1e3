//! The scripted outside: versions, what is live where, how jobs end, and what probes read. It changes only in virtual time.

use super::place::{Behaviour, Place, REQUESTS_A_MINUTE};
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::plan::{Release, hex};
use crate::domain::probe::Verdict;
use crate::domain::time::Span;
use crate::jobs::{Job, JobAction, JobEnd, ResolveError, Target};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a job takes when the script says nothing.
pub(super) const JOB_TAKES: Span = Span::secs(4);

/// How a job ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    #[default]
    Well,
    /// With this summary.
    Failing(String),
    /// Never by itself; its executor ends it at its time limit.
    Hanging,
    /// Never at all, not even when it is told to.
    Stuck,
    /// Nobody can tell what became of it.
    Lost,
}

/// How jobs go whose description holds `job`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobRule {
    /// Part of a job's description, such as `restore api` or `deploy api v1.3.0 in production`.
    pub job: String,
    pub takes: Option<Span>,
    pub ends: Option<Ends>,
    pub prints: Option<String>,
    /// For the next such job only.
    pub once: bool,
}

/// What a probe reads, whatever the outside is like.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeScript {
    /// Absent: as its conditions judge the values.
    pub verdict: Option<Verdict>,
    pub values: BTreeMap<String, f64>,
    pub text: String,
}

/// A job that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSeen {
    pub key: String,
    /// `deploy api v1.2.0 in production`.
    pub what: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct Run {
    pub job: Job,
    pub started: Timestamp,
    pub takes: Span,
    pub ends: Ends,
    pub prints: String,
    pub end: Option<JobEnd>,
}

#[derive(Clone, Debug, Default)]
struct Version {
    revision: String,
    behaviour: Behaviour,
}

#[derive(Debug)]
pub(super) struct State {
    start: Timestamp,
    versions: BTreeMap<ServiceName, BTreeMap<String, Version>>,
    places: BTreeMap<(ServiceName, EnvironmentName), Place>,
    rates: BTreeMap<ServiceName, f64>,
    rules: Vec<JobRule>,
    /// By probe, for one environment or (empty) all.
    probes: BTreeMap<(String, String), ProbeScript>,
    pub runs: BTreeMap<String, Run>,
    pub seen: Vec<JobSeen>,
}

/// The outside, shared by executor, probe and script.
#[derive(Debug)]
pub struct Outside(Mutex<State>);

impl Outside {
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Mutex::new(State {
            start,
            versions: BTreeMap::new(),
            places: BTreeMap::new(),
            rates: BTreeMap::new(),
            rules: Vec::new(),
            probes: BTreeMap::new(),
            runs: BTreeMap::new(),
            seen: Vec::new(),
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a version known, and says how it behaves from `now` on.
    pub fn behave(&self, service: &str, version: &str, behaviour: Behaviour, now: Timestamp) {
        let mut state = self.lock();
        state.count_all(now);
        state.version(&service.into(), version).behaviour = behaviour;
    }

    /// Makes a version known, and returns the release behind it.
    pub fn release(&self, service: &str, version: &str) -> Release {
        let service = ServiceName::new(service);
        let revision = self.lock().version(&service, version).revision.clone();
        Release { version: version.to_owned(), revision, changes: Vec::new() }
    }

    /// From now on the version stands for this revision.
    pub fn set_revision(&self, service: &str, version: &str, revision: &str) {
        self.lock().version(&service.into(), version).revision = revision.to_owned();
    }

    /// The version serves everything there.
    pub fn set_live(&self, service: &str, environment: &str, version: &str, now: Timestamp) {
        let mut state = self.lock();
        state.version(&service.into(), version);
        state.place_at(&service.into(), &environment.into(), now).only(version);
    }

    /// Requests a minute to a service, in every environment.
    pub fn set_rate(&self, service: &str, a_minute: f64, now: Timestamp) {
        let mut state = self.lock();
        state.count_all(now);
        state.rates.insert(service.into(), a_minute);
    }

    pub fn add_rule(&self, rule: JobRule) {
        self.lock().rules.push(rule);
    }

    /// A probe reads this in an environment, or everywhere; `None`: what is really so.
    pub fn set_probe(&self, probe: &str, environment: Option<&str>, script: Option<ProbeScript>) {
        let key = (probe.to_owned(), environment.unwrap_or_default().to_owned());
        let mut state = self.lock();
        match script {
            Some(script) => state.probes.insert(key, script),
            None => state.probes.remove(&key),
        };
    }

    pub(super) fn probe(&self, probe: &str, environment: &EnvironmentName) -> Option<ProbeScript> {
        let state = self.lock();
        let of = |environment: &str| state.probes.get(&(probe.to_owned(), environment.to_owned())).cloned();
        of(environment.as_str()).or_else(|| of(""))
    }

    /// What serves most of the traffic.
    #[must_use]
    pub fn live(&self, service: &str, environment: &str) -> Option<String> {
        let state = self.lock();
        let place = state.places.get(&(service.into(), environment.into()));
        place.and_then(Place::live).map(str::to_owned)
    }

    /// Per cent of the traffic that a version serves.
    #[must_use]
    pub fn weight(&self, service: &str, environment: &str, version: &str) -> u8 {
        let state = self.lock();
        let place = state.places.get(&(service.into(), environment.into()));
        place.and_then(|p| p.weights.get(version)).copied().unwrap_or(0)
    }

    #[must_use]
    pub fn maintenance(&self, service: &str, environment: &str) -> bool {
        self.lock().places.get(&(service.into(), environment.into())).is_some_and(|p| p.maintenance)
    }

    /// Every job that was started, in order.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobSeen> {
        self.lock().seen.clone()
    }

    pub(super) fn resolve(&self, service: &ServiceName, version: &str) -> Result<Release, ResolveError> {
        let state = self.lock();
        let all = state.versions.get(service);
        match all.and_then(|v| v.get(version)) {
            Some(found) => {
                Ok(Release { version: version.into(), revision: found.revision.clone(), changes: Vec::new() })
            }
            None => {
                let known = all.map(|v| v.keys().cloned().collect()).unwrap_or_default();
                Err(ResolveError::Unknown { version: version.into(), known })
            }
        }
    }

    pub(super) fn resolve_anywhere(&self, version: &str) -> Result<Release, ResolveError> {
        let services: Vec<ServiceName> = self.lock().versions.keys().cloned().collect();
        let none = ResolveError::Unknown { version: version.into(), known: Vec::new() };
        services.iter().map(|s| self.resolve(s, version)).find(Result::is_ok).unwrap_or(Err(none))
    }
}

impl State {
    fn version(&mut self, service: &ServiceName, version: &str) -> &mut Version {
        self.versions
            .entry(service.clone())
            .or_default()
            .entry(version.to_owned())
            .or_insert_with(|| Version { revision: revision(service, version), behaviour: Behaviour::default() })
    }

    pub fn behaviour(&self, service: &ServiceName, version: &str) -> Behaviour {
        self.versions.get(service).and_then(|v| v.get(version)).map(|v| v.behaviour.clone()).unwrap_or_default()
    }

    /// The place, with its traffic counted up to `now`.
    pub fn place_at(&mut self, service: &ServiceName, environment: &EnvironmentName, now: Timestamp) -> &mut Place {
        let rate = self.rates.get(service).copied().unwrap_or(REQUESTS_A_MINUTE);
        let versions = self.versions.get(service);
        let fails = |v: &str| versions.and_then(|all| all.get(v)).map_or(0.0, |v| v.behaviour.fails);
        let start = self.start;
        let key = (service.clone(), environment.clone());
        let place = self.places.entry(key).or_insert_with(|| Place::new(start));
        place.count(now, rate, fails);
        place
    }

    fn count_all(&mut self, now: Timestamp) {
        let keys: Vec<_> = self.places.keys().cloned().collect();
        for (service, environment) in keys {
            self.place_at(&service, &environment, now);
        }
    }

    /// How a job that starts now will go: later rules say more than earlier ones.
    pub fn rule_for(&mut self, what: &str) -> JobRule {
        let mut out = JobRule::default();
        let holds = |rule: &JobRule| what.to_lowercase().contains(&rule.job.to_lowercase());
        for rule in self.rules.iter().filter(|r| holds(r)) {
            out.takes = rule.takes.or(out.takes);
            out.ends = rule.ends.clone().or(out.ends);
            out.prints = rule.prints.clone().or(out.prints);
        }
        self.rules.retain(|r| !(r.once && holds(r)));
        out
    }
}

/// A revision nobody has to write down.
fn revision(service: &ServiceName, version: &str) -> String {
    hex(&Sha256::digest(format!("{service} {version}"))).chars().take(40).collect()
}

/// `deploy api v1.2.0 in production`, as scripts name a job.
pub(super) fn describe(job: &Job) -> String {
    let Target { service, environment, release, previous, .. } = &job.target;
    let version = |r: &Option<Release>| r.as_ref().map_or("nothing".to_owned(), |r| r.version.clone());
    match &job.action {
        JobAction::Deploy => format!("deploy {service} {} in {environment}", version(release)),
        JobAction::Traffic { weight } => {
            format!("traffic {weight} % to {service} {} in {environment}", version(release))
        }
        JobAction::Restore => format!("restore {service} {} in {environment}", version(previous)),
        JobAction::Maintenance { on } => {
            format!("maintenance {} for {service} in {environment}", if *on { "on" } else { "off" })
        }
        JobAction::Command { argv, .. } => format!("run {} for {service} in {environment}", argv.join(" ")),
        JobAction::Http { method, url, .. } => format!("call {method} {url} for {service} in {environment}"),
    }
}
