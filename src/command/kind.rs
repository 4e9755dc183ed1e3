//! The kinds of argument, and how one word becomes a value of its kind.

use super::error::Problem;
use super::near::near;
use super::vocabulary::Vocabulary;
use crate::domain::command::RollbackMode;
use crate::domain::ids::{DeploymentId, EnvironmentName, IncidentId, PersonId, Role, ServiceName};
use crate::domain::incident::Duty;
use crate::domain::status::Phase;
use crate::domain::time::Span;
use crate::limits::{CHECKLIST_ITEMS, VERSION_CHARS};
use serde::{Deserialize, Serialize};

/// What an argument is, as written in the command's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Version,
    Service,
    Environment,
    Strategy,
    Deployment,
    Duration,
    /// Any words: the rest of the line, or one quoted word behind a flag.
    Text,
    Word,
    Role,
    Mode,
    Incident,
    Severity,
    Person,
    Roster,
    /// Somebody to page: a person, a roster or a role.
    Whom,
    Digest,
    Maintenance,
    Runbook,
    Duty,
    /// How far an incident is, as customers are told.
    Phase,
    Items,
    Number,
    Flag,
}

impl Kind {
    /// With its article, for sentences: `a service`.
    #[must_use]
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Version => "a version",
            Self::Service => "a service",
            Self::Environment => "an environment",
            Self::Strategy => "a strategy",
            Self::Deployment => "a deployment",
            Self::Duration => "a length of time",
            Self::Text => "a text",
            Self::Word => "a word",
            Self::Role => "a role",
            Self::Mode => "a way back",
            Self::Incident => "an incident",
            Self::Severity => "a severity",
            Self::Person => "a person",
            Self::Roster => "a roster",
            Self::Whom => "a person, a roster or a role",
            Self::Digest => "a digest",
            Self::Maintenance => "a maintenance",
            Self::Runbook => "a runbook",
            Self::Duty => "a duty",
            Self::Phase => "a phase",
            Self::Items => "a list of item numbers",
            Self::Number => "a number",
            Self::Flag => "a switch",
        }
    }

    /// Its values come from a list that is known beforehand.
    #[must_use]
    pub fn listed(self) -> bool {
        matches!(
            self,
            Self::Service
                | Self::Environment
                | Self::Strategy
                | Self::Role
                | Self::Mode
                | Self::Severity
                | Self::Person
                | Self::Roster
                | Self::Whom
                | Self::Digest
                | Self::Maintenance
                | Self::Runbook
                | Self::Duty
                | Self::Phase
        )
    }

    /// The known words of a listed kind.
    #[must_use]
    pub fn words(self, vocabulary: &Vocabulary) -> Vec<&str> {
        match self {
            Self::Service => vocabulary.services.iter().map(ServiceName::as_str).collect(),
            Self::Environment => vocabulary.environments.iter().map(EnvironmentName::as_str).collect(),
            Self::Strategy => vocabulary.strategies.iter().map(String::as_str).collect(),
            Self::Role => vocabulary.roles.iter().map(Role::as_str).collect(),
            Self::Mode => RollbackMode::ALL.into_iter().map(RollbackMode::as_str).collect(),
            Self::Severity => vocabulary.severities.iter().map(String::as_str).collect(),
            Self::Person => vocabulary.people.keys().map(PersonId::as_str).collect(),
            Self::Roster => vocabulary.rosters.iter().map(String::as_str).collect(),
            Self::Whom => vocabulary.pageable(),
            Self::Digest => vocabulary.digests.iter().map(String::as_str).collect(),
            Self::Maintenance => vocabulary.maintenance.iter().map(String::as_str).collect(),
            Self::Runbook => vocabulary.runbooks.iter().map(String::as_str).collect(),
            Self::Duty => Duty::ALL.into_iter().map(Duty::words).collect(),
            Self::Phase => Phase::OPEN.into_iter().map(Phase::name).collect(),
            _ => Vec::new(),
        }
    }

    /// Reads one word.
    ///
    /// # Errors
    /// When the word is not of this kind; the problem says what would be.
    pub fn read(self, word: &str, vocabulary: &Vocabulary) -> Result<Value, Problem> {
        let unknown = || Problem::UnknownName {
            kind: self,
            word: word.to_owned(),
            near: near(word, self.words(vocabulary)),
            known: self.words(vocabulary).into_iter().map(str::to_owned).collect(),
            is: [Self::Service, Self::Environment]
                .into_iter()
                .find(|k| *k != self && k.words(vocabulary).contains(&word)),
        };
        let bad = || Problem::BadValue { kind: self, word: word.to_owned() };
        match self {
            Self::Service => vocabulary.service(word).cloned().map(Value::Service).ok_or_else(unknown),
            Self::Environment => vocabulary.environment(word).cloned().map(Value::Environment).ok_or_else(unknown),
            Self::Strategy => vocabulary.strategy(word).map(|s| Value::Text(s.to_owned())).ok_or_else(unknown),
            Self::Role => vocabulary.role(word).cloned().map(Value::Role).ok_or_else(unknown),
            Self::Mode => RollbackMode::parse(word).map(Value::Mode).ok_or_else(unknown),
            Self::Severity => vocabulary.severity(word).map(|s| Value::Text(s.to_owned())).ok_or_else(unknown),
            Self::Person => vocabulary.person(word).cloned().map(Value::Person).ok_or_else(unknown),
            Self::Roster => vocabulary.roster(word).map(|r| Value::Text(r.to_owned())).ok_or_else(unknown),
            Self::Whom => vocabulary.whom(word).map(|w| Value::Text(w.to_owned())).ok_or_else(unknown),
            Self::Digest => vocabulary.digest(word).map(|d| Value::Text(d.to_owned())).ok_or_else(unknown),
            Self::Maintenance => vocabulary.maintenance(word).map(|m| Value::Text(m.to_owned())).ok_or_else(unknown),
            Self::Runbook => vocabulary.runbook(word).map(|r| Value::Text(r.to_owned())).ok_or_else(unknown),
            Self::Duty => Duty::parse(word).map(|d| Value::Text(d.words().to_owned())).ok_or_else(unknown),
            Self::Phase => {
                let open = Phase::parse(word).filter(|phase| Phase::OPEN.contains(phase));
                open.map(|phase| Value::Text(phase.name().to_owned())).ok_or_else(unknown)
            }
            // A number alone is more often part of what is said.
            Self::Incident if word.starts_with(['I', 'i']) => {
                IncidentId::parse(&word.replace(['–', '‑', '—'], "-")).map(Value::Incident).ok_or_else(bad)
            }
            Self::Version if is_version(word) => Ok(Value::Text(word.to_owned())),
            // Phones turn the hyphen into a dash.
            Self::Deployment => {
                DeploymentId::parse(&word.replace(['–', '‑', '—'], "-")).map(Value::Deployment).ok_or_else(bad)
            }
            Self::Duration => Span::parse(word).ok().filter(|s| *s > Span::ZERO).map(Value::Span).ok_or_else(bad),
            Self::Text | Self::Word if !word.trim().is_empty() => Ok(Value::Text(word.trim().to_owned())),
            Self::Items => items(word).map(Value::Items).ok_or_else(bad),
            Self::Number => number(word).map(Value::Number).ok_or_else(bad),
            Self::Flag if ["true", "yes", "on", "1"].contains(&word) => Ok(Value::Flag),
            Self::Version | Self::Text | Self::Word | Self::Flag | Self::Incident => Err(bad()),
        }
    }
}

/// A value that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "value")]
pub enum Value {
    /// Texts, words, versions and strategies.
    Text(String),
    Number(u32),
    Flag,
    Span(Span),
    Deployment(DeploymentId),
    Incident(IncidentId),
    Person(PersonId),
    Service(ServiceName),
    Environment(EnvironmentName),
    Role(Role),
    Mode(RollbackMode),
    /// In the order typed, without repeats, never empty.
    Items(Vec<u32>),
}

/// Letters, digits and `. - _ + /`, beginning with a letter or a digit.
#[must_use]
pub fn is_version(word: &str) -> bool {
    word.len() <= VERSION_CHARS
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_+/".contains(&b))
}

/// How much a word looks like a version rather than a name: 0 no digit, 1 a digit, 2 `v1.2` or `1.2`.
#[must_use]
pub fn version_likeness(word: &str) -> u8 {
    let bare = word.strip_prefix(['v', 'V']).unwrap_or(word);
    if !is_version(word) || !word.contains(|c: char| c.is_ascii_digit()) {
        0
    } else if bare.starts_with(|c: char| c.is_ascii_digit()) && bare.contains('.') {
        2
    } else {
        1
    }
}

fn number(word: &str) -> Option<u32> {
    let digits = word.strip_prefix('#').unwrap_or(word);
    digits.parse().ok().filter(|n| *n > 0 && digits.starts_with(|c: char| c.is_ascii_digit()))
}

/// `3`, `3,4`, `3-5`, `3,` and mixtures; forms also send blanks between.
fn items(word: &str) -> Option<Vec<u32>> {
    let mut out = Vec::new();
    for part in word.split([',', ' ']).filter(|p| !p.is_empty()) {
        let (from, to) = match part.split_once(['-', '–']) {
            Some((from, to)) => (number(from)?, number(to)?),
            None => (number(part)?, number(part)?),
        };
        if to < from || (to - from) as usize >= CHECKLIST_ITEMS {
            return None;
        }
        out.extend(from..=to);
    }
    merge(Vec::new(), out).filter(|all| !all.is_empty())
}

/// Adds numbers without repeats; `None` past [`CHECKLIST_ITEMS`].
pub fn merge(mut all: Vec<u32>, more: Vec<u32>) -> Option<Vec<u32>> {
    for n in more {
        if !all.contains(&n) {
            all.push(n);
        }
        if all.len() > CHECKLIST_ITEMS {
            return None;
        }
    }
    Some(all)
}

/// Words that say how long in a way nobody can count, at the beginning of what is typed: `a while`, `the weekend`, `now`. They are no
/// reason for anything, and whoever types them expects an end.
pub fn spelt_time<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<String> {
    const COUNTS: [&str; 21] = [
        "a", "an", "the", "some", "few", "several", "couple", "of", "another", "half", "one", "two", "three", "four",
        "five", "six", "ten", "twenty", "thirty", "rest", "whole",
    ];
    const TIMES: [&str; 26] = [
        "while",
        "bit",
        "moment",
        "second",
        "seconds",
        "minute",
        "minutes",
        "min",
        "mins",
        "hour",
        "hours",
        "hr",
        "hrs",
        "day",
        "days",
        "night",
        "morning",
        "afternoon",
        "evening",
        "week",
        "weeks",
        "weekend",
        "month",
        "today",
        "tonight",
        "time",
    ];
    const ALONE: [&str; 7] = ["now", "ever", "forever", "awhile", "ages", "long", "tomorrow"];
    let mut said: Vec<&str> = Vec::new();
    loop {
        let word = words.next()?;
        said.push(word);
        let word = word.trim_end_matches(['.', ',', ';', ':']).to_lowercase();
        if TIMES.contains(&word.as_str()) || (said.len() == 1 && ALONE.contains(&word.as_str())) {
            return Some(said.join(" "));
        }
        if !COUNTS.contains(&word.as_str()) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_tags_and_image_names_up_to_their_bound() {
        for good in ["v1.2.0", "1.2.0-rc.1+build_5", "release/2026-11", "main", &"v".repeat(VERSION_CHARS)] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "-v1", "v1 2", "v1;rm", "<@U1>", "--x", "vé", &"v".repeat(VERSION_CHARS + 1)] {
            assert!(!is_version(bad), "{bad}");
        }
    }

    #[test]
    fn item_numbers_are_lists_and_ranges() {
        assert_eq!(items("3"), Some(vec![3]));
        assert_eq!(items("7-9,3,#8"), Some(vec![7, 8, 9, 3]));
        assert_eq!(items("1-100").map(|i| i.len()), Some(CHECKLIST_ITEMS));
        for bad in ["", ",", "0", "x", "5-3", "1-101", "+3", "-3", "1-4294967295", "3-"] {
            assert_eq!(items(bad), None, "{bad}");
        }
    }

    #[test]
    fn lengths_of_time_are_above_zero() {
        let vocabulary = Vocabulary::default();
        assert_eq!(Kind::Duration.read("2h", &vocabulary), Ok(Value::Span(Span::hours(2))));
        for bad in ["0s", "2", "two hours", ""] {
            assert!(Kind::Duration.read(bad, &vocabulary).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_in_words_is_told_from_a_reason() {
        let spelt = |text: &str| spelt_time(text.split(' '));
        for (text, word) in [
            ("a while", "a while"),
            ("a few hours database move", "a few hours"),
            ("the rest of the day", "the rest of the day"),
            ("now, because", "now,"),
            ("two days", "two days"),
        ] {
            assert_eq!(spelt(text).as_deref(), Some(word), "{text}");
        }
        for reason in ["maintenance", "the database move", "a", "one of us", "2h", ""] {
            assert_eq!(spelt(reason), None, "{reason}");
        }
    }
}
