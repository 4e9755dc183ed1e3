//! The aggregates a decision reads, and the one place where events become state.
//!
//! A decision that needs a stream which is not loaded says so with [`Need`]; the engine loads it and decides again.

use super::alert::{self, AlertBoard, AlertBoardEvent, AlertEvent, AlertState};
use super::deployment::{self, Deployment, DeploymentEvent};
use super::environment::{self, Environment, EnvironmentEvent};
use super::ids::{DeploymentId, EnvironmentName, IncidentId, PersonId, Stream};
use super::incident::{self, Board, BoardEvent, Incident, IncidentEvent};
use super::person::{self, Debts, PersonEvent};
use super::rhythm::{self, DigestEvent, DigestState, MaintenanceEvent, MaintenanceState};
use super::roster::{self, RosterEvent, RosterState};
use super::runbook::{self, RunbookEvent, RunbookState};
use super::time::Now;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "aggregate", content = "state")]
pub enum State {
    Deployment(Box<Deployment>),
    Environment(Environment),
    Person(Debts),
    Incident(Box<Incident>),
    Board(Board),
    Roster(Box<RosterState>),
    Digest(DigestState),
    Maintenance(Box<MaintenanceState>),
    Alert(Box<AlertState>),
    AlertBoard(Box<AlertBoard>),
    Runbook(Box<RunbookState>),
}

/// An event of any stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Event {
    Deployment(DeploymentEvent),
    Environment(EnvironmentEvent),
    Person(PersonEvent),
    Incident(IncidentEvent),
    Board(BoardEvent),
    Roster(RosterEvent),
    Digest(DigestEvent),
    Maintenance(MaintenanceEvent),
    Alert(AlertEvent),
    AlertBoard(AlertBoardEvent),
    Runbook(RunbookEvent),
}

/// A loaded stream: how far it is, and its state (none before its first event).
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub seq: i64,
    pub hash: String,
    pub state: Option<State>,
}

/// A stream that must be loaded before this can be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need(pub Stream);

/// The loaded streams.
#[derive(Clone, Debug, Default)]
pub struct World {
    streams: BTreeMap<Stream, Loaded>,
}

/// The event cannot happen to the state: a bug or a damaged journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{stream}: {what}")]
pub struct Broken {
    pub stream: Stream,
    pub what: String,
}

impl World {
    /// The stream as loaded.
    ///
    /// # Errors
    /// When it is not loaded.
    pub fn stream(&self, stream: &Stream) -> Result<&Loaded, Need> {
        self.streams.get(stream).ok_or_else(|| Need(stream.clone()))
    }

    /// # Errors
    /// When it is not loaded. `Ok(None)`: there is no such deployment.
    pub fn deployment(&self, id: DeploymentId) -> Result<Option<&Deployment>, Need> {
        Ok(match &self.stream(&Stream::deployment(id))?.state {
            Some(State::Deployment(d)) => Some(d),
            _ => None,
        })
    }

    /// # Errors
    /// When it is not loaded.
    pub fn environment(&self, name: &EnvironmentName) -> Result<Environment, Need> {
        Ok(match &self.stream(&Stream::environment(name))?.state {
            Some(State::Environment(e)) => e.clone(),
            _ => Environment::default(),
        })
    }

    /// # Errors
    /// When it is not loaded.
    pub fn debts(&self, person: &PersonId) -> Result<Debts, Need> {
        Ok(match &self.stream(&Stream::person(person))?.state {
            Some(State::Person(d)) => d.clone(),
            _ => Debts::default(),
        })
    }

    /// # Errors
    /// When it is not loaded. `Ok(None)`: there is no such incident.
    pub fn incident(&self, id: IncidentId) -> Result<Option<&Incident>, Need> {
        Ok(match &self.stream(&Stream::incident(id))?.state {
            Some(State::Incident(i)) => Some(i),
            _ => None,
        })
    }

    pub fn put(&mut self, stream: Stream, loaded: Loaded) {
        self.streams.insert(stream, loaded);
    }

    pub fn forget(&mut self, stream: &Stream) {
        self.streams.remove(stream);
    }

    pub fn clear(&mut self) {
        self.streams.clear();
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &Stream> {
        self.streams.keys()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Stream, &Loaded)> {
        self.streams.iter()
    }
}

/// The state after `event` on `stream`.
///
/// # Errors
/// When the event does not belong to the stream or cannot happen in this state.
pub fn evolve(stream: &Stream, state: Option<State>, event: &Event, at: Now) -> Result<State, Broken> {
    let broken = |what: String| Broken { stream: stream.clone(), what };
    Ok(match (event, state) {
        (Event::Deployment(e), None) => {
            State::Deployment(Box::new(deployment::evolve(None, e, at).map_err(|i| broken(i.to_string()))?))
        }
        (Event::Deployment(e), Some(State::Deployment(d))) => {
            State::Deployment(Box::new(deployment::evolve(Some(*d), e, at).map_err(|i| broken(i.to_string()))?))
        }
        (Event::Environment(e), None) => State::Environment(environment::evolve(Environment::default(), e, at)),
        (Event::Environment(e), Some(State::Environment(s))) => State::Environment(environment::evolve(s, e, at)),
        (Event::Person(e), None) => State::Person(person::evolve(Debts::default(), e, at)),
        (Event::Person(e), Some(State::Person(s))) => State::Person(person::evolve(s, e, at)),
        (Event::Incident(e), None) => {
            State::Incident(Box::new(incident::evolve(None, e, at).map_err(|i| broken(i.to_string()))?))
        }
        (Event::Incident(e), Some(State::Incident(i))) => {
            State::Incident(Box::new(incident::evolve(Some(*i), e, at).map_err(|i| broken(i.to_string()))?))
        }
        (Event::Board(e), None) => State::Board(incident::evolve_board(Board::default(), e, at)),
        (Event::Board(e), Some(State::Board(b))) => State::Board(incident::evolve_board(b, e, at)),
        (Event::Roster(e), None) => State::Roster(Box::new(roster::evolve(RosterState::default(), e, at))),
        (Event::Roster(e), Some(State::Roster(r))) => State::Roster(Box::new(roster::evolve(*r, e, at))),
        (Event::Digest(e), None) => State::Digest(rhythm::evolve_digest(DigestState::default(), e, at)),
        (Event::Digest(e), Some(State::Digest(d))) => State::Digest(rhythm::evolve_digest(d, e, at)),
        (Event::Maintenance(e), None) => {
            State::Maintenance(Box::new(rhythm::evolve_maintenance(MaintenanceState::default(), e, at)))
        }
        (Event::Maintenance(e), Some(State::Maintenance(m))) => {
            State::Maintenance(Box::new(rhythm::evolve_maintenance(*m, e, at)))
        }
        (Event::Alert(e), None) => State::Alert(Box::new(alert::evolve(AlertState::default(), e, at))),
        (Event::Alert(e), Some(State::Alert(a))) => State::Alert(Box::new(alert::evolve(*a, e, at))),
        (Event::AlertBoard(e), None) => State::AlertBoard(Box::new(alert::evolve_board(AlertBoard::default(), e, at))),
        (Event::AlertBoard(e), Some(State::AlertBoard(b))) => {
            State::AlertBoard(Box::new(alert::evolve_board(*b, e, at)))
        }
        (Event::Runbook(e), None) => State::Runbook(Box::new(runbook::evolve(RunbookState::default(), e, at))),
        (Event::Runbook(e), Some(State::Runbook(r))) => State::Runbook(Box::new(runbook::evolve(*r, e, at))),
        _ => return Err(broken("an event of another kind of stream".into())),
    })
}

impl Event {
    /// Its name in the journal, such as `key_turned`.
    #[must_use]
    pub fn kind(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.get("kind").and_then(|k| k.as_str()).unwrap_or("unknown").to_owned()
    }

    /// Reads an event of a stream of this kind (`deployment`, `environment`, `person`, `incident`, `board`, `roster`, `digest`,
    /// `maintenance`, `alert`, `alerts`, `runbook`).
    ///
    /// # Errors
    /// When the text is not such an event.
    pub fn read(stream_kind: &str, body: &str) -> Result<Self, serde_json::Error> {
        Ok(match stream_kind {
            "environment" => Self::Environment(serde_json::from_str(body)?),
            "person" => Self::Person(serde_json::from_str(body)?),
            "incident" => Self::Incident(serde_json::from_str(body)?),
            "board" => Self::Board(serde_json::from_str(body)?),
            "roster" => Self::Roster(serde_json::from_str(body)?),
            "digest" => Self::Digest(serde_json::from_str(body)?),
            "maintenance" => Self::Maintenance(serde_json::from_str(body)?),
            "alert" => Self::Alert(serde_json::from_str(body)?),
            "alerts" => Self::AlertBoard(serde_json::from_str(body)?),
            "runbook" => Self::Runbook(serde_json::from_str(body)?),
            _ => Self::Deployment(serde_json::from_str(body)?),
        })
    }
}
