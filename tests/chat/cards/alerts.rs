//! Scenes of alerts: one that is silenced and comes back, lines that are no incident, and a storm.

use super::stage::{Place, Stage, policy};
use serde_json::{Value, json};
use signalbox::domain::alert::{Glob, Then};
use signalbox::domain::time::Span;

/// Sheets with many short messages.
const LINES: &str = "alert-lines-in-the-thread";
const POSTS: &str = "alert-posts-in-the-channel";
const ALONE: &str = "alert-told-alone";
const REPLIES: &str = "alert-private-replies";
const ANSWERS: &str = "alert-answers";

pub async fn all() -> Vec<Stage> {
    vec![one_alert().await, only_lines().await, a_storm().await]
}

fn alert(name: &str, service: &str, severity: &str, firing: bool) -> Value {
    json!({ "key": format!("{name} {service}"), "status": if firing { "firing" } else { "resolved" }, "service": service,
        "title": format!("{name} of {service}"), "severity": severity, "labels": { "alertname": name },
        "link": "https://graphs.barq.test/1" })
}

async fn posts(stage: &mut Stage, alerts: Vec<Value>) {
    stage.world.posts("prometheus", Value::from(alerts).to_string()).await.unwrap();
}

fn card(stage: &mut Stage, sheet: &'static str) {
    let said = stage.newest(|s, _| s.key == "card:INC-1", "INC-1");
    stage.pick(sheet, "", Place::Channel, said.message());
}

async fn one_alert() -> Stage {
    let mut stage = Stage::at("2026-01-05T10:05").await;
    posts(&mut stage, vec![alert("HighErrorRate", "api", "critical", true)]).await;
    card(&mut stage, "card-of-an-alert");
    stage.asks(ANSWERS, "what fires", "omar", "/alerts").await;
    stage.asks(ANSWERS, "nothing silenced", "omar", "/silence list").await;
    stage.asks(REPLIES, "may not silence", "omar", "/silence HighErrorRate for 1h we know").await;
    stage.asks(REPLIES, "too long", "khalid", "/silence HighErrorRate for 30d we know").await;
    stage.asks(REPLIES, "no such incident", "khalid", "/silence INC-9 for 1h we know").await;
    stage.asks(REPLIES, "silenced", "khalid", "/silence HighErrorRate for 1h we move it").await;
    stage.said(POSTS, "silenced", "Silence 1: alerts of");
    stage.said(LINES, "hushed", "Nobody is paged about this for now");
    stage.wait(Span::secs(5)).await;
    card(&mut stage, "card-of-a-silenced-alert");
    stage.asks(ANSWERS, "what is silenced", "omar", "/silence list").await;
    stage.asks(ANSWERS, "what fires and is silenced", "omar", "/alerts").await;
    stage.wait(Span::hours(1)).await;
    stage.said(POSTS, "silence over", "Silence 1 is over");
    stage.said(LINES, "rearmed", "It still fires");
    stage.says("lina", "/incident ack for 1h").await;
    posts(&mut stage, vec![alert("HighErrorRate", "api", "critical", false)]).await;
    stage.wait(Span::mins(6)).await;
    stage.said(LINES, "over", "Its alert is over");
    posts(&mut stage, vec![alert("HighErrorRate", "api", "critical", true)]).await;
    stage.said(LINES, "fires again", "it is not under control");
    stage.says("khalid", "/silence INC-1 for 1h we move it again").await;
    stage.asks(REPLIES, "cancelled", "khalid", "/silence cancel 2").await;
    stage.asks(REPLIES, "no such silence", "khalid", "/silence cancel 2").await;
    stage
}

async fn only_lines() -> Stage {
    let mut stage = Stage::at("2026-01-05T10:05").await;
    posts(&mut stage, vec![alert("MemoryHigh", "api", "warning", true)]).await;
    stage.said(POSTS, "a line", "MemoryHigh of api fires");
    let many = ["frontend", "platform"].map(|service| alert("MemoryHigh", service, "warning", true));
    posts(&mut stage, many.into()).await;
    stage.said(POSTS, "several", "2 alerts fire");
    posts(&mut stage, vec![alert("MemoryHigh", "api", "warning", false)]).await;
    stage.wait(Span::mins(6)).await;
    stage.said(POSTS, "a line is over", "MemoryHigh of api is over");
    stage
}

async fn a_storm() -> Stage {
    let mut policy = policy();
    let mut minor = policy.alerts.rules[0].clone();
    minor.labels = [("severity".to_owned(), vec![Glob::new("minor")])].into();
    minor.then = Then::Incident { severity: "P3".into(), ladder: None };
    policy.alerts.rules.insert(0, minor);
    let mut stage = Stage::with("2026-01-05T13:05", policy).await;
    let down = |n: u8| {
        let mut one = alert("PodDown", if n.is_multiple_of(3) { "frontend" } else { "api" }, "critical", true);
        one["key"] = format!("pod {n}").into();
        one["labels"]["instance"] = n.to_string().into();
        one
    };
    posts(&mut stage, (0..30).map(down).collect()).await;
    card(&mut stage, "card-of-a-storm");
    let page = stage.newest(|s, text| s.only_for.is_some() && text.contains("You are paged as L1"), "a page");
    stage.pick(ALONE, "paged about a storm", Place::Channel, page.message());
    posts(&mut stage, vec![alert("SlowReports", "platform", "minor", true)]).await;
    stage.said(LINES, "somebody else is paged", "L1 is paged (the storm grows)");
    stage.said(LINES, "it grows", "SlowReports of platform");
    stage
}
