//! Incidents as the store has them: what questions are answered from, and which deployments came before one.

use super::Engine;
use super::writer::parse_state;
use crate::domain::ids::{IncidentId, PersonId, Stream};
use crate::domain::incident::{Board, Incident, IncidentCommand, Suspect};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::render;
use crate::domain::time::from_millis;
use crate::domain::world::{Event, State};
use crate::limits;
use crate::store::{HistoryQuery, Result};

impl Engine {
    /// The board of incidents.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn board(&self) -> Result<Board> {
        let rows = self.deps.store.states(&[Stream::board()]).await?;
        Ok(match rows.first().map(parse_state).transpose()? {
            Some(State::Board(board)) => board,
            _ => Board::default(),
        })
    }

    /// The state of an incident.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<Incident>> {
        Ok(self.incidents(&[id]).await?.pop())
    }

    pub(super) async fn incidents(&self, ids: &[IncidentId]) -> Result<Vec<Incident>> {
        let streams: Vec<Stream> = ids.iter().map(|id| Stream::incident(*id)).collect();
        let mut out = Vec::with_capacity(streams.len());
        for row in self.deps.store.states(&streams).await? {
            if let State::Incident(i) = parse_state(&row)? {
                out.push(*i);
            }
        }
        out.sort_by_key(|i| i.id);
        Ok(out)
    }

    pub(super) async fn incident_answer(&self, command: &IncidentCommand) -> Result<Message> {
        let board = self.board().await?;
        let open: Vec<IncidentId> = board.open.keys().copied().collect();
        let wanted = match command {
            IncidentCommand::Status { incident }
            | IncidentCommand::Timeline { incident }
            | IncidentCommand::Checklist { incident } => *incident,
            // Written when it is over: without a number it is that of the last one.
            IncidentCommand::PostMortem { incident } => {
                incident.or(board.ended.last().copied().filter(|_| open.is_empty()))
            }
            _ => None,
        };
        let only = if let [only] = open.as_slice() { Some(*only) } else { None };
        let Some(id) = wanted.or(only).filter(|_| !matches!(command, IncidentCommand::List)) else {
            let ended = self.incidents(&board.ended).await?;
            return Ok(render::incident_list(&self.incidents(&open).await?, &ended));
        };
        if matches!(command, IncidentCommand::Timeline { .. } | IncidentCommand::PostMortem { .. }) {
            self.look_again(id).await?;
        }
        let Some(i) = self.incident(id).await? else {
            let text =
                vec![plain(format!("There is no {id}. ")), code("/incident list"), plain(" lists what is open.")];
            return Ok(Message::new(Tone::Warning, text));
        };
        Ok(match command {
            IncidentCommand::Timeline { .. } => render::timeline(&i, &self.acts(id).await?),
            IncidentCommand::PostMortem { .. } => self.draft(&i).await?,
            IncidentCommand::Checklist { .. } => render::incident_checklist(&i),
            _ => render::incident_status(&self.policy(), &i),
        })
    }

    /// The draft of its post-mortem, as a message; none when there is no such incident.
    pub(super) async fn post_mortem(&self, id: IncidentId) -> Result<Option<Message>> {
        self.look_again(id).await?;
        match self.incident(id).await? {
            Some(i) => self.draft(&i).await.map(Some),
            None => Ok(None),
        }
    }

    /// Looks at its marked messages before they are told.
    async fn look_again(&self, id: IncidentId) -> Result<()> {
        match self.incident(id).await? {
            Some(i) => self.look_at_marks(&i).await,
            None => Ok(()),
        }
    }

    async fn draft(&self, i: &Incident) -> Result<Message> {
        let (policy, acts) = (self.policy(), self.acts(i.id).await?);
        let template = policy.response.post_mortem.as_deref().unwrap_or(render::POST_MORTEM);
        Ok(render::post_mortem_message(i, render::post_mortem(&policy, template, i, &acts)))
    }

    /// Everything that happened in it.
    async fn acts(&self, id: IncidentId) -> Result<Vec<render::Act>> {
        let rows = self.deps.store.events(&Stream::incident(id), 0, limits::TIMELINE_EVENTS).await?;
        let events = rows.into_iter().filter_map(|row| match Event::read("incident", &row.body) {
            Ok(Event::Incident(event)) => {
                let by = Some(PersonId::new(&row.actor)).filter(|p| p.as_str() != "signalbox");
                Some((from_millis(row.at), by, event))
            }
            _ => None,
        });
        Ok(events.collect())
    }

    /// Incidents that began since then, open or ended, the oldest first.
    pub(super) async fn incidents_since(&self, since: jiff::Timestamp) -> Vec<crate::domain::roster::Noted> {
        let Ok(board) = self.board().await else { return Vec::new() };
        let ids: Vec<IncidentId> = board.open.keys().chain(&board.ended).copied().collect();
        let all = self.incidents(&ids).await.unwrap_or_default();
        let line = |i: &Incident| crate::domain::roster::Noted {
            what: format!("{} {} {}, {}", i.id, i.severity, i.title, i.status.words()),
            at: i.started,
        };
        all.iter().filter(|i| i.started >= since).map(line).collect()
    }

    /// Deployments that began in the hours before now. Without an answer of the store an incident is declared all the same.
    pub(super) async fn suspects(&self) -> Vec<Suspect> {
        let since = self.now().wall.as_millisecond() - limits::SUSPECT_FOR_MS;
        let query = HistoryQuery { limit: i64::from(limits::HISTORY_ROWS), ..HistoryQuery::default() };
        let rows = self.deps.store.history(&query).await.unwrap_or_else(|error| {
            tracing::warn!(name: "incident.no_history", %error, "deployments before an incident are not known: {error}");
            Vec::new()
        });
        let began = rows.into_iter().filter(|row| row.started_at > 0 && row.started_at >= since);
        let one = |row: crate::store::HistoryRow| Suspect {
            deployment: crate::domain::ids::DeploymentId(u64::try_from(row.number).unwrap_or(0)),
            what: format!("{} {} → {}", row.service, row.version, row.environment),
            at: from_millis(row.started_at),
            same_service: false,
            went_back: false,
        };
        began.map(one).collect()
    }
}
