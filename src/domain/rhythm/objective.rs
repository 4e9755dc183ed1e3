//! Objectives: a number that a probe reads, beside what it should be.

use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::policy::{Condition, Source};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    pub name: String,
    /// As shown: `Error rate`.
    pub title: String,
    pub probe: String,
    /// It is met while this holds.
    pub target: Condition,
    /// It is a warning, or critical, while this holds.
    pub warning: Option<Condition>,
    pub critical: Option<Condition>,
    /// Where it is read; empty: wherever a service is deployed to.
    pub environments: BTreeSet<EnvironmentName>,
    pub services: BTreeSet<ServiceName>,
    /// It tells about backups, which have a section of their own.
    pub backup: bool,
    pub source: Source,
}

/// How a number stands to its objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    Met,
    /// Neither as it should be nor a warning.
    Missed,
    Warning,
    Critical,
    /// Nobody knows.
    Unread,
}

impl Stands {
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unread => "not read",
        }
    }
}

/// What an objective came to at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub title: String,
    /// `api in production`.
    pub place: String,
    pub stands: Stands,
    /// `0.02 %`, or why there is none.
    pub value: String,
    /// `< 0.1 %`
    pub target: String,
    /// The bare number, for curves.
    #[serde(default)]
    pub number: Option<f64>,
}

/// Holds a reading against an objective.
#[must_use]
pub fn measured(objective: &Objective, place: &str, reading: &Reading) -> Measured {
    let values = with_rate(&reading.values);
    let name = &objective.target.value;
    let number = values.get(name).copied().filter(|_| reading.verdict != Verdict::Inconclusive);
    let holds = |condition: Option<&Condition>| condition.and_then(|c| c.holds(&values)) == Some(true);
    let stands = match objective.target.holds(&values).filter(|_| number.is_some()) {
        None => Stands::Unread,
        Some(_) if holds(objective.critical.as_ref()) => Stands::Critical,
        Some(_) if holds(objective.warning.as_ref()) => Stands::Warning,
        Some(true) => Stands::Met,
        Some(false) => Stands::Missed,
    };
    let target = objective.target.to_string();
    let op = target.strip_prefix(name.as_str()).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
    let said = if reading.text.is_empty() { format!("{} reads nothing", reading.probe) } else { reading.text.clone() };
    Measured {
        title: objective.title.clone(),
        place: place.to_owned(),
        stands,
        value: number.map_or(said, |n| amount(name, n)),
        target: format!("{op} {}", amount(name, objective.target.limit)),
        number,
    }
}

/// A reading of counters says how many of the requests failed.
fn with_rate(values: &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    let mut out = values.clone();
    if let (Some(errors), Some(requests)) = (values.get("errors"), values.get("requests"))
        && *requests > 0.0
    {
        out.entry("error_rate".to_owned()).or_insert(errors / requests);
    }
    out
}

/// A number as people read it: what is named `…_rate` in per cent, `…_ms` and `…_s` as lengths of time.
#[must_use]
pub fn amount(name: &str, n: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "lengths of time that people read")]
    let span = |ms: f64| Span::millis(ms.clamp(-9.0e14, 9.0e14).round() as i64).to_string();
    let plain = |n: f64| {
        let text = format!("{n:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if name.ends_with("_rate") || name.ends_with("_ratio") {
        format!("{} %", plain(n * 100.0))
    } else if name.ends_with("_ms") {
        format!("{} ms", plain(n))
    } else if name.ends_with("_s") {
        span(n * 1000.0)
    } else {
        plain(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Comparison;

    fn reading(verdict: Verdict, values: &[(&str, f64)]) -> Reading {
        let values = values.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect();
        let at = "2026-01-05T06:00:00Z".parse().unwrap();
        Reading { probe: "counters".into(), at, took_ms: 1, verdict, values, text: "3 of 1000".into() }
    }

    fn error_rate() -> Objective {
        let when = |op, limit| Condition { value: "error_rate".into(), op, limit };
        Objective {
            name: "errors".into(),
            title: "Error rate".into(),
            probe: "counters".into(),
            target: when(Comparison::Less, 0.001),
            warning: Some(when(Comparison::More, 0.005)),
            critical: Some(when(Comparison::More, 0.01)),
            environments: BTreeSet::new(),
            services: BTreeSet::new(),
            backup: false,
            source: Source::default(),
        }
    }

    #[test]
    fn a_number_stands_beside_its_objective_with_a_word() {
        for (errors, word, value) in [
            (0.0, Stands::Met, "0 %"),
            (3.0, Stands::Missed, "0.3 %"),
            (6.0, Stands::Warning, "0.6 %"),
            (11.0, Stands::Critical, "1.1 %"),
        ] {
            let said = measured(
                &error_rate(),
                "api in production",
                &reading(Verdict::Unhealthy, &[("errors", errors), ("requests", 1000.0)]),
            );
            assert_eq!((said.stands, said.value.as_str(), said.target.as_str()), (word, value, "< 0.1 %"));
        }
        let none = measured(&error_rate(), "", &reading(Verdict::Healthy, &[("errors", 0.0), ("requests", 0.0)]));
        assert_eq!((none.stands, none.value.as_str()), (Stands::Unread, "3 of 1000"));
        let unread = measured(&error_rate(), "", &reading(Verdict::Inconclusive, &[("error_rate", 0.0)]));
        assert_eq!(unread.stands, Stands::Unread, "what could not be read is not met");
    }

    #[test]
    fn numbers_read_as_what_they_measure() {
        for (name, n, text) in [
            ("error_rate", 0.000_51, "0.051 %"),
            ("p95_ms", 312.0, "312 ms"),
            ("age_s", 5_400.0, "1 h 30 min"),
            ("errors", 12.0, "12"),
            ("errors", 0.5, "0.5"),
        ] {
            assert_eq!(amount(name, n), text);
        }
    }
}
