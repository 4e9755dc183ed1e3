//! The policy of a seed: people, roles, two services, two environments, every kind of step.

mod response;

use super::core::MONDAY;
use jiff::civil::{Time, Weekday, date};
use response::{alerts, response, rhythm, ways};
use signalbox::domain::ids::{EnvironmentName, PersonId, Role, ServiceName};
use signalbox::domain::paging::Via;
use signalbox::domain::policy::{
    Ask, Channels, Checklist, Environment, HotfixLane, Item, OnShortWindow, Overrun, Person, Phase, Policy, ProbeSpec,
    Recovery, ReleaseSource, Requirement, RoleInfo, RollbackRules, Section, Service, Slot, Source, Stage, StepKind,
    StepSpec, Strategy,
};
use signalbox::domain::runbook::{Runbook, Runnable};
use signalbox::domain::time::Span;
use signalbox::domain::window::{Calendar, Freeze, Holiday, Window};
use std::collections::{BTreeMap, BTreeSet};

/// The calendar once more, as plain numbers, for the check that is independent of the product's windows.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// Local days since 1970 on which production is closed.
    pub holidays: Vec<i64>,
    /// From, to (ms), roles that may pass.
    pub freezes: Vec<(i64, i64, BTreeSet<Role>)>,
    /// Minutes of the local day in which production is open, Monday to Friday.
    pub open: (i64, i64),
}

const HOUR: i64 = 3_600_000;

pub const PEOPLE: [(&str, &[&str]); 7] = [
    ("ana", &["engineer"]),
    ("ben", &["engineer", "lead"]),
    ("cid", &["lead", "qa"]),
    ("dee", &["cto"]),
    ("eve", &["qa"]),
    ("fox", &["engineer", "ops"]),
    ("gus", &[]),
];

pub const VERSIONS: [&str; 6] = ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0"];

fn roles(names: &[&str]) -> BTreeSet<Role> {
    names.iter().map(|n| Role::new(n)).collect()
}

fn slot(names: &[&str], optional: bool) -> Slot {
    Slot { roles: roles(names), optional, source: Source::default() }
}

fn step(name: &str, kind: StepKind, limit: Span) -> StepSpec {
    StepSpec { name: name.into(), kind, time_limit: limit, source: Source::default() }
}

fn command(name: &str, recovery: Recovery) -> StepSpec {
    let argv = vec!["run".into(), name.into(), "{version}".into()];
    step(name, StepKind::Command { argv, env: Vec::new(), cwd: None, recovery }, Span::mins(2))
}

fn http(name: &str) -> StepSpec {
    let (method, url) = ("POST".into(), "http://127.0.0.1/{service}/{revision}".into());
    let kind = StepKind::Http { method, url, body: None, expect_status: 200, recovery: Recovery::AtMostOnce };
    step(name, kind, Span::mins(1))
}

fn manual(name: &str) -> StepSpec {
    let kind = StepKind::Manual { roles: roles(&["qa", "lead"]), prompt: "Look at it.".into() };
    step(name, kind, Span::mins(45))
}

fn traffic(weight: u8, bake: i64) -> StepSpec {
    let stage = Stage {
        weight,
        bake: Span::mins(bake),
        error_budget: 5,
        min_requests: 20,
        every: Span::secs(30),
        counters: Some("counters".into()),
        probes: if weight < 50 { vec!["health".into()] } else { vec!["health".into(), "latency".into()] },
        unhealthy_after: 2,
        hold_for: Span::mins(10),
    };
    step(&format!("{weight} %"), StepKind::Traffic(stage), Span::mins(3))
}

fn verify(live: bool) -> StepSpec {
    let kind = StepKind::Verify { probes: vec!["health".into()], tries: 3, every: Span::secs(20), live };
    step("verify", kind, Span::mins(5))
}

fn strategies(dice: &mut fastrand::Rng) -> BTreeMap<String, Strategy> {
    let restore = || step("restore", StepKind::Restore, Span::mins(3));
    let deploy = || step("deploy", StepKind::Deploy, Span::mins(5));
    let maintenance = |on| step("maintenance", StepKind::Maintenance { on }, Span::mins(1));
    let kind = [Recovery::Idempotent, Recovery::Recoverable, Recovery::AtMostOnce][dice.usize(..3)];
    let canary = vec![
        command("migrate", kind),
        deploy(),
        traffic(10, 5),
        manual("look"),
        traffic(50, 3),
        traffic(100, i64::from(dice.bool()) * 5),
        verify(true),
    ];
    let direct = vec![deploy(), traffic(100, 0), verify(dice.bool())];
    let commands = vec![
        command("backup", Recovery::Idempotent),
        command("migrate", Recovery::AtMostOnce),
        http("announce"),
        manual("sign off"),
        command("switch", Recovery::Recoverable),
    ];
    let mut back = vec![restore()];
    if dice.bool() {
        back.push(command("undo", kind));
    }
    let full =
        vec![maintenance(true), restore(), command("restore-database", Recovery::AtMostOnce), maintenance(false)];
    let of = |name: &str, steps: Vec<StepSpec>| {
        let strategy = Strategy {
            name: name.into(),
            steps,
            rollback: back.clone(),
            full_rollback: full.clone(),
            emergency_rollback: vec![maintenance(true), restore(), maintenance(false)],
            source: Source::default(),
        };
        (name.to_owned(), strategy)
    };
    [of("canary", canary), of("direct", direct), of("commands", commands)].into()
}

fn environment(name: &str, keys: Vec<Slot>) -> Environment {
    Environment {
        name: EnvironmentName::new(name),
        windows: Vec::new(),
        overrun: Overrun::Finish,
        on_short_window: OnShortWindow::Warn,
        keys,
        hotfix: None,
        after: None,
        key_expiry: Span::hours(4),
        jitter: Span::secs(30),
        lock_after_rollback: false,
        watch: Span::mins(5),
        operators: BTreeSet::new(),
        rollback: RollbackRules::default(),
        rollback_opens: None,
        source: Source::default(),
    }
}

fn production(dice: &mut fastrand::Rng, times: &Times) -> Environment {
    let clock = |minute: i64| {
        let part = |n: i64| i8::try_from(n).unwrap_or(0);
        Time::constant(part(minute / 60), part(minute % 60), 0, 0)
    };
    let window = Window {
        days: vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday],
        from: clock(times.open.0),
        to: Some(clock(times.open.1)),
        zone: "+03:00".into(),
        source: Source::default(),
    };
    let mut keys = vec![slot(&["lead"], false), slot(&["qa", "cto"], false)];
    if dice.bool() {
        keys.push(slot(&["ops"], true));
    }
    Environment {
        windows: vec![window],
        overrun: if dice.bool() { Overrun::Finish } else { Overrun::Hold },
        on_short_window: if dice.bool() { OnShortWindow::Refuse } else { OnShortWindow::Warn },
        hotfix: Some(HotfixLane { keys: vec![slot(&["cto"], false)], source: Source::default() }),
        after: Some(Requirement { environment: EnvironmentName::new("staging"), source: Source::default() }),
        jitter: Span::secs(dice.i64(0..60)),
        lock_after_rollback: dice.bool(),
        watch: Span::mins(10),
        operators: roles(&["engineer", "lead"]),
        rollback: RollbackRules {
            quick: roles(&["engineer", "lead"]),
            full: vec![slot(&["lead"], false), slot(&["cto", "ops"], false)],
            emergency: roles(&["ops", "cto"]),
        },
        rollback_opens: dice.bool().then(|| (*dice.choice(&["P0", "P1"]).unwrap_or(&"P1")).to_owned()),
        ..environment("production", keys)
    }
}

fn service(name: &str, staging: &str, production: &str, releases: ReleaseSource, default: bool) -> Service {
    let on = |env: &str, strategy: &str| (EnvironmentName::new(env), strategy.to_owned());
    Service {
        name: ServiceName::new(name),
        executor: "sim".into(),
        settings: BTreeMap::from([("region".into(), "here".into())]),
        strategies: [on("staging", staging), on("production", production)].into(),
        releases,
        live_probe: Some("live".into()),
        default,
        source: Source::default(),
    }
}

fn probes() -> BTreeMap<String, ProbeSpec> {
    let of = |name: &str, what: &str, fresh: i64| {
        let spec = ProbeSpec {
            name: name.into(),
            ask: Ask::Executor { what: what.into() },
            timeout: Span::secs(5),
            fresh_for: Span::mins(fresh),
            conditions: Vec::new(),
            source: Source::default(),
        };
        (name.to_owned(), spec)
    };
    [
        of("live", "version", 0),
        of("health", "health", 0),
        of("latency", "latency", 0),
        of("counters", "counters", 0),
        of("backup", "backup", 10),
    ]
    .into()
}

fn checklist(id: &str, phase: Phase, items: &[(&str, bool, Option<&str>)]) -> Checklist {
    let item = |(text, required, probe): &(&str, bool, Option<&str>)| Item {
        text: (*text).into(),
        required: *required,
        probe: probe.map(Into::into),
        source: Source::default(),
    };
    Checklist {
        id: id.into(),
        title: id.into(),
        phase,
        services: [ServiceName::new("api")].into(),
        environments: [EnvironmentName::new("production")].into(),
        sections: vec![Section { title: "All".into(), items: items.iter().map(item).collect() }],
        source: Source::default(),
    }
}

/// One command that may run at most once, and one that somebody else confirms.
fn runbook() -> Runbook {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect();
    let command = |name: &str, line: &str, recovery, second_key| Runnable {
        name: name.into(),
        title: name.into(),
        words: words(line),
        roles: roles(&["engineer"]),
        environments: [EnvironmentName::new("staging"), EnvironmentName::new("production")].into(),
        limit: Span::mins(2),
        recovery,
        env: Vec::new(),
        second_key,
        source: Source::default(),
    };
    Runbook {
        name: "memory".into(),
        title: "Out of memory".into(),
        keywords: Vec::new(),
        services: BTreeSet::new(),
        parts: Vec::new(),
        commands: vec![
            command("restart", "restart {service} {environment}", Recovery::AtMostOnce, false),
            command("flush", "flush {environment}", Recovery::Idempotent, true),
        ],
        source: Source::default(),
    }
}

fn calendar(times: &mut Times) -> Calendar {
    let zone = || "+03:00".to_owned();
    let thursday = date(2026, 3, 5);
    times.holidays = vec![(MONDAY + 3 * HOUR) / 86_400_000 + 3];
    let day = 24 * HOUR;
    times.freezes = vec![
        (MONDAY + day + HOUR, MONDAY + day + 2 * HOUR, roles(&["cto"])),
        (MONDAY + 2 * day, MONDAY + 2 * day + HOUR, BTreeSet::new()),
    ];
    let freeze = |name: &str, day: i8, from: i8, to: i8, pass: &[&str]| Freeze {
        name: name.into(),
        from: date(2026, 3, day).at(from, 0, 0, 0),
        to: date(2026, 3, day).at(to, 0, 0, 0),
        zone: zone(),
        environments: [EnvironmentName::new("production")].into(),
        services: BTreeSet::new(),
        pass: roles(pass),
        source: Source::default(),
    };
    Calendar {
        holidays: vec![Holiday {
            name: "a holiday".into(),
            from: thursday,
            to: thursday,
            zone: zone(),
            source: Source::default(),
        }],
        freezes: vec![freeze("a campaign", 3, 11, 12, &["cto"]), freeze("an audit", 4, 10, 11, &[])],
    }
}

/// The policy and calendar that a seed begins with.
pub fn draw(dice: &mut fastrand::Rng) -> (Policy, Times) {
    let mut times = Times { open: (600, 840), ..Times::default() };
    let calendar = calendar(&mut times);
    let mut ways = ways(dice);
    let person = |(id, own): &(&str, &[&str])| {
        let person = Person {
            id: PersonId::new(id),
            name: (*id).into(),
            roles: roles(own),
            accounts: BTreeMap::from([("slack".to_owned(), format!("U-{id}"))]),
            contact: [(Via::Email, format!("{id}@example.com")), (Via::Ntfy, (*id).to_owned())].into(),
            ways: ways.pop().unwrap_or_default(),
            source: Source::default(),
        };
        (PersonId::new(id), person)
    };
    let role = |name: &&str| {
        (Role::new(name), RoleInfo { role: Role::new(name), title: (*name).into(), source: Source::default() })
    };
    let people = PEOPLE.iter().map(person).collect();
    let staging_keys = if dice.bool() { Vec::new() } else { vec![slot(&["engineer", "qa"], false)] };
    let environments = [environment("staging", staging_keys), production(dice, &times)];
    let table = VERSIONS.iter().map(|v| ((*v).to_owned(), format!("table-{v}"))).collect();
    let services = [
        service("api", "direct", "canary", ReleaseSource::Executor, true),
        service("web", "direct", "commands", ReleaseSource::Table { versions: table }, false),
    ];
    let policy = Policy {
        runbooks: [("memory".to_owned(), runbook())].into(),
        name: "simulation".into(),
        zone: "+03:00".into(),
        pace: if dice.u32(..4) == 0 { 10 } else { 1 },
        channels: Channels {
            deployments: "deployments".into(),
            incidents: "incidents".into(),
            engineering: "engineering".into(),
            alerts: None,
        },
        people,
        roles: ["engineer", "lead", "qa", "cto", "ops"].iter().map(role).collect(),
        services: services.into_iter().map(|s| (s.name.clone(), s)).collect(),
        environments: environments.into_iter().map(|e| (e.name.clone(), e)).collect(),
        strategies: strategies(dice),
        probes: probes(),
        checklists: vec![
            checklist(
                "before",
                Phase::Before,
                &[
                    ("image exists", true, None),
                    ("backup is fresh", true, Some("backup")),
                    ("people are told", false, None),
                ],
            ),
            checklist("during", Phase::During, &[("watch the queue", true, None)]),
            checklist("soon", Phase::After(Span::mins(5)), &[("look at the errors", true, None)]),
            checklist("later", Phase::After(Span::mins(60)), &[("look at the orders", false, None)]),
            checklist("back", Phase::AfterRollback, &[("say why", true, None)]),
        ],
        calendar,
        response: response(dice),
        rhythm: rhythm(),
        alerts: alerts(),
        hash: "policy-0".into(),
    };
    (policy, times)
}

/// Another policy: somebody gains or loses a role, a key more, other limits. `n` names it.
pub fn change(policy: &Policy, dice: &mut fastrand::Rng, n: u32) -> Policy {
    let mut next = Policy { hash: format!("policy-{n}"), ..policy.clone() };
    let production = next.environments.get_mut("production");
    match dice.u32(..6) {
        0 => {
            if let Some(ben) = next.people.get_mut("ben") {
                ben.roles =
                    if ben.roles.contains("lead") { roles(&["engineer"]) } else { roles(&["engineer", "lead"]) };
            }
        }
        1 => {
            if let Some(env) = production {
                env.keys = if dice.bool() {
                    vec![slot(&["lead"], false)]
                } else {
                    vec![slot(&["lead"], false), slot(&["qa"], false)]
                };
            }
        }
        2 => {
            if let Some(env) = production {
                env.overrun = if env.overrun == Overrun::Hold { Overrun::Finish } else { Overrun::Hold };
            }
        }
        3 => next.strategies = strategies(dice),
        4 => {
            if next.people.remove("eve").is_none()
                && let Some(eve) = policy.people.get("cid")
            {
                let eve = Person { id: "eve".into(), name: "eve".into(), roles: roles(&["qa"]), ..eve.clone() };
                next.people.insert(
                    "eve".into(),
                    Person { accounts: [("slack".to_owned(), "U-eve".to_owned())].into(), ..eve },
                );
            }
        }
        _ => {
            if let Some(env) = production {
                env.lock_after_rollback = !env.lock_after_rollback;
                env.key_expiry = Span::hours(dice.i64(1..6));
            }
        }
    }
    next
}
