//! What a person asks of incidents, after parsing.

use super::{Duty, Quote};
use crate::domain::ids::{IncidentId, PersonId, ServiceName};
use crate::domain::status::Phase;
use crate::domain::time::Span;
use serde::{Deserialize, Serialize};

/// One command of the catalogue. An absent incident is the only open one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "incident", content = "of")]
pub enum IncidentCommand {
    Declare {
        severity: String,
        title: String,
        service: Option<ServiceName>,
        /// Also when one that says nearly the same is open.
        anyway: bool,
    },
    Join {
        incident: Option<IncidentId>,
    },
    Ack {
        incident: Option<IncidentId>,
        /// For how long; absent: until the next update.
        eta: Option<Span>,
        /// The beginning that the clicked button belongs to; typed commands have none.
        episode: Option<u32>,
    },
    Update {
        incident: Option<IncidentId>,
        text: String,
        /// What customers read about it.
        #[serde(default)]
        public: Option<String>,
    },
    Mitigate {
        incident: Option<IncidentId>,
        text: String,
        #[serde(default)]
        public: Option<String>,
    },
    Resolve {
        incident: Option<IncidentId>,
        resolution: String,
        cause: String,
        #[serde(default)]
        public: Option<String>,
    },
    /// Tells customers.
    Publish {
        incident: Option<IncidentId>,
        text: String,
        title: Option<String>,
        phase: Option<Phase>,
    },
    Reopen {
        incident: Option<IncidentId>,
        reason: String,
    },
    Severity {
        incident: Option<IncidentId>,
        severity: String,
    },
    Assign {
        incident: Option<IncidentId>,
        duty: Duty,
        person: PersonId,
    },
    Escalate {
        incident: Option<IncidentId>,
        reason: Option<String>,
    },
    /// The same, by its short name.
    GoUp {
        incident: Option<IncidentId>,
        reason: Option<String>,
    },
    /// Pages a person, a roster or a role: about an incident, or about something new.
    Page {
        whom: String,
        text: String,
        incident: Option<IncidentId>,
    },
    /// Climbs the ladder of a severity for practice.
    Drill {
        severity: String,
    },
    Snooze {
        incident: Option<IncidentId>,
        span: Span,
    },
    Impact {
        incident: Option<IncidentId>,
        text: String,
    },
    Action {
        incident: Option<IncidentId>,
        text: String,
        owner: Option<PersonId>,
        /// From now.
        due: Option<Span>,
    },
    /// Who does an action, or by when.
    Plan {
        incident: Option<IncidentId>,
        action: u32,
        owner: Option<PersonId>,
        due: Option<Span>,
    },
    Done {
        incident: Option<IncidentId>,
        action: u32,
    },
    Lessons {
        incident: Option<IncidentId>,
        text: String,
    },
    Review {
        incident: Option<IncidentId>,
    },
    /// Puts a message into its timeline; nobody types this, it is a reaction.
    Mark {
        incident: Option<IncidentId>,
        quote: Box<Quote>,
    },
    /// Takes it out again.
    Unmark {
        incident: IncidentId,
        message: String,
    },
    /// What is asked first, with its numbers.
    Checklist {
        incident: Option<IncidentId>,
    },
    Tick {
        incident: Option<IncidentId>,
        items: Vec<u32>,
    },
    Untick {
        incident: Option<IncidentId>,
        items: Vec<u32>,
    },
    NotApplicable {
        incident: Option<IncidentId>,
        item: u32,
        reason: String,
    },
    PostMortem {
        incident: Option<IncidentId>,
    },
    Status {
        incident: Option<IncidentId>,
    },
    Timeline {
        incident: Option<IncidentId>,
    },
    List,
}

impl IncidentCommand {
    /// Its name in the catalogue.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Declare { .. } => "incident",
            Self::Join { .. } => "incident join",
            Self::Ack { .. } => "incident ack",
            Self::Update { .. } => "incident update",
            Self::Mitigate { .. } => "incident mitigate",
            Self::Resolve { .. } => "incident resolve",
            Self::Publish { .. } => "incident publish",
            Self::Reopen { .. } => "incident reopen",
            Self::Severity { .. } => "incident severity",
            Self::Assign { .. } => "incident assign",
            Self::Escalate { .. } => "incident escalate",
            Self::GoUp { .. } => "escalate",
            Self::Page { .. } => "page",
            Self::Drill { .. } => "drill",
            Self::Snooze { .. } => "incident snooze",
            Self::Impact { .. } => "incident impact",
            Self::Action { .. } => "incident action",
            Self::Plan { .. } => "incident plan",
            Self::Done { .. } => "incident done",
            Self::Lessons { .. } => "incident lessons",
            Self::Review { .. } => "incident review",
            Self::Mark { .. } => "incident mark",
            Self::Unmark { .. } => "incident unmark",
            Self::Checklist { .. } => "checklist",
            Self::Tick { .. } => "checklist tick",
            Self::Untick { .. } => "checklist untick",
            Self::NotApplicable { .. } => "checklist na",
            Self::PostMortem { .. } => "incident postmortem",
            Self::Status { .. } => "incident status",
            Self::Timeline { .. } => "incident timeline",
            Self::List => "incident list",
        }
    }

    /// It changes nothing.
    #[must_use]
    pub const fn asks(&self) -> bool {
        matches!(
            self,
            Self::Status { .. } | Self::Timeline { .. } | Self::PostMortem { .. } | Self::Checklist { .. } | Self::List
        )
    }
}
