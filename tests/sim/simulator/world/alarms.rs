//! What a watching system says, as its senders do: again and again, late, in any order, to any replica.
//!
//! It posts what Alertmanager posts. A post that is not acknowledged is sent again; one that is, is never lost.

use super::super::core::MONDAY;
use super::{Done, REPLICAS, World, lock};
use serde_json::json;
use signalbox::chat::{Arrival, Inbox as _, IntakeError, Kept};
use signalbox::domain::alert::Phase;
use signalbox::domain::time::from_millis;
use signalbox::domain::world::State;

/// Name, service and severity; of the last one people only read.
const WATCHED: [(&str, &str, &str); 5] = [
    ("Down", "api", "P0"),
    ("LoginsFail", "api", "P1"),
    ("LoginsFail", "web", "P1"),
    ("DiskFull", "web", "P2"),
    ("Chatter", "web", "none"),
];

/// For how long a post is tried that says what is not true any more, in ms.
const PATIENCE: i64 = 20_000;

/// How one of them stands in truth.
#[derive(Clone, Copy, Default)]
pub struct Alarm {
    /// When this episode began; true time.
    start: i64,
    firing: bool,
}

/// Something that is posted.
pub struct Post {
    alarm: usize,
    firing: bool,
    arrival: Arrival,
    kept: bool,
}

pub const fn watched() -> [Alarm; WATCHED.len()] {
    [Alarm { start: 0, firing: false }; WATCHED.len()]
}

impl World {
    /// One of them begins, ends, or is said once more.
    pub(super) fn watch(&mut self) {
        let (n, turns) = {
            let mut core = self.core();
            (core.dice.usize(..WATCHED.len()), core.dice.u32(..3) > 0)
        };
        let t = self.core().t;
        let alarm = &mut self.alarms[n];
        if turns {
            alarm.firing = !alarm.firing;
            if alarm.firing {
                alarm.start = t;
            }
        }
        if alarm.start > 0 {
            self.says(n);
        }
    }

    /// Everything that ever fired ends, and that is said, also by a sender that had given up.
    pub(super) fn all_clear(&mut self) {
        for n in 0..self.alarms.len() {
            if self.alarms[n].start > 0 {
                self.alarms[n].firing = false;
                self.says(n);
            }
        }
    }

    fn says(&mut self, n: usize) {
        let (alarm, (name, service, severity), number) = (self.alarms[n], WATCHED[n], self.posts.len());
        let labels = json!({ "alertname": name, "service": service, "severity": severity });
        let mut alert = json!({
            "status": if alarm.firing { "firing" } else { "resolved" },
            "fingerprint": format!("f{n}"),
            "labels": labels,
            "startsAt": from_millis(MONDAY + alarm.start).to_string(),
        });
        let mut core = self.core();
        if !alarm.firing {
            alert["endsAt"] = json!(from_millis(MONDAY + core.t).to_string());
        }
        let arrival = Arrival {
            platform: "alerts".into(),
            id: format!("w{number}"),
            kind: "alertmanager".into(),
            lane: "watch".into(),
            proof: String::new(),
            body: json!({ "version": "4", "alerts": [alert] }).to_string(),
        };
        let mut at = core.t;
        // Its replicas repeat each other within seconds.
        if core.faults && core.chance(300) {
            at += core.dice.i64(0..15_000);
        }
        let mut arrivals = vec![at];
        if core.fault(|r| r.duplicates) {
            arrivals.push(at + core.dice.i64(0..15_000));
        }
        drop(core);
        self.posts.push(Post { alarm: n, firing: alarm.firing, arrival, kept: false });
        self.post.extend(arrivals.into_iter().map(|at| (at, number)));
    }

    pub(super) fn post(&mut self) {
        let t = self.core().t;
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.post).into_iter().partition(|(at, _)| *at <= t);
        self.post = later;
        for (at, n) in due {
            // Nobody sends for hours what has not been true for as long.
            let alarm = self.posts[n].alarm;
            if t - at > PATIENCE && self.posts[n + 1..].iter().any(|later| later.alarm == alarm) {
                continue;
            }
            let r = self.core().dice.usize(..REPLICAS);
            let engine = self.replicas[r].engine.clone().filter(|_| self.replicas[r].next.is_none());
            let Some(engine) = engine.filter(|_| !self.busy(r, "keep")) else {
                self.post.push((at.max(t - PATIENCE / 2) + 500, n));
                continue;
            };
            let post = &self.posts[n];
            let (name, service, _) = WATCHED[post.alarm];
            let word = if post.firing { "fires" } else { "is over" };
            self.core().say(format!("r{r} w{n}: {name} of {service} {word}"));
            let arrival = post.arrival.clone();
            self.spawn(r, "keep", async move { Done::Posted(n, engine.keep(arrival).await) });
        }
    }

    pub(super) fn posted(&mut self, r: usize, n: usize, kept: &Result<Kept, IntakeError>) {
        if let Err(error) = kept {
            let again = self.core().t + 3_000;
            self.core().say(format!("r{r} w{n} is not stored: {}", error.reason));
            // What is sent again is how it stands by then.
            let alarm = self.posts[n].alarm;
            let newest = self.posts.iter().rposition(|p| p.alarm == alarm).unwrap_or(n);
            self.post.push((again, newest));
            return;
        }
        self.posts[n].kept = true;
        self.core().count("alerts");
    }

    /// What was acknowledged and fires has had its incident, and what ended is over.
    pub(super) fn alarms_at_the_end(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let checker = lock(&self.checker);
        for (stream, folded) in &checker.streams {
            if let Some(State::Alert(alert)) = &folded.state
                && alert.phase != Phase::Quiet
            {
                wrong.push(format!("{stream} is {:?} for ever", alert.phase));
            }
        }
        for post in self.posts.iter().filter(|p| p.kept && p.firing && WATCHED[p.alarm].2 != "none") {
            let (name, service, _) = WATCHED[post.alarm];
            if !checker.alerts.silenced && !checker.alerts.was_told(&format!("{name} of {service}")) {
                wrong.push(format!("{name} of {service} fired, was acknowledged, and has no incident"));
            }
        }
        wrong
    }
}
