//! The command probe: exit code 0 is healthy, 1 unhealthy, everything else inconclusive.
//!
//! The last line it prints is its `value` when it is a number. A healthy reading's text is that line and nothing else, so
//! that a version can be read back by it.

use super::asked::Asked;
use crate::domain::probe::Verdict;
use crate::domain::time::Span;
use crate::jobs::command::brief;
use std::collections::BTreeMap;

/// Asks once.
pub async fn ask(argv: &[String], env: &[String], limit: Span) -> Asked {
    let answer = match brief::ask(argv, env, limit).await {
        Ok(answer) => answer,
        Err(why) => return Asked::inconclusive(why),
    };
    let last = answer.text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let value = last.parse().ok().filter(|v: &f64| v.is_finite());
    let values = BTreeMap::from_iter(value.map(|v| ("value".to_owned(), v)));
    let (base, how) = match answer.code {
        Some(0) => (Verdict::Healthy, "exit code 0".to_owned()),
        Some(1) => (Verdict::Unhealthy, "exit code 1".to_owned()),
        Some(code) => (Verdict::Inconclusive, format!("exit code {code}")),
        None => (Verdict::Inconclusive, "ended by a signal".to_owned()),
    };
    let text = match last {
        "" => how,
        line if base == Verdict::Healthy => line.to_owned(),
        line => format!("{how}: {line}"),
    };
    Asked { base, values, text }
}
