//! The invariants, looked at after every commit and at every effect.
//!
//! It folds the journal by itself and keeps tallies of its own. Whether a deployment may start is decided here a second time,
//! by plain arithmetic, without the product's gate, matching or windows.

mod alerts;
mod commands;
mod conserve;
mod end;
mod incidents;
mod may;
mod pages;
mod public;
mod rhythm;
mod run;
mod wayout;

pub use pages::of_row as page_of_row;

use super::core::{REPLICAS, Shared, at_once, lock};
use super::policy::Times;
use signalbox::domain::deployment::{self, Activity, Deployment, DeploymentEvent, Lane};
use signalbox::domain::environment::{Environment, EnvironmentEvent};
use signalbox::domain::ids::{DeploymentId, EnvironmentName, PersonId, ServiceName, Stream};
use signalbox::domain::incident::IncidentEvent;
use signalbox::domain::journal::event_hash;
use signalbox::domain::person::Debts;
use signalbox::domain::policy::{Policy, Recovery};
use signalbox::domain::render;
use signalbox::domain::time::{Now, from_millis};
use signalbox::domain::world::{Event, State, evolve};
use signalbox::jobs::{Job, JobAction};
use signalbox::store::{Batch, EventRow, MemoryStore, Store as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub struct Folded {
    pub seq: i64,
    pub hash: String,
    pub state: Option<State>,
}

pub struct Checker {
    pub streams: BTreeMap<Stream, Folded>,
    /// The policy each replica decides by.
    pub policies: [Arc<Policy>; REPLICAS],
    pub times: Times,
    pub platforms: Vec<String>,
    inbox: BTreeSet<String>,
    /// Whose keys are turned for the plan as it is.
    keys: BTreeMap<DeploymentId, Vec<PersonId>>,
    /// Revisions that succeeded.
    good: BTreeSet<(EnvironmentName, ServiceName, String)>,
    /// Keys of messages that were promised.
    pub promised: BTreeSet<String>,
    pub alerts: alerts::Alerts,
    pub pages: pages::Pages,
    public: public::Public,
    /// Digests that were posted.
    pub posted_slots: u32,
    expected: conserve::Expected,
    /// When the state stopped asking for a job.
    unasked: BTreeMap<String, i64>,
    /// Effects of steps that may happen once, and how often a person said "again".
    once: BTreeMap<(DeploymentId, bool, usize), u32>,
    again: BTreeMap<(DeploymentId, usize), u32>,
}

impl Checker {
    pub fn new(policy: &Arc<Policy>, times: Times, platforms: Vec<String>) -> Self {
        Self {
            streams: BTreeMap::new(),
            policies: [Arc::clone(policy), Arc::clone(policy)],
            times,
            platforms,
            inbox: BTreeSet::new(),
            keys: BTreeMap::new(),
            good: BTreeSet::new(),
            promised: BTreeSet::new(),
            alerts: alerts::Alerts::default(),
            pages: pages::Pages::default(),
            public: public::Public::default(),
            posted_slots: 0,
            expected: conserve::Expected::default(),
            unasked: BTreeMap::new(),
            once: BTreeMap::new(),
            again: BTreeMap::new(),
        }
    }

    pub fn deployment(&self, id: DeploymentId) -> Option<&Deployment> {
        match &self.streams.get(&Stream::deployment(id))?.state {
            Some(State::Deployment(d)) => Some(d),
            _ => None,
        }
    }

    pub fn deployments(&self) -> impl Iterator<Item = &Deployment> {
        self.streams.values().filter_map(|f| match &f.state {
            Some(State::Deployment(d)) => Some(d.as_ref()),
            _ => None,
        })
    }

    pub fn environment(&self, name: &EnvironmentName) -> Environment {
        match self.streams.get(&Stream::environment(name)).and_then(|f| f.state.as_ref()) {
            Some(State::Environment(e)) => e.clone(),
            _ => Environment::default(),
        }
    }

    /// Whether some revision of a version succeeded there.
    pub fn succeeded(&self, environment: &str, service: &str, version: &str) -> bool {
        let mut good = self.good.iter();
        good.any(|(e, s, revision)| e.as_str() == environment && s.as_str() == service && revision.contains(version))
    }

    fn debts(&self, person: &PersonId) -> Debts {
        match self.streams.get(&Stream::person(person)).and_then(|f| f.state.as_ref()) {
            Some(State::Person(d)) => d.clone(),
            _ => Debts::default(),
        }
    }

    /// A batch was stored. `batch` is what the engine asked to be stored.
    pub fn committed(&mut self, replica: usize, batch: &Batch, store: &MemoryStore, core: &Shared) {
        let mut wrong = Vec::new();
        for row in &batch.inbox {
            if !self.inbox.insert(row.key.clone()) {
                wrong.push(format!("the envelope {} is decided twice", row.key));
            }
        }
        let ways_out = self.ways_out(replica, batch);
        let mut touched = BTreeSet::new();
        for row in &batch.events {
            lock(core).say(format!("r{replica} {} {} {} by {}", row.stream, row.seq, row.kind, row.actor));
            touched.insert(row.stream.clone());
            if let Err(what) = self.fold(replica, row) {
                wrong.push(format!("{} event {} ({}): {what}", row.stream, row.seq, row.kind));
            }
        }
        wrong.extend(self.judge_ways_out(&ways_out, batch));
        wrong.extend(self.judge_runs(batch));
        for stream in &touched {
            wrong.extend(self.stored_is_folded(stream, store));
        }
        let now = {
            let core = lock(core);
            (core.t, core.work_of(replica))
        };
        wrong.extend(self.conserved(&touched, batch, store, now));
        for what in wrong {
            lock(core).violate(what);
        }
    }

    fn fold(&mut self, replica: usize, row: &EventRow) -> Result<(), String> {
        let none = Folded { seq: 0, hash: String::new(), state: None };
        let before = self.streams.remove(&row.stream).unwrap_or(none);
        let hash = event_hash(&before.hash, row.stream.as_str(), row.seq, &row.kind, &row.actor, row.at, &row.body);
        if row.seq != before.seq + 1 || row.previous != before.hash || row.hash != hash {
            return Err(format!("does not continue event {} of its chain", before.seq));
        }
        let event = Event::read(row.stream.kind(), &row.body).map_err(|e| format!("cannot be read: {e}"))?;
        let body: serde_json::Value = serde_json::from_str(&row.body).map_err(|e| e.to_string())?;
        let work = body.get("work_ms").and_then(serde_json::Value::as_i64).unwrap_or(row.at);
        let at = Now { wall: from_millis(row.at), work: from_millis(work) };
        let judged = self.judge(replica, row, &event, before.state.as_ref());
        let state = evolve(&row.stream, before.state, &event, at).map_err(|b| b.to_string())?;
        let said = self.promise(replica, row, &event, &state);
        if let (Event::Incident(e), State::Incident(i)) = (&event, &state) {
            self.pages_after(e, i);
            self.public_after(e);
        }
        self.streams.insert(row.stream.clone(), Folded { seq: row.seq, hash, state: Some(state) });
        judged.and(said)
    }

    /// What must hold before this event may happen, and the tallies it changes.
    fn judge(&mut self, replica: usize, row: &EventRow, event: &Event, before: Option<&State>) -> Result<(), String> {
        self.hear_of_alerts(event);
        match (event, before) {
            (Event::Incident(IncidentEvent::Declared(d)), None) => self.judge_declared(d),
            (Event::Deployment(e), Some(State::Deployment(d))) => self.judge_deployment(replica, row, e, d),
            (Event::Environment(EnvironmentEvent::LiveChanged { service, release, good: true, .. }), _) => {
                let name = EnvironmentName::new(row.stream.name());
                self.good.insert((name, service.clone(), release.revision.clone()));
                Ok(())
            }
            (Event::Runbook(e), before) => self.judge_command(replica, row, e, before),
            (Event::Digest(e), before) => self.judge_digest(row, e, before),
            (Event::Incident(e), Some(State::Incident(i))) => self.judge_incident(replica, row, e, i),
            _ => Ok(()),
        }
    }

    fn judge_deployment(
        &mut self,
        replica: usize,
        row: &EventRow,
        event: &DeploymentEvent,
        d: &Deployment,
    ) -> Result<(), String> {
        let turned = self.keys.entry(d.id).or_default();
        match event {
            DeploymentEvent::KeyTurned { person } => {
                if person.as_str() != row.actor {
                    return Err(format!("a key of {person} is turned by {}", row.actor));
                }
                turned.push(person.clone());
            }
            DeploymentEvent::KeyWithdrawn { person } => turned.retain(|p| p != person),
            DeploymentEvent::KeysVoided { .. } => turned.clear(),
            DeploymentEvent::Started { .. } => return self.may_start(replica, d, row.at),
            DeploymentEvent::StepBegun { .. } => return self.may_advance(replica, d, row.at),
            DeploymentEvent::Released { by: Some(_) } => {
                if let Some(run) = d.run.as_ref().filter(|r| matches!(r.activity, Activity::Doubt { .. })) {
                    *self.again.entry((d.id, run.at)).or_default() += 1;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The messages that this event promises. Whoever could be paged was: then the channel hears of it, and nobody waits in silence.
    fn promise(&mut self, replica: usize, row: &EventRow, event: &Event, after: &State) -> Result<(), String> {
        let actor = (row.actor != "signalbox").then(|| PersonId::new(&row.actor));
        let notices = render::notices(&self.policies[replica], &row.stream, event, actor.as_ref(), after);
        for platform in &self.platforms {
            for (n, notice) in notices.iter().enumerate() {
                // Who has no account there is told elsewhere.
                let known = |who: &PersonId| {
                    let person = self.policies[replica].people.get(who);
                    platform == "console" || person.is_some_and(|p| p.accounts.contains_key(platform))
                };
                let there = match &notice.place {
                    render::Place::Person(who) => known(who),
                    render::Place::ThreadOn { platform: only, .. } => only.as_str() == platform,
                    _ => true,
                };
                if there {
                    self.promised.insert(format!("{}/{}/{n}@{platform}", row.stream, row.seq));
                }
            }
            let practice = matches!(after, State::Incident(i) if i.drill);
            if matches!(event, Event::Incident(IncidentEvent::Resolved { .. })) && !practice {
                self.promised.insert(format!("{}/{}/draft@{platform}", row.stream, row.seq));
            }
        }
        // Of a drill its score is told.
        let practice = matches!(after, State::Incident(i) if i.drill);
        let ended = matches!(event, Event::Incident(IncidentEvent::LadderEnded)) && !practice;
        let silent = ended && !notices.iter().any(|n| matches!(n.place, render::Place::Channel(_)));
        if silent { Err("the ladder ends and no channel hears of it".into()) } else { Ok(()) }
    }

    fn stored_is_folded(&self, stream: &Stream, store: &MemoryStore) -> Option<String> {
        let folded = self.streams.get(stream)?;
        let rows = at_once(store.states(std::slice::from_ref(stream))).unwrap_or_default();
        let Some(row) = rows.first() else { return Some(format!("{stream} was stored and is not there")) };
        if (row.seq, &row.hash) != (folded.seq, &folded.hash) {
            return Some(format!("{stream} is stored at {}, the journal says {}", row.seq, folded.seq));
        }
        let state = folded.state.as_ref().and_then(|s| serde_json::to_string(s).ok()).unwrap_or_default();
        if row.body != state {
            let at = row.body.bytes().zip(state.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(60);
            let part = |text: &str| text.get(at..).unwrap_or(text).chars().take(160).collect::<String>();
            return Some(format!(
                "{stream} is not the fold of its events: stored …{}… folded …{}…",
                part(&row.body),
                part(&state)
            ));
        }
        None
    }

    /// A job has its effect outside, now.
    pub fn job_began(&mut self, replica: usize, job: &Job, core: &Shared) {
        if let Err(what) = self.may_begin(job, lock(core).t) {
            lock(core).violate(format!("r{replica} job {}: {what}", job.key));
        }
    }

    fn may_begin(&mut self, job: &Job, t: i64) -> Result<(), String> {
        let Some(id) = job.target.deployment else { return self.command_may_begin(job, t) };
        let d = self.deployment(id).ok_or("its deployment is unknown")?;
        let run = d.run.as_ref().ok_or("its deployment never started")?;
        let part = job.key.split('.').nth(1).ok_or("its key has no step")?;
        let (back, step) = (part.starts_with('b'), part[1..].parse::<usize>().map_err(|e| e.to_string())?);
        let asked = deployment::tasks(d).iter().any(|task| task.key == job.key);
        // A call that was under way when the state changed its mind has this long to arrive.
        let lately = self.unasked.get(&job.key).is_some_and(|since| t - since <= 12_000);
        if !asked && !lately {
            let words = d.status.words();
            return Err(format!("begins while {id} is {words} and nobody asks for it ({:?})", run.activity));
        }
        if d.lane == Lane::Regular && d.digest != d.plan.digest() {
            return Err("the plan is not what its digest says".into());
        }
        let careful = match &job.action {
            JobAction::Command { recovery, .. } | JobAction::Http { recovery, .. } => *recovery == Recovery::AtMostOnce,
            _ => false,
        };
        let times = self.once.entry((id, back, step)).or_default();
        *times += 1;
        let allowed = 1 + self.again.get(&(id, step)).copied().unwrap_or(0);
        if careful && *times > allowed {
            return Err(format!(
                "begins {times} times; a step that may happen once was told {} times to run again",
                allowed - 1
            ));
        }
        Ok(())
    }
}
