//! Conservation: what the states ask for is what stands in the store, no more and no less, at every commit.

use super::super::core::at_once;
use super::Checker;
use signalbox::domain::alert;
use signalbox::domain::deployment::{self, Deployment, Status};
use signalbox::domain::environment;
use signalbox::domain::ids::{DeploymentId, EnvironmentName, ServiceName, Stream};
use signalbox::domain::incident;
use signalbox::domain::policy::Phase;
use signalbox::domain::rhythm;
use signalbox::domain::roster;
use signalbox::domain::runbook;
use signalbox::domain::time::Clock;
use signalbox::domain::world::State;
use signalbox::engine::Effect;
use signalbox::store::{Batch, MemoryStore, OutboxRow, Store as _, TimerRow};
use std::collections::{BTreeMap, BTreeSet};

/// What the states ask for.
#[derive(Default)]
pub(super) struct Expected {
    /// By stream and purpose: due time and whether it is due by the work clock.
    timers: BTreeMap<Stream, BTreeMap<String, (i64, bool)>>,
    /// By stream and key: the row's body.
    tasks: BTreeMap<Stream, BTreeMap<String, String>>,
}

const ALL: i64 = 1_000_000;

impl Checker {
    pub(super) fn conserved(
        &mut self,
        touched: &BTreeSet<Stream>,
        batch: &Batch,
        store: &MemoryStore,
        now: (i64, i64),
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        for stream in touched {
            self.expect(stream, now.0);
        }
        let timers = at_once(store.timers(ALL)).unwrap_or_default();
        let outbox = at_once(store.outbox(ALL)).unwrap_or_default();
        wrong.extend(self.timers_stand(&timers));
        wrong.extend(self.tasks_stand(&outbox));
        wrong.extend(self.promises_stand(batch, &outbox));
        for d in self.deployments() {
            wrong.extend(nothing_waits_for_ever(d, &timers, &outbox));
        }
        if !touched.is_empty() {
            wrong.extend(self.incidents_hold(&timers));
            wrong.extend(self.pages_hold(touched, batch, &outbox, now));
            wrong.extend(self.public_holds(batch, &outbox));
            wrong.extend(self.places_hold());
        }
        wrong
    }

    fn expect(&mut self, stream: &Stream, t: i64) {
        let Some(state) = self.streams.get(stream).and_then(|f| f.state.as_ref()) else { return };
        let (specs, tasks) = match state {
            State::Deployment(d) => (deployment::timers(d), deployment::tasks(d)),
            State::Environment(e) => (environment::timers(e), Vec::new()),
            State::Incident(i) => {
                let purpose = |p| serde_json::to_string(&p).unwrap_or_default();
                let timers =
                    incident::timers(i).into_iter().map(|(p, due)| (purpose(p), (due.as_millisecond(), false)));
                self.expected.timers.insert(stream.clone(), timers.collect());
                return;
            }
            State::Roster(r) => {
                let purpose = |p| serde_json::to_string(&p).unwrap_or_default();
                let timers = roster::timers(r).into_iter().map(|(p, due)| (purpose(p), (due.as_millisecond(), false)));
                self.expected.timers.insert(stream.clone(), timers.collect());
                return;
            }
            State::Digest(d) => {
                let purpose = |p| serde_json::to_string(&p).unwrap_or_default();
                let timers = rhythm::digest_timers(d).into_iter();
                let timers = timers.map(|(p, due)| (purpose(p), (due.as_millisecond(), false)));
                self.expected.timers.insert(stream.clone(), timers.collect());
                let gather = |g: &rhythm::Gathering| {
                    let effect = Effect::Gather { digest: stream.name().to_owned(), slot: g.slot };
                    let key = format!("{stream}/{}", g.slot.as_millisecond());
                    (key, serde_json::to_string(&effect).unwrap_or_default())
                };
                self.expected.tasks.insert(stream.clone(), d.gathering.iter().map(gather).collect());
                return;
            }
            State::Maintenance(m) => {
                let purpose = |p| serde_json::to_string(&p).unwrap_or_default();
                let timers = rhythm::maintenance_timers(m).into_iter();
                let timers = timers.map(|(p, due)| (purpose(p), (due.as_millisecond(), false)));
                self.expected.timers.insert(stream.clone(), timers.collect());
                return;
            }
            State::Alert(a) => {
                let purpose = |p| serde_json::to_string(&p).unwrap_or_default();
                let timers = alert::timers(a).into_iter().map(|(p, due)| (purpose(p), (due.as_millisecond(), false)));
                self.expected.timers.insert(stream.clone(), timers.collect());
                return;
            }
            State::AlertBoard(b) => {
                let purpose = |p| serde_json::to_string(&p).unwrap_or_default();
                let due = alert::board_timers(b).into_iter();
                let timers = due.map(|(p, due)| (purpose(p), (due.as_millisecond(), false)));
                self.expected.timers.insert(stream.clone(), timers.collect());
                return;
            }
            State::Runbook(r) => {
                let timers = runbook::timers(r).into_iter();
                let timers = timers.map(|(number, due)| (number.to_string(), (due.as_millisecond(), true)));
                self.expected.timers.insert(stream.clone(), timers.collect());
                let task = |(number, task)| {
                    let (runbook, stop) = (stream.name().to_owned(), task == runbook::RunTask::Stop);
                    let key = format!("{}{}", runbook::job_key(&runbook, number), if stop { ".stop" } else { "" });
                    (key, serde_json::to_string(&Effect::Run { runbook, number, stop }).unwrap_or_default())
                };
                let tasks = runbook::tasks(r).into_iter().map(task).collect();
                self.asks(stream, tasks, t);
                return;
            }
            State::Person(_) | State::Board(_) => (Vec::new(), Vec::new()),
        };
        let purpose = |p| serde_json::to_string(&p).unwrap_or_default();
        let timers = specs.into_iter().map(|s| (purpose(s.purpose), (s.due.as_millisecond(), s.clock == Clock::Work)));
        self.expected.timers.insert(stream.clone(), timers.collect());
        let id = DeploymentId::parse(stream.name()).unwrap_or(DeploymentId(0));
        let body = |task| serde_json::to_string(&Effect::Task { deployment: id, task }).unwrap_or_default();
        let tasks: BTreeMap<_, _> = tasks.into_iter().map(|task| (task.key, body(task.kind))).collect();
        self.asks(stream, tasks, t);
    }

    /// These are the tasks that it asks for now.
    fn asks(&mut self, stream: &Stream, tasks: BTreeMap<String, String>, t: i64) {
        for key in tasks.keys() {
            self.unasked.remove(key);
        }
        let gone = self.expected.tasks.insert(stream.clone(), tasks).unwrap_or_default();
        let still = &self.expected.tasks[stream];
        for key in gone.into_keys().filter(|k| !still.contains_key(k)) {
            self.unasked.insert(key, t);
        }
    }

    fn timers_stand(&self, rows: &[TimerRow]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut found = 0;
        for row in rows {
            let expected = self.expected.timers.get(&row.stream).and_then(|t| t.get(&row.body));
            match expected {
                // One that fires in vain is put off, never brought forward.
                Some((due, work)) if *work == row.work && row.due_at >= *due => found += 1,
                Some((due, _)) => wrong.push(format!("timer {} is due at {} and not at {due}", row.id, row.due_at)),
                None => wrong.push(format!("timer {} stands and nothing asks for it", row.id)),
            }
        }
        let expected: usize = self.expected.timers.values().map(BTreeMap::len).sum();
        if wrong.is_empty() && found != expected {
            for (stream, purposes) in &self.expected.timers {
                for purpose in purposes.keys() {
                    if !rows.iter().any(|r| r.stream == *stream && r.body == *purpose) {
                        wrong.push(format!("{stream} asks for the timer {purpose} and there is none"));
                    }
                }
            }
        }
        wrong
    }

    fn tasks_stand(&self, rows: &[OutboxRow]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut found = 0;
        for row in rows.iter().filter(|r| r.target.starts_with("task:")) {
            match self.expected.tasks.get(&row.stream).and_then(|t| t.get(&row.key)) {
                Some(body) if *body == row.body => found += 1,
                Some(body) => wrong.push(format!("task {} is {} and not {body}", row.key, row.body)),
                None => wrong.push(format!("task {} stands and nothing asks for it", row.key)),
            }
        }
        let expected: usize = self.expected.tasks.values().map(BTreeMap::len).sum();
        if wrong.is_empty() && found != expected {
            wrong.push(format!("{expected} tasks are asked for and {found} stand"));
        }
        wrong
    }

    /// What this batch has to say is on its way.
    fn promises_stand(&self, batch: &Batch, rows: &[OutboxRow]) -> Vec<String> {
        let mut wrong = Vec::new();
        for event in &batch.events {
            let prefix = format!("{}/{}/", event.stream, event.seq);
            for key in self.promised.range(prefix.clone()..).take_while(|k| k.starts_with(&prefix)) {
                if !rows.iter().any(|r| &r.key == key) {
                    wrong.push(format!("message {key} is promised and not on its way"));
                }
            }
        }
        wrong
    }

    /// One running deployment per service and environment, and the environment knows it.
    fn places_hold(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        /// What runs and what waits in one place.
        type Held = (Vec<DeploymentId>, Vec<DeploymentId>);
        let mut places: BTreeMap<(&EnvironmentName, &ServiceName), Held> = BTreeMap::new();
        for d in self.deployments() {
            let (running, pending) = places.entry((&d.plan.environment, &d.plan.service)).or_default();
            if d.status.active() {
                running.push(d.id);
            }
            if d.status == Status::Awaiting {
                pending.push(d.id);
            }
        }
        for ((env, service), (running, mut pending)) in places {
            pending.sort_unstable();
            let track = self.environment(env).track(service);
            if running != track.running.into_iter().collect::<Vec<_>>() {
                wrong.push(format!("{running:?} run on {service} in {env}, which knows {:?}", track.running));
            }
            let mut known = track.pending.clone();
            known.sort_unstable();
            if known != pending {
                wrong.push(format!("{pending:?} await on {service} in {env}, which knows {known:?}"));
            }
            if let Some(lost) = track.queue.iter().find(|q| !track.pending.contains(q)) {
                wrong.push(format!("{lost} is queued on {service} in {env} and not pending"));
            }
        }
        wrong
    }
}

/// Independent of what the states ask for.
fn nothing_waits_for_ever(d: &Deployment, timers: &[TimerRow], outbox: &[OutboxRow]) -> Option<String> {
    if d.status.ended() {
        return None;
    }
    let stream = Stream::deployment(d.id);
    let mut own = timers.iter().filter(|t| t.stream == stream);
    if d.status == Status::Awaiting {
        let expiry: Vec<_> = own.filter(|t| t.id.ends_with(":expiry")).collect();
        if expiry.len() != 1 || expiry[0].due_at < d.expires_at.as_millisecond() {
            return Some(format!("{} awaits with {} expiry timers", d.id, expiry.len()));
        }
        let automatic = d.items().any(|(l, i)| l.phase == Phase::Before && i.probe.is_some());
        if automatic && d.next_check.is_none() && !d.checking {
            return Some(format!("{} awaits and its automatic checks are never read again", d.id));
        }
        return None;
    }
    let woken = own.next().is_some() || outbox.iter().any(|r| r.stream == stream && r.target.starts_with("task:"));
    let what = || format!("{} is {} and nothing will wake it: {:?}", d.id, d.status.words(), d.run);
    (!woken).then(what)
}
