//! What happened to a deployment. Events are facts: they carry what was decided, never what is to be decided.

use super::lists::{ListState, TickedBy};
use super::run::{Activity, Hold};
use super::{Lane, Origin, Status};
use crate::domain::ids::{DeploymentId, PersonId};
use crate::domain::message::Text;
use crate::domain::plan::{Plan, Release};
use crate::domain::policy::Slot;
use crate::domain::probe::Reading;
use crate::domain::time::Span;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The request, as accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub id: DeploymentId,
    pub plan: Plan,
    pub digest: String,
    pub lane: Lane,
    pub requester: PersonId,
    pub origin: Origin,
    pub slots: Vec<Slot>,
    pub expires_at: Timestamp,
    pub skip_ci: Option<String>,
    pub lists: Vec<ListState>,
    /// For a rollback: what is live and shall go.
    pub previous: Option<Release>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeploymentEvent {
    Requested {
        request: Box<Request>,
    },
    KeyTurned {
        person: PersonId,
    },
    KeyWithdrawn {
        person: PersonId,
    },
    /// The plan changed in these parts; every key is void and the new plan asks for keys afresh.
    KeysVoided {
        fields: Vec<String>,
        plan: Box<Plan>,
        digest: String,
        slots: Vec<Slot>,
        expires_at: Timestamp,
    },
    ItemTicked {
        item: u32,
        by: TickedBy,
    },
    ItemUnticked {
        item: u32,
        reason: String,
    },
    ItemNotApplicable {
        item: u32,
        person: PersonId,
        reason: String,
    },
    ChecksBegun,
    /// `next` is when they are read again (wall clock).
    ChecksRead {
        readings: Vec<Reading>,
        next: Option<Timestamp>,
    },
    /// The gate said: not yet.
    Waiting {
        codes: Vec<String>,
        until: Option<Timestamp>,
        because: Vec<Text>,
    },
    Starting,
    /// The release or the live version cannot be read now; asked again later.
    StartDelayed {
        problem: String,
        until: Timestamp,
    },
    Started {
        previous: Option<Release>,
        lists: Vec<ListState>,
    },
    StepBegun {
        activity: Activity,
    },
    StepEnded {
        ok: bool,
        summary: String,
    },
    /// The traffic step's job is done: the release has this share, and its window of errors begins.
    TrafficMoved {
        weight: u8,
    },
    BakeBegun {
        until: Timestamp,
    },
    /// The monitor asks its probes.
    ReadingBegun,
    /// The monitor's probes answered; `next` is when they are asked again (work clock).
    Read {
        readings: Vec<Reading>,
        next: Timestamp,
    },
    /// A new window of errors begins while somebody is waited for.
    WindowRenewed,
    VerifyBegun,
    VerifyRead {
        ok: bool,
        text: String,
        next: Timestamp,
    },
    Held {
        hold: Hold,
    },
    /// The hold ended; `by` is empty when it ended by itself.
    Released {
        by: Option<PersonId>,
    },
    Promoted {
        person: PersonId,
    },
    /// From here it goes back; `as_status` is how it ends when that works.
    WentBack {
        why: String,
        by: Option<PersonId>,
        as_status: Status,
    },
    /// The job it was busy with is told to end first.
    Cancelling {
        key: String,
    },
    CancelEnded,
    Ended {
        status: Status,
        note: String,
        by: Option<PersonId>,
        /// It needs a person: the way back did not work.
        stuck: bool,
        /// With the end came a lock on the service and a quarantine of the release.
        #[serde(default)]
        kept_out: bool,
    },
    /// Wall clock.
    WatchBegun {
        until: Timestamp,
        next: Timestamp,
    },
    WatchReadingBegun,
    WatchRead {
        unhealthy: Vec<Reading>,
        next: Timestamp,
    },
    WatchAlarmed {
        text: String,
    },
    WatchEnded,
    FollowUpsSet {
        due: Vec<(Span, Timestamp)>,
    },
    FollowUpPosted {
        after: Span,
        lists: Vec<ListState>,
    },
    ListsOpened {
        lists: Vec<ListState>,
    },
}
