//! What may happen to a deployment in which state, and what each state asks for.

use super::*;
use crate::domain::policy::{Recovery, Source, Stage, StepKind, StepSpec};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::{Clock, Now, from_millis};
use std::collections::BTreeMap;

fn at(s: i64) -> Now {
    Now::at(from_millis(1_767_596_700_000 + s * 1000))
}

fn step(name: &str, kind: StepKind) -> StepSpec {
    StepSpec { name: name.into(), kind, time_limit: Span::mins(5), source: Source::default() }
}

fn canary() -> StepKind {
    StepKind::Traffic(Stage {
        weight: 10,
        bake: Span::mins(5),
        error_budget: 5,
        min_requests: 10,
        every: Span::secs(30),
        counters: Some("counters".into()),
        probes: vec!["health".into()],
        unhealthy_after: 2,
        hold_for: Span::mins(10),
    })
}

fn migrate() -> StepKind {
    StepKind::Command { argv: vec!["migrate".into()], env: Vec::new(), cwd: None, recovery: Recovery::AtMostOnce }
}

fn requested() -> Deployment {
    let plan = Plan {
        service: "api".into(),
        environment: "production".into(),
        release: Release { version: "v1.2.0".into(), revision: "abc".into(), changes: Vec::new() },
        strategy: "canary".into(),
        executor: "fleet".into(),
        settings: BTreeMap::new(),
        steps: vec![step("migrate", migrate()), step("deploy", StepKind::Deploy), step("10 %", canary())],
        rollback: vec![step("restore", StepKind::Restore)],
        pace: 1,
        live_probe: None,
        policy: "p".into(),
    };
    let request = Request {
        id: DeploymentId(1),
        digest: plan.digest(),
        plan,
        lane: Lane::Regular,
        requester: "sara".into(),
        origin: Origin { platform: "console".into(), channel: "deployments".into() },
        slots: Vec::new(),
        expires_at: at(3600).wall,
        skip_ci: None,
        lists: Vec::new(),
        previous: None,
    };
    evolve(None, &DeploymentEvent::Requested { request: Box::new(request) }, at(0)).unwrap()
}

fn after_events(events: &[DeploymentEvent]) -> Deployment {
    let mut d = requested();
    for (n, e) in events.iter().enumerate() {
        d = evolve(Some(d), e, at(i64::try_from(n).unwrap() + 1)).unwrap_or_else(|i| panic!("event {n}: {i}"));
    }
    d
}

fn job(key: &str) -> DeploymentEvent {
    DeploymentEvent::StepBegun { activity: Activity::Job { key: key.into(), since: at(0) } }
}

fn started() -> Vec<DeploymentEvent> {
    let live = Release { version: "v1.1.0".into(), revision: "old".into(), changes: Vec::new() };
    vec![DeploymentEvent::Starting, DeploymentEvent::Started { previous: Some(live), lists: Vec::new() }]
}

fn done() -> DeploymentEvent {
    DeploymentEvent::StepEnded { ok: true, summary: String::new() }
}

fn baking() -> Vec<DeploymentEvent> {
    let mut events = started();
    events.extend([job("D-1.s0.a1"), done(), job("D-1.s1.a1"), done(), job("D-1.s2.a1")]);
    events.push(DeploymentEvent::TrafficMoved { weight: 10 });
    events.push(DeploymentEvent::BakeBegun { until: at(400).work });
    events
}

fn reading(probe: &str, verdict: Verdict, values: &[(&str, f64)]) -> Reading {
    let values = values.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect();
    Reading { probe: probe.into(), at: at(0).wall, took_ms: 1, verdict, values, text: String::new() }
}

fn purposes(d: &Deployment) -> Vec<Purpose> {
    timers(d).into_iter().map(|t| t.purpose).collect()
}

#[test]
fn what_cannot_happen_is_an_error() {
    let ended = DeploymentEvent::Ended {
        status: Status::Cancelled,
        note: String::new(),
        by: None,
        stuck: false,
        kept_out: false,
    };
    let key = DeploymentEvent::KeyTurned { person: "omar".into() };
    assert!(evolve(None, &key, at(0)).is_err(), "before the request");
    for event in [DeploymentEvent::ReadingBegun, job("D-1.s0.a1"), done(), started().remove(1)] {
        assert!(evolve(Some(requested()), &event, at(1)).is_err(), "{event:?} while it waits");
    }
    let over = after_events(std::slice::from_ref(&ended));
    for event in [key, ended, DeploymentEvent::Starting, job("D-1.s0.a1")] {
        assert!(evolve(Some(over.clone()), &event, at(9)).is_err(), "{event:?} after the end");
    }
}

#[test]
fn waiting_asks_for_exactly_one_expiry() {
    let d = requested();
    assert_eq!(purposes(&d), vec![Purpose::Expiry]);
    assert!(tasks(&d).is_empty());
    let starting = after_events(&[DeploymentEvent::Starting]);
    assert!(timers(&starting).is_empty(), "a start is waited for by its task");
    assert_eq!(tasks(&starting).iter().map(|t| t.key.as_str()).collect::<Vec<_>>(), vec!["D-1.p1"]);
}

#[test]
fn every_step_of_a_run_is_waited_for_by_something() {
    let mut events = started();
    events.push(job("D-1.s0.a1"));
    let d = after_events(&events);
    assert_eq!(purposes(&d), vec![Purpose::Limit]);
    assert!(matches!(tasks(&d)[0].kind, TaskKind::Job { back: false, step: 0 }));
    let d = after_events(&baking());
    assert_eq!(d.status, Status::Baking);
    assert_eq!(purposes(&d), vec![Purpose::Sample]);
    assert_eq!(timers(&d)[0].clock, Clock::Work, "a bake is not moved by the wall clock");
    let mut reads = baking();
    reads.push(DeploymentEvent::ReadingBegun);
    let d = after_events(&reads);
    assert!(timers(&d).is_empty());
    assert!(matches!(&tasks(&d)[0].kind, TaskKind::Sample { probes, .. } if probes == &["counters", "health"]));
}

#[test]
fn only_what_serves_people_counts_as_touched() {
    let mut events = started();
    events.push(job("D-1.s0.a1"));
    assert!(!after_events(&events).run.unwrap().touched, "a migration before the deploy");
    events.extend([done(), job("D-1.s1.a1")]);
    assert!(after_events(&events).run.unwrap().touched);
}

#[test]
fn errors_count_from_the_stage_on_and_a_restarted_counter_from_zero() {
    let mut events = baking();
    for (requests, errors) in [(100.0, 3.0), (150.0, 5.0)] {
        let counters = reading("counters", Verdict::Healthy, &[("requests", requests), ("errors", errors)]);
        events.push(DeploymentEvent::ReadingBegun);
        events.push(DeploymentEvent::Read { readings: vec![counters], next: at(500).work });
    }
    let counts = |d: &Deployment| d.run.as_ref().unwrap().monitor.as_ref().unwrap().counts().unwrap();
    assert_eq!(counts(&after_events(&events)), Counts { requests: 50, errors: 2 });
    let counters = reading("counters", Verdict::Healthy, &[("requests", 7.0), ("errors", 1.0)]);
    events.push(DeploymentEvent::Read { readings: vec![counters], next: at(500).work });
    assert_eq!(counts(&after_events(&events)), Counts { requests: 7, errors: 1 });
    let dark = reading("counters", Verdict::Inconclusive, &[("requests", f64::NAN)]);
    events.push(DeploymentEvent::Read { readings: vec![dark], next: at(500).work });
    assert_eq!(
        counts(&after_events(&events)),
        Counts { requests: 7, errors: 1 },
        "what cannot be read changes no count"
    );
}

#[test]
fn unhealthy_readings_count_only_in_a_row() {
    let mut events = baking();
    let count = |events: &[DeploymentEvent]| {
        after_events(events).run.unwrap().monitor.unwrap().unhealthy.get("health").copied().unwrap_or(0)
    };
    for (verdict, expected) in [
        (Verdict::Unhealthy, 1),
        (Verdict::Unhealthy, 2),
        (Verdict::Inconclusive, 0),
        (Verdict::Unhealthy, 1),
        (Verdict::Healthy, 0),
    ] {
        let readings = vec![reading("health", verdict, &[])];
        events.push(DeploymentEvent::Read { readings, next: at(500).work });
        assert_eq!(count(&events), expected, "{verdict}");
    }
}

#[test]
fn going_back_drops_the_watch_and_skips_what_was_ahead() {
    let mut events = baking();
    let back = DeploymentEvent::WentBack { why: "errors".into(), by: None, as_status: Status::RolledBack };
    events.push(back);
    let d = after_events(&events);
    let run = d.run.as_ref().unwrap();
    assert_eq!(d.status, Status::RollingBack);
    assert!(run.monitor.is_none() && run.hold.is_none());
    assert_eq!(run.back.len(), 1);
    let states: Vec<_> = run.forward.iter().map(|s| s.status).collect();
    assert_eq!(states, vec![StepStatus::Done, StepStatus::Done, StepStatus::Failed]);
    let untouched = {
        let mut events = started();
        events.push(job("D-1.s0.a1"));
        events.push(DeploymentEvent::WentBack { why: "no".into(), by: None, as_status: Status::Cancelled });
        after_events(&events)
    };
    assert!(untouched.run.unwrap().back.is_empty(), "nothing was touched, so there is nothing to put back");
}

#[test]
fn the_digest_names_the_plan_and_says_what_changed() {
    let plan = requested().plan;
    let mut other = plan.clone();
    assert_eq!(plan.digest(), other.digest());
    other.release.revision = "moved".into();
    other.policy = "q".into();
    assert_ne!(plan.digest(), other.digest());
    assert_eq!(plan.differences(&other), vec!["revision", "policy"]);
    assert_eq!(plan.min_duration(), Span::mins(5));
    other.pace = 30;
    assert_eq!(other.min_duration(), Span::secs(10));
}
