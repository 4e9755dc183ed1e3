//! `decide(world, input, policy, now)`: what an input means. Pure; one file per group of inputs.
//!
//! A decision returns events and private replies. Timers, tasks outside and messages are derived from the states before
//! and after, by the engine, in one way for every input.

mod advance;
mod alert;
mod back;
mod checklist;
mod control;
mod deploy;
mod digest;
mod incident;
mod keys;
mod locks;
mod maintenance;
mod monitor;
mod receipt;
mod refuse;
mod rollback;
mod roster;
mod runbook;
mod settle;
mod timer;
mod tx;

pub use alert::streams_of;
pub use deploy::{Draft, Refused, consider, plan_for, request_slots};
pub use refuse::{Refusal, names, refusal};
pub use roster::{handoff_notes, roster_state};
pub use settle::gate_answer;
pub use tx::{Decision, Emitted, Stop, Tx};

use super::alert::{Alert, BoardPurpose, Purpose as AlertPurpose};
use super::command::Command;
use super::deployment::{Origin, Outcome, Purpose};
use super::ids::{DeploymentId, IncidentId, PersonId, PlatformName, Stream};
use super::incident::{Purpose as IncidentPurpose, RoomCame};
use super::message::{Message, Tone};
use super::paging::{Came, Try};
use super::plan::Release;
use super::policy::Policy;
use super::rhythm::{Purpose as RhythmPurpose, Report};
use super::roster::Purpose as RosterPurpose;
use super::runbook::Ended;
use super::status::{PublicCame, PublicTry};
use super::time::Now;
use super::world::World;
use serde::{Deserialize, Serialize};

/// What a decision is given besides the world.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    pub policy: &'a Policy,
    pub now: Now,
    /// The number the next deployment gets.
    pub next_number: u64,
}

/// Something that happened and wants a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "input")]
pub enum Input {
    /// A person of the config asks for something that may change state.
    Command { person: PersonId, origin: Origin, command: Box<Command>, facts: Facts },
    /// A timer fell due.
    Timer { stream: Stream, purpose: Purpose },
    /// A timer of an incident fell due.
    IncidentTimer { incident: IncidentId, purpose: IncidentPurpose },
    /// What came of a page at one place.
    PageCame { stream: Stream, of: Try, came: Came },
    /// Messages that stand in the timeline of an incident were looked at: by their keys, what they say now; no text: gone.
    MarksRead { incident: IncidentId, read: Vec<(String, Option<String>)> },
    /// What came of a post on a status page.
    PublicationCame { incident: IncidentId, of: PublicTry, came: PublicCame },
    /// A mail about an incident reaches nobody.
    MailLost { incident: IncidentId, to: String, why: String },
    /// What became of an incident's channel on a platform.
    RoomCame { incident: IncidentId, platform: PlatformName, came: RoomCame },
    /// A timer of a roster fell due, or it is to be looked at: after a start, and with a new config.
    Roster { roster: String, purpose: RosterPurpose, facts: Facts },
    /// A slot of a digest fell due, or it is to be looked at: after a start, and with a new config.
    Digest { digest: String },
    /// What a digest says is gathered.
    DigestGathered { digest: String, report: Box<Report> },
    /// The same, of maintenance; or what is open is brought to mind.
    Maintenance { maintenance: String, purpose: RhythmPurpose },
    /// A source says how its alerts stand.
    Alerts { source: String, alerts: Vec<Alert>, facts: Facts },
    /// A timer of a key of alerts fell due.
    AlertTimer { key: String, purpose: AlertPurpose },
    /// A timer of the alerts' board fell due, or it is to be looked at: after a start, and with a new config.
    AlertBoardTimer { purpose: BoardPurpose },
    /// A timer of a runbook's command fell due.
    RunTimer { runbook: String, number: u32 },
    /// A runbook's command ended outside.
    RunCame { runbook: String, number: u32, end: Ended },
    /// A task outside ended.
    Receipt { stream: Stream, key: String, outcome: Outcome },
    /// Something outside the streams changed (the policy, a restart): ask the gate again.
    Reconsider { deployment: DeploymentId },
}

/// What had to be read outside before a command could be decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The release behind the version, or why there is none.
    pub release: Option<Result<Release, String>>,
    /// Deployments of the last hours, for an incident.
    #[serde(default)]
    pub suspects: Vec<crate::domain::incident::Suspect>,
    /// Deployments of the last week that were rolled back, for a hand-off.
    #[serde(default)]
    pub rolled_back: Vec<crate::domain::roster::Noted>,
}

/// Decides one input.
///
/// # Errors
/// [`Stop::Need`] when a stream must be loaded first; [`Stop::Broken`] when an event does not fit its stream.
pub fn decide(world: &World, input: &Input, ctx: Ctx<'_>) -> Result<Decision, Stop> {
    let mut tx = Tx::new(world, ctx);
    match input {
        Input::Command { person, origin, command, facts } => {
            tx.actor = Some(person.clone());
            command_input(&mut tx, person, origin, command, facts)?;
        }
        Input::Timer { stream, purpose } => timer::fire(&mut tx, stream, purpose)?,
        Input::IncidentTimer { incident, purpose } => incident::fire(&mut tx, *incident, *purpose)?,
        Input::PageCame { stream, of, came } => {
            if let Some(id) = IncidentId::parse(stream.name()).filter(|_| stream.kind() == "incident") {
                incident::came(&mut tx, id, of, came)?;
            }
        }
        Input::MarksRead { incident, read } => incident::looked_at(&mut tx, *incident, read)?,
        Input::PublicationCame { incident, of, came } => incident::published(&mut tx, *incident, of, came)?,
        Input::MailLost { incident, to, why } => incident::lost_mail(&mut tx, *incident, to, why)?,
        Input::RoomCame { incident, platform, came } => incident::room_came(&mut tx, *incident, platform, came)?,
        Input::Roster { roster, purpose, facts } => roster::fire(&mut tx, roster, *purpose, facts)?,
        Input::Digest { digest } => digest::look(&mut tx, digest)?,
        Input::DigestGathered { digest, report } => digest::gathered(&mut tx, digest, report)?,
        Input::Maintenance { maintenance, purpose } => maintenance::fire(&mut tx, maintenance, *purpose)?,
        Input::Alerts { source, alerts, facts } => alert::receive(&mut tx, source, alerts, facts)?,
        Input::AlertTimer { key, purpose: AlertPurpose::Settle } => alert::settle(&mut tx, key)?,
        Input::AlertBoardTimer { purpose } => alert::fire(&mut tx, *purpose)?,
        Input::RunTimer { runbook, number } => runbook::fire(&mut tx, runbook, *number)?,
        Input::RunCame { runbook, number, end } => runbook::came(&mut tx, runbook, *number, end)?,
        Input::Receipt { stream, key, outcome } => receipt::receive(&mut tx, stream, key, outcome)?,
        Input::Reconsider { deployment } => settle::reconsider(&mut tx, *deployment)?,
    }
    tx.actor = None;
    settle::settle(&mut tx)?;
    Ok(tx.finish())
}

fn command_input(
    tx: &mut Tx<'_>,
    person: &PersonId,
    origin: &Origin,
    command: &Command,
    facts: &Facts,
) -> Result<(), Stop> {
    match command {
        Command::Deploy(request) => deploy::request(tx, person, origin, request, facts),
        Command::Approve { deployment, plan } => keys::approve(tx, person, *deployment, plan.as_deref()),
        Command::Reject { deployment, reason } => keys::reject(tx, person, *deployment, reason),
        Command::Withdraw { deployment } => keys::withdraw(tx, person, *deployment),
        Command::Cancel { deployment } => control::cancel(tx, person, *deployment),
        Command::Abort { deployment, reason } => control::abort(tx, person, *deployment, reason.as_deref()),
        Command::Pause { deployment } => control::pause(tx, person, *deployment),
        Command::Resume { deployment } => control::resume(tx, person, *deployment),
        Command::Promote { deployment } => control::promote(tx, person, *deployment),
        Command::Confirm { deployment, .. } => control::confirm(tx, person, *deployment),
        Command::Rollback { target, mode, reason } => rollback::request(
            tx,
            person,
            origin,
            target,
            mode.unwrap_or(super::command::RollbackMode::Quick),
            reason.as_deref(),
        ),
        Command::Lock { service, environment, span, reason, take_over } => {
            let wanted = locks::Wanted { service: service.as_ref(), span: *span, reason, take_over: *take_over };
            locks::lock(tx, person, environment, &wanted)
        }
        Command::Unlock { service, environment } => locks::unlock(tx, person, service.as_ref(), environment),
        Command::ChecklistTick { deployment, items } => checklist::tick(tx, person, *deployment, items),
        Command::ChecklistUntick { deployment, items } => checklist::untick(tx, person, *deployment, items),
        Command::ChecklistNa { deployment, item, reason } => {
            checklist::not_applicable(tx, person, *deployment, *item, reason)
        }
        Command::QuarantineRelease { service, version, environment, reason } => {
            locks::release_quarantine(tx, person, service, version, environment.as_ref(), reason)
        }
        Command::Incident(command) => incident::command(tx, person, origin, command, facts),
        Command::Oncall(command) => roster::command(tx, person, command, facts),
        Command::Maintenance(command) => maintenance::command(tx, person, command),
        Command::Alert(command) => alert::command(tx, person, command),
        Command::Runbook(command) => runbook::command(tx, person, origin, command),
        Command::Review { deployment, notes } => locks::review(tx, person, *deployment, notes),
        other => {
            tx.reply(Message::line(
                Tone::Warning,
                format!("/{} changes nothing; it is answered elsewhere.", other.name()),
            ));
            Ok(())
        }
    }
}
