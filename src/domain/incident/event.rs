//! What happened in an incident.

use super::{Duty, Quote, RoomCame, Suspect, Told};
use crate::domain::alert::Linked;
use crate::domain::deployment::{ListState, Origin};
use crate::domain::ids::{DeploymentId, IncidentId, PersonId, PlatformName, ServiceName};
use crate::domain::paging::{Came, Step, Try};
use crate::domain::response::Ladder;
use crate::domain::runbook::Came as Ended;
use crate::domain::status::{Phase, PublicCame, PublicTry};
use crate::domain::time::Span;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an incident begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    pub id: IncidentId,
    pub title: String,
    pub severity: String,
    pub service: Option<ServiceName>,
    pub reporter: Option<PersonId>,
    pub origin: Option<Origin>,
    pub suspects: Vec<Suspect>,
    pub ladder: Option<Ladder>,
    pub next_update: Timestamp,
    pub rollback_reminder: Option<Timestamp>,
    /// It is practice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// The alerts that opened it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Linked>,
    /// Names of runbooks that fit what was said, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runbooks: Vec<String>,
    /// It gathers what came at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub storm: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IncidentEvent {
    Declared(Box<Declaration>),
    /// Somebody else saw the same.
    Joined {
        person: PersonId,
        said: String,
    },
    Acknowledged {
        by: PersonId,
        until: Timestamp,
    },
    /// A level was reached; `people` are paged. Nobody there: it is passed by at once.
    Paged {
        level: String,
        people: Vec<PersonId>,
        why: String,
        /// By what each is reached; absent: by chat.
        #[serde(default)]
        ways: BTreeMap<PersonId, Vec<Step>>,
        /// Everybody on it must acknowledge.
        #[serde(default)]
        all: bool,
    },
    /// Somebody asks for these people, whom the ladder does not name.
    Called {
        by: PersonId,
        /// What they are asked as.
        level: String,
        people: Vec<PersonId>,
        why: String,
        ways: BTreeMap<PersonId, Vec<Step>>,
    },
    /// A level was reached on which everybody has acknowledged before.
    Passed {
        level: String,
    },
    /// What came of a page at one place.
    PageCame {
        of: Try,
        came: Came,
    },
    /// The next level is the first again.
    RoundBegun,
    /// The last round is over; the channel is told.
    LadderEnded,
    /// Whoever promised has said nothing since.
    Nudged {
        person: PersonId,
    },
    /// The promise is taken as broken: the ladder is climbed again from its start.
    PromiseBroken {
        person: PersonId,
    },
    Updated {
        by: PersonId,
        text: String,
        next: Timestamp,
    },
    /// `again`: it was asked as loudly as can be, and is asked again from the start by then.
    UpdateAsked {
        told: Told,
        again: Option<Timestamp>,
    },
    Snoozed {
        by: PersonId,
        until: Timestamp,
    },
    SeverityChanged {
        from: String,
        to: String,
        ladder: Option<Ladder>,
        /// It is worse now, so the ladder is climbed from its start.
        raised: bool,
        next_update: Timestamp,
    },
    Assigned {
        duty: Duty,
        person: PersonId,
    },
    Mitigated {
        by: PersonId,
        text: String,
        next: Timestamp,
    },
    Resolved {
        by: PersonId,
        resolution: String,
        cause: String,
        post_mortem_due: Option<Timestamp>,
    },
    Reopened {
        by: PersonId,
        reason: String,
        ladder: Option<Ladder>,
        next_update: Timestamp,
    },
    RollbackReminded,
    /// Who notices it, and how much.
    ImpactSaid {
        by: PersonId,
        text: String,
    },
    /// A deployment of its service went back by itself, or by hand.
    DeploymentRolledBack {
        deployment: DeploymentId,
        /// `api v1.2.0 → production`.
        what: String,
        why: String,
    },
    ActionAdded {
        by: PersonId,
        n: u32,
        text: String,
        owner: Option<PersonId>,
        due: Option<Timestamp>,
    },
    /// Who does it, or by when, is new.
    ActionPlanned {
        by: PersonId,
        n: u32,
        owner: Option<PersonId>,
        due: Option<Timestamp>,
    },
    ActionDone {
        by: PersonId,
        n: u32,
    },
    ActionNagged {
        n: u32,
    },
    LessonsSaid {
        by: PersonId,
        text: String,
    },
    PostMortemNagged,
    Reviewed {
        by: PersonId,
    },
    /// Alerts of it fire. `again`: it was held to be under control, so the ladder is climbed from its start.
    AlertsFired {
        alerts: Vec<Linked>,
        again: bool,
    },
    /// These are over, by their keys.
    AlertsOver {
        keys: Vec<String>,
    },
    /// Nobody is paged about it for now: everything of it that fires is silenced.
    Hushed {
        why: String,
    },
    /// That is over. `firing`: the ladder is climbed from its start; otherwise nothing of it fires any more.
    Rearmed {
        firing: bool,
        next_update: Timestamp,
    },
    /// Whoever is on the levels of this ladder is on those of the incident's as well.
    LadderWidened {
        ladder: Box<Ladder>,
    },
    /// People who were not paged yet are, on a level that was reached before.
    PagedToo {
        level: String,
        people: Vec<PersonId>,
        why: String,
        ways: BTreeMap<PersonId, Vec<Step>>,
    },
    /// Somebody wants this message in the timeline.
    Marked {
        by: PersonId,
        quote: Box<Quote>,
    },
    /// They do not any more.
    Unmarked {
        by: PersonId,
        /// Its key.
        message: String,
    },
    /// A marked message reads otherwise now; no text: it is gone.
    MarkChanged {
        message: String,
        text: Option<String>,
    },
    /// A command of a runbook runs because of it. `what`: `Restart the service for api in production`.
    CommandBegun {
        by: PersonId,
        runbook: String,
        number: u32,
        what: String,
    },
    CommandEnded {
        runbook: String,
        number: u32,
        what: String,
        came: Ended,
        summary: String,
    },
    /// Customers are told. With a title it is the first they hear of it, at these places.
    Published {
        title: Option<String>,
        places: Vec<String>,
        /// Who typed it; none: a template made it.
        by: Option<PersonId>,
        phase: Phase,
        text: String,
    },
    /// What came of that at one place.
    PublicationCame {
        of: PublicTry,
        came: PublicCame,
    },
    /// It is urgent: what is asked first is there to be ticked.
    FirstOpened {
        list: Box<ListState>,
    },
    /// Items of that list are answered, or done.
    FirstTicked {
        by: PersonId,
        items: Vec<u32>,
    },
    FirstUnticked {
        by: PersonId,
        items: Vec<u32>,
    },
    FirstNotApplicable {
        by: PersonId,
        item: u32,
        reason: String,
    },
    /// A mail about how it stands reaches nobody.
    MailLost {
        to: String,
        why: String,
    },
    /// It gets a channel of its own on every platform, of this name. `archive`: put aside so long after its end.
    RoomWanted {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        archive: Option<Span>,
    },
    /// What became of that on one of them.
    RoomCame {
        platform: PlatformName,
        came: RoomCame,
    },
    /// Nobody needs those channels any more.
    RoomsClosed,
}
