//! Alertmanager's webhook, version 4, and Grafana's, which is the same with more in it.

use super::ReadAlerts;
use super::text::{at, instant, link, table, text};
use crate::domain::alert::Alert;
use serde_json::Value;
use std::collections::BTreeMap;

pub fn read(body: &Value, grafana: bool, out: &mut ReadAlerts) {
    let Some(items) = body.get("alerts").and_then(Value::as_array) else {
        out.damage("no alerts", 1);
        return;
    };
    let group = text(body, "groupKey");
    let outside = link(text(body, "externalURL"));
    out.each(items, |item| one(item, grafana, group, outside.as_deref()));
    // What a sender cut off is not known here; it comes with the next request of its group.
    if let Some(cut) = body.get("truncatedAlerts").and_then(Value::as_u64).filter(|n| *n > 0) {
        out.damage("cut off by the sender", cut);
    }
}

fn one(item: &Value, grafana: bool, group: Option<&str>, outside: Option<&str>) -> Result<Alert, &'static str> {
    let firing = match text(item, "status") {
        Some("firing") => true,
        Some("resolved") => false,
        _ => return Err("no status"),
    };
    let mut labels = table(item.get("labels"));
    if labels.is_empty() {
        return Err("no labels");
    }
    let id = text(item, "fingerprint").map_or_else(|| sorted(&labels), str::to_owned);
    let said = |key: &str| at(item, &format!("/annotations/{key}")).map(str::to_owned);
    let name = labels.get("alertname").cloned().unwrap_or_default();
    let title = said("summary").or_else(|| said("title")).unwrap_or_else(|| name.clone());
    let mut words = said("description").or_else(|| said("message")).unwrap_or_default();
    let mut places = vec!["generatorURL"];
    if grafana {
        let numbers = table(item.get("values")).into_iter().map(|(k, v)| format!("{k}={v}"));
        let numbers = numbers.collect::<Vec<_>>().join(", ");
        if !numbers.is_empty() {
            words = if words.is_empty() { numbers } else { format!("{words} ({numbers})") };
        }
        places.splice(0..0, ["panelURL", "dashboardURL"]);
    }
    let own = places.into_iter().find_map(|key| link(text(item, key)));
    if let Some(group) = group {
        labels.entry("group_key".into()).or_insert_with(|| group.to_owned());
    }
    Ok(Alert {
        id,
        firing,
        title: if title.is_empty() { "an alert without a name".into() } else { title },
        labels,
        text: words,
        start: instant(item.get("startsAt")),
        said: None,
        link: own.or_else(|| outside.map(str::to_owned)),
        came: None,
    })
}

/// Where there is no fingerprint, the labels are one.
fn sorted(labels: &BTreeMap<String, String>) -> String {
    let all = labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect::<Vec<_>>().join(",");
    crate::domain::alert::hash(&all)
}
