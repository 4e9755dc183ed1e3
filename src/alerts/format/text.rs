//! Small readings that all formats share, and the bounds of what is kept of an alert.

use crate::domain::alert::Alert;
use crate::limits;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// The text under a key, trimmed; absent when it is empty or no text.
pub fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty())
}

/// The text at a path such as `/service/summary`.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty())
}

/// Texts, numbers and truth values of a table; others are left out.
pub fn table(value: Option<&Value>) -> BTreeMap<String, String> {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), scalar(value)?))).collect()
}

pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// An instant as RFC 3339, or in seconds since 1970. The year 1 is how some say that there is none.
pub fn instant(value: Option<&Value>) -> Option<Timestamp> {
    let read = match value? {
        Value::String(text) => text.parse().ok(),
        Value::Number(n) => n.as_i64().and_then(|s| Timestamp::from_second(s).ok()),
        _ => None,
    };
    read.filter(|at: &Timestamp| at.as_second() > 0)
}

/// A link that a browser may open.
pub fn link(value: Option<&str>) -> Option<String> {
    value.filter(|url| url.starts_with("https://") || url.starts_with("http://")).map(str::to_owned)
}

/// What is kept of an alert: without control characters, and no longer than its bounds.
pub fn bounded(mut alert: Alert) -> Alert {
    alert.id = clip(&alert.id, limits::ALERT_LABEL_CHARS);
    alert.title = clip(&alert.title, limits::ALERT_TITLE_CHARS);
    alert.text = clip(&alert.text, limits::ALERT_TEXT_CHARS);
    alert.link = alert.link.filter(|url| url.chars().count() <= limits::ALERT_LINK_CHARS);
    // Those that rules ask for most come first, whatever else there is.
    let wanted = |name: &str| ["alertname", "severity", "service", "environment"].contains(&name);
    let (first, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut alert.labels).into_iter().partition(|(k, _)| wanted(k));
    let clipped = |(k, v): (String, String)| (clip(&k, limits::ALERT_LABEL_CHARS), clip(&v, limits::ALERT_LABEL_CHARS));
    alert.labels = first.into_iter().chain(rest).take(limits::ALERT_LABELS).map(clipped).collect();
    alert
}

fn clip(text: &str, most: usize) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().count() <= most {
        return text.chars().map(clean).collect();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).map(clean).collect();
    out.push('…');
    out
}
