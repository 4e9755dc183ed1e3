//! The gate: the one pure decision whether a plan may run now (DESIGN 4.1 to 4.3).
//!
//! Every trigger asks it, and it is asked again at every step. It answers with each rule's finding, so that `why` can list
//! them, and with instants as data, so that `when` can name them. The way out is not its business: abort never asks, and a
//! rollback is asked only for the keys its mode needs.

mod rules;

use super::deployment::{Lane, ListState};
use super::environment::Environment;
use super::ids::{DeploymentId, PersonId};
use super::message::Text;
use super::person::Debts;
use super::plan::Plan;
use super::policy::{Policy, Slot, Source};
use super::time::Now;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// To begin.
    Deploy,
    /// To give a running release more traffic.
    Advance,
}

/// Everything the gate looks at.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub act: Act,
    pub policy: &'a Policy,
    /// None: a request that does not exist yet.
    pub id: Option<DeploymentId>,
    pub plan: &'a Plan,
    pub lane: &'a Lane,
    pub requester: &'a PersonId,
    pub slots: &'a [Slot],
    /// Whose keys are turned for this very plan.
    pub turned: &'a [PersonId],
    pub lists: &'a [ListState],
    /// The environment it goes to.
    pub environment: &'a Environment,
    /// The environment that must have had it first.
    pub upstream: Option<&'a Environment>,
    /// The requester's.
    pub debts: &'a Debts,
    pub now: Now,
}

/// The answer, with a finding for every rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    Allow,
    /// Not yet. `until` is when to ask again if only time is missing.
    Hold {
        until: Option<Timestamp>,
    },
    /// Not like this.
    Deny,
}

/// What one rule says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub rule: Rule,
    /// Stable and machine-readable, such as `outside_window`.
    pub code: String,
    pub says: Says,
    /// For people: what is read and what to do.
    pub text: Text,
    /// When this rule passes by itself, if it does.
    pub until: Option<Timestamp>,
    /// The config line behind it.
    pub source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    Pass,
    /// Passes, with something to know.
    Note,
    Hold,
    Deny,
}

/// The rules, in the order they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    Quarantine,
    StagingFirst,
    Debt,
    Window,
    ShortWindow,
    Lock,
    Keys,
    Checklist,
    Queue,
}

impl Rule {
    /// As people read it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Quarantine => "Quarantine",
            Self::StagingFirst => "Staging first",
            Self::Debt => "Review debt",
            Self::Window => "Window",
            Self::ShortWindow => "Time to closing",
            Self::Lock => "Lock",
            Self::Keys => "Keys",
            Self::Checklist => "Checklist",
            Self::Queue => "Queue",
        }
    }
}

/// Decides.
#[must_use]
pub fn decide(asked: &Asked<'_>) -> Answer {
    let findings = match (asked.act, asked.lane) {
        (Act::Deploy, Lane::Rollback { .. }) => vec![rules::keys(asked), rules::queue(asked)],
        (Act::Advance, Lane::Rollback { .. }) => Vec::new(),
        (Act::Advance, _) => vec![rules::window_while_running(asked), rules::lock(asked)],
        (Act::Deploy, _) => vec![
            rules::quarantine(asked),
            rules::staging_first(asked),
            rules::debt(asked),
            rules::window(asked),
            rules::short_window(asked),
            rules::lock(asked),
            rules::keys(asked),
            rules::checklist(asked),
            rules::queue(asked),
        ],
    };
    Answer { verdict: verdict(&findings), findings }
}

fn verdict(findings: &[Finding]) -> Verdict {
    match findings.iter().map(|f| f.says).max() {
        Some(Says::Deny) => Verdict::Deny,
        Some(Says::Hold) => {
            let mut until = None;
            for finding in findings.iter().filter(|f| f.says == Says::Hold) {
                // A hold that only a person can lift has no end; a later instant of another rule is still worth waking for.
                until = until.max(finding.until);
            }
            Verdict::Hold { until }
        }
        _ => Verdict::Allow,
    }
}

impl Answer {
    /// The findings that stop it.
    pub fn stopping(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.says >= Says::Hold)
    }

    /// The codes of the findings that stop it.
    #[must_use]
    pub fn codes(&self) -> Vec<String> {
        self.stopping().map(|f| f.code.clone()).collect()
    }

    /// Whether nothing but time is missing.
    #[must_use]
    pub fn only_time_missing(&self) -> bool {
        self.stopping().all(|f| f.says == Says::Hold && f.until.is_some())
    }

    /// The finding of one rule.
    #[must_use]
    pub fn of(&self, rule: Rule) -> Option<&Finding> {
        self.findings.iter().find(|f| f.rule == rule)
    }
}
