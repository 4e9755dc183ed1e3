//! The HTTP probe: status, a field of a JSON body, expected text, and how long the answer took.
//!
//! Another status than the expected one is unhealthy. With `json` (RFC 6901, such as `/checks/database`) the field is the
//! reading's `value` when it is a number, and `expect_text` must equal it; without, `expect_text` must be found in the body.
//! No answer, a missing field and a body that is not JSON are inconclusive. A healthy reading's text is the field or the
//! body's start and nothing else, so that a version can be read back by it; markup is replaced by status and time.

use super::asked::{Asked, shown};
use crate::clock::Stopwatch;
use crate::domain::probe::Verdict;
use crate::domain::time::Span;
use crate::http::{self, Body};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is expected of the answer.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub status: u16,
    pub json: Option<&'a str>,
    pub text: Option<&'a str>,
}

/// Asks once.
pub async fn ask(client: &reqwest::Client, url: &str, expected: Expected<'_>, limit: Span) -> Asked {
    let watch = Stopwatch::start();
    let answer = async {
        let response = client.get(url).timeout(limit.to_std()).send().await?;
        let status = response.status().as_u16();
        http::body(response).await.map(|body| (status, body))
    };
    match answer.await {
        Ok((status, body)) => understand(status, &body, watch.elapsed(), expected),
        Err(e) if e.is_builder() => Asked::inconclusive("this is not a URL that can be asked"),
        Err(e) => Asked::inconclusive(http::why_not(&e)),
    }
}

fn understand(status: u16, body: &Body, took: Span, expected: Expected<'_>) -> Asked {
    let latency = took.as_millis();
    let mut values =
        BTreeMap::from([("status".to_owned(), f64::from(status)), ("latency_ms".to_owned(), latency as f64)]);
    let head = format!("HTTP {status} in {latency} ms");
    if status != expected.status {
        let start = shown(&body.text());
        let more = if start.is_empty() || start.starts_with('<') { String::new() } else { format!(": {start}") };
        let text = format!("{head}, expected {}{more}", expected.status);
        return Asked { base: Verdict::Unhealthy, values, text };
    }
    let (base, text) = match expected.json {
        Some(pointer) => match find(body, pointer) {
            Ok(field) => {
                values.extend(field.as_f64().map(|number| ("value".to_owned(), number)));
                let text = field.as_str().map_or_else(|| field.to_string(), str::to_owned);
                match expected.text.filter(|wanted| text != *wanted) {
                    Some(wanted) => {
                        (Verdict::Unhealthy, format!("{head}, {pointer} is \"{}\", not \"{wanted}\"", shown(&text)))
                    }
                    None => (Verdict::Healthy, text),
                }
            }
            Err(why) => (Verdict::Inconclusive, format!("{head}, {why}")),
        },
        None => match expected.text.filter(|wanted| !body.text().contains(wanted)) {
            Some(_) if body.cut => (Verdict::Inconclusive, format!("{head}, the body is too long to be read")),
            Some(wanted) => (Verdict::Unhealthy, format!("{head}, without \"{wanted}\": {}", shown(&body.text()))),
            None => (Verdict::Healthy, shown(&body.text())),
        },
    };
    let markup = text.is_empty() || text.starts_with('<');
    Asked { base, values, text: if markup { head } else { text } }
}

fn find(body: &Body, pointer: &str) -> Result<Value, String> {
    if body.cut {
        return Err("the body is too long to be read".into());
    }
    let mut json: Value = serde_json::from_slice(&body.bytes).map_err(|_| "the body is not JSON".to_owned())?;
    json.pointer_mut(pointer).map(Value::take).ok_or_else(|| format!("the body has no {pointer}"))
}
