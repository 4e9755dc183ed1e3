//! What the journal says of each deployment and each incident, as far as numbers need it.

use super::RECORDS;
use crate::domain::deployment::{DeploymentEvent as D, Lane, Status};
use crate::domain::ids::{DeploymentId, EnvironmentName, IncidentId, PersonId, ServiceName, Stream};
use crate::domain::incident::IncidentEvent as I;
use crate::domain::paging::Came;
use crate::domain::time::Span;
use crate::domain::world::Event;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Reasons of waiting that only time takes away.
const CLOSED: [&str; 3] = ["outside_window", "holiday", "freeze"];

/// The read model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    pub deployments: BTreeMap<DeploymentId, DeploymentRecord>,
    pub incidents: BTreeMap<IncidentId, IncidentRecord>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentRecord {
    pub service: ServiceName,
    pub environment: EnvironmentName,
    pub version: String,
    /// A way back that somebody asked for.
    pub rollback: bool,
    /// What a way back takes away.
    pub takes: Option<String>,
    pub requested: Timestamp,
    /// When its last key was turned, before it started.
    pub keyed: Option<Timestamp>,
    /// From when on nothing but closed windows, holidays or freezes held it.
    pub closed_since: Option<Timestamp>,
    /// How long that lasted in all.
    pub closed: Span,
    pub started: Option<Timestamp>,
    /// Share of the traffic that it had last.
    pub weight: u8,
    pub ended: Option<(Status, Timestamp)>,
    /// Where it was taken back, and when that began.
    pub taken: Option<(Taken, Timestamp)>,
}

/// How far a release had come when it was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// Nobody was served by it yet.
    BeforeTraffic,
    /// With this share of the traffic.
    At(u8),
    /// It had succeeded.
    Afterwards,
}

impl Taken {
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::BeforeTraffic => "before traffic".to_owned(),
            Self::At(weight) => format!("at {weight} %"),
            Self::Afterwards => "after success".to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct IncidentRecord {
    pub severity: String,
    pub service: Option<ServiceName>,
    pub title: String,
    pub declared: Timestamp,
    /// For the first time.
    pub acknowledged: Option<Timestamp>,
    /// For the last time; none while it is open.
    pub resolved: Option<Timestamp>,
    pub pages: Vec<PageRecord>,
    episode: u32,
    /// The first page of the episode.
    since: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PageRecord {
    pub person: PersonId,
    pub at: Timestamp,
    /// How long it took to reach them by the first way that did.
    pub reached: Option<Span>,
}

impl Records {
    /// Adds what an event of a stream says. Events of one stream come in their order; streams in any.
    pub fn add(&mut self, stream: &Stream, at: Timestamp, event: &Event) {
        match event {
            Event::Deployment(event) => {
                if let Some(id) = DeploymentId::parse(stream.name()) {
                    self.deployment(id, at, event);
                }
            }
            Event::Incident(event) => {
                if let Some(id) = IncidentId::parse(stream.name()) {
                    self.incident(id, at, event);
                }
            }
            _ => {}
        }
        while self.deployments.len() > RECORDS {
            self.deployments.pop_first();
        }
        while self.incidents.len() > RECORDS {
            self.incidents.pop_first();
        }
    }

    /// Says of every release that somebody took back after its success that this happened. Called when all events are in,
    /// since a way back is a deployment of its own; calling it again changes nothing.
    pub fn join(&mut self) {
        let back = self.deployments.values().filter(|d| d.rollback);
        let back: Vec<_> = back
            .filter(|d| matches!(d.ended, Some((Status::Succeeded | Status::RolledBack, _))))
            .filter_map(|d| {
                Some((d.service.clone(), d.environment.clone(), d.takes.clone()?, d.started.unwrap_or(d.requested)))
            })
            .collect();
        for (service, environment, version, at) in back {
            let mut of = self.deployments.values_mut().rev();
            let same = |d: &&mut DeploymentRecord| {
                let here = d.service == service && d.environment == environment && d.version == version;
                here && !d.rollback && matches!(d.ended, Some((Status::Succeeded, end)) if end <= at)
            };
            if let Some(taken) = of.find(same) {
                taken.taken.get_or_insert((Taken::Afterwards, at));
            }
        }
    }

    fn deployment(&mut self, id: DeploymentId, at: Timestamp, event: &D) {
        if let D::Requested { request } = event {
            let plan = &request.plan;
            let rollback = matches!(request.lane, Lane::Rollback { .. });
            let record = DeploymentRecord {
                service: plan.service.clone(),
                environment: plan.environment.clone(),
                version: plan.release.version.clone(),
                rollback,
                takes: request.previous.as_ref().filter(|_| rollback).map(|release| release.version.clone()),
                requested: at,
                keyed: None,
                closed_since: None,
                closed: Span::ZERO,
                started: None,
                weight: 0,
                ended: None,
                taken: None,
            };
            self.deployments.insert(id, record);
            return;
        }
        let Some(d) = self.deployments.get_mut(&id) else { return };
        match event {
            D::KeyTurned { .. } if d.started.is_none() => d.keyed = Some(at),
            D::KeysVoided { .. } => d.keyed = None,
            D::Waiting { codes, .. } => {
                d.open(at);
                let closed = !codes.is_empty() && codes.iter().all(|code| CLOSED.contains(&code.as_str()));
                d.closed_since = closed.then_some(at);
            }
            D::Starting => d.open(at),
            D::Started { .. } => d.started = d.started.or(Some(at)),
            D::TrafficMoved { weight } => d.weight = *weight,
            D::WentBack { .. } => {
                let taken = if d.weight == 0 { Taken::BeforeTraffic } else { Taken::At(d.weight) };
                d.taken.get_or_insert((taken, at));
            }
            D::Ended { status, .. } => {
                d.open(at);
                d.ended = Some((*status, at));
            }
            _ => {}
        }
    }

    fn incident(&mut self, id: IncidentId, at: Timestamp, event: &I) {
        if let I::Declared(d) = event {
            // What is only practised says nothing of how things are.
            if d.drill {
                return;
            }
            let record = IncidentRecord {
                severity: d.severity.clone(),
                service: d.service.clone(),
                title: d.title.clone(),
                declared: at,
                acknowledged: None,
                resolved: None,
                pages: Vec::new(),
                episode: 1,
                since: 0,
            };
            self.incidents.insert(id, record);
            return;
        }
        let Some(i) = self.incidents.get_mut(&id) else { return };
        match event {
            I::Acknowledged { .. } => i.acknowledged = i.acknowledged.or(Some(at)),
            I::SeverityChanged { to, .. } => i.severity.clone_from(to),
            I::Resolved { .. } => i.resolved = Some(at),
            I::Reopened { .. } => {
                i.resolved = None;
                (i.episode, i.since) = (i.episode + 1, i.pages.len());
            }
            I::Paged { people, .. } | I::Called { people, .. } | I::PagedToo { people, .. } => {
                let page = |person: &PersonId| PageRecord { person: person.clone(), at, reached: None };
                i.pages.extend(people.iter().map(page));
            }
            I::PageCame { of, came: Came::Delivered { .. } } if of.episode == i.episode => {
                if let Some(page) = i.pages.get_mut(i.since + of.page) {
                    page.reached.get_or_insert(Span::between(page.at, at));
                }
            }
            _ => {}
        }
    }
}

impl DeploymentRecord {
    /// What kept it closed is over.
    fn open(&mut self, at: Timestamp) {
        if let Some(since) = self.closed_since.take() {
            self.closed = self.closed + Span::between(since, at);
        }
    }

    /// It changed what people are served, for better or worse.
    #[must_use]
    pub fn counts(&self) -> bool {
        !self.rollback && matches!(self.ended, Some((Status::Succeeded | Status::RolledBack | Status::Failed, _)))
    }

    /// It was taken back or did not work.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.counts() && (self.taken.is_some() || !matches!(self.ended, Some((Status::Succeeded, _))))
    }
}
