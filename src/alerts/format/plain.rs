//! Our own format, for whatever has none: one alert, a list, or `{"alerts": [...]}`.
//!
//! `key` and `status` (`firing` or `resolved`) must be there. `title`, `text`, `severity`, `service`, `environment`, `labels`,
//! `link`, `start` (when this episode began) and `at` (when it was said) may be.

use super::ReadAlerts;
use super::text::{instant, link, scalar, table, text};
use crate::domain::alert::Alert;
use serde_json::Value;

pub fn read(body: &Value, out: &mut ReadAlerts) {
    match (body.get("alerts").unwrap_or(body), body) {
        (Value::Array(items), _) => out.each(items, one),
        (_, Value::Object(_)) => out.each(std::slice::from_ref(body), one),
        _ => out.damage("no alerts", 1),
    }
}

fn one(item: &Value) -> Result<Alert, &'static str> {
    let key = item.get("key").and_then(scalar).filter(|k| !k.is_empty()).ok_or("no key")?;
    let firing = match text(item, "status") {
        Some("firing") => true,
        Some("resolved" | "ok") => false,
        _ => return Err("no status"),
    };
    let mut labels = table(item.get("labels"));
    for name in ["severity", "service", "environment"] {
        if let Some(value) = text(item, name) {
            labels.insert(name.into(), value.to_owned());
        }
    }
    labels.entry("alertname".into()).or_insert_with(|| key.clone());
    Ok(Alert {
        title: text(item, "title").map_or_else(|| key.clone(), str::to_owned),
        id: key,
        firing,
        labels,
        text: text(item, "text").unwrap_or_default().to_owned(),
        start: instant(item.get("start")),
        said: instant(item.get("at")),
        link: link(text(item, "link")),
        came: None,
    })
}
