//! How incidents are answered: severities, ladders, ways, a roster, alerts, digests.

use super::{PEOPLE, roles};
use jiff::civil::{Time, Weekday, date};
use signalbox::domain::alert::{AlertRules, Glob, Over, Rule, Then};
use signalbox::domain::ids::PersonId;
use signalbox::domain::paging::{Via, Ways};
use signalbox::domain::policy::Source;
use signalbox::domain::response::{Ladder, Level, Response, Severity};
use signalbox::domain::rhythm::{Cron, Digest, Rhythm, Section as Part};
use signalbox::domain::roster::{Layer, Roster};
use signalbox::domain::status::{PagePolicy, Recipient, STATUSPAGE, StatusPosts, WEBHOOK};
use signalbox::domain::time::Span;
use signalbox::domain::window::Window;
use std::collections::BTreeSet;

/// By what people are paged, one for each: mostly one way after the other, now and then two at once, and some know only chat.
pub(super) fn ways(dice: &mut fastrand::Rng) -> Vec<Ways> {
    let steps: [&[&[Via]]; 6] = [
        &[&[Via::Chat]],
        &[&[Via::Pagerduty], &[Via::Email]],
        &[&[Via::Email], &[Via::Ntfy], &[Via::Chat]],
        &[&[Via::Chat, Via::Email], &[Via::Webhook]],
        &[&[Via::Webhook], &[Via::Chat]],
        &[&[Via::Ntfy], &[Via::Pagerduty]],
    ];
    let mut some = || steps[dice.usize(..steps.len())].iter().map(|step| step.to_vec()).collect();
    PEOPLE.iter().map(|_| Ways { low: some(), high: some() }).collect()
}

/// An outage climbs past a level that nobody holds; a nuisance pages once.
pub(super) fn response(dice: &mut fastrand::Rng) -> Response {
    let level = |name: &str, role: &str, after: i64, unresolved: Option<i64>| Level {
        name: name.into(),
        after: Span::mins(after),
        unresolved: unresolved.map(Span::mins),
        roles: roles(&[role]),
        people: BTreeSet::new(),
        all: false,
        rosters: BTreeSet::new(),
        source: Source::default(),
    };
    let ladder = |name: &str, levels: Vec<Level>, repeat| {
        (
            name.to_owned(),
            Ladder {
                name: name.into(),
                levels,
                repeat,
                pause: Span::mins(10),
                urgent: false,
                source: Source::default(),
            },
        )
    };
    let first = level("L1", "ops", 0, None);
    let all = vec![
        first.clone(),
        level("L2", "lead", dice.i64(0..20), dice.bool().then_some(25)),
        level("L3", "watch", 25, None),
        level("L4", "cto", 40, Some(60)),
    ];
    let on_call = Level { rosters: ["primary".to_owned()].into(), ..first.clone() };
    let severity = |name: &str, ladder: Option<&str>, update, goes_up| Severity {
        name: name.into(),
        title: name.into(),
        respond: Span::mins(15),
        update: Span::mins(update),
        ladder: ladder.map(str::to_owned),
        urgent: name == "P0",
        overdue_goes_up: goes_up,
        rollback_reminder: goes_up.then_some(Span::mins(10)),
        post_mortem: goes_up.then_some(Span::hours(8)),
        own_channel: name == "P0",
        source: Source::default(),
    };
    Response {
        severities: vec![
            severity("P0", Some("all"), 15, true),
            severity("P1", Some("first"), 30, dice.bool()),
            severity("P2", None, 120, false),
        ],
        ladders: [ladder("all", all, dice.u32(0..3)), ladder("first", vec![on_call], 1)].into(),
        rosters: [("primary".to_owned(), roster())].into(),
        status: status(dice.bool()),
        questions: vec!["Since when?".into()],
        room_archive: Some(Span::hours(1)),
        ..Response::default()
    }
}

/// Outages are public from their beginning, and mailed; now and then so are rollbacks.
fn status(rollbacks: bool) -> StatusPosts {
    let recipient = Recipient { name: String::new(), address: "all@example.com".into() };
    let page = PagePolicy {
        places: vec![STATUSPAGE.into(), WEBHOOK.into()],
        roles: roles(&["engineer"]),
        rollbacks,
        services: [("api".into(), "Payments".to_owned())].into(),
    };
    StatusPosts {
        announce: [("P0".to_owned(), vec!["engineering".into()])].into(),
        email: [("P0".to_owned(), vec![recipient])].into(),
        publish: ["P0".to_owned()].into(),
        page: Some(page),
        ..StatusPosts::default()
    }
}

/// Each alert of a service is a matter; its label says how bad it is.
pub(super) fn alerts() -> AlertRules {
    let rule = |severity: &str, then: Then| Rule {
        sources: Vec::new(),
        labels: [("severity".to_owned(), vec![Glob::new(severity)])].into(),
        title: Vec::new(),
        then,
        service: None,
        environment: None,
        key: vec!["alertname".into(), "service".into()],
        settle: None,
        over: if severity == "P2" { Over::Resolve } else { Over::Tell },
        source: Source::default(),
    };
    let incident = |name: &str| rule(name, Then::Incident { severity: name.into(), ladder: None });
    AlertRules {
        sources: ["watch".to_owned()].into(),
        rules: vec![incident("P0"), incident("P1"), incident("P2"), rule("none", Then::Line)],
        storm: 3,
        ..AlertRules::default()
    }
}

/// Every half hour of the morning, so that every history has slots, and outages miss some.
pub(super) fn rhythm() -> Rhythm {
    let digest = Digest {
        name: "morning".into(),
        title: "Morning".into(),
        cron: Cron::read("*/30 9-11 * * *", "+03:00").unwrap_or_default(),
        channel: None,
        sections: vec![Part::Incidents, Part::Keys, Part::Deployments, Part::Oncall],
        probes: Vec::new(),
        source: Source::default(),
    };
    Rhythm { digests: [("morning".to_owned(), digest)].into(), ..Rhythm::default() }
}

/// Hands over every morning, and twice more within it, so that every history has hand-offs.
fn roster() -> Roster {
    let time = |hour, minute| Time::new(hour, minute, 0, 0).unwrap_or_default();
    let layer = |people: &[&str], only: Vec<Window>| Layer {
        people: people.iter().map(|p| PersonId::new(p)).collect(),
        from: date(2026, 1, 5).to_datetime(time(10, 20)),
        turn_days: 1,
        only,
        source: Source::default(),
    };
    let days = (0..7).filter_map(|d| Weekday::from_monday_zero_offset(d).ok()).collect();
    let (zone, source) = ("+03:00".to_owned(), Source::default());
    let hours = Window { days, from: time(10, 40), to: Some(time(11, 30)), zone: zone.clone(), source };
    Roster {
        name: "primary".into(),
        zone,
        layers: vec![layer(&["fox", "eve"], Vec::new()), layer(&["gus"], vec![hours])],
        managers: BTreeSet::new(),
        channel: None,
        source: Source::default(),
    }
}
