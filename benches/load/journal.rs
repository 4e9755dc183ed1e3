//! Years of deployments in a journal: one run is played in virtual time by the real engine, then written again and again
//! under other numbers and versions, with hashes that hold. `signalbox audit verify` finds nothing wrong with the result.

use crate::{Result, breach, stand};
use signalbox::clock::Stopwatch;
use signalbox::domain::deployment::Status;
use signalbox::domain::environment::{Environment, EnvironmentEvent, evolve};
use signalbox::domain::ids::{DeploymentId, EnvironmentName, ServiceName, Stream};
use signalbox::domain::journal::event_hash;
use signalbox::domain::plan::Release;
use signalbox::domain::policy::{Policy, StepKind};
use signalbox::domain::time::{Now, Span, from_millis};
use signalbox::domain::world::{Event, State};
use signalbox::rehearsal::world::{Behaviour, World};
use signalbox::store::{Batch, EventRow, HistoryRow, StateRow, Store};
use std::sync::Arc;

/// Milliseconds between two deployments of the past.
const APART: i64 = 3 * 3_600_000;

/// Deployments written in one transaction.
const AT_ONCE: i64 = 50;

/// Deployments per million events at least.
const LEAST: i64 = 10_000;

/// One run as it was played.
struct Template {
    events: Vec<EventRow>,
    state: signalbox::domain::deployment::Deployment,
    release: Release,
}

/// Writes at least so many events, and says of how many deployments.
pub async fn write(store: &dyn Store, events: i64) -> Result<i64> {
    let begun = Stopwatch::start();
    let template = play().await?;
    // What a deployment writes into its environment comes on top.
    let each = i64::try_from(template.events.len())? + 4;
    let deployments = ((events + each - 1) / each).max(LEAST * events / 1_000_000);
    let production = EnvironmentName::new("production");
    let mut place =
        Place { stream: Stream::environment(&production), seq: 0, hash: String::new(), env: Environment::default() };
    for from in (1..=deployments).step_by(usize::try_from(AT_ONCE)?) {
        let mut batch = Batch::default();
        for n in from..(from + AT_ONCE).min(deployments + 1) {
            deployment(&mut batch, &template, &mut place, n, stand::MONDAY - (deployments - n + 1) * APART)?;
        }
        batch.states.push(state(&place.stream, place.seq, &place.hash, &State::Environment(place.env.clone()))?);
        store.commit(&batch).await?;
    }
    let took = begun.elapsed_std().as_secs_f64();
    println!("{} events of {deployments} deployments ({each} each) written in {took:.0} s", deployments * each);
    Ok(deployments)
}

/// The example's canary in production, read every minute.
async fn play() -> Result<Template> {
    let start = from_millis(stand::MONDAY);
    let mut world = World::new(Arc::new(policy()), start, "console")?;
    world.outside().behave("api", "v1.2.0", Behaviour::default(), start);
    world.was_deployed("api", "v1.1.0", "production").await?;
    world.says("sara", "deployments", "/deploy v1.2.0 to production").await?;
    world.advance(Span::hours(26)).await?;
    let id = DeploymentId(1);
    let state = world.engine().deployment(id).await?.ok_or("nothing was played")?;
    if state.status != Status::Succeeded {
        return Err(format!("the run that is written did not succeed: {:?} {}", state.status, state.note).into());
    }
    let events = world.store().events(&Stream::deployment(id), 0, 10_000).await?;
    let release = state.plan.release.clone();
    Ok(Template { events, state, release })
}

fn policy() -> Policy {
    let mut policy = breach::policy();
    for strategy in policy.strategies.values_mut() {
        for step in &mut strategy.steps {
            if let StepKind::Traffic(stage) = &mut step.kind {
                stage.every = Span::secs(60);
                stage.bake = Span::mins(5);
            }
        }
    }
    policy
}

/// The environment, event after event.
struct Place {
    stream: Stream,
    seq: i64,
    hash: String,
    env: Environment,
}

impl Place {
    fn add(&mut self, batch: &mut Batch, event: EnvironmentEvent, at: i64) -> Result<()> {
        self.env = evolve(std::mem::take(&mut self.env), &event, Now::at(from_millis(at)));
        let event = Event::Environment(event);
        let (kind, body) = (event.kind(), serde_json::to_string(&event)?);
        let row = row(&self.stream, self.seq + 1, &kind, "signalbox", at, body, &self.hash);
        (self.seq, self.hash) = (row.seq, row.hash.clone());
        batch.events.push(row);
        Ok(())
    }
}

fn deployment(batch: &mut Batch, template: &Template, place: &mut Place, n: i64, at: i64) -> Result<()> {
    let id = DeploymentId(u64::try_from(n)?);
    let stream = Stream::deployment(id);
    let release = stand::release(&format!("v1.{n}.0"));
    let (service, deployment) = (ServiceName::new("api"), id);
    place.add(batch, EnvironmentEvent::Pending { service: service.clone(), deployment }, at)?;
    place.add(batch, EnvironmentEvent::SlotTaken { service: service.clone(), deployment }, at)?;
    let mut last = String::new();
    let shift = at - template.events.first().map_or(0, |e| e.at);
    for e in &template.events {
        let body = e
            .body
            .replace("\"id\":1,", &format!("\"id\":{n},"))
            .replace("D-1.", &format!("{id}."))
            .replace(&template.release.version, &release.version)
            .replace(&template.release.revision, &release.revision);
        let row = row(&stream, e.seq, &e.kind, &e.actor, e.at + shift, body, &last);
        last.clone_from(&row.hash);
        batch.events.push(row);
    }
    let good =
        EnvironmentEvent::LiveChanged { service: service.clone(), release: release.clone(), deployment, good: true };
    place.add(batch, good, at + 3_600_000)?;
    place.add(batch, EnvironmentEvent::SlotFreed { service, deployment, back: false }, at + 3_600_000)?;
    let mut d = template.state.clone();
    d.id = id;
    d.plan.release = release.clone();
    d.requested_at = from_millis(at);
    let seq = i64::try_from(template.events.len())?;
    batch.states.push(state(&stream, seq, &last, &State::Deployment(Box::new(d)))?);
    batch.history.push(HistoryRow {
        number: n,
        service: "api".into(),
        environment: "production".into(),
        version: release.version,
        revision: release.revision,
        status: "succeeded".into(),
        requester: "sara".into(),
        requested_at: at,
        started_at: at + 1_000,
        ended_at: at + 3_600_000,
        note: "live".into(),
    });
    Ok(())
}

fn state(stream: &Stream, seq: i64, hash: &str, state: &State) -> Result<StateRow> {
    Ok(StateRow { stream: stream.clone(), seq, hash: hash.to_owned(), body: serde_json::to_string(state)? })
}

fn row(stream: &Stream, seq: i64, kind: &str, actor: &str, at: i64, body: String, previous: &str) -> EventRow {
    let hash = event_hash(previous, stream.as_str(), seq, kind, actor, at, &body);
    let (stream, kind, actor) = (stream.clone(), kind.to_owned(), actor.to_owned());
    EventRow { stream, seq, kind, actor, at, body, previous: previous.to_owned(), hash }
}
