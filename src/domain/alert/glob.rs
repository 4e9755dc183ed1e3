//! Patterns in rules and silences: `*` stands for any text, everything else for itself, whatever its case.

use serde::{Deserialize, Serialize};

/// One pattern. `*` alone asks that there is something; the empty one that there is nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

impl Glob {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_lowercase())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self.0.as_str() {
            "*" => !text.is_empty(),
            pattern if pattern.contains('*') => wild(pattern, &text.to_lowercase()),
            pattern => pattern == text || pattern == text.to_lowercase(),
        }
    }

    /// It has no `*`.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }
}

/// Whether one of them matches.
#[must_use]
pub fn any(globs: &[Glob], text: &str) -> bool {
    globs.iter().any(|glob| glob.matches(text))
}

/// Whether whatever matches one of `narrow` certainly matches one of `wide`.
#[must_use]
pub fn covers(wide: &[Glob], narrow: &[Glob]) -> bool {
    let within = |n: &Glob| wide.iter().any(|w| w == n || (n.is_exact() && w.matches(n.as_str())) || w.0 == "*");
    narrow.iter().all(|n| !n.0.is_empty() && within(n))
}

/// The parts between the stars stand in the text in their order: the first at its start, the last at its end.
fn wild(pattern: &str, text: &str) -> bool {
    let (Some((first, rest)), Some((_, last))) = (pattern.split_once('*'), pattern.rsplit_once('*')) else {
        return pattern == text;
    };
    if text.len() < first.len() + last.len() || !text.starts_with(first) || !text.ends_with(last) {
        return false;
    }
    let middle = rest.strip_suffix(last).unwrap_or(rest);
    let mut left = &text[first.len()..text.len() - last.len()];
    for part in middle.split('*').filter(|part| !part.is_empty()) {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        let yes = [("api", "API"), ("high*", "HighErrorRate"), ("*rate", "HighErrorRate"), ("h*e*te", "HighErrorRate")];
        let no = [("api", "apis"), ("", "x"), ("*", ""), ("high*rate", "highrat"), ("ab*ba", "aba"), ("*x*", "abc")];
        for (pattern, text) in yes.into_iter().chain([("*", "x"), ("", ""), ("*data*base*", "the database is down")]) {
            assert!(Glob::new(pattern).matches(text), "{pattern} {text}");
        }
        for (pattern, text) in no {
            assert!(!Glob::new(pattern).matches(text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_wide_pattern_covers_a_narrow_one() {
        let globs = |all: &[&str]| all.iter().map(|g| Glob::new(g)).collect::<Vec<_>>();
        assert!(covers(&globs(&["high*"]), &globs(&["HighErrorRate", "high*"])));
        assert!(covers(&globs(&["*"]), &globs(&["a*b"])));
        assert!(!covers(&globs(&["high*"]), &globs(&["*rate"])));
        assert!(!covers(&globs(&["*"]), &globs(&[""])), "what is not there is not matched by a star");
    }
}
