//! PagerDuty's webhooks, version 3. What we opened there ourselves comes back by them, and is not an alert.

use super::ReadAlerts;
use super::text::{at, instant, link, text};
use crate::domain::alert::Alert;
use serde_json::Value;
use std::collections::BTreeMap;

/// How the keys of our own pages begin there.
const OURS: &str = "signalbox/";

pub fn read(body: &Value, out: &mut ReadAlerts) {
    let Some(event) = body.get("event") else {
        out.damage("no event", 1);
        return;
    };
    // Tests of the subscription, and whatever is not about an incident's life.
    let about_incidents = text(event, "resource_type") == Some("incident");
    let data = event.get("data");
    let is_incident = data.and_then(|d| text(d, "type")).is_none_or(|t| t == "incident");
    let own = data.and_then(|d| text(d, "incident_key")).is_some_and(|key| key.starts_with(OURS));
    if !about_incidents || !is_incident || own {
        return;
    }
    out.each(std::slice::from_ref(event), one);
}

fn one(event: &Value) -> Result<Alert, &'static str> {
    let data = event.get("data").ok_or("no data")?;
    let id = text(data, "id").ok_or("no id")?;
    let firing = match text(data, "status") {
        Some("triggered" | "acknowledged") => true,
        Some("resolved") => false,
        _ => return Err("no status"),
    };
    let title = text(data, "title").unwrap_or("an incident without a title");
    let severity = at(data, "/priority/summary").or_else(|| text(data, "urgency"));
    let named = [
        ("alertname", Some(title)),
        ("service", at(data, "/service/summary")),
        ("severity", severity),
        ("urgency", text(data, "urgency")),
        ("incident_key", text(data, "incident_key")),
    ];
    let labels: BTreeMap<String, String> =
        named.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?.to_owned()))).collect();
    Ok(Alert {
        id: id.to_owned(),
        firing,
        title: title.to_owned(),
        labels,
        text: String::new(),
        start: None,
        said: instant(event.get("occurred_at")),
        link: link(text(data, "html_url")),
        came: None,
    })
}
