//! Front matter: which services and environments a checklist is for, and when.

use super::note::Note;
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::policy::Phase;
use crate::domain::time::Span;
use std::collections::BTreeSet;

/// A name in the front matter that somebody else must look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mention {
    Service(String, u32),
    Environment(String, u32),
    Role(String, u32),
}

#[derive(Clone, Debug)]
pub struct Front {
    pub title: Option<String>,
    pub phase: Phase,
    pub services: BTreeSet<ServiceName>,
    pub environments: BTreeSet<EnvironmentName>,
    pub mentions: Vec<Mention>,
}

const KEYS: &str = "known: title, phase, services, environments";

/// One `key: value` of the front matter.
pub struct Said<'t> {
    pub key: &'t str,
    pub value: &'t str,
    pub line: u32,
}

/// What the front matter says, and the text with blank lines in its place, so that line numbers stay right.
pub fn said<'t>(text: &'t str, keys: &str, notes: &mut Vec<Note>) -> (Vec<Said<'t>>, String) {
    let mut out = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.lines().next().map(str::trim_end) != Some("---") {
        return (out, text.to_owned());
    }
    let Some(end) = text.lines().skip(1).position(|l| l.trim_end() == "---") else {
        notes.push(Note::error(1, "the front matter has no end").hint("close it with a line of three dashes"));
        return (out, text.to_owned());
    };
    let mut seen = BTreeSet::new();
    for (line, content) in (2u32..).zip(text.lines().skip(1).take(end)) {
        let content = content.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let Some((key, value)) = content.split_once(':') else {
            notes.push(Note::error(line, "this is not `key: value`").hint(keys));
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let key = match key {
            "service" => "services",
            "environment" => "environments",
            other => other,
        };
        if !seen.insert(key) {
            notes.push(Note::error(line, format!("`{}` is said twice", short(key))));
        }
        out.push(Said { key, value, line });
    }
    let blank = "\n".repeat(end + 2);
    let rest: Vec<&str> = text.lines().skip(end + 2).collect();
    (out, format!("{blank}{}\n", rest.join("\n")))
}

/// The front matter of a checklist, and the text below it.
pub fn split(text: &str, notes: &mut Vec<Note>) -> (Front, String) {
    let mut front = Front {
        title: None,
        phase: Phase::Before,
        services: BTreeSet::new(),
        environments: BTreeSet::new(),
        mentions: Vec::new(),
    };
    let (lines, body) = said(text, KEYS, notes);
    for Said { key, value, line } in lines {
        one(key, value, line, &mut front, notes);
    }
    (front, body)
}

/// The names of a list: `[a, b]` or `a, b`.
pub fn list(value: &str) -> Vec<&str> {
    let list = value.strip_prefix('[').and_then(|v| v.strip_suffix(']')).unwrap_or(value);
    list.split(',').map(|n| unquoted(n.trim())).filter(|n| !n.is_empty()).collect()
}

fn one(key: &str, value: &str, line: u32, front: &mut Front, notes: &mut Vec<Note>) {
    match key {
        "title" if value.is_empty() => notes.push(Note::error(line, "the title is empty")),
        "title" => front.title = Some(unquoted(value).to_owned()),
        "phase" => match phase(unquoted(value)) {
            Some(phase) => front.phase = phase,
            None => notes.push(
                Note::error(line, format!("`{}` is not a phase", short(value)))
                    .hint("known: before, during, after 15m (any length of time), after-rollback"),
            ),
        },
        "services" | "environments" => {
            let names = list(value);
            if names.is_empty() {
                notes.push(Note::error(line, "no name is given").hint("leave the line out for all of them"));
            }
            for name in names {
                if key == "services" {
                    front.services.insert(ServiceName::new(name));
                    front.mentions.push(Mention::Service(name.to_owned(), line));
                } else {
                    front.environments.insert(EnvironmentName::new(name));
                    front.mentions.push(Mention::Environment(name.to_owned(), line));
                }
            }
        }
        other => notes.push(Note::error(line, format!("`{}` is not a key here", short(other))).hint(KEYS)),
    }
}

fn phase(text: &str) -> Option<Phase> {
    match text {
        "before" => Some(Phase::Before),
        "during" => Some(Phase::During),
        "after-rollback" | "after rollback" => Some(Phase::AfterRollback),
        "after" => Some(Phase::After(Span::ZERO)),
        other => Span::parse(other.strip_prefix("after ")?).ok().map(Phase::After),
    }
}

pub fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

pub fn short(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_read_as_people_write_them() {
        assert_eq!(phase("before"), Some(Phase::Before));
        assert_eq!(phase("after 15m"), Some(Phase::After(Span::mins(15))));
        assert_eq!(phase("after 2h"), Some(Phase::After(Span::hours(2))));
        assert_eq!(phase("after-rollback"), Some(Phase::AfterRollback));
        for wrong in ["", "afterwards", "after soon", "after 15"] {
            assert_eq!(phase(wrong), None, "{wrong}");
        }
    }
}
