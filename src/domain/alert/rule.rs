//! Rules: what an alert means here. The first one that matches says so.

use super::glob::{Glob, any};
use super::{Alert, Maintenance, SETTLE};
use crate::domain::ids::{EnvironmentName, Role, ServiceName};
use crate::domain::plan::hex;
use crate::domain::policy::{Policy, Source};
use crate::domain::time::Span;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Everything config says about alerts. Without sources nothing comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRules {
    pub sources: BTreeSet<String>,
    pub rules: Vec<Rule>,
    /// Labels that name the service and the environment, the first that is there.
    pub service_labels: Vec<String>,
    pub environment_labels: Vec<String>,
    /// How long an alert must be over before that is believed.
    pub settle: Span,
    /// More new incidents than this within a minute become one.
    pub storm: u32,
    /// Who may silence alerts. Empty: anybody in config.
    pub silencers: BTreeSet<Role>,
    pub maintenance: Vec<Maintenance>,
}

impl Default for AlertRules {
    fn default() -> Self {
        Self {
            sources: BTreeSet::new(),
            rules: Vec::new(),
            service_labels: vec!["service".into(), "app".into(), "job".into()],
            environment_labels: vec!["environment".into(), "env".into()],
            settle: SETTLE,
            storm: 10,
            silencers: BTreeSet::new(),
            maintenance: Vec::new(),
        }
    }
}

/// One rule. Whatever is empty matches everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub sources: Vec<Glob>,
    /// Each label matches one of its patterns.
    pub labels: BTreeMap<String, Vec<Glob>>,
    pub title: Vec<Glob>,
    pub then: Then,
    /// Absent: what its labels name.
    pub service: Option<ServiceName>,
    pub environment: Option<EnvironmentName>,
    /// Labels whose values make the key. Empty: each alert of a sender is a matter of its own.
    pub key: Vec<String>,
    /// Absent: that of all rules.
    pub settle: Option<Span>,
    pub over: Over,
    pub source: Source,
}

/// What becomes of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "then")]
pub enum Then {
    /// Nothing at all.
    Drop,
    /// A line in the alerts channel.
    Line,
    /// An incident. A ladder of its own goes before its severity's.
    Incident { severity: String, ladder: Option<String> },
}

/// What becomes of an incident once its alerts are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// People are told.
    #[default]
    Tell,
    /// It is mitigated: nobody is paged any more, and somebody still says what it was.
    Mitigate,
    Resolve,
}

/// What the rules make of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub then: Then,
    pub service: Option<ServiceName>,
    pub environment: Option<EnvironmentName>,
    /// The key in words, the same for all alerts of one matter.
    pub key: String,
    pub settle: Span,
    pub over: Over,
    /// Of the rule; absent: none matched.
    pub rule: Option<Source>,
}

impl Rule {
    #[must_use]
    pub fn matches(&self, source: &str, alert: &Alert) -> bool {
        let label = |name: &str| alert.labels.get(name).map_or("", String::as_str);
        (self.sources.is_empty() || any(&self.sources, source))
            && (self.title.is_empty() || any(&self.title, &alert.title))
            && self.labels.iter().all(|(name, globs)| any(globs, label(name)))
    }

    /// It matches every alert.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.sources.is_empty() && self.title.is_empty() && self.labels.is_empty()
    }
}

impl AlertRules {
    /// Config says nothing about alerts.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What becomes of an alert of this source. One that no rule matches is a line: it is not lost, and wakes nobody.
    #[must_use]
    pub fn route(&self, policy: &Policy, source: &str, alert: &Alert) -> Route {
        let rule = self.rules.iter().find(|rule| rule.matches(source, alert));
        let named = |labels: &[String]| -> Vec<String> {
            labels.iter().filter_map(|l| alert.labels.get(l)).map(|v| v.to_lowercase()).collect()
        };
        let service = || {
            let words = named(&self.service_labels);
            words.into_iter().find_map(|w| policy.services.get_key_value(w.as_str()).map(|(name, _)| name.clone()))
        };
        let environment = || {
            let words = named(&self.environment_labels);
            words.into_iter().find_map(|w| policy.environments.get_key_value(w.as_str()).map(|(name, _)| name.clone()))
        };
        Route {
            then: rule.map_or(Then::Line, |r| r.then.clone()),
            service: rule.and_then(|r| r.service.clone()).or_else(service),
            environment: rule.and_then(|r| r.environment.clone()).or_else(environment),
            key: key(rule.map_or(&[], |r| r.key.as_slice()), source, alert),
            settle: rule.and_then(|r| r.settle).unwrap_or(self.settle),
            over: rule.map_or(Over::Tell, |r| r.over),
            rule: rule.map(|r| r.source.clone()),
        }
    }
}

/// The values of the labels it is made of; where none of them is there, whatever the sender knows it by.
fn key(labels: &[String], source: &str, alert: &Alert) -> String {
    let values: Vec<&str> = labels.iter().map(|l| alert.labels.get(l).map_or("", String::as_str)).collect();
    if values.iter().all(|v| v.is_empty()) {
        return format!("{source}/{}", alert.id);
    }
    let pair = |(name, value): (&String, &str)| format!("{name}={value}");
    labels.iter().zip(values).map(pair).collect::<Vec<_>>().join(" ")
}

/// The name of a key's stream: 32 digits of its SHA-256.
#[must_use]
pub fn hash(key: &str) -> String {
    let mut digest = hex(&Sha256::digest(key.as_bytes()));
    digest.truncate(32);
    digest
}
