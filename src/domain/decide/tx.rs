//! The scratch state of one decision: events are applied as they are emitted, so later steps of it see earlier ones.

use super::Ctx;
use crate::domain::deployment::{Deployment, DeploymentEvent};
use crate::domain::environment::{Environment, EnvironmentEvent};
use crate::domain::ids::{DeploymentId, EnvironmentName, PersonId, Stream};
use crate::domain::message::Message;
use crate::domain::person::{Debts, PersonEvent};
use crate::domain::world::{Broken, Event, Need, State, World, evolve};
use std::collections::{BTreeMap, BTreeSet};

/// Why a decision could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Load this stream and decide again.
    Need(Stream),
    Broken(Broken),
}

impl From<Need> for Stop {
    fn from(need: Need) -> Self {
        Self::Need(need.0)
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// An event with whose act it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    pub stream: Stream,
    pub event: Event,
    /// None: signalbox itself.
    pub actor: Option<PersonId>,
    /// The stream's state after it.
    pub after: State,
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub events: Vec<Emitted>,
    /// Streams that were looked at: the decision holds only while they stand still.
    pub reads: BTreeSet<Stream>,
    /// For the sender alone.
    pub replies: Vec<Message>,
    /// The code of the refusal, when nothing was done for a reason.
    pub refused: Option<&'static str>,
    /// How often what became of something, for metrics.
    pub counted: BTreeMap<&'static str, u64>,
}

pub struct Tx<'a> {
    world: &'a World,
    pub ctx: Ctx<'a>,
    changed: BTreeMap<Stream, State>,
    decision: Decision,
    pub(super) actor: Option<PersonId>,
    woken: Vec<DeploymentId>,
}

impl<'a> Tx<'a> {
    #[must_use]
    pub fn new(world: &'a World, ctx: Ctx<'a>) -> Self {
        let (changed, decision, woken) = (BTreeMap::new(), Decision::default(), Vec::new());
        Self { world, ctx, changed, decision, actor: None, woken }
    }

    pub(super) fn state(&mut self, stream: &Stream) -> Result<Option<State>, Stop> {
        self.decision.reads.insert(stream.clone());
        if let Some(state) = self.changed.get(stream) {
            return Ok(Some(state.clone()));
        }
        Ok(self.world.stream(stream)?.state.clone())
    }

    /// # Errors
    /// When it is not loaded. `Ok(None)`: there is none.
    pub fn deployment(&mut self, id: DeploymentId) -> Result<Option<Deployment>, Stop> {
        Ok(match self.state(&Stream::deployment(id))? {
            Some(State::Deployment(d)) => Some(*d),
            _ => None,
        })
    }

    /// # Errors
    /// When it is not loaded.
    pub fn environment(&mut self, name: &EnvironmentName) -> Result<Environment, Stop> {
        Ok(match self.state(&Stream::environment(name))? {
            Some(State::Environment(e)) => e,
            _ => Environment::default(),
        })
    }

    /// # Errors
    /// When it is not loaded.
    pub fn debts(&mut self, person: &PersonId) -> Result<Debts, Stop> {
        Ok(match self.state(&Stream::person(person))? {
            Some(State::Person(d)) => d,
            _ => Debts::default(),
        })
    }

    pub(super) fn emit(&mut self, stream: Stream, event: Event) -> Result<(), Stop> {
        let before = self.state(&stream)?;
        let after = evolve(&stream, before, &event, self.ctx.now)?;
        self.changed.insert(stream.clone(), after.clone());
        self.decision.events.push(Emitted { stream, event, actor: self.actor.clone(), after });
        Ok(())
    }

    pub(super) fn on(&mut self, id: DeploymentId, event: DeploymentEvent) -> Result<(), Stop> {
        self.emit(Stream::deployment(id), Event::Deployment(event))?;
        self.wake(id);
        Ok(())
    }

    pub(super) fn on_environment(&mut self, name: &EnvironmentName, event: EnvironmentEvent) -> Result<(), Stop> {
        self.emit(Stream::environment(name), Event::Environment(event))
    }

    pub(super) fn on_person(&mut self, person: &PersonId, event: PersonEvent) -> Result<(), Stop> {
        self.emit(Stream::person(person), Event::Person(event))
    }

    /// Has `id` looked at again before the decision is finished.
    pub(super) fn wake(&mut self, id: DeploymentId) {
        if !self.woken.contains(&id) {
            self.woken.push(id);
        }
    }

    pub(super) fn next_woken(&mut self) -> Option<DeploymentId> {
        if self.woken.is_empty() { None } else { Some(self.woken.remove(0)) }
    }

    pub(super) fn reply(&mut self, message: Message) {
        self.decision.replies.push(message);
    }

    pub(super) fn refuse(&mut self, code: &'static str, message: Message) {
        self.decision.refused = Some(code);
        self.decision.replies.push(message);
    }

    /// Counts what became of something.
    pub(super) fn count(&mut self, what: &'static str) {
        *self.decision.counted.entry(what).or_default() += 1;
    }

    /// Whether anything has been emitted.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.decision.events.is_empty()
    }

    pub(super) fn finish(self) -> Decision {
        self.decision
    }
}
