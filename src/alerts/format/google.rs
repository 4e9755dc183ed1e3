//! Google Cloud Monitoring's webhook: one incident of its own in each request.

use super::ReadAlerts;
use super::text::{at, instant, link, scalar, table, text};
use crate::domain::alert::Alert;
use serde_json::Value;

pub fn read(body: &Value, out: &mut ReadAlerts) {
    match body.get("incident") {
        Some(incident) => out.each(std::slice::from_ref(incident), one),
        None => out.damage("no incident", 1),
    }
}

fn one(incident: &Value) -> Result<Alert, &'static str> {
    let id = text(incident, "incident_id").ok_or("no incident_id")?;
    let firing = match text(incident, "state").map(str::to_ascii_lowercase).as_deref() {
        Some("open" | "acknowledged") => true,
        Some("closed") => false,
        _ => return Err("no state"),
    };
    let mut labels = table(incident.pointer("/resource/labels"));
    labels.extend(table(incident.pointer("/metric/labels")));
    labels.extend(table(incident.pointer("/metadata/user_labels")));
    labels.extend(table(incident.get("policy_user_labels")));
    let name = text(incident, "policy_name").unwrap_or("an alert without a name");
    let named = [
        ("alertname", Some(name)),
        ("condition", text(incident, "condition_name")),
        ("resource", text(incident, "resource_display_name").or_else(|| text(incident, "resource_name"))),
        ("project", text(incident, "scoping_project_id")),
    ];
    labels.extend(named.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?.to_owned()))));
    if let Some(severity) = text(incident, "severity").filter(|s| !s.eq_ignore_ascii_case("no severity")) {
        labels.insert("severity".into(), severity.to_lowercase());
    }
    let number = |key: &str| incident.get(key).and_then(scalar).filter(|n| !n.is_empty());
    let numbers = match (number("observed_value"), number("threshold_value")) {
        (Some(seen), Some(limit)) => format!("{seen}, of {limit} allowed"),
        (Some(seen), None) => seen,
        (None, _) => String::new(),
    };
    let title = at(incident, "/documentation/subject").unwrap_or(name);
    let summary = text(incident, "summary").unwrap_or_default();
    let text = [summary.to_owned(), numbers].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ");
    Ok(Alert {
        id: id.to_owned(),
        firing,
        title: title.to_owned(),
        labels,
        text,
        start: instant(incident.get("started_at")),
        said: None,
        link: link(incident.get("url").and_then(Value::as_str)),
        came: None,
    })
}
