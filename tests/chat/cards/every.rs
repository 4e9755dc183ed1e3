//! What "every" means: no status, no reason to be held and no event that says something is without a snapshot.
//!
//! Each list follows the domain's own enum through a match without a wildcard, so what is new there does not compile here
//! until it has a place.

use super::stage::{Shot, Stage};
use signalbox::domain::alert::AlertBoardEvent as B;
use signalbox::domain::deployment::{Deployment, DeploymentEvent as E, HoldReason, Lane, Status};
use signalbox::domain::environment::EnvironmentEvent as V;
use signalbox::domain::ids::PersonId;
use signalbox::domain::incident::IncidentEvent as I;
use signalbox::domain::person::PersonEvent as P;
use signalbox::domain::render::notices;
use signalbox::domain::rhythm::{DigestEvent as G, MaintenanceEvent as M};
use signalbox::domain::roster::RosterEvent as R;
use signalbox::domain::runbook::RunbookEvent as U;
use signalbox::domain::time::{Now, from_millis};
use signalbox::domain::world::{Event, State, evolve};
use signalbox::store::{EventRow, Store as _};
use std::collections::BTreeSet;

pub fn statuses() -> Vec<Status> {
    let next = |status| {
        Some(match status {
            Status::Awaiting => Status::Starting,
            Status::Starting => Status::Running,
            Status::Running => Status::Baking,
            Status::Baking => Status::Verifying,
            Status::Verifying => Status::Held,
            Status::Held => Status::RollingBack,
            Status::RollingBack => Status::Succeeded,
            Status::Succeeded => Status::RolledBack,
            Status::RolledBack => Status::Failed,
            Status::Failed => Status::Rejected,
            Status::Rejected => Status::Cancelled,
            Status::Cancelled => Status::Expired,
            Status::Expired => Status::Superseded,
            Status::Superseded => Status::Refused,
            Status::Refused => return None,
        })
    };
    std::iter::successors(Some(Status::Awaiting), |status| next(*status)).collect()
}

pub fn holds() -> Vec<HoldReason> {
    let next = |reason| {
        Some(match reason {
            HoldReason::Paused => HoldReason::Inconclusive,
            HoldReason::Inconclusive => HoldReason::Gate,
            HoldReason::Gate => HoldReason::Doubt,
            HoldReason::Doubt => return None,
        })
    };
    std::iter::successors(Some(HoldReason::Paused), |reason| next(*reason)).collect()
}

/// How a lane is called at the start of a card's title.
pub fn lane(lane: &Lane) -> &'static str {
    match lane {
        Lane::Regular => "",
        Lane::Hotfix { .. } => "Hotfix: ",
        Lane::Rollback { .. } => "Rollback: ",
    }
}

/// The name of an event that people are told of, in the order of the domain; others are only seen on a card.
fn told(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Deployment(event) => match event {
            E::Requested { .. } => "requested",
            E::KeyTurned { .. } => "key turned",
            E::KeyWithdrawn { .. } => "key withdrawn",
            E::KeysVoided { .. } => "keys voided",
            E::ItemUnticked { .. } => "item unticked",
            E::Started { .. } => "started",
            E::StepBegun { .. } => "step begun",
            E::StepEnded { .. } => "step ended",
            E::Held { .. } => "held",
            E::Released { .. } => "released",
            E::Promoted { .. } => "promoted",
            E::WentBack { .. } => "went back",
            E::Ended { .. } => "ended",
            E::WatchAlarmed { .. } => "watch alarmed",
            E::WatchEnded => "watch ended",
            E::FollowUpPosted { .. } => "follow-up posted",
            E::ItemTicked { .. } | E::ItemNotApplicable { .. } | E::ChecksBegun | E::ChecksRead { .. } => return None,
            E::Waiting { .. } | E::Starting | E::StartDelayed { .. } | E::TrafficMoved { .. } => return None,
            E::BakeBegun { .. } | E::ReadingBegun | E::Read { .. } | E::WindowRenewed | E::VerifyBegun => return None,
            E::VerifyRead { .. } | E::Cancelling { .. } | E::CancelEnded | E::WatchBegun { .. } => return None,
            E::WatchReadingBegun | E::WatchRead { .. } | E::FollowUpsSet { .. } | E::ListsOpened { .. } => return None,
        },
        Event::Environment(event) => match event {
            V::Locked { .. } => "locked",
            V::Unlocked { .. } => "unlocked",
            V::Quarantined { .. } => "quarantined",
            V::QuarantineReleased { .. } => "quarantine released",
            V::Pending { .. } | V::Withdrawn { .. } | V::Queued { .. } => return None,
            V::SlotTaken { .. } | V::SlotFreed { .. } | V::LiveChanged { .. } => return None,
        },
        Event::Incident(event) => match event {
            I::Joined { .. } => "incident joined",
            I::Acknowledged { .. } => "incident acknowledged",
            I::Paged { .. } => "incident paged",
            I::RoundBegun => "incident round begun",
            I::LadderEnded => "incident ladder ended",
            I::Nudged { .. } => "incident nudged",
            I::PromiseBroken { .. } => "incident promise broken",
            I::Updated { .. } => "incident updated",
            I::UpdateAsked { .. } => "incident update asked",
            I::Snoozed { .. } => "incident snoozed",
            I::SeverityChanged { .. } => "incident severity changed",
            I::Assigned { .. } => "incident assigned",
            I::Mitigated { .. } => "incident mitigated",
            I::Resolved { .. } => "incident resolved",
            I::Reopened { .. } => "incident reopened",
            I::RollbackReminded => "incident rollback reminded",
            I::ImpactSaid { .. } => "incident impact said",
            I::DeploymentRolledBack { .. } => "incident deployment rolled back",
            I::ActionAdded { .. } => "incident action added",
            I::ActionPlanned { .. } => "incident action planned",
            I::ActionDone { .. } => "incident action done",
            I::ActionNagged { .. } => "incident action nagged",
            I::LessonsSaid { .. } => "incident lessons said",
            I::PostMortemNagged => "incident post-mortem nagged",
            I::Reviewed { .. } => "incident reviewed",
            I::PageCame { .. } => "incident page came",
            I::Called { .. } => "incident called",
            I::Declared(_) => "incident declared",
            I::AlertsFired { .. } => "incident alerts fired",
            I::AlertsOver { .. } => "incident alerts over",
            I::Hushed { .. } => "incident hushed",
            I::Rearmed { .. } => "incident rearmed",
            I::PagedToo { .. } => "incident paged too",
            I::CommandBegun { .. } => "incident command begun",
            I::CommandEnded { .. } => "incident command ended",
            I::Published { .. } => "incident published",
            I::PublicationCame { .. } => "incident publication came",
            I::MailLost { .. } => "incident mail lost",
            I::RoomWanted { .. } => "incident room wanted",
            I::RoomCame { .. } => "incident room came",
            I::RoomsClosed => "incident rooms closed",
            I::Passed { .. } | I::LadderWidened { .. } => return None,
            I::FirstOpened { .. } | I::FirstTicked { .. } | I::FirstUnticked { .. } | I::FirstNotApplicable { .. } => {
                return None;
            }
            I::Marked { .. } | I::Unmarked { .. } | I::MarkChanged { .. } => return None,
        },
        Event::Roster(event) => match event {
            R::HandedOver(_) => "handed over",
            R::HandoffAccepted { .. } => "hand-off accepted",
            R::HandoffNagged { .. } => "hand-off nagged",
            R::Overridden { .. } => "overridden",
            R::OverrideCancelled { .. } => "override cancelled",
            R::SwapOffered { .. } => "swap offered",
            R::SwapTaken { .. } => "swap taken",
            R::SwapDeclined { .. } => "swap declined",
            R::RosterBegun { .. } | R::ShiftsPlanned { .. } | R::RosterRetired => return None,
        },
        Event::Digest(event) => match event {
            G::DigestPosted { .. } => "digest posted",
            G::DigestArmed { .. } | G::DigestDue { .. } | G::DigestRetired => return None,
        },
        Event::Maintenance(event) => match event {
            M::MaintenanceTicked { .. } => "maintenance ticked",
            M::MaintenanceReminded { .. } => "maintenance reminded",
            M::MaintenanceNotApplicable { .. } => "maintenance set aside",
            M::MaintenanceArmed { .. } | M::MaintenanceOpened(_) => return None,
            M::MaintenanceUnticked { .. } | M::MaintenanceRetired => return None,
        },
        Event::AlertBoard(event) => match event {
            B::AlertsChanged { .. } => "alert lines",
            B::Silenced(_) => "silenced",
            B::SilenceEnded { .. } => "silence ended",
            B::MaintenancePlanned { .. } => return None,
        },
        Event::Runbook(event) => match event {
            U::RunStopping { .. } => "run stopping",
            U::RunEnded { .. } => "run ended",
            U::RunAsked(_) | U::RunBegun { .. } | U::RunCalledOff { .. } => return None,
        },
        Event::Alert(_) | Event::Board(_) => return None,
        Event::Person(event) => match event {
            P::DebtOpened { .. } => "debt opened",
            P::DebtClosed { .. } => "debt closed",
        },
    })
}

/// As many as [`told`] has names.
const TOLD: usize = 80;

/// Goes through the journals of all scenes once more, and asks of every event what it lets people be told: whatever says
/// something is known here, and something of each kind is among the shots.
pub async fn events_without_a_snapshot(stages: &[Stage]) -> Vec<String> {
    let shots: Vec<&Shot> = stages.iter().flat_map(|stage| &stage.shots).collect();
    let (mut said, mut shown, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for stage in stages {
        for (row, event, after) in journal(stage).await {
            let actor = Some(PersonId::new(&row.actor)).filter(|p| stage.world.knows(p.as_str()));
            let notices = notices(stage.world.policy(), &row.stream, &event, actor.as_ref(), &after);
            match (told(&event), notices.is_empty()) {
                (None, false) => wrong.push(format!("{} says something that is not expected", row.kind)),
                (Some(name), false) => {
                    said.insert(name);
                    if notices.iter().any(|n| shots.iter().any(|shot| shot.message == n.message)) {
                        shown.insert(name);
                    }
                }
                (_, true) => {}
            }
        }
    }
    wrong.extend(said.difference(&shown).map(|name| format!("“{name}” is said and has no snapshot")));
    if said.len() != TOLD {
        wrong.push(format!("{} of {TOLD} kinds are said: {said:?}", said.len()));
    }
    wrong
}

/// Every event of a world, with the state after it.
async fn journal(stage: &Stage) -> Vec<(EventRow, Event, State)> {
    let (store, mut out) = (stage.world.store(), Vec::new());
    for stream in store.streams("", 1_000).await.unwrap() {
        let mut state = None;
        for row in store.events(&stream, 0, 10_000).await.unwrap() {
            let event: Event = serde_json::from_str(&row.body).unwrap();
            let after = evolve(&stream, state, &event, Now::at(from_millis(row.at))).unwrap();
            state = Some(after.clone());
            out.push((row, event, after));
        }
    }
    out
}

/// The deployments of a world.
pub async fn deployments(stage: &Stage) -> Vec<Deployment> {
    let journal = journal(stage).await.into_iter();
    let states = journal.filter_map(|(_, _, after)| if let State::Deployment(d) = after { Some(*d) } else { None });
    states.collect()
}
