//! The policy: what the config file means, as plain data that decisions read.
//!
//! `config/` builds it; nothing here reads files. Every rule carries the [`Source`] line it came from, so that `why` can
//! name it. Maps are ordered, so the policy has one serialised form and one hash.

use super::alert::AlertRules;
use super::ids::{ChannelName, EnvironmentName, PersonId, Role, ServiceName};
use super::paging::{Via, Ways};
use super::response::Response;
use super::rhythm::Rhythm;
use super::runbook::Runbook;
use super::time::Span;
use super::window::{Calendar, Window};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A config line: `signalbox.toml:42`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    pub file: Arc<str>,
    pub line: u32,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Everything config says about who, what, where and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The organisation's name, shown in help.
    pub name: String,
    /// The zone in which people read times when their platform does not localise them (IANA name or fixed offset `+03:00`).
    pub zone: String,
    /// How many times faster than written bakes, holds and time limits run; 1 outside the demo.
    pub pace: u32,
    pub channels: Channels,
    pub people: BTreeMap<PersonId, Person>,
    pub roles: BTreeMap<Role, RoleInfo>,
    pub services: BTreeMap<ServiceName, Service>,
    pub environments: BTreeMap<EnvironmentName, Environment>,
    pub strategies: BTreeMap<String, Strategy>,
    pub probes: BTreeMap<String, ProbeSpec>,
    pub checklists: Vec<Checklist>,
    /// Holidays and freezes.
    pub calendar: Calendar,
    /// Severities and ladders.
    #[serde(default)]
    pub response: Response,
    /// Digests, maintenance and objectives.
    #[serde(default)]
    pub rhythm: Rhythm,
    /// What alerts mean here.
    #[serde(default, skip_serializing_if = "AlertRules::is_default")]
    pub alerts: AlertRules,
    /// What to do when something is wrong, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runbooks: BTreeMap<String, Runbook>,
    /// SHA-256 (hex) over the canonical text of all of the above, so a plan can record the policy it was made under.
    pub hash: String,
}

/// Where announcements go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channels {
    pub deployments: ChannelName,
    pub incidents: ChannelName,
    pub engineering: ChannelName,
    /// Absent: the incidents channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<ChannelName>,
}

impl Channels {
    /// Where lines about alerts go.
    #[must_use]
    pub fn alerts(&self) -> &ChannelName {
        self.alerts.as_ref().unwrap_or(&self.incidents)
    }

    /// Each of them once.
    #[must_use]
    pub fn all(&self) -> Vec<&ChannelName> {
        let mut out = vec![&self.deployments, &self.incidents, &self.engineering];
        out.extend(self.alerts.as_ref());
        out.dedup();
        out
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    /// As shown in chat.
    pub name: String,
    pub roles: BTreeSet<Role>,
    /// The same human's id on each platform (`slack`, `discord`); on the console the id is the key itself.
    pub accounts: BTreeMap<String, String>,
    /// Where they are reached besides chat: an e-mail address, a topic. What is a secret is not here.
    #[serde(default)]
    pub contact: BTreeMap<Via, String>,
    /// By what they are paged.
    #[serde(default)]
    pub ways: Ways,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleInfo {
    pub role: Role,
    /// As shown in chat: `Tech Lead`.
    pub title: String,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    pub name: EnvironmentName,
    /// Without windows the environment is always open.
    pub windows: Vec<Window>,
    pub overrun: Overrun,
    pub on_short_window: OnShortWindow,
    /// The keys a regular deployment needs, in the order shown.
    pub keys: Vec<Slot>,
    /// Absent: this environment has no hotfix lane.
    pub hotfix: Option<HotfixLane>,
    /// The same revision must have succeeded there first.
    pub after: Option<Requirement>,
    /// How long turned keys and an undecided request last. Default 4 h.
    pub key_expiry: Span,
    /// Starts after a window opened are spread over this span. Default 30 s.
    pub jitter: Span,
    /// A rollback here locks service and environment and quarantines the revision. Default true.
    pub lock_after_rollback: bool,
    /// How long a success is watched. Default 30 min.
    pub watch: Span,
    /// Who may abort, roll back, lock and unlock here. Empty: anybody in config.
    pub operators: BTreeSet<Role>,
    pub rollback: RollbackRules,
    /// A deployment that goes back here opens an incident of this severity, or joins the one of its service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_opens: Option<String>,
    pub source: Source,
}

/// Who turns keys for each way back (DESIGN 4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackRules {
    /// `quick`: roles of which the requester must hold one.
    pub quick: BTreeSet<Role>,
    /// `full`: keys, since data is lost.
    pub full: Vec<Slot>,
    /// `emergency`: roles of which the requester must hold one; opens a debt.
    pub emergency: BTreeSet<Role>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    pub environment: EnvironmentName,
    pub source: Source,
}

/// What closing time does to a run that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overrun {
    Finish,
    Hold,
}

/// What happens when a plan's minimum duration does not fit before closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnShortWindow {
    Refuse,
    Warn,
}

/// One required approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Any holder of any of these may turn it.
    pub roles: BTreeSet<Role>,
    /// Shown, but not waited for.
    pub optional: bool,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotfixLane {
    pub keys: Vec<Slot>,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    pub name: ServiceName,
    /// Which executor runs `deploy`, `traffic` and restores: `fleet`, `command`, later `cloud-run` and others.
    pub executor: String,
    /// What that executor is told, as written in config.
    pub settings: BTreeMap<String, String>,
    /// Environment to strategy; an environment that is absent is not deployed to.
    pub strategies: BTreeMap<EnvironmentName, String>,
    pub releases: ReleaseSource,
    /// The first of these that reads a version is how the live version is read back.
    pub live_probe: Option<String>,
    /// Meant when a command names no service.
    #[serde(default)]
    pub default: bool,
    pub source: Source,
}

/// Where versions come from and how they become immutable revisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ReleaseSource {
    /// Asked of the service's executor.
    Executor,
    /// A fixed table, version to revision.
    Table { versions: BTreeMap<String, String> },
    /// Prints the revision on its first output line; `{version}` is replaced.
    Command { argv: Vec<String> },
}

/// How a service is brought into an environment, as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strategy {
    pub name: String,
    pub steps: Vec<StepSpec>,
    /// Run in order when rolling back with `quick`, and automatically.
    pub rollback: Vec<StepSpec>,
    /// Run for `full` rollbacks; empty: not offered.
    pub full_rollback: Vec<StepSpec>,
    /// Run for `emergency` rollbacks; empty: not offered.
    pub emergency_rollback: Vec<StepSpec>,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepSpec {
    pub name: String,
    pub kind: StepKind,
    /// After this the step has failed. Unpaced.
    pub time_limit: Span,
    pub source: Source,
}

/// What a step does. Placeholders `{service} {environment} {version} {revision} {previous_version} {previous_revision}
/// {deployment}` are replaced in each argument by itself, so a value can never become a second argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum StepKind {
    /// A program without a shell. Exit code 0 is success.
    Command {
        argv: Vec<String>,
        /// Names of environment variables passed on.
        env: Vec<String>,
        cwd: Option<String>,
        recovery: Recovery,
    },
    /// One request; success when the status is `expect_status`.
    Http { method: String, url: String, body: Option<String>, expect_status: u16, recovery: Recovery },
    /// Waits for a holder of one of the roles to press the button.
    Manual { roles: BTreeSet<Role>, prompt: String },
    /// The service's executor starts the release next to the live one, without traffic.
    Deploy,
    /// The service's executor moves `weight` per cent of the traffic to the release; then it bakes.
    Traffic(Stage),
    /// Probes must be healthy; also reads back the live version.
    Verify { probes: Vec<String>, tries: u32, every: Span, live: bool },
    /// The service's executor puts the previous release back (rollback only).
    Restore,
    /// The service's executor switches maintenance mode.
    Maintenance { on: bool },
}

/// What may be done when it is unknown whether an effect happened (a crash between act and receipt).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Recovery {
    /// Doing it again is harmless.
    Idempotent,
    /// The outside can be asked by idempotency key.
    Recoverable,
    /// A person decides.
    AtMostOnce,
}

/// A step that moves traffic and then watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Per cent, 1 to 100.
    pub weight: u8,
    /// How long it is watched. Zero: not watched. Unpaced.
    pub bake: Span,
    /// More errors than this during the bake is a breach.
    pub error_budget: u64,
    /// Fewer requests than this at the end of the bake is inconclusive.
    pub min_requests: u64,
    /// How often the probes are read. Unpaced; never faster than twice a second.
    pub every: Span,
    /// Reads `requests` and `errors` of the release since it started.
    pub counters: Option<String>,
    /// Must stay healthy as well; `unhealthy_after` consecutive unhealthy readings are a breach.
    pub probes: Vec<String>,
    /// Default 2.
    pub unhealthy_after: u32,
    /// How long an inconclusive end waits for a person before rolling back. Unpaced. Default 10 min.
    pub hold_for: Span,
}

/// How a probe asks and when its answer is healthy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeSpec {
    pub name: String,
    pub ask: Ask,
    pub timeout: Span,
    /// A reading older than this is stale: the item it ticked is unticked. Zero: never.
    pub fresh_for: Span,
    /// All must hold for `healthy`; empty: the asking itself decides.
    pub conditions: Vec<Condition>,
    pub source: Source,
}

/// Placeholders as in [`StepKind`] are replaced in `url` and `argv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Ask {
    /// Values: `status`, `latency_ms`, and `value` when `json` names a number. Text: what `json` names, or the body's start.
    Http { url: String, expect_status: u16, json: Option<String>, expect_text: Option<String> },
    /// Exit code 0 is healthy, 1 unhealthy, others inconclusive; the last output line, if it is a number, is `value`.
    Command { argv: Vec<String>, env: Vec<String> },
    /// Asked of the service's executor. `what` is one of `counters` (values `requests`, `errors` of the release),
    /// `health` (of the release), `version` (text: the live version; values none).
    Executor { what: String },
}

/// `value_name op limit`, such as `latency_ms < 300`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    pub value: String,
    pub op: Comparison,
    pub limit: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = ">")]
    More,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = "==")]
    Equal,
}

/// A Markdown task list, bound to services, environments and a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checklist {
    /// The file's name without folder and ending.
    pub id: String,
    pub title: String,
    pub phase: Phase,
    /// Empty: all.
    pub services: BTreeSet<ServiceName>,
    /// Empty: all.
    pub environments: BTreeSet<EnvironmentName>,
    pub sections: Vec<Section>,
    pub source: Source,
}

/// When a checklist is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "at", content = "span")]
pub enum Phase {
    /// Its required items gate the start.
    Before,
    /// Posted at the start.
    During,
    /// Posted this long after success.
    After(Span),
    /// Posted after a rollback.
    AfterRollback,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub title: String,
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub text: String,
    pub required: bool,
    /// The automatic check that ticks it.
    pub probe: Option<String>,
    pub source: Source,
}

impl Policy {
    /// The people who hold any of `roles`, in the order of their ids.
    pub fn holders<'a>(&'a self, roles: &'a BTreeSet<Role>) -> impl Iterator<Item = &'a Person> {
        self.people.values().filter(move |p| !p.roles.is_disjoint(roles))
    }

    /// A role's title, or its name when config gives none.
    #[must_use]
    pub fn title<'a>(&'a self, role: &'a Role) -> &'a str {
        self.roles.get(role).map_or(role.as_str(), |r| r.title.as_str())
    }

    /// `Tech Lead` or `Tech Lead or CTO`.
    #[must_use]
    pub fn titles(&self, roles: &BTreeSet<Role>) -> String {
        let all: Vec<&str> = roles.iter().map(|r| self.title(r)).collect();
        match all.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            _ => all.concat(),
        }
    }

    /// A person's name as shown, or the id of somebody config no longer knows.
    #[must_use]
    pub fn person_name<'a>(&'a self, id: &'a PersonId) -> &'a str {
        self.people.get(id).map_or(id.as_str(), |p| p.name.as_str())
    }
}

impl Policy {
    /// The service a command means when it names none: the only one, or the first that config marks as the default.
    #[must_use]
    pub fn default_service(&self) -> Option<&Service> {
        let mut all = self.services.values();
        match (all.next(), all.next()) {
            (Some(only), None) => Some(only),
            _ => self.services.values().find(|s| s.default),
        }
    }
}
