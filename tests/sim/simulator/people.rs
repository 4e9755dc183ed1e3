//! What people do: mostly what helps, now and then anything at all, by command, by button and by reaction.

use super::chat::Room;
use super::checker::Checker;
use super::core::Core;
use super::policy::{PEOPLE, VERSIONS};
use signalbox::chat::Body;
use signalbox::domain::deployment::{Activity, Deployment, Status};
use signalbox::domain::ids::PlatformName;
use signalbox::domain::incident::Incident;
use signalbox::domain::message::Action;
use std::collections::BTreeMap;

/// Something somebody does.
pub struct Act {
    pub person: &'static str,
    pub body: Body,
    /// It can be read and may change something, so its answer must be stored.
    pub stored: bool,
}

const ASKING: [&str; 10] = [
    "runbook",
    "incident postmortem",
    "help",
    "deploy status",
    "deploy history",
    "window",
    "why",
    "when",
    "quarantine list",
    "checklist",
];

fn say(person: &'static str, text: impl Into<String>) -> Act {
    Act { person, body: Body::Command { text: text.into(), thread: None }, stored: true }
}

fn ask(person: &'static str, text: impl Into<String>) -> Act {
    Act { stored: false, ..say(person, text) }
}

fn anybody(core: &mut Core) -> &'static str {
    core.pick(&PEOPLE).map_or("ana", |(id, _)| id)
}

pub fn act(core: &mut Core, checker: &Checker, room: &Room, platform: &PlatformName) -> Act {
    let open: Vec<&Deployment> = checker.deployments().filter(|d| !d.status.ended()).collect();
    let asks = if open.len() < 3 { 20 } else { 3 };
    if core.dice.u32(..8) == 0 {
        return in_an_incident(core, checker);
    }
    match core.dice.u32(..100) {
        n if n < asks => request(core, checker),
        0..76 => match core.pick(&open) {
            Some(d) => help(core, d),
            None => question(core, checker),
        },
        76..82 => control(core, checker),
        82..88 => click(core, room, platform),
        88..93 => react(core, room, platform),
        93..95 => locks(core),
        95..98 => question(core, checker),
        _ => rollback(core, checker),
    }
}

/// Somebody of these; now and then somebody else.
fn one_of(core: &mut Core, people: &[&'static str]) -> &'static str {
    if core.chance(150) { anybody(core) } else { core.pick(people).copied().unwrap_or("ana") }
}

fn request(core: &mut Core, checker: &Checker) -> Act {
    let who = one_of(core, &["ana", "fox", "gus"]);
    let mut version = if core.chance(30) { "v9.9.9" } else { core.pick(&VERSIONS).copied().unwrap_or("v1.0.0") };
    let service = if core.dice.u32(..3) == 0 { "web" } else { "api" };
    let env = if core.dice.bool() { "production" } else { "staging" };
    let tried: Vec<_> = VERSIONS.into_iter().filter(|v| checker.succeeded("staging", service, v)).collect();
    if env == "production" && core.chance(800) {
        match core.pick(&tried) {
            Some(v) => version = v,
            None => return say(who, format!("/deploy {service} {version} to staging")),
        }
    }
    let extra = match core.dice.u32(..12) {
        0 => " --dry-run",
        1 | 2 if env == "production" => " --hotfix \"it is down\"",
        3 => " --strategy direct",
        _ => "",
    };
    say(who, format!("/deploy {service} {version} to {env}{extra}"))
}

/// What an open deployment needs next.
fn help(core: &mut Core, d: &Deployment) -> Act {
    let (who, id) = (one_of(core, &["ben", "cid", "dee", "eve", "fox"]), d.id);
    let open: Vec<u32> = d.items().filter(|(_, i)| i.probe.is_none() && !i.settled()).map(|(_, i)| i.no).collect();
    let held = |code: &str| d.wait.as_ref().is_some_and(|w| w.codes.iter().any(|c| c == code));
    match d.status {
        Status::Awaiting if held("locked") && core.dice.bool() => {
            let scope = if core.dice.bool() { format!("{} in ", d.plan.service) } else { String::new() };
            say(who, format!("/unlock {scope}{}", d.plan.environment))
        }
        Status::Awaiting => match core.pick(&open).copied() {
            Some(no) if core.dice.bool() => say(who, format!("/checklist tick {id} {no}")),
            _ => say(who, format!("/approve {id}")),
        },
        Status::Held => {
            let verb = core.pick(&["promote", "resume", "resume", "abort"]).copied().unwrap_or("resume");
            say(who, format!("/{verb} {id}"))
        }
        _ if d.run.as_ref().is_some_and(|r| matches!(r.activity, Activity::Person { .. })) => {
            say(who, format!("/confirm {id}"))
        }
        _ => match core.pick(&open).copied() {
            Some(no) => say(who, format!("/checklist tick {id} {no}")),
            None => ask(who, format!("/deploy status {id}")),
        },
    }
}

/// A number that is likely to mean something.
fn some_id(core: &mut Core, checker: &Checker) -> String {
    let open: Vec<_> = checker.deployments().filter(|d| !d.status.ended()).map(|d| d.id.to_string()).collect();
    if core.chance(700)
        && let Some(id) = core.pick(&open)
    {
        return id.clone();
    }
    let last = checker.deployments().map(|d| d.id.0).max().unwrap_or(0);
    format!("D-{}", core.dice.u64(1..=last + 1))
}

/// Something is wrong, or somebody deals with what is.
fn in_an_incident(core: &mut Core, checker: &Checker) -> Act {
    let who = anybody(core);
    let all: Vec<&Incident> = checker.incidents().collect();
    let open = all.iter().filter(|i| !i.status.ended()).count();
    let severity = core.pick(&["P0", "P1", "P2"]).copied().unwrap_or("P1");
    if open == 0 || (open < 3 && core.dice.u32(..8) == 0) {
        let what = core.pick(&["logins fail", "logins fail again", "search is slow", "no mail goes out"]).copied();
        let service = core.pick(&["", " --service api", " --anyway"]).copied().unwrap_or_default();
        return say(who, format!("/incident {severity} {}{service}", what.unwrap_or("it is down")));
    }
    if core.dice.u32(..4) == 0 {
        return with_a_runbook(core, checker, &all);
    }
    let Some(id) = core.pick(&all).map(|i| i.id) else { return ask(who, "/incident list") };
    let n = core.dice.u32(1..3);
    let texts = [
        format!("/incident ack {id}"),
        format!("/incident ack {id} for 5m"),
        format!("/incident ack {id} for 2h"),
        format!("/incident update {id} we look at it"),
        format!("/incident update {id} it gets better"),
        format!("/incident update {id} we look at it --public We work on it."),
        format!("/incident publish {id} Some payments fail."),
        format!("/incident publish {id} We found it. --as identified"),
        format!("/incident mitigate {id} it went back"),
        format!("/incident mitigate {id} it went back --public It works again."),
        format!("/incident resolve {id} it went back --cause a missing index"),
        format!("/incident reopen {id} it fails again"),
        format!("/incident severity {id} {severity}"),
        format!("/incident escalate {id}"),
        format!("/incident snooze {id} 20m"),
        format!("/incident join {id}"),
        format!("/incident assign {id} commander ben"),
        format!("/incident impact {id} every third one"),
        format!("/incident action {id} an alert --owner ana --due 3h"),
        format!("/incident action {id} a test"),
        format!("/incident plan {id} {n} --owner cid --due 2h"),
        format!("/incident done {id} {n}"),
        format!("/incident lessons {id} look sooner"),
        format!("/incident review {id}"),
        format!("/escalate {id} we need more people"),
        format!("/page lead look at {id} --incident {id}"),
        "/page ops the disk is nearly full".to_owned(),
        "/drill P1".to_owned(),
        "/silence LoginsFail for 20m we know".to_owned(),
        "/silence cancel 1".to_owned(),
    ];
    say(who, core.pick(&texts).cloned().unwrap_or_default())
}

/// A command of a runbook is asked for, confirmed, stopped.
fn with_a_runbook(core: &mut Core, checker: &Checker, incidents: &[&Incident]) -> Act {
    let who = one_of(core, &["ana", "ben", "fox"]);
    let runs = checker.runbooks().flat_map(|(_, state)| state.runs.iter());
    let open: Vec<u32> = runs.filter(|run| run.open()).map(|run| run.asked.number).collect();
    let number = core.pick(&open).copied().unwrap_or(1);
    let about = core.pick(incidents).map_or(String::new(), |i| format!(" --incident {}", i.id));
    let environment = if core.dice.bool() { "staging" } else { "production" };
    let texts = [
        format!("/runbook run memory restart api {environment}{about}"),
        format!("/runbook run memory flush {environment}"),
        format!("/runbook confirm memory {number}"),
        format!("/runbook confirm memory {number}"),
        format!("/runbook confirm memory {number}"),
        format!("/runbook stop memory {number}"),
    ];
    say(who, core.pick(&texts).cloned().unwrap_or_default())
}

fn control(core: &mut Core, checker: &Checker) -> Act {
    let (who, id) = (anybody(core), some_id(core, checker));
    let item = core.dice.u32(1..6);
    let texts = [
        format!("/withdraw {id}"),
        format!("/reject {id} not now"),
        format!("/cancel {id}"),
        format!("/abort {id} it looks wrong"),
        format!("/abort {id}"),
        format!("/pause {id}"),
        format!("/pause {id}"),
        format!("/resume {id}"),
        format!("/promote {id}"),
        format!("/confirm {id}"),
        format!("/approve {id}"),
        format!("/checklist untick {id} {item}"),
        format!("/checklist na {id} {item} there is none"),
        format!("/review {id} looked at it"),
        format!("/review {id} looked at it again"),
    ];
    say(who, core.pick(&texts).cloned().unwrap_or_default())
}

fn click(core: &mut Core, room: &Room, platform: &PlatformName) -> Act {
    let who = anybody(core);
    let buttons: Vec<_> = room
        .said
        .iter()
        .filter(|(_, s)| s.platform == *platform)
        .flat_map(|(id, s)| s.message.buttons.iter().map(move |b| (id, b)))
        .collect();
    // The newest messages are looked at most.
    let from = if core.dice.bool() { buttons.len().saturating_sub(8) } else { 0 };
    let Some((message, mut button)) = core.pick(&buttons[from..]).copied() else { return ask(who, "/help") };
    // People think twice before they stop something.
    if matches!(button.action.command.as_str(), "cancel" | "reject" | "abort" | "rollback") {
        button = core.pick(&buttons[from..]).map_or(button, |(_, b)| b);
    }
    let fields = button.form.iter().flat_map(|f| &f.fields).map(|f| {
        let typed = match f.name.as_str() {
            "due" => "3h",
            "owner" => "ana",
            name if name.starts_with("item") => "1",
            _ => "as it must be",
        };
        (f.name.clone(), typed.to_owned())
    });
    let body = Body::Click {
        message: message.clone(),
        action: button.action.encode(),
        fields: fields.collect::<BTreeMap<_, _>>(),
    };
    let Action { command, .. } = &button.action;
    Act { person: who, body, stored: !ASKING.contains(&command.as_str()) }
}

fn react(core: &mut Core, room: &Room, platform: &PlatformName) -> Act {
    let who = anybody(core);
    let cards: Vec<_> = room
        .said
        .iter()
        .filter(|(_, s)| s.platform == *platform && s.key.starts_with("card:"))
        .map(|(id, _)| id)
        .collect();
    let Some(message) = core.pick(&cards).map(|m| (*m).clone()) else { return ask(who, "/help") };
    let (emoji, added) = match core.dice.u32(..10) {
        0 => ("❌", true),
        1 | 2 => ("✅", false),
        3 => ("👀", true),
        _ => ("✅", true),
    };
    Act { person: who, body: Body::Reaction { message, emoji: emoji.into(), added }, stored: false }
}

fn locks(core: &mut Core) -> Act {
    let who = anybody(core);
    let what =
        core.pick(&["production", "staging", "api in production", "web in staging"]).copied().unwrap_or("staging");
    let version = core.pick(&VERSIONS).copied().unwrap_or("v1.0.0");
    match core.dice.u32(..10) {
        0 => say(who, format!("/lock {what} moving the database")),
        1 => say(who, format!("/lock {what} for 20m moving the database")),
        2 => say(who, format!("/lock {what} for 2h still moving --take-over")),
        3 | 4 => say(who, format!("/quarantine release api {version} it was the network")),
        _ => say(who, format!("/unlock {what}")),
    }
}

fn question(core: &mut Core, checker: &Checker) -> Act {
    let (who, id) = (anybody(core), some_id(core, checker));
    let version = core.pick(&VERSIONS).copied().unwrap_or("v1.0.0");
    let texts = [
        format!("/why {id}"),
        format!("/when {id}"),
        format!("/why {version} to production"),
        format!("/checklist {id}"),
        "/deploy status".to_owned(),
        "/deploy history".to_owned(),
        "/window production".to_owned(),
        "/quarantine list".to_owned(),
        "/deploi v1".to_owned(),
        "/abort".to_owned(),
    ];
    ask(who, core.pick(&texts).cloned().unwrap_or_default())
}

fn rollback(core: &mut Core, checker: &Checker) -> Act {
    let who = anybody(core);
    let service = if core.dice.u32(..3) == 0 { "web" } else { "api" };
    let env = if core.dice.bool() { "production" } else { "staging" };
    match core.dice.u32(..6) {
        0 => say(who, format!("/rollback {}", some_id(core, checker))),
        1 => say(who, format!("/rollback {service} in {env} full orders are lost")),
        2 => say(who, format!("/rollback {service} in {env} emergency")),
        _ => say(who, format!("/rollback {service} in {env} quick customers call")),
    }
}
