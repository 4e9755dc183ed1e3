//! What a digest says, gathered: probes are read, the store is asked, and each part that fails says so.
//!
//! Nothing here decides anything. Every read is bounded: probes by their own limit and that of every call outside, lists by
//! `limits`.

use super::Engine;
use super::run::receipt;
use super::writer::{Request, parse_state};
use crate::domain::alert::{AlertBoardEvent, Entry};
use crate::domain::decide::Input;
use crate::domain::deployment::Deployment;
use crate::domain::ids::{EnvironmentName, ServiceName, Stream};
use crate::domain::incident::Status as IncidentStatus;
use crate::domain::policy::{Policy, Service};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::rhythm::{Digest, Health, Measured, OnCall, Part, Report, Section, Stands, Waiting, measured};
use crate::domain::roster::{Noted, ahead, who};
use crate::domain::time::{Span, after, from_millis};
use crate::domain::window::open_intervals;
use crate::domain::world::{Event, State};
use crate::jobs::Target;
use crate::limits;
use crate::store::{Claim, HistoryQuery, Result, journal_head};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use std::collections::BTreeSet;

const DAY: Span = Span::hours(24);

impl Engine {
    /// Gathers the report of a slot and hands it in, unless nobody waits for it any more.
    pub(super) async fn gather(&self, claim: &Claim, name: &str, slot: Timestamp) -> Result<()> {
        let stream = Stream::digest(name);
        let rows = self.deps.store.states(std::slice::from_ref(&stream)).await?;
        let policy = self.policy();
        let digest = policy.rhythm.digests.get(name);
        let (Some(State::Digest(state)), Some(digest)) = (rows.first().map(parse_state).transpose()?, digest) else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        let Some(of) = state.gathering.filter(|g| g.slot == slot) else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        let report = self.digest_report(&policy, digest, slot, of.missed, of.since).await;
        let input = Input::DigestGathered { digest: name.to_owned(), report: Box::new(report) };
        let request = Request { receipt: Some(receipt(claim)), ..Request::of(input) };
        self.submit(request).await.map(|_| ())
    }

    /// Everything that a digest says. What cannot be read is told as that.
    pub(super) async fn digest_report(
        &self,
        policy: &Policy,
        digest: &Digest,
        slot: Timestamp,
        missed: u32,
        since: Option<Timestamp>,
    ) -> Report {
        let at = self.now().wall;
        let since = since.unwrap_or_else(|| after(at, Span::millis(-DAY.as_millis())));
        let mut parts = Vec::with_capacity(digest.sections.len());
        for section in &digest.sections {
            let part = self.part(policy, digest, *section, since).await;
            parts.push(part.unwrap_or_else(|error| Part::Failed { section: *section, why: error.to_string() }));
        }
        let head = journal_head(self.deps.store.as_ref()).await.unwrap_or_default();
        Report { slot, at, missed, since, parts, head }
    }

    async fn part(&self, policy: &Policy, digest: &Digest, section: Section, since: Timestamp) -> Result<Part> {
        Ok(match section {
            Section::Health => Part::Health { places: self.health(policy, &digest.probes).await },
            Section::Alerts => self.alerts(policy, since).await?,
            Section::Deployments => Part::Deployments { ended: self.last_deployments().await? },
            Section::Incidents => Part::Incidents { open: self.open_incidents().await? },
            Section::Keys => Part::Keys { waiting: self.waiting().await? },
            Section::Objectives => Part::Objectives { measured: self.objectives(policy, false).await },
            Section::Backups => Part::Backups { measured: self.objectives(policy, true).await },
            Section::Oncall => Part::Oncall { rosters: self.on_call_now(policy).await? },
            Section::Handover => {
                let soon = after(self.now().wall, DAY);
                let mut rosters = self.on_call_now(policy).await?;
                rosters.retain(|o| o.until.is_some_and(|until| until <= soon));
                Part::Handover { rosters }
            }
            Section::Due => Part::Due { owed: self.owed(policy).await? },
            Section::Ahead => self.ahead_of(policy),
            Section::Numbers => Part::Numbers { summary: Box::new(self.summary_of_last(policy, DAY).await?) },
            Section::Week => Part::Week { summary: Box::new(self.summary_of_last(policy, Span::hours(7 * 24)).await?) },
            Section::Chart => Part::Chart { curve: Box::new(self.curve(policy).await?) },
        })
    }

    /// Reads `probes` of every service in every environment, a few at a time.
    async fn health(&self, policy: &Policy, probes: &[String]) -> Vec<Health> {
        let reads = places(policy).map(|(service, environment)| async move {
            let target = target(service, environment);
            let mut readings = Vec::with_capacity(probes.len());
            for name in probes {
                readings.push(self.read_at(policy, name, &target).await);
            }
            let worst = |v: Verdict| readings.iter().any(|r| r.verdict == v);
            let verdict = match () {
                () if worst(Verdict::Unhealthy) => Verdict::Unhealthy,
                () if worst(Verdict::Inconclusive) => Verdict::Inconclusive,
                () => Verdict::Healthy,
            };
            let readings = readings.into_iter().map(|r| (r.probe, r.verdict, r.text)).collect();
            Health { place: format!("{} in {environment}", service.name), verdict, readings }
        });
        let reads: Vec<_> = reads.take(limits::DIGEST_PLACES).collect();
        futures_util::stream::iter(reads).buffered(limits::DIGEST_READS).collect().await
    }

    /// Every objective at every place it is meant for.
    pub(super) async fn objectives(&self, policy: &Policy, backup: bool) -> Vec<Measured> {
        let mut reads = Vec::new();
        for objective in policy.rhythm.objectives.iter().filter(|o| o.backup == backup) {
            for (service, environment) in places(policy) {
                let meant = (objective.services.is_empty() || objective.services.contains(&service.name))
                    && (objective.environments.is_empty() || objective.environments.contains(environment));
                if meant && reads.len() < limits::DIGEST_PLACES {
                    reads.push(async move {
                        let reading = self.read_at(policy, &objective.probe, &target(service, environment)).await;
                        measured(objective, &format!("{} in {environment}", service.name), &reading)
                    });
                }
            }
        }
        futures_util::stream::iter(reads).buffered(limits::DIGEST_READS).collect().await
    }

    async fn read_at(&self, policy: &Policy, name: &str, target: &Target) -> Reading {
        let now = self.now();
        match policy.probes.get(name) {
            Some(spec) => Reading { probe: name.to_owned(), ..self.deps.probe.read(spec, target, now).await },
            None => super::tasks::missing(name, now),
        }
    }

    async fn alerts(&self, policy: &Policy, since: Timestamp) -> Result<Part> {
        let to = self.now().wall;
        let asked = crate::domain::numbers::Asked { from: since, to, service: None, environment: None };
        let summary = self.summary(policy, asked).await?;
        let began = self.incidents_since(since).await;
        let (pages, by_night) =
            summary.pages.values().fold((0, 0), |(all, night), p| (all + p.all, night + p.by_night));
        let board = self.alert_board().await?;
        let line = |e: &Entry| {
            let more = e.severity.iter().cloned().chain(e.service.iter().map(ToString::to_string));
            let more: String =
                more.chain(e.incident.iter().map(ToString::to_string)).map(|m| format!(" · {m}")).collect();
            let quiet = e.held.iter().map(|why| format!(" · quiet: {why}")).collect::<String>();
            Noted { what: format!("{} fires{more}{quiet}", e.title), at: e.since }
        };
        let mut firing: Vec<Noted> = board.firing.values().filter(|e| !e.settles).map(line).collect();
        firing.sort_by_key(|n| n.at);
        let fire = u32::try_from(firing.len()).unwrap_or(u32::MAX);
        firing.truncate(limits::DIGEST_PLACES);
        let fired = self.fired_since(since).await?;
        Ok(Part::Alerts { incidents: began, pages, by_night, fired, fire, firing })
    }

    /// How many alerts began to fire since then, as far as the latest [`limits::DIGEST_ALERT_EVENTS`] changes tell.
    async fn fired_since(&self, since: Timestamp) -> Result<u32> {
        let (store, stream) = (&self.deps.store, Stream::alerts());
        let last = store.states(std::slice::from_ref(&stream)).await?.first().map_or(0, |row| row.seq);
        let from = (last - limits::DIGEST_ALERT_EVENTS).max(0);
        let rows = store.events(&stream, from, limits::DIGEST_ALERT_EVENTS).await?;
        let mut began = BTreeSet::new();
        for row in rows {
            if let Ok(Event::AlertBoard(AlertBoardEvent::AlertsChanged { put, .. })) = Event::read("alerts", &row.body)
            {
                began.extend(put.into_iter().filter(|(_, e)| e.since >= since).map(|(key, e)| (key, e.since)));
            }
        }
        Ok(u32::try_from(began.len()).unwrap_or(u32::MAX))
    }

    async fn last_deployments(&self) -> Result<Vec<Noted>> {
        let rows =
            self.deps.store.history(&HistoryQuery { limit: limits::DIGEST_ROWS, ..HistoryQuery::default() }).await?;
        let one = |row: crate::store::HistoryRow| {
            let status = row.status.replace('_', " ");
            let what = format!("D-{} {} {} → {}: {status}", row.number, row.service, row.version, row.environment);
            let at = [row.ended_at, row.started_at, row.requested_at].into_iter().find(|at| *at > 0).unwrap_or(0);
            Noted { what, at: from_millis(at) }
        };
        Ok(rows.into_iter().map(one).collect())
    }

    async fn open_incidents(&self) -> Result<Vec<Noted>> {
        let ids: Vec<_> = self.board().await?.open.keys().copied().collect();
        let all = self.incidents(&ids).await?;
        let line = |i: &crate::domain::incident::Incident| Noted {
            what: format!("{} {} {}, {}", i.id, i.severity, i.title, i.status.words()),
            at: i.started,
        };
        Ok(all.iter().map(line).collect())
    }

    async fn waiting(&self) -> Result<Vec<Waiting>> {
        let streams: Vec<Stream> = self.open_deployments().await?.into_iter().map(Stream::deployment).collect();
        let mut out = Vec::new();
        for row in self.deps.store.states(&streams).await? {
            if let State::Deployment(d) = parse_state(&row)?
                && d.status == crate::domain::deployment::Status::Awaiting
            {
                out.push(waits(&d));
            }
        }
        Ok(out)
    }

    async fn on_call_now(&self, policy: &Policy) -> Result<Vec<OnCall>> {
        let now = self.now().wall;
        let one = |(roster, state): (&crate::domain::roster::Roster, crate::domain::roster::RosterState)| {
            let found = who(roster, &state.overrides, now);
            let unaccepted = state.open_handoff().is_some();
            OnCall {
                roster: roster.name.clone(),
                holder: found.holder,
                until: found.until,
                next: found.next,
                unaccepted,
            }
        };
        Ok(self.rosters(policy, None).await?.into_iter().map(one).collect())
    }

    /// Post-mortems and actions that are owed, and maintenance that is open; the most urgent first.
    async fn owed(&self, policy: &Policy) -> Result<Vec<Noted>> {
        let board = self.board().await?;
        let mut out = Vec::new();
        for i in self.incidents(&board.ended).await? {
            let owed = i.status == IncidentStatus::Resolved && i.lessons.is_none();
            if let Some(at) = i.post_mortem_due.filter(|_| owed) {
                out.push(Noted { what: format!("{} {}: post-mortem", i.id, i.title), at });
            }
            for action in i.actions.iter().filter(|a| a.done.is_none()) {
                let who = action.owner.as_ref().map_or("nobody", |owner| policy.person_name(owner));
                if let Some(at) = action.due {
                    out.push(Noted { what: format!("{} action {}: {} ({who})", i.id, action.n, action.text), at });
                }
            }
        }
        for (name, state) in self.maintenances().await? {
            if let Some(round) = state.open() {
                let what = format!("{}: {} open ({name})", round.list.title, round.list.required_open());
                out.push(Noted { what, at: round.slot });
            }
        }
        out.sort_by_key(|n| n.at);
        Ok(out)
    }

    fn ahead_of(&self, policy: &Policy) -> Part {
        let (from, to) = (self.now().wall, after(self.now().wall, DAY));
        let service = policy.default_service().map_or_else(|| ServiceName::new(""), |s| s.name.clone());
        let windows = policy.environments.values().filter(|e| !e.windows.is_empty()).map(|e| {
            let open = open_intervals(&e.windows, &policy.calendar, &service, &e.name, from, to);
            (e.name.to_string(), open)
        });
        Part::Ahead { dated: ahead(&policy.calendar, from, to), windows: windows.collect() }
    }
}

/// Every service in every environment that it is deployed to.
fn places(policy: &Policy) -> impl Iterator<Item = (&Service, &EnvironmentName)> {
    policy
        .services
        .values()
        .flat_map(|service| service.strategies.keys().map(move |environment| (service, environment)))
}

/// What serves people there.
fn target(service: &Service, environment: &EnvironmentName) -> Target {
    Target {
        deployment: None,
        service: service.name.clone(),
        environment: environment.clone(),
        settings: service.settings.clone(),
        release: None,
        previous: None,
    }
}

fn waits(d: &Deployment) -> Waiting {
    let missing = |code: &str| d.wait.as_ref().is_some_and(|w| w.codes.iter().any(|c| c == code));
    let mut for_: Vec<&str> = Vec::new();
    for (code, words) in [
        ("keys_missing", "keys"),
        ("items_open", "checklist"),
        ("items_stale", "checks"),
        ("outside_window", "window"),
        ("holiday", "holiday"),
        ("freeze", "freeze"),
        ("locked", "lock"),
        ("queued", "queue"),
    ] {
        if missing(code) {
            for_.push(words);
        }
    }
    let for_ = if for_.is_empty() { "its turn".to_owned() } else { for_.join(", ") };
    let what = format!("{} {} {} → {}", d.id, d.plan.service, d.plan.release.version, d.plan.environment);
    Waiting { what, for_, until: d.expires_at }
}

/// Whether a number was read.
pub(super) fn number_of(m: &Measured) -> Option<f64> {
    m.number.filter(|_| m.stands != Stands::Unread)
}
