//! From states before and after to rows: timers, tasks, cards, notices, history. Pure.
//!
//! Because everything is a difference of two states, a timer or task can be neither forgotten nor left over, whatever input
//! brought the change.

mod incident;

use super::effect::{Effect, RoomAct, card_row};
use crate::domain::alert;
use crate::domain::decide::Emitted;
use crate::domain::deployment::{self, Deployment, Purpose, TimerSpec};
use crate::domain::environment;
use crate::domain::ids::{PersonId, PlatformName, Stream};
use crate::domain::incident::{self as incidents, IncidentEvent};
use crate::domain::policy::Policy;
use crate::domain::render::{self, Place};
use crate::domain::rhythm;
use crate::domain::roster;
use crate::domain::runbook::{self, RunTask};
use crate::domain::time::{Clock, Now};
use crate::domain::world::{Event, State};
use crate::ids::Ids;
use crate::store::{Batch, HistoryRow, OutboxRow, TimerRow};
use std::collections::BTreeMap;

/// What derivation needs besides the states.
pub(super) struct Derive<'a> {
    pub policy: &'a Policy,
    pub platforms: &'a [PlatformName],
    pub now: Now,
    pub ids: &'a Ids,
}

/// The timers a state asks for, by row id.
pub(super) fn timer_rows(stream: &Stream, state: Option<&State>) -> BTreeMap<String, TimerRow> {
    let specs = match state {
        Some(State::Deployment(d)) => deployment::timers(d),
        Some(State::Environment(e)) => environment::timers(e),
        Some(State::Incident(i)) => {
            let rows = incidents::timers(i).into_iter().map(|(purpose, due)| incident_timer(stream, purpose, due));
            return rows.map(|row| (row.id.clone(), row)).collect();
        }
        Some(State::Roster(r)) => {
            let rows = roster::timers(r).into_iter().map(|(purpose, due)| roster_timer(stream, purpose, due));
            return rows.map(|row| (row.id.clone(), row)).collect();
        }
        Some(State::Digest(d)) => return rhythm_timers(stream, rhythm::digest_timers(d)),
        Some(State::Maintenance(m)) => return rhythm_timers(stream, rhythm::maintenance_timers(m)),
        Some(State::Alert(a)) => {
            let rows = alert::timers(a).into_iter().map(|(purpose, due)| {
                wall_timer(stream, "settle", serde_json::to_string(&purpose).unwrap_or_default(), due)
            });
            return rows.map(|row| (row.id.clone(), row)).collect();
        }
        Some(State::AlertBoard(b)) => {
            let rows = alert::board_timers(b).into_iter().map(|(purpose, due)| board_timer(stream, purpose, due));
            return rows.map(|row| (row.id.clone(), row)).collect();
        }
        Some(State::Runbook(r)) => {
            let rows = runbook::timers(r).into_iter().map(|(number, due)| {
                let body = number.to_string();
                TimerRow { work: true, ..wall_timer(stream, &format!("run.{number}"), body, due) }
            });
            return rows.map(|row| (row.id.clone(), row)).collect();
        }
        _ => Vec::new(),
    };
    specs.into_iter().map(|s| timer_row(stream, &s)).map(|r| (r.id.clone(), r)).collect()
}

fn timer_row(stream: &Stream, spec: &TimerSpec) -> TimerRow {
    TimerRow {
        id: format!("{stream}:{}", purpose_key(&spec.purpose)),
        stream: stream.clone(),
        due_at: spec.due.as_millisecond(),
        work: spec.clock == Clock::Work,
        body: serde_json::to_string(&spec.purpose).unwrap_or_default(),
    }
}

fn board_timer(stream: &Stream, purpose: alert::BoardPurpose, due: jiff::Timestamp) -> TimerRow {
    let name = match purpose {
        alert::BoardPurpose::Silences => "silences",
        alert::BoardPurpose::Look => "look",
    };
    wall_timer(stream, name, serde_json::to_string(&purpose).unwrap_or_default(), due)
}

fn roster_timer(stream: &Stream, purpose: roster::Purpose, due: jiff::Timestamp) -> TimerRow {
    let name = match purpose {
        roster::Purpose::Look => "look",
        roster::Purpose::Nag => "nag",
    };
    wall_timer(stream, name, serde_json::to_string(&purpose).unwrap_or_default(), due)
}

fn rhythm_timers(stream: &Stream, all: Vec<(rhythm::Purpose, jiff::Timestamp)>) -> BTreeMap<String, TimerRow> {
    let row = |(purpose, due)| {
        let name = match purpose {
            rhythm::Purpose::Slot => "slot",
            rhythm::Purpose::Remind => "remind",
        };
        wall_timer(stream, name, serde_json::to_string(&purpose).unwrap_or_default(), due)
    };
    all.into_iter().map(row).map(|row| (row.id.clone(), row)).collect()
}

fn incident_timer(stream: &Stream, purpose: incidents::Purpose, due: jiff::Timestamp) -> TimerRow {
    let name = match purpose {
        incidents::Purpose::Climb => "climb",
        incidents::Purpose::Promise => "promise",
        incidents::Purpose::Update => "update",
        incidents::Purpose::RollbackReminder => "rollback",
        incidents::Purpose::PostMortem => "post_mortem",
        incidents::Purpose::Action => "action",
        incidents::Purpose::Rooms => "rooms",
    };
    wall_timer(stream, name, serde_json::to_string(&purpose).unwrap_or_default(), due)
}

fn wall_timer(stream: &Stream, name: &str, body: String, due: jiff::Timestamp) -> TimerRow {
    let (id, stream) = (format!("{stream}:{name}"), stream.clone());
    TimerRow { id, stream, due_at: due.as_millisecond(), work: false, body }
}

fn purpose_key(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Expiry => "expiry".into(),
        Purpose::Ask => "ask".into(),
        Purpose::Checks => "checks".into(),
        Purpose::Limit => "limit".into(),
        Purpose::Sample => "sample".into(),
        Purpose::Verify => "verify".into(),
        Purpose::Hold => "hold".into(),
        Purpose::Watch => "watch".into(),
        Purpose::FollowUp(span) => format!("follow_up.{}", span.as_millis()),
        Purpose::Lock(scope) => format!("lock.{scope}"),
    }
}

/// The tasks a state asks for, by key.
fn tasks(stream: &Stream, state: Option<&State>) -> BTreeMap<String, Effect> {
    match state {
        Some(State::Deployment(d)) => {
            let task = |t: deployment::Task| (t.key, Effect::Task { deployment: d.id, task: t.kind });
            deployment::tasks(d).into_iter().map(task).collect()
        }
        Some(State::Digest(d)) => {
            let gather = |g: &rhythm::Gathering| {
                let (digest, slot) = (stream.name().to_owned(), g.slot);
                (format!("{stream}/{}", slot.as_millisecond()), Effect::Gather { digest, slot })
            };
            d.gathering.iter().map(gather).collect()
        }
        Some(State::Runbook(r)) => {
            let task = |(number, task): (u32, RunTask)| {
                let (runbook, stop) = (stream.name().to_owned(), task == RunTask::Stop);
                let key = runbook::job_key(&runbook, number);
                let key = if stop { format!("{key}.stop") } else { key };
                (key, Effect::Run { runbook, number, stop })
            };
            runbook::tasks(r).into_iter().map(task).collect()
        }
        _ => BTreeMap::new(),
    }
}

impl Derive<'_> {
    /// Everything that follows from one stream's change, except its events and state.
    pub(super) fn stream(&self, batch: &mut Batch, stream: &Stream, before: Option<&State>, after: Option<&State>) {
        self.timers(batch, stream, before, after);
        self.tasks(batch, stream, before, after);
        if let Some(State::Deployment(d)) = after {
            let old = match before {
                Some(State::Deployment(d)) => Some(d.as_ref()),
                _ => None,
            };
            self.cards(batch, stream, old, d);
            batch.history.push(history_row(d));
        }
        if let Some(State::Roster(r)) = after {
            self.handoffs(batch, stream, before, r);
        }
        if let Some(State::Maintenance(m)) = after {
            self.maintenance(batch, stream, before, m);
        }
        if let Some(State::Runbook(r)) = after {
            self.runs(batch, stream, before, r);
        }
        if let Some(State::Incident(i)) = after {
            let old = match before {
                Some(State::Incident(old)) => Some(old.as_ref()),
                _ => None,
            };
            let shown = old.map(|old| render::incident_cards(self.policy, old)).unwrap_or_default();
            for card in render::incident_cards(self.policy, i).into_iter().filter(|card| !shown.contains(card)) {
                let effect = |platform, card| Effect::IncidentCard { platform, card, incident: i.id };
                self.card(batch, stream, &card.key, effect);
            }
            self.pages(batch, stream, old, i);
            self.publications(batch, stream, old, i);
            self.guests(batch, stream, old, i);
        }
    }

    /// The cards of a roster's hand-offs, where they changed.
    fn handoffs(&self, batch: &mut Batch, stream: &Stream, before: Option<&State>, after: &roster::RosterState) {
        let old = match before {
            Some(State::Roster(old)) => render::handoff_cards(self.policy, stream.name(), old),
            _ => Vec::new(),
        };
        for card in render::handoff_cards(self.policy, stream.name(), after) {
            if !old.contains(&card) {
                let roster = stream.name();
                self.card(batch, stream, &card.key, |platform, card| Effect::RosterCard {
                    platform,
                    card,
                    roster: roster.to_owned(),
                });
            }
        }
    }

    /// The cards of a maintenance's rounds, where they changed.
    fn maintenance(
        &self,
        batch: &mut Batch,
        stream: &Stream,
        before: Option<&State>,
        after: &rhythm::MaintenanceState,
    ) {
        let old = match before {
            Some(State::Maintenance(old)) => render::maintenance_cards(self.policy, stream.name(), old),
            _ => Vec::new(),
        };
        for card in render::maintenance_cards(self.policy, stream.name(), after) {
            if !old.contains(&card) {
                self.card(batch, stream, &card.key, |platform, card| Effect::MaintenanceCard {
                    platform,
                    card,
                    maintenance: stream.name().to_owned(),
                });
            }
        }
    }

    /// The cards of a runbook's commands, where they changed, and what those printed that have ended.
    fn runs(&self, batch: &mut Batch, stream: &Stream, before: Option<&State>, after: &runbook::RunbookState) {
        let name = stream.name();
        let (old, ran) = match before {
            Some(State::Runbook(old)) => (render::runbook_cards(self.policy, name, old), Some(old)),
            _ => (Vec::new(), None),
        };
        for card in render::runbook_cards(self.policy, name, after) {
            if !old.contains(&card) {
                let runbook = name.to_owned();
                let effect = |platform, card| Effect::RunCard { platform, card, runbook: runbook.clone() };
                self.card(batch, stream, &card.key, effect);
            }
        }
        for run in after.runs.iter().filter(|r| r.printed()) {
            let number = run.asked.number;
            if ran.and_then(|old| old.run(number)).is_some_and(runbook::Run::printed) {
                continue;
            }
            for platform in self.platforms {
                let (platform, runbook) = (platform.clone(), name.to_owned());
                let key = format!("{stream}/{number}/output@{platform}");
                self.push(batch, stream, key, &Effect::RunOutput { platform, runbook, number });
            }
        }
    }

    /// Asks every platform to show a card as it is then; an older wish to do so is replaced.
    fn card(&self, batch: &mut Batch, stream: &Stream, card: &str, effect: impl Fn(PlatformName, String) -> Effect) {
        for platform in self.platforms {
            let key = card_row(card, platform);
            batch.outbox.retain(|r| r.key != key);
            self.push(batch, stream, key, &effect(platform.clone(), card.to_owned()));
        }
    }

    fn timers(&self, batch: &mut Batch, stream: &Stream, before: Option<&State>, after: Option<&State>) {
        let (old, new) = (timer_rows(stream, before), timer_rows(stream, after));
        let fired: Vec<&String> = batch.timers_fired.iter().map(|(id, _)| id).collect();
        for id in old.keys().filter(|id| !new.contains_key(*id)) {
            batch.timers_cancelled.push(id.clone());
        }
        for (id, row) in new {
            let was_fired = fired.contains(&&id);
            if was_fired || old.get(&id) != Some(&row) {
                batch.timers_set.retain(|t| t.id != id);
                batch.timers_cancelled.retain(|t| *t != id);
                batch.timers_set.push(row);
            }
        }
        // A timer set earlier in this very batch and no longer wanted must not stay.
        let gone = std::mem::take(&mut batch.timers_cancelled);
        batch.timers_set.retain(|t| !gone.contains(&t.id));
        batch.timers_cancelled = gone;
    }

    fn tasks(&self, batch: &mut Batch, stream: &Stream, before: Option<&State>, after: Option<&State>) {
        let (old, new) = (tasks(stream, before), tasks(stream, after));
        for key in old.keys().filter(|k| !new.contains_key(*k)) {
            batch.outbox.retain(|r| &r.key != key);
            batch.outbox_cancelled.push(key.clone());
        }
        for (key, effect) in new.into_iter().filter(|(k, _)| !old.contains_key(k)) {
            self.push(batch, stream, key, &effect);
        }
    }

    fn cards(&self, batch: &mut Batch, stream: &Stream, before: Option<&Deployment>, after: &Deployment) {
        if self.platforms.is_empty() {
            return;
        }
        let old: BTreeMap<String, _> = before
            .map(|d| render::cards(self.policy, d))
            .unwrap_or_default()
            .into_iter()
            .map(|c| (c.key.clone(), c))
            .collect();
        for card in render::cards(self.policy, after) {
            if old.get(&card.key) == Some(&card) {
                continue;
            }
            self.card(batch, stream, &card.key, |platform, card| Effect::Card { platform, card, deployment: after.id });
        }
    }

    /// What is said about one event, on every platform.
    pub(super) fn notices(&self, batch: &mut Batch, emitted: &Emitted, seq: i64) {
        if let (Event::Incident(IncidentEvent::RoomWanted { .. }), State::Incident(i)) =
            (&emitted.event, &emitted.after)
        {
            self.room(batch, &emitted.stream, seq, i, &RoomAct::Make);
        }
        let actor = emitted.actor.as_ref();
        let notices = render::notices(self.policy, &emitted.stream, &emitted.event, actor, &emitted.after);
        for (n, notice) in notices.into_iter().enumerate() {
            for platform in self.platforms {
                let key = format!("{}/{seq}/{n}@{platform}", emitted.stream);
                let (channel, thread_of, only_for) = match &notice.place {
                    Place::Thread { card, channel } => (channel.clone(), Some(card.clone()), None),
                    Place::ThreadOn { platform: only, .. } if only != platform => continue,
                    Place::ThreadOn { card, channel, .. } => (channel.clone(), Some(card.clone()), None),
                    Place::Channel(channel) => (channel.clone(), None, None),
                    Place::Person(person) if !self.reaches(person, platform) => continue,
                    Place::Person(person) => (self.policy.channels.incidents.clone(), None, Some(person.clone())),
                };
                let message = notice.message.clone();
                let effect = Effect::Post { platform: platform.clone(), channel, thread_of, only_for, message };
                self.push(batch, &emitted.stream, key, &effect);
            }
        }
        if let (Event::Incident(IncidentEvent::RoomsClosed), State::Incident(i)) = (&emitted.event, &emitted.after) {
            self.room(batch, &emitted.stream, seq, i, &RoomAct::Close);
        }
        if let (Event::Incident(event), State::Incident(i)) = (&emitted.event, &emitted.after) {
            self.mails(batch, &emitted.stream, (event, seq), i);
        }
        if let (Event::Incident(IncidentEvent::Resolved { .. }), State::Incident(i)) = (&emitted.event, &emitted.after)
            && !i.drill
        {
            for platform in self.platforms {
                let (platform, card) = (platform.clone(), render::incident_key(i));
                let key = format!("{}/{seq}/draft@{platform}", emitted.stream);
                let effect = Effect::PostMortem { platform, card, incident: i.id };
                self.push(batch, &emitted.stream, key, &effect);
            }
        }
    }

    /// Whether a person can be told something alone there.
    fn reaches(&self, person: &PersonId, platform: &PlatformName) -> bool {
        let accounts = self.policy.people.get(person).map(|p| &p.accounts);
        platform.as_str() == "console" || accounts.is_some_and(|a| a.contains_key(platform.as_str()))
    }

    fn push(&self, batch: &mut Batch, stream: &Stream, key: String, effect: &Effect) {
        batch.outbox.push(OutboxRow {
            id: self.ids.next(self.now),
            target: effect.target(&key),
            key,
            stream: stream.clone(),
            due_at: self.now.work.as_millisecond(),
            attempts: 0,
            body: serde_json::to_string(effect).unwrap_or_default(),
        });
    }
}

fn history_row(d: &Deployment) -> HistoryRow {
    let ms = |t: Option<jiff::Timestamp>| t.map_or(0, jiff::Timestamp::as_millisecond);
    HistoryRow {
        number: i64::try_from(d.id.0).unwrap_or(i64::MAX),
        service: d.plan.service.to_string(),
        environment: d.plan.environment.to_string(),
        version: d.plan.release.version.clone(),
        revision: d.plan.release.revision.clone(),
        status: serde_json::to_value(d.status).ok().and_then(|v| v.as_str().map(String::from)).unwrap_or_default(),
        requester: d.requester.to_string(),
        requested_at: d.requested_at.as_millisecond(),
        started_at: ms(d.run.as_ref().map(|r| r.started.wall)),
        ended_at: ms(d.ended_at),
        note: d.note.clone(),
    }
}
