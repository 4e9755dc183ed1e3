//! A probe's reading and its verdict.

use super::policy::{Comparison, Condition};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Three-valued: what cannot be measured is never healthy and never a breach by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Healthy,
    Unhealthy,
    Inconclusive,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// What a probe said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub probe: String,
    /// When, on the wall clock.
    pub at: Timestamp,
    pub took_ms: i64,
    pub verdict: Verdict,
    /// Named numbers such as `status`, `latency_ms`, `requests`, `errors`. Never NaN: such a value is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, f64>,
    /// One line for people: `HTTP 200 in 12 ms, status "ok"`.
    pub text: String,
}

impl Condition {
    /// Whether it holds; `None` when there is no such value, or it is not a number.
    #[must_use]
    pub fn holds(&self, values: &BTreeMap<String, f64>) -> Option<bool> {
        let value = values.get(&self.value).copied().filter(|v| !v.is_nan())?;
        Some(match self.op {
            Comparison::Less => value < self.limit,
            Comparison::AtMost => value <= self.limit,
            Comparison::More => value > self.limit,
            Comparison::AtLeast => value >= self.limit,
            Comparison::Equal => value == self.limit,
        })
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let op = match self.op {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::More => ">",
            Comparison::AtLeast => ">=",
            Comparison::Equal => "==",
        };
        write!(f, "{} {op} {}", self.value, self.limit)
    }
}

/// The verdict on a reading whose asking alone gave `base`. What could not be asked stays inconclusive. Otherwise one
/// condition that is known not to hold makes it unhealthy, and a value that is missing or NaN makes it inconclusive.
#[must_use]
pub fn judge(conditions: &[Condition], values: &BTreeMap<String, f64>, base: Verdict) -> Verdict {
    if base != Verdict::Healthy {
        return base;
    }
    let held = || conditions.iter().map(|c| c.holds(values));
    if held().any(|h| h == Some(false)) {
        Verdict::Unhealthy
    } else if held().any(|h| h.is_none()) {
        Verdict::Inconclusive
    } else {
        Verdict::Healthy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_three_valued() {
        use Verdict::{Healthy, Inconclusive, Unhealthy};
        let values = BTreeMap::from([("a".to_owned(), 5.0), ("nan".to_owned(), f64::NAN)]);
        let when = |value: &str, op, limit| Condition { value: value.into(), op, limit };
        let (good, bad) = (when("a", Comparison::AtMost, 5.0), when("a", Comparison::Less, 5.0));
        let (nan, missing) = (when("nan", Comparison::Less, 5.0), when("b", Comparison::Less, 5.0));
        for (conditions, base, verdict) in [
            (vec![], Healthy, Healthy),
            (vec![], Unhealthy, Unhealthy),
            (vec![good.clone()], Healthy, Healthy),
            (vec![good.clone()], Unhealthy, Unhealthy),
            (vec![good.clone()], Inconclusive, Inconclusive),
            (vec![bad.clone()], Inconclusive, Inconclusive),
            (vec![good.clone(), bad.clone()], Healthy, Unhealthy),
            (vec![good.clone(), nan.clone()], Healthy, Inconclusive),
            (vec![missing.clone()], Healthy, Inconclusive),
            (vec![missing, nan, bad], Healthy, Unhealthy),
        ] {
            assert_eq!(judge(&conditions, &values, base), verdict, "{conditions:?} {base}");
        }
        assert_eq!(good.to_string(), "a <= 5");
    }

    #[test]
    fn comparisons_mean_what_they_say() {
        let values = BTreeMap::from([("a".to_owned(), 5.0)]);
        let holds = |op, limit| Condition { value: "a".into(), op, limit }.holds(&values);
        for (op, below, at, above) in [
            (Comparison::Less, false, false, true),
            (Comparison::AtMost, false, true, true),
            (Comparison::More, true, false, false),
            (Comparison::AtLeast, true, true, false),
            (Comparison::Equal, false, true, false),
        ] {
            assert_eq!(
                (holds(op, 4.0), holds(op, 5.0), holds(op, 6.0)),
                (Some(below), Some(at), Some(above)),
                "{op:?}"
            );
        }
    }
}
