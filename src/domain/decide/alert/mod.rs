//! What alerts mean: keys that begin to fire want incidents, keys that are over leave them.
//!
//! Everything that one input changes is written to the board as one event. A storm is found before anything is opened, so what
//! arrives at once is one incident from the beginning.

mod changes;
mod review;
mod silence;

pub(super) use review::fire;
pub(super) use silence::command;

use super::{Facts, Stop, Tx, incident};
use crate::domain::alert::{
    Alert, AlertBoard, AlertBoardEvent, AlertEvent, AlertState, Face, Heard, Line, Linked, Phase, Route, Then, hash,
    hear,
};
use crate::domain::ids::Stream;
use crate::domain::policy::Policy;
use crate::domain::world::{Event, State};
use changes::Changes;

/// The streams that a decision about these alerts reads first.
#[must_use]
pub fn streams_of(policy: &Policy, source: &str, alerts: &[Alert]) -> Vec<Stream> {
    let key = |alert: &Alert| policy.alerts.route(policy, source, alert).key;
    let mut out: Vec<Stream> = alerts.iter().map(|alert| Stream::alert(&hash(&key(alert)))).collect();
    out.extend([Stream::alerts(), Stream::board()]);
    out.sort_unstable();
    out.dedup();
    out
}

/// A source says how its alerts stand.
pub fn receive(tx: &mut Tx<'_>, source: &str, alerts: &[Alert], facts: &Facts) -> Result<(), Stop> {
    let mut changes = Changes::default();
    for alert in alerts {
        let route = tx.ctx.policy.alerts.route(tx.ctx.policy, source, alert);
        if route.then == Then::Drop {
            tx.count("dropped");
            continue;
        }
        hears(tx, source, alert, route, &mut changes)?;
    }
    changes.finish(tx, &facts.suspects)
}

fn hears(tx: &mut Tx<'_>, source: &str, alert: &Alert, route: Route, changes: &mut Changes) -> Result<(), Stop> {
    let key = hash(&route.key);
    let before = tx.alert(&key)?;
    let member = format!("{source}/{}", alert.id);
    let heard = hear(before.members.get(&member), alert, alert.came.unwrap_or(tx.ctx.now.wall));
    tx.count(heard.word());
    if !heard.news() {
        return Ok(());
    }
    let (severity, ladder) = match route.then {
        Then::Incident { severity, ladder } => (Some(severity), ladder),
        Then::Line | Then::Drop => (None, None),
    };
    let face = Face {
        key: route.key,
        title: alert.title.clone(),
        text: alert.text.clone(),
        labels: alert.labels.clone(),
        link: alert.link.clone(),
        service: route.service,
        environment: route.environment,
        severity,
        ladder,
        over: route.over,
        settle: route.settle,
    };
    let (start, said, came, face) = (alert.start, alert.said, alert.came, Box::new(face));
    let event = AlertEvent::AlertHeard { member, heard, start, said, came, face };
    tx.on_alert(&key, event)?;
    let after = tx.alert(&key)?;
    let begins = matches!(heard, Heard::Fires | Heard::FiredBefore);
    changes.stands(tx, &key, &after, begins, before.phase == Phase::Quiet)
}

/// A key has been quiet for long enough.
pub fn settle(tx: &mut Tx<'_>, key: &str) -> Result<(), Stop> {
    let state = tx.alert(key)?;
    let Phase::Settling { until } = state.phase else { return Ok(()) };
    if until > tx.ctx.now.wall {
        return Ok(());
    }
    tx.on_alert(key, AlertEvent::AlertOver)?;
    let entry = tx.alerts()?.firing.get(key).cloned();
    let told = entry.as_ref().is_some_and(|e| e.held.is_none() && e.severity.is_none());
    let lines = if told { vec![line(&state.face, false)] } else { Vec::new() };
    let gone = entry.iter().map(|_| key.to_owned()).collect();
    tx.on_alerts(AlertBoardEvent::AlertsChanged { put: Vec::new(), gone, opened: 0, storm: None, lines })?;
    if let Some(id) = entry.and_then(|e| e.incident) {
        incident::alerts::over(tx, id, vec![key.to_owned()], state.face.over)?;
        review::hush(tx, id)?;
    }
    Ok(())
}

fn line(face: &Face, firing: bool) -> Line {
    let (key, title, text) = (face.key.clone(), face.title.clone(), face.text.clone());
    Line { key, title, text, service: face.service.clone(), link: face.link.clone(), firing }
}

fn linked(key: &str, face: &Face, again: bool) -> Linked {
    let (key, title, service) = (key.to_owned(), face.title.clone(), face.service.clone());
    Linked { key, title, service, link: face.link.clone(), again }
}

impl Tx<'_> {
    /// A key, by its hash.
    fn alert(&mut self, key: &str) -> Result<AlertState, Stop> {
        Ok(match self.state(&Stream::alert(key))? {
            Some(State::Alert(state)) => *state,
            _ => AlertState::default(),
        })
    }

    /// The board of alerts.
    pub(super) fn alerts(&mut self) -> Result<AlertBoard, Stop> {
        Ok(match self.state(&Stream::alerts())? {
            Some(State::AlertBoard(board)) => *board,
            _ => AlertBoard::default(),
        })
    }

    fn on_alert(&mut self, key: &str, event: AlertEvent) -> Result<(), Stop> {
        self.emit(Stream::alert(key), Event::Alert(event))
    }

    fn on_alerts(&mut self, event: AlertBoardEvent) -> Result<(), Stop> {
        self.emit(Stream::alerts(), Event::AlertBoard(event))
    }
}

#[cfg(test)]
mod tests;
