//! Alerts: one open incident for a matter, and none that is forgotten.

use super::Checker;
use signalbox::domain::alert::{AlertBoardEvent, Linked};
use signalbox::domain::incident::{Declaration, IncidentEvent as E};
use signalbox::domain::world::Event;
use std::collections::BTreeSet;

/// What was seen of alerts.
#[derive(Default)]
pub struct Alerts {
    /// Somebody has silenced something, so that not all that fires is told.
    pub silenced: bool,
    /// What an incident was ever made of, in words.
    told: BTreeSet<String>,
}

impl Alerts {
    /// Whether an incident was ever about it.
    pub fn was_told(&self, title: &str) -> bool {
        self.told.contains(title)
    }

    fn tell(&mut self, alerts: &[Linked]) {
        let words =
            |alert: &Linked| format!("{} of {}", alert.title, alert.service.as_ref().map_or("", |s| s.as_str()));
        self.told.extend(alerts.iter().map(words));
    }
}

impl Checker {
    pub(super) fn hear_of_alerts(&mut self, event: &Event) {
        match event {
            Event::Incident(E::Declared(d)) => self.alerts.tell(&d.alerts),
            Event::Incident(E::AlertsFired { alerts, .. }) => self.alerts.tell(alerts),
            Event::AlertBoard(AlertBoardEvent::Silenced(_)) => self.alerts.silenced = true,
            _ => {}
        }
    }

    /// Before an incident of alerts begins: what fires belongs to no other one. Those that people opened again are theirs.
    pub(super) fn judge_declared(&self, d: &Declaration) -> Result<(), String> {
        for alert in &d.alerts {
            let holds = |i: &&signalbox::domain::incident::Incident| {
                !i.status.ended() && i.episode == 1 && i.alerts.listed.iter().any(|(one, _)| one.key == alert.key)
            };
            if let Some(other) = self.incidents().find(holds) {
                return Err(format!("is opened for {}, and {} is open for it", alert.title, other.id));
            }
        }
        Ok(())
    }
}

/// An incident of which nothing more is known.
#[cfg(test)]
pub(super) fn declared(n: u64) -> Declaration {
    Declaration {
        id: signalbox::domain::ids::IncidentId(n),
        title: "Down".into(),
        severity: "P1".into(),
        service: None,
        reporter: None,
        origin: None,
        suspects: Vec::new(),
        ladder: None,
        next_update: signalbox::domain::time::from_millis(0),
        rollback_reminder: None,
        drill: false,
        alerts: Vec::new(),
        runbooks: Vec::new(),
        storm: false,
    }
}

#[test]
fn a_second_incident_of_one_matter_is_seen() {
    use super::Folded;
    use signalbox::domain::ids::{IncidentId, Stream};
    use signalbox::domain::time::{Now, from_millis};
    use signalbox::domain::world::{Event, evolve};
    use std::sync::Arc;
    let (policy, times) = super::super::policy::draw(&mut fastrand::Rng::with_seed(1));
    let mut checker = Checker::new(&Arc::new(policy), times, Vec::new());
    let alert = Linked { key: "k".into(), title: "Down".into(), service: None, link: None, again: false };
    let declaration = |n: u64| Declaration { alerts: vec![alert.clone()], ..declared(n) };
    assert_eq!(checker.judge_declared(&declaration(1)), Ok(()));
    let (stream, event) = (Stream::incident(IncidentId(1)), Event::Incident(E::Declared(Box::new(declaration(1)))));
    let state = evolve(&stream, None, &event, Now::at(from_millis(0))).ok();
    checker.streams.insert(stream, Folded { seq: 1, hash: String::new(), state });
    assert!(checker.judge_declared(&declaration(2)).is_err(), "one of it is open");
}
