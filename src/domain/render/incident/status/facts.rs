//! What templates can name. Those of customers have a type of their own, which has no place for what is typed inside.

use super::marked::{escaped, one_line};
use crate::domain::ids::PersonId;
use crate::domain::incident::{Duty, Incident, IncidentEvent as E};
use crate::domain::policy::Policy;
use crate::domain::status::Phase;
use crate::domain::time::Span;
use crate::domain::window::zone;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// For those inside.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Status {
    id: String,
    title: String,
    severity: String,
    severity_means: String,
    status: String,
    impact: String,
    service: String,
    started: String,
    /// Empty before it is over.
    lasted: String,
    roles: Vec<Role>,
    team: Vec<String>,
    next_update: String,
    /// What was said at this moment.
    message: String,
    /// Whose act it is; empty: signalbox's own.
    by: String,
    resolution: String,
    cause: String,
    link: String,
    zone: String,
    organisation: String,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Role {
    name: String,
    person: String,
}

/// The same for the body of a mail, which has no marks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Letter {
    #[serde(flatten)]
    status: Status,
    /// What is posted in chat at this moment, without its marks.
    post: String,
}

/// For customers.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Public {
    organisation: String,
    /// As customers call it; empty without such a name.
    service: String,
    /// What they read at the top; empty while it is made.
    headline: String,
    phase: String,
    started: String,
    /// Until now.
    lasted: String,
    zone: String,
}

/// A time of day with its day.
fn when(policy: &Policy, at: Timestamp) -> String {
    let zone = zone(&policy.zone).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%a %-d %b %H:%M").to_string()
}

fn lasted(from: Timestamp, to: Timestamp) -> String {
    Span::between(from, to).rounded().to_string()
}

/// The facts of a moment; what was typed is made fit by `fit`.
pub fn inside(policy: &Policy, i: &Incident, e: &E, fit: fn(&str) -> String) -> Status {
    let name = |who: &PersonId| fit(policy.person_name(who));
    let (message, by) = match e {
        E::Declared(d) => (String::new(), d.reporter.as_ref()),
        E::Updated { by, text, .. } | E::Mitigated { by, text, .. } => (fit(text), Some(by)),
        E::SeverityChanged { from, to, .. } => (format!("it is {to} now and was {from}"), None),
        E::Resolved { by, resolution, .. } => (fit(resolution), Some(by)),
        E::Reopened { by, reason, .. } => (fit(reason), Some(by)),
        _ => (String::new(), None),
    };
    let ended = i.resolved.as_ref();
    let duties = Duty::ALL.into_iter().filter_map(|duty| Some((duty, i.duties.get(&duty)?)));
    Status {
        id: i.id.to_string(),
        title: fit(&i.title),
        severity: i.severity.clone(),
        severity_means: policy.response.severity(&i.severity).map_or(String::new(), |s| fit(&s.title)),
        status: i.status.words().to_owned(),
        impact: fit(&i.impact),
        service: i.service.as_ref().map_or(String::new(), |s| fit(s.as_str())),
        started: when(policy, i.started),
        lasted: ended.map_or(String::new(), |r| lasted(i.started, r.at)),
        roles: duties.map(|(duty, who)| Role { name: duty.words().into(), person: name(who) }).collect(),
        team: i.joined.iter().map(name).collect(),
        next_update: i.next_update.as_ref().map_or(String::new(), |next| when(policy, next.due)),
        message,
        by: by.map_or(String::new(), name),
        resolution: ended.map_or(String::new(), |r| fit(&r.resolution)),
        cause: ended.map_or(String::new(), |r| fit(&r.cause)),
        link: policy.response.link.clone().unwrap_or_default(),
        zone: policy.zone.clone(),
        organisation: fit(&policy.name),
    }
}

/// What customers may know: nothing here was typed by anybody, but for config and the headline that they read anyway.
pub fn of_customers(policy: &Policy, i: &Incident) -> Public {
    let page = policy.response.status.page.as_ref();
    let service = page.zip(i.service.as_ref()).and_then(|(page, service)| page.services.get(service));
    let publication = i.publications.last();
    let phase = publication.and_then(|p| p.last()).map_or(Phase::Investigating, |post| post.phase);
    Public {
        organisation: one_line(&policy.name),
        service: service.cloned().unwrap_or_default(),
        headline: i.public().map_or(String::new(), |p| p.title.clone()),
        phase: phase.name().to_owned(),
        started: when(policy, i.started),
        lasted: lasted(i.started, i.updated.wall),
        zone: policy.zone.clone(),
    }
}

impl Letter {
    pub fn new(policy: &Policy, i: &Incident, e: &E, post: String) -> Self {
        Self { status: inside(policy, i, e, one_line), post }
    }

    /// As [`Status::sample`].
    pub fn sample(full: bool) -> Self {
        Self { status: Status::sample(full), post: "INC-7 P1 checkout is slow".into() }
    }
}

impl Status {
    /// An incident as there could be one, with everything in its place or with as little as can be.
    pub fn sample(full: bool) -> Self {
        let least = Self {
            id: "INC-7".into(),
            title: escaped("checkout is slow"),
            severity: "P1".into(),
            status: "open".into(),
            started: "Mon 5 Jan 10:05".into(),
            message: "we scale it up".into(),
            zone: "UTC".into(),
            organisation: "Example".into(),
            ..Self::default()
        };
        if !full {
            return least;
        }
        Self {
            severity_means: "major degradation".into(),
            impact: "every third payment fails".into(),
            service: "api".into(),
            lasted: "37 min".into(),
            roles: vec![Role { name: "commander".into(), person: "Sara".into() }],
            team: vec!["Sara".into(), "Omar".into()],
            next_update: "Mon 5 Jan 10:35".into(),
            by: "Sara".into(),
            resolution: "rolled back".into(),
            cause: "a missing index".into(),
            link: "https://signalbox.example.com/".into(),
            ..least
        }
    }
}

impl Public {
    /// As [`Status::sample`].
    pub fn sample(full: bool) -> Self {
        let word = |text: &str| if full { text.to_owned() } else { String::new() };
        Self {
            organisation: "Example".into(),
            service: word("Payments"),
            headline: word("Trouble with payments"),
            phase: Phase::Investigating.name().into(),
            started: "Mon 5 Jan 10:05".into(),
            lasted: "37 min".into(),
            zone: "UTC".into(),
        }
    }
}
