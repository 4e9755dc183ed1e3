//! Histories by hand, and what they come to by hand.

use super::*;
use crate::domain::command::RollbackMode;
use crate::domain::deployment::{DeploymentEvent as D, Lane, Origin, Request, Status};
use crate::domain::ids::{DeploymentId, IncidentId, Stream};
use crate::domain::incident::{Declaration, IncidentEvent as I};
use crate::domain::paging::{Came, Try, Via};
use crate::domain::plan::{Plan, Release};
use crate::domain::time::{Span, after};
use crate::domain::world::Event;
use jiff::Timestamp;
use std::collections::BTreeMap;

fn at(minutes: i64) -> Timestamp {
    after("2026-01-05T07:00:00Z".parse().unwrap(), Span::mins(minutes))
}

fn release(version: &str) -> Release {
    Release { version: version.into(), revision: format!("sha-{version}"), changes: Vec::new() }
}

fn requested(id: u64, version: &str, environment: &str, lane: Lane, previous: Option<&str>) -> D {
    let plan = Plan {
        service: "api".into(),
        environment: environment.into(),
        release: release(version),
        strategy: "canary".into(),
        executor: "fleet".into(),
        settings: BTreeMap::new(),
        steps: Vec::new(),
        rollback: Vec::new(),
        pace: 1,
        live_probe: None,
        policy: String::new(),
    };
    let request = Request {
        id: DeploymentId(id),
        digest: plan.digest(),
        plan,
        lane,
        requester: "sara".into(),
        origin: Origin { platform: "console".into(), channel: "deployments".into() },
        slots: Vec::new(),
        expires_at: at(600),
        skip_ci: None,
        lists: Vec::new(),
        previous: previous.map(release),
    };
    D::Requested { request: Box::new(request) }
}

fn told(records: &mut Records, id: u64, events: Vec<(i64, D)>) {
    for (minute, event) in events {
        records.add(&Stream::deployment(DeploymentId(id)), at(minute), &Event::Deployment(event));
    }
    records.join();
}

fn waiting(codes: &[&str]) -> D {
    D::Waiting { codes: codes.iter().map(|c| (*c).to_owned()).collect(), until: None, because: Vec::new() }
}

fn started() -> D {
    D::Started { previous: None, lists: Vec::new() }
}

fn ended(status: Status) -> D {
    D::Ended { status, note: String::new(), by: None, stuck: false, kept_out: false }
}

fn back() -> D {
    D::WentBack { why: "errors".into(), by: None, as_status: Status::RolledBack }
}

fn key(person: &str) -> D {
    D::KeyTurned { person: person.into() }
}

fn week(records: &Records) -> Summary {
    let asked = Asked { from: at(0), to: at(7 * 24 * 60), service: None, environment: None };
    Summary::of(records, asked, &|at| at.to_string().contains("T0"))
}

#[test]
fn a_success_counts_its_lead_its_keys_and_what_windows_cost() {
    let mut records = Records::default();
    told(
        &mut records,
        1,
        vec![
            (0, requested(1, "v1", "production", Lane::Regular, None)),
            (0, waiting(&["keys_missing", "outside_window"])),
            (10, key("mona")),
            (40, key("yusuf")),
            // From here on only the window is in the way.
            (40, waiting(&["outside_window"])),
            (100, waiting(&["locked", "outside_window"])),
            (110, waiting(&["freeze"])),
            (180, D::Starting),
            (181, started()),
            (182, D::TrafficMoved { weight: 10 }),
            (190, D::TrafficMoved { weight: 100 }),
            (195, ended(Status::Succeeded)),
        ],
    );
    let summary = week(&records);
    let place = &summary.places["production"];
    assert_eq!((place.deployments, place.succeeded, place.failed), (1, 1, 0));
    assert_eq!(place.lead, Median { of: 1, at: Some(Span::mins(195)) });
    assert_eq!(place.approval, Median { of: 1, at: Some(Span::mins(40)) });
    assert_eq!((place.closed, place.closed_of), (Span::mins(60 + 70), 1), "40 to 100, and 110 to 180");
    assert_eq!(place.failure_rate(), Some(0.0));
}

#[test]
fn what_was_taken_back_says_how_far_it_had_come() {
    let mut records = Records::default();
    let run = |version: &str, id, weights: &[u8], end| {
        let mut out = vec![(10, requested(id, version, "production", Lane::Regular, None)), (20, started())];
        out.extend(weights.iter().map(|w| (30, D::TrafficMoved { weight: *w })));
        out.extend([(40, back()), (42, ended(end))]);
        out
    };
    told(&mut records, 1, run("v1", 1, &[10], Status::RolledBack));
    told(&mut records, 2, run("v2", 2, &[10, 50], Status::RolledBack));
    told(&mut records, 3, run("v3", 3, &[], Status::Failed));
    told(
        &mut records,
        4,
        vec![
            (50, requested(4, "v4", "production", Lane::Regular, None)),
            (51, started()),
            (60, ended(Status::Succeeded)),
        ],
    );
    // Two hours later somebody takes v4 back by hand.
    let lane = Lane::Rollback { mode: RollbackMode::Quick, reason: "slow".into() };
    told(
        &mut records,
        5,
        vec![
            (180, requested(5, "v0", "production", lane, Some("v4"))),
            (181, started()),
            (184, ended(Status::Succeeded)),
        ],
    );
    let summary = week(&records);
    let place = &summary.places["production"];
    assert_eq!((place.deployments, place.succeeded, place.failed), (4, 1, 4), "the way back is none of them");
    let taken: Vec<_> = place.taken.iter().map(|(t, n)| (t.words(), *n)).collect();
    let of = |text: &str, n| (text.to_owned(), n);
    assert_eq!(taken, [of("before traffic", 1), of("at 10 %", 1), of("at 50 %", 1), of("after success", 1)]);
    assert_eq!(place.way_back, Median { of: 3, at: Some(Span::mins(2)) });
    assert_eq!(place.failure_rate(), Some(1.0));
}

#[test]
fn what_never_ran_counts_nowhere_and_another_place_counts_by_itself() {
    let mut records = Records::default();
    told(&mut records, 1, vec![(0, requested(1, "v1", "staging", Lane::Regular, None)), (5, ended(Status::Succeeded))]);
    for (id, status) in [(2, Status::Rejected), (3, Status::Expired), (4, Status::Refused), (5, Status::Cancelled)] {
        told(&mut records, id, vec![(0, requested(id, "v1", "production", Lane::Regular, None)), (5, ended(status))]);
    }
    told(&mut records, 6, vec![(0, requested(6, "v1", "production", Lane::Regular, None)), (9, started())]);
    assert_eq!(week(&records).places.keys().map(|e| e.as_str()).collect::<Vec<_>>(), ["staging"]);
    let asked = Asked { from: at(0), to: at(5), service: None, environment: None };
    assert!(Summary::of(&records, asked, &|_| false).places.is_empty(), "the end of the stretch is not in it");
    let asked = Asked { from: at(0), to: at(6), service: Some("web".into()), environment: None };
    assert!(Summary::of(&records, asked, &|_| false).places.is_empty());
}

#[test]
fn incidents_count_from_their_beginning_to_their_last_end_and_pages_by_person() {
    let mut records = Records::default();
    let declared = Declaration {
        id: IncidentId(1),
        title: "checkout is slow".into(),
        severity: "P2".into(),
        service: None,
        reporter: None,
        origin: None,
        suspects: Vec::new(),
        ladder: None,
        next_update: at(60),
        rollback_reminder: None,
        drill: false,
        alerts: Vec::new(),
        runbooks: Vec::new(),
        storm: false,
    };
    let paged = |people: &[&str]| I::Paged {
        level: "L1".into(),
        people: people.iter().map(|p| (*p).into()).collect(),
        why: String::new(),
        ways: BTreeMap::new(),
        all: false,
    };
    let came = |episode, page, came| {
        let of = Try { episode, page, via: Via::Chat, place: "console".into(), places: 1 };
        I::PageCame { of, came }
    };
    let resolved =
        || I::Resolved { by: "lina".into(), resolution: String::new(), cause: String::new(), post_mortem_due: None };
    let reopened = I::Reopened { by: "lina".into(), reason: String::new(), ladder: None, next_update: at(0) };
    let delivered = || Came::Delivered { repeat: false };
    let drill = Declaration { drill: true, ..declared.clone() };
    records.add(&Stream::incident(IncidentId(2)), at(0), &Event::Incident(I::Declared(Box::new(drill))));
    for (minute, event) in [
        (0, I::Declared(Box::new(declared))),
        (0, paged(&["lina", "reem"])),
        (1, came(1, 0, delivered())),
        (4, came(1, 0, delivered())),
        (2, came(1, 1, Came::Failed { why: "no answer".into(), perhaps: false })),
        (6, I::Acknowledged { by: "lina".into(), until: at(36) }),
        (50, resolved()),
        // Fifteen hours later it is 01:00 for this calculator.
        (17 * 60, reopened),
        (18 * 60, paged(&["lina"])),
        (18 * 60 + 3, came(2, 0, delivered())),
        (19 * 60, resolved()),
    ] {
        records.add(&Stream::incident(IncidentId(1)), at(minute), &Event::Incident(event));
    }
    let summary = week(&records);
    assert_eq!((summary.incidents, summary.severities["P2"]), (1, 1));
    assert_eq!(summary.acknowledged, Median { of: 1, at: Some(Span::mins(6)) });
    assert_eq!(summary.restored, Median { of: 1, at: Some(Span::mins(19 * 60)) });
    // 07:00 and 01:00 are night for this calculator.
    assert_eq!(summary.pages["lina"], Pages { all: 2, by_night: 2 });
    assert_eq!(summary.pages["reem"], Pages { all: 1, by_night: 1 });
    assert_eq!((summary.reached, summary.unreached), (Median { of: 2, at: Some(Span::mins(2)) }, 1));
}

#[test]
fn a_median_is_the_middle_or_between_the_two_in_the_middle() {
    let of = |all: &[i64]| Median::of(all.iter().map(|m| Span::mins(*m)).collect());
    assert_eq!(of(&[]), Median { of: 0, at: None });
    assert_eq!(of(&[7]), Median { of: 1, at: Some(Span::mins(7)) });
    assert_eq!(of(&[9, 1, 3]), Median { of: 3, at: Some(Span::mins(3)) });
    assert_eq!(of(&[9, 1, 3, 5]), Median { of: 4, at: Some(Span::mins(4)) });
}

#[test]
fn the_oldest_records_go_first() {
    let mut records = Records::default();
    for id in 1..=u64::try_from(RECORDS).unwrap() + 2 {
        let request = requested(id, "v1", "staging", Lane::Regular, None);
        records.add(&Stream::deployment(DeploymentId(id)), at(0), &Event::Deployment(request));
    }
    assert_eq!(records.deployments.len(), RECORDS);
    assert_eq!(records.deployments.keys().next(), Some(&DeploymentId(3)));
}
