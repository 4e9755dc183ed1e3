//! What a person asked for, after parsing: plain data that decisions match on.
//!
//! The words people type are the business of `command/`; by the time one of these exists every service, environment and
//! role in it is known to the policy, every number and span is in range, and texts are free of control characters.
//! Versions are only well-formed: whether a release exists is asked of its source. Who may do it is decided later.

use super::alert::AlertCommand;
use super::ids::{DeploymentId, EnvironmentName, ServiceName};
use super::incident::IncidentCommand;
use super::numbers::StatsQuery;
use super::rhythm::MaintenanceCommand;
use super::roster::OncallCommand;
use super::runbook::RunbookCommand;
use super::time::Span;
use serde::{Deserialize, Serialize};

/// One command of the catalogue with its arguments. Each variant has one file in `commands/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "command", content = "args")]
pub enum Command {
    Deploy(DeployRequest),
    /// One deployment, or all that are open.
    DeployStatus {
        deployment: Option<DeploymentId>,
    },
    DeployHistory {
        service: Option<ServiceName>,
        environment: Option<EnvironmentName>,
        /// Rows wanted, 1 to [`crate::limits::HISTORY_ROWS`].
        limit: Option<u32>,
    },
    /// Turns a key. `plan` is the beginning of the digest that the clicked card showed; typed commands have none.
    Approve {
        deployment: DeploymentId,
        plan: Option<String>,
    },
    Reject {
        deployment: DeploymentId,
        reason: String,
    },
    /// Takes one's own key back.
    Withdraw {
        deployment: DeploymentId,
    },
    /// Calls a deployment off before it starts.
    Cancel {
        deployment: DeploymentId,
    },
    Rollback {
        target: RollbackTarget,
        /// Absent: `quick`.
        mode: Option<RollbackMode>,
        reason: Option<String>,
    },
    /// Stops a running deployment and rolls it back.
    Abort {
        deployment: DeploymentId,
        reason: Option<String>,
    },
    Pause {
        deployment: DeploymentId,
    },
    Resume {
        deployment: DeploymentId,
    },
    /// Ends a bake early or goes on from a hold.
    Promote {
        deployment: DeploymentId,
    },
    /// A manual step is done; without a step it is the one that waits.
    Confirm {
        deployment: DeploymentId,
        step: Option<String>,
    },
    Lock {
        /// Absent: every service in the environment.
        service: Option<ServiceName>,
        environment: EnvironmentName,
        /// Absent: until unlocked.
        span: Option<Span>,
        reason: String,
        take_over: bool,
    },
    Unlock {
        service: Option<ServiceName>,
        environment: EnvironmentName,
    },
    Window {
        service: Option<ServiceName>,
        environment: Option<EnvironmentName>,
    },
    Checklist {
        deployment: DeploymentId,
    },
    ChecklistTick {
        deployment: DeploymentId,
        /// Item numbers as shown, from 1, in the order typed, without repeats; never empty.
        items: Vec<u32>,
    },
    ChecklistUntick {
        deployment: DeploymentId,
        items: Vec<u32>,
    },
    /// Marks one item as not applicable.
    ChecklistNa {
        deployment: DeploymentId,
        item: u32,
        reason: String,
    },
    Why(About),
    When(About),
    QuarantineRelease {
        service: ServiceName,
        version: String,
        /// Absent: in every environment.
        environment: Option<EnvironmentName>,
        reason: String,
    },
    QuarantineList,
    /// Closes the review debt of a hotfix or an emergency rollback.
    Review {
        deployment: DeploymentId,
        notes: String,
    },
    Help {
        topic: Option<String>,
    },
    Incident(IncidentCommand),
    Oncall(OncallCommand),
    Maintenance(MaintenanceCommand),
    /// A digest as it would be now; without a name, which there are and when they come.
    Digest {
        name: Option<String>,
    },
    Stats(StatsQuery),
    Alert(AlertCommand),
    Runbook(RunbookCommand),
}

/// The words of a deploy request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployRequest {
    /// Absent: the policy's default service; without one, the person is asked.
    pub service: Option<ServiceName>,
    pub version: String,
    pub environment: EnvironmentName,
    /// Show the plan and the gate's answer, change nothing.
    pub dry_run: bool,
    /// The reason for using the hotfix lane.
    pub hotfix: Option<String>,
    /// The reason for going without the CI checks; recorded.
    pub skip_ci: Option<String>,
    /// A strategy other than the service's own.
    pub strategy: Option<String>,
}

/// What `why` and `when` are asked about: a deployment that exists, or one that might.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    Deployment(DeploymentId),
    Request(DeployRequest),
}

/// What to roll back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackTarget {
    Deployment(DeploymentId),
    /// The release that is live there.
    Place {
        service: Option<ServiceName>,
        environment: EnvironmentName,
    },
}

/// The ways back (DESIGN 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackMode {
    /// The application: previous good revision.
    Quick,
    /// Application and database; two keys, since data is lost.
    Full,
    /// Maintenance mode on, restore, off; opens a debt.
    Emergency,
}

impl RollbackMode {
    pub const ALL: [Self; 3] = [Self::Quick, Self::Full, Self::Emergency];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
            Self::Emergency => "emergency",
        }
    }

    /// Reads the word in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str().eq_ignore_ascii_case(word))
    }
}

impl std::fmt::Display for RollbackMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Command {
    /// The command's name in the catalogue.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Deploy(_) => "deploy",
            Self::DeployStatus { .. } => "deploy status",
            Self::DeployHistory { .. } => "deploy history",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Withdraw { .. } => "withdraw",
            Self::Cancel { .. } => "cancel",
            Self::Rollback { .. } => "rollback",
            Self::Abort { .. } => "abort",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Promote { .. } => "promote",
            Self::Confirm { .. } => "confirm",
            Self::Lock { .. } => "lock",
            Self::Unlock { .. } => "unlock",
            Self::Window { .. } => "window",
            Self::Checklist { .. } => "checklist",
            Self::ChecklistTick { .. } => "checklist tick",
            Self::ChecklistUntick { .. } => "checklist untick",
            Self::ChecklistNa { .. } => "checklist na",
            Self::Why(_) => "why",
            Self::When(_) => "when",
            Self::QuarantineRelease { .. } => "quarantine release",
            Self::QuarantineList => "quarantine list",
            Self::Review { .. } => "review",
            Self::Help { .. } => "help",
            Self::Incident(command) => command.name(),
            Self::Oncall(command) => command.name(),
            Self::Maintenance(command) => command.name(),
            Self::Digest { .. } => "digest",
            Self::Stats(_) => "stats",
            Self::Alert(command) => command.name(),
            Self::Runbook(command) => command.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_survives_its_serialised_form() {
        let place = RollbackTarget::Place { service: None, environment: "production".into() };
        for command in [
            Command::Rollback { target: place, mode: Some(RollbackMode::Full), reason: None },
            Command::Why(About::Deployment(DeploymentId(42))),
            Command::QuarantineList,
            Command::Lock {
                service: Some("api".into()),
                environment: "production".into(),
                span: Some(Span::hours(2)),
                reason: "database move".into(),
                take_over: false,
            },
        ] {
            let text = serde_json::to_string(&command).unwrap();
            assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), command, "{text}");
        }
    }
}
