//! Effects as data: what an outbox row asks to be done outside.

use crate::domain::deployment::TaskKind;
use crate::domain::ids::{ChannelName, DeploymentId, IncidentId, PersonId, PlatformName, ServiceName, Stream};
use crate::domain::message::Message;
use crate::domain::paging::{Follow, Try};
use crate::domain::status::{Mail, PublicTry};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// Make the card with this key show the state of its deployment, on this platform.
    Card { platform: PlatformName, card: String, deployment: DeploymentId },
    /// The same, of an incident.
    IncidentCard { platform: PlatformName, card: String, incident: IncidentId },
    /// Post the draft of an incident's post-mortem in its thread, once.
    PostMortem { platform: PlatformName, card: String, incident: IncidentId },
    /// The same, of a hand-off of this roster.
    RosterCard { platform: PlatformName, card: String, roster: String },
    /// The same, of a round of this maintenance.
    MaintenanceCard { platform: PlatformName, card: String, maintenance: String },
    /// The same, of what is run of this runbook.
    RunCard { platform: PlatformName, card: String, runbook: String },
    /// Show what a runbook's command printed, in the thread of its card.
    RunOutput { platform: PlatformName, runbook: String, number: u32 },
    /// Run a runbook's command, or end it.
    Run { runbook: String, number: u32, stop: bool },
    /// Post a message once.
    Post {
        platform: PlatformName,
        channel: ChannelName,
        /// The key of the card in whose thread it goes.
        thread_of: Option<String>,
        /// Only for this person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only_for: Option<PersonId>,
        message: Message,
    },
    /// Try a page of this stream by one way, at one place.
    Page { stream: Stream, of: Try },
    /// Say to a way that keeps a matter open what became of it. The page itself may be of an earlier beginning by then.
    PageFollow {
        stream: Stream,
        of: Try,
        what: Follow,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<PersonId>,
    },
    /// Something about the channel that an incident has of its own on this platform.
    Room { platform: PlatformName, incident: IncidentId, act: RoomAct },
    /// Send a mail about an incident.
    StatusMail { incident: IncidentId, mail: Box<Mail> },
    /// Tell customers one thing at one place.
    Publish { incident: IncidentId, of: PublicTry },
    /// Make one place show customers how a service is.
    Component { place: String, service: ServiceName },
    /// A task that a deployment asks for.
    Task { deployment: DeploymentId, task: TaskKind },
    /// Gather what a digest says at this slot.
    Gather { digest: String, slot: Timestamp },
}

/// What is done about an incident's own channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum RoomAct {
    Make,
    Invite {
        person: PersonId,
    },
    /// Put it aside, after the last that is said in it.
    Close,
}

impl Effect {
    /// The row's target: rows of one target are done in order, one at a time.
    #[must_use]
    pub fn target(&self, key: &str) -> String {
        match self {
            Self::Card { platform, card, .. }
            | Self::IncidentCard { platform, card, .. }
            | Self::RosterCard { platform, card, .. }
            | Self::MaintenanceCard { platform, card, .. }
            | Self::RunCard { platform, card, .. } => {
                format!("card:{platform}:{card}")
            }
            Self::PostMortem { platform, card, .. } => format!("say:{platform}:{card}"),
            Self::RunOutput { platform, runbook, number } => {
                format!("say:{platform}:{}", crate::domain::render::run_key(runbook, *number))
            }
            // What one person is told alone waits for nobody else's messages.
            Self::Post { platform, only_for: Some(person), .. } => format!("say:{platform}:@{person}"),
            Self::Post { platform, channel, thread_of, .. } => {
                format!("say:{platform}:{}", thread_of.as_deref().unwrap_or(channel.as_str()))
            }
            // Whoever comes is asked in while others speak.
            Self::Room { platform, incident, act: RoomAct::Invite { .. } } => format!("room:{platform}:{incident}"),
            // What is said in a room waits until it is there or cannot be, and is said before it is put aside.
            Self::Room { platform, incident, .. } => {
                format!("say:{platform}:{}", crate::domain::render::card_of_incident(*incident))
            }
            // In order: nobody is told of the end before they were told of the beginning.
            Self::Page { stream, of } | Self::PageFollow { stream, of, .. } => {
                format!("page:{}:{stream}:{}.{}", of.place, of.episode, of.page)
            }
            // Whoever gets several, gets them in order.
            Self::StatusMail { incident, mail } => format!("mail:{incident}:{}", mail.to.address),
            Self::Publish { incident, of } => format!("public:{incident}:{}", of.place),
            Self::Component { place, service } => format!("component:{place}:{service}"),
            // After the job's own row: what is to be ended is not being begun.
            Self::Task { task: TaskKind::Cancel { job, .. }, .. } => format!("task:{job}"),
            // The same.
            Self::Run { runbook, number, .. } => format!("task:{}", crate::domain::runbook::job_key(runbook, *number)),
            Self::Task { .. } | Self::Gather { .. } => format!("task:{key}"),
        }
    }
}

/// The key of the row that shows a card on a platform.
pub(super) fn card_row(card: &str, platform: &PlatformName) -> String {
    format!("{card}@{platform}")
}

/// Whether a row's target is a card, of which there is one, and not one message among many.
pub(super) fn is_card(target: &str) -> bool {
    target.starts_with("card:")
}

/// Whether a row's target is a page.
pub(super) fn is_page(target: &str) -> bool {
    target.starts_with("page:")
}

/// Whether a row's target is a task outside, and not chat.
pub(super) fn is_task(target: &str) -> bool {
    target.starts_with("task:")
}
