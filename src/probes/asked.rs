//! What asking brought, before conditions are looked at, and how it becomes a reading.

use crate::domain::policy::ProbeSpec;
use crate::domain::probe::{Reading, Verdict, judge};
use crate::domain::time::{Now, Span};
use crate::limits;
use std::collections::BTreeMap;

/// The answer of an adapter. `base` is what the asking itself says.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub base: Verdict,
    pub values: BTreeMap<String, f64>,
    pub text: String,
}

impl Asked {
    /// It could not be asked, or the answer cannot be understood.
    #[must_use]
    pub fn inconclusive(text: impl Into<String>) -> Self {
        Self { base: Verdict::Inconclusive, values: BTreeMap::new(), text: text.into() }
    }

    /// The reading, with the conditions judged and those that do not hold named.
    #[must_use]
    pub fn read(mut self, spec: &ProbeSpec, took: Span, now: Now) -> Reading {
        self.values.retain(|_, value| !value.is_nan());
        let verdict = judge(&spec.conditions, &self.values, self.base);
        let mut text = shown(&self.text);
        if self.base == Verdict::Healthy {
            for condition in &spec.conditions {
                match (condition.holds(&self.values), self.values.get(&condition.value)) {
                    (Some(false), Some(value)) => {
                        text.push_str(&format!("; {} is {value}, not {condition}", condition.value))
                    }
                    (None, _) => text.push_str(&format!("; there is no {}", condition.value)),
                    _ => {}
                }
            }
        }
        Reading {
            probe: spec.name.clone(),
            at: now.wall,
            took_ms: took.as_millis(),
            verdict,
            values: self.values,
            text,
        }
    }
}

/// Outside text as one line of bounded length.
#[must_use]
pub fn shown(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty());
    let mut line = words.collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(limits::READING_CHARS) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_becomes_one_short_line() {
        assert_eq!(shown(" a\n\tb\u{1b}[31mc\0 "), "a b [31mc");
        let at = "é".repeat(limits::READING_CHARS);
        assert_eq!(shown(&at), at);
        assert_eq!(shown(&format!("{at}x")), format!("{at}…"));
    }
}
