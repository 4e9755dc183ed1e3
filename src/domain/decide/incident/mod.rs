//! Incidents: declared, acknowledged, told about, brought to their end (DESIGN 4.5).
//!
//! Anybody in config may do any of it: in an incident, asking for permission costs more than a mistake that the timeline shows.

mod act;
mod afterwards;
pub(super) mod alerts;
mod call;
mod climb;
mod declare;
mod due;
mod first;
mod mark;
mod pages;
mod publish;
mod room;

pub(super) use declare::{rolled_back, stuck};
pub(super) use due::fire;
pub(super) use mark::looked_at;
pub(super) use pages::{came, lost_mail, published};
pub(super) use room::came as room_came;

use super::{Facts, Stop, Tx};
use crate::domain::deployment::Origin;
use crate::domain::ids::{IncidentId, PersonId, Stream};
use crate::domain::incident::{Board, BoardEvent, Incident, IncidentCommand as C, IncidentEvent};
use crate::domain::message::{code, plain};
use crate::domain::response::Severity;
use crate::domain::world::{Event, State};

pub(super) fn command(tx: &mut Tx<'_>, by: &PersonId, origin: &Origin, command: &C, facts: &Facts) -> Result<(), Stop> {
    match command {
        C::Declare { severity, title, service, anyway } => {
            let wanted = declare::Wanted { severity, title, service: service.as_ref(), anyway: *anyway };
            declare::declare(tx, by, origin, &wanted, &facts.suspects)
        }
        C::Join { incident } => act::join(tx, by, *incident),
        C::Ack { incident, eta, episode } => act::acknowledge(tx, by, *incident, *eta, *episode),
        C::Update { incident, text, public } => act::update(tx, by, *incident, text, public.as_deref()),
        C::Mitigate { incident, text, public } => act::mitigate(tx, by, *incident, text, public.as_deref()),
        C::Resolve { incident, resolution, cause, public } => {
            act::resolve(tx, by, *incident, (resolution, cause), public.as_deref())
        }
        C::Publish { incident, text, title, phase } => {
            let wanted = publish::Wanted { text, title: title.as_deref(), phase: *phase };
            publish::publish(tx, by, *incident, &wanted)
        }
        C::Reopen { incident, reason } => act::reopen(tx, by, *incident, reason),
        C::Severity { incident, severity } => act::severity(tx, by, *incident, severity),
        C::Assign { incident, duty, person } => act::assign(tx, *incident, *duty, person),
        C::Escalate { incident, reason } => act::escalate(tx, by, *incident, reason.as_deref()),
        C::GoUp { incident, reason } => act::escalate(tx, by, *incident, reason.as_deref()),
        C::Page { whom, text, incident } => call::page(tx, by, origin, whom, text, *incident),
        C::Drill { severity } => call::drill(tx, by, origin, severity),
        C::Snooze { incident, span } => act::snooze(tx, by, *incident, *span),
        C::Impact { incident, text } => afterwards::impact(tx, by, *incident, text),
        C::Action { incident, text, owner, due } => afterwards::action(tx, by, *incident, text, owner.as_ref(), *due),
        C::Plan { incident, action, owner, due } => afterwards::plan(tx, by, *incident, *action, owner.as_ref(), *due),
        C::Done { incident, action } => afterwards::finish(tx, by, *incident, *action),
        C::Lessons { incident, text } => afterwards::lessons(tx, by, *incident, text),
        C::Mark { incident, quote } => mark::mark(tx, by, *incident, quote),
        C::Unmark { incident, message } => mark::unmark(tx, by, *incident, message),
        C::Tick { incident, items } => first::tick(tx, by, *incident, items),
        C::Untick { incident, items } => first::untick(tx, by, *incident, items),
        C::NotApplicable { incident, item, reason } => first::not_applicable(tx, by, *incident, *item, reason),
        C::Review { incident } => afterwards::review(tx, by, *incident),
        C::Status { .. } | C::Timeline { .. } | C::PostMortem { .. } | C::Checklist { .. } | C::List => Ok(()),
    }
}

impl Tx<'_> {
    pub(super) fn board(&mut self) -> Result<Board, Stop> {
        Ok(match self.state(&Stream::board())? {
            Some(State::Board(board)) => board,
            _ => Board::default(),
        })
    }

    pub(super) fn incident(&mut self, id: IncidentId) -> Result<Option<Incident>, Stop> {
        Ok(match self.state(&Stream::incident(id))? {
            Some(State::Incident(i)) => Some(*i),
            _ => None,
        })
    }

    fn on_incident(&mut self, id: IncidentId, event: IncidentEvent) -> Result<(), Stop> {
        self.emit(Stream::incident(id), Event::Incident(event))
    }

    fn on_board(&mut self, event: BoardEvent) -> Result<(), Stop> {
        self.emit(Stream::board(), Event::Board(event))
    }

    /// The incident that is meant, or a refusal that says which there are.
    fn meant(&mut self, id: Option<IncidentId>) -> Result<Option<Incident>, Stop> {
        let board = self.board()?;
        let open: Vec<IncidentId> = board.open.keys().copied().collect();
        let meant = match (id, open.as_slice()) {
            (Some(id), _) => id,
            (None, [only]) => *only,
            (None, []) => {
                let text =
                    vec![plain("No incident is open. "), code("/incident P1 what is wrong"), plain(" declares one.")];
                self.refuse_text("no_incident", text);
                return Ok(None);
            }
            (None, several) => {
                let names: Vec<String> = several.iter().map(ToString::to_string).collect();
                let text = format!("{} are open; say which one is meant.", names.join(", "));
                self.refuse_text("which_incident", vec![plain(text)]);
                return Ok(None);
            }
        };
        let found = self.incident(meant)?;
        if found.is_none() {
            let text =
                vec![plain(format!("There is no {meant}. ")), code("/incident list"), plain(" lists what is open.")];
            self.refuse_text("unknown_incident", text);
        }
        Ok(found)
    }

    /// The same, while it is not over.
    fn running(&mut self, id: Option<IncidentId>, what: &str) -> Result<Option<Incident>, Stop> {
        let Some(i) = self.meant(id)? else { return Ok(None) };
        if !i.status.ended() {
            return Ok(Some(i));
        }
        let text = vec![
            plain(format!("{} is {}, so it cannot be {what}. ", i.id, i.status.words())),
            code(format!("/incident reopen {} REASON", i.id)),
            plain(" opens it again."),
        ];
        self.refuse_text("wrong_state", text);
        Ok(None)
    }

    /// The severity of this name, or a refusal that says which there are.
    fn severity(&mut self, name: &str) -> Option<Severity> {
        let response = &self.ctx.policy.response;
        let found = response.severity(name).cloned();
        if found.is_none() {
            let names: Vec<&str> = response.severities.iter().map(|s| s.name.as_str()).collect();
            let text = match names.as_slice() {
                [] => "The config has no severities, so there are no incidents to declare. Add [severities.p0]."
                    .to_owned(),
                all => format!("{name} is not a severity; there are {}.", all.join(", ")),
            };
            self.refuse_text("unknown_severity", vec![plain(text)]);
        }
        found
    }
}
