//! Questions: answered from the store as it is, changing nothing.

use super::Engine;
use super::writer::parse_state;
use crate::chat::Answer;
use crate::command::help;
use crate::domain::command::{About, Command};
use crate::domain::decide::{Ctx, Facts, Stop, Tx, consider, gate_answer};
use crate::domain::deployment::{Deployment, Status};
use crate::domain::environment::Environment;
use crate::domain::gate::Answer as GateAnswer;
use crate::domain::ids::{DeploymentId, EnvironmentName, PersonId, ServiceName, Stream};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::render::{self, Openness, Past};
use crate::domain::time::{Span, after, from_millis};
use crate::domain::window::{open_intervals, opening};
use crate::domain::world::{Loaded, State, World};
use crate::limits;
use crate::store::{HistoryQuery, Result, StoreError};
use std::collections::BTreeSet;

/// Streams that one question may load; more is a bug.
const LOOKS: usize = 64;

/// What the gate says about a deployment or a request.
pub struct Explained {
    /// `D-42` or `api v1.2.0 → production`.
    pub title: String,
    pub deployment: Option<Deployment>,
    /// Or why it cannot even be a request.
    pub answer: std::result::Result<GateAnswer, Message>,
}

impl Engine {
    pub(super) async fn ask(&self, person: Option<&PersonId>, command: &Command) -> Result<Answer> {
        let policy = self.policy();
        let messages = match command {
            Command::Help { topic } => {
                let who = person.and_then(|p| policy.people.get(p));
                vec![help(&self.catalogue, who, topic.as_deref())]
            }
            Command::DeployStatus { deployment: None } => vec![self.status().await?],
            Command::DeployStatus { deployment: Some(id) } => {
                vec![self.one(*id, |d| render::status_one(&policy, d)).await?]
            }
            Command::Checklist { deployment } => self.checklists(*deployment).await?,
            Command::DeployHistory { service, environment, limit } => {
                vec![self.history(service.as_ref(), environment.as_ref(), *limit).await?]
            }
            Command::Window { service, environment } => {
                vec![self.windows(service.as_ref(), environment.as_ref())]
            }
            Command::Why(about) => {
                let e = self.explain(person, about).await?;
                vec![e.answer.map_or_else(|m| m, |a| render::explain(&e.title, e.deployment.as_ref(), &a))]
            }
            Command::When(about) => {
                let e = self.explain(person, about).await?;
                vec![e.answer.map_or_else(|m| m, |a| render::when(&e.title, e.deployment.as_ref(), &a))]
            }
            Command::Incident(command) => vec![self.incident_answer(command).await?],
            Command::Oncall(command) => vec![self.oncall_answer(command).await?],
            Command::Maintenance(command) => vec![self.maintenance_answer(command).await?],
            Command::Digest { name } => vec![self.digest_answer(name.as_deref()).await?],
            Command::Stats(query) => vec![self.stats_answer(query).await?],
            Command::Alert(command) => vec![self.alert_answer(command).await?],
            Command::Runbook(command) => vec![self.runbook_answer(person, command)],
            Command::QuarantineList => vec![render::quarantined(&self.environments().await?)],
            _ => Vec::new(),
        };
        Ok(Answer { messages, form: None })
    }

    /// The state of a deployment.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deployment(&self, id: DeploymentId) -> Result<Option<Deployment>> {
        let rows = self.deps.store.states(&[Stream::deployment(id)]).await?;
        Ok(match rows.first().map(parse_state).transpose()? {
            Some(State::Deployment(d)) => Some(*d),
            _ => None,
        })
    }

    async fn one(&self, id: DeploymentId, show: impl FnOnce(&Deployment) -> Message) -> Result<Message> {
        Ok(self.deployment(id).await?.as_ref().map_or_else(|| nothing(id), show))
    }

    async fn checklists(&self, id: DeploymentId) -> Result<Vec<Message>> {
        let Some(d) = self.deployment(id).await? else { return Ok(vec![nothing(id)]) };
        let cards = render::cards(&self.policy(), &d);
        let lists: Vec<_> = cards.into_iter().filter(|c| c.key.starts_with("list:")).map(|c| c.message).collect();
        Ok(if lists.is_empty() { vec![Message::line(Tone::Neutral, format!("{id} has no checklist."))] } else { lists })
    }

    /// Every environment of the policy, with its state.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn environments(&self) -> Result<Vec<(EnvironmentName, Environment)>> {
        let names: Vec<EnvironmentName> = self.policy().environments.keys().cloned().collect();
        let streams: Vec<Stream> = names.iter().map(Stream::environment).collect();
        let mut out: Vec<_> = names.into_iter().map(|n| (n, Environment::default())).collect();
        for row in self.deps.store.states(&streams).await? {
            if let State::Environment(env) = parse_state(&row)?
                && let Some(slot) = out.iter_mut().find(|(n, _)| n.as_str() == row.stream.name())
            {
                slot.1 = env;
            }
        }
        Ok(out)
    }

    async fn status(&self) -> Result<Message> {
        let streams: Vec<Stream> = self.open_deployments().await?.into_iter().map(Stream::deployment).collect();
        let mut open = Vec::new();
        for row in self.deps.store.states(&streams).await? {
            if let State::Deployment(d) = parse_state(&row)? {
                open.push(*d);
            }
        }
        open.sort_by_key(|d| d.id);
        Ok(render::status(&self.policy(), &open, &self.environments().await?))
    }

    async fn history(
        &self,
        service: Option<&ServiceName>,
        environment: Option<&EnvironmentName>,
        limit: Option<u32>,
    ) -> Result<Message> {
        let query = HistoryQuery {
            service: service.map(ToString::to_string),
            environment: environment.map(ToString::to_string),
            before: None,
            limit: i64::from(limit.unwrap_or(10).clamp(1, limits::HISTORY_ROWS)),
        };
        let rows = self.deps.store.history(&query).await?;
        let past: Vec<Past> = rows
            .into_iter()
            .map(|r| Past {
                id: format!("D-{}", r.number),
                what: format!("{} {} → {}", r.service, r.version, r.environment),
                status: r.status,
                requester: PersonId::new(&r.requester),
                requested_at: from_millis(r.requested_at),
                note: r.note,
            })
            .collect();
        Ok(render::history(&past))
    }

    fn windows(&self, service: Option<&ServiceName>, environment: Option<&EnvironmentName>) -> Message {
        let policy = self.policy();
        let asked = service
            .cloned()
            .unwrap_or_else(|| policy.default_service().map_or_else(|| ServiceName::new(""), |s| s.name.clone()));
        let now = self.now().wall;
        let chosen = policy.environments.values().filter(|e| environment.is_none_or(|n| n == &e.name));
        let all: Vec<Openness> = chosen
            .map(|e| Openness {
                environment: e.name.clone(),
                opening: opening(&e.windows, &policy.calendar, &asked, &e.name, &BTreeSet::new(), now),
                ahead: if e.windows.is_empty() {
                    Vec::new()
                } else {
                    let until = after(now, Span::hours(7 * 24));
                    let week = open_intervals(&e.windows, &policy.calendar, &asked, &e.name, now, until);
                    // A stretch that is cut off by the end of the week has not got the closing time it would show.
                    week.into_iter().filter(|(_, to)| *to < until).collect()
                },
            })
            .collect();
        render::window(&policy, service, &all)
    }

    /// What the gate says about a deployment that exists or a request that might be made by `person`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn explain(&self, person: Option<&PersonId>, about: &About) -> Result<Explained> {
        match about {
            About::Deployment(id) => self.explain_deployment(*id).await,
            About::Request(request) => {
                let policy = self.policy();
                let facts = Facts { release: self.release_for(&policy, request).await, ..Facts::default() };
                let nobody = PersonId::new("");
                let by = person.unwrap_or(&nobody);
                let found = self.look(|tx| consider(tx, by, request, &facts)).await?;
                Ok(match found {
                    Ok(draft) => Explained {
                        title: format!(
                            "{} {} → {}",
                            draft.plan.service, draft.plan.release.version, draft.plan.environment
                        ),
                        deployment: None,
                        answer: Ok(draft.answer),
                    },
                    Err((_, text)) => Explained {
                        title: request.version.clone(),
                        deployment: None,
                        answer: Err(Message::new(Tone::Warning, text)),
                    },
                })
            }
        }
    }

    async fn explain_deployment(&self, id: DeploymentId) -> Result<Explained> {
        let Some(d) = self.deployment(id).await? else {
            return Ok(Explained { title: id.to_string(), deployment: None, answer: Err(nothing(id)) });
        };
        let title = format!("{id} {} {} → {}", d.plan.service, d.plan.release.version, d.plan.environment);
        if d.status.ended() || (d.status.active() && d.status != Status::Held && d.status != Status::Starting) {
            let empty = GateAnswer { verdict: crate::domain::gate::Verdict::Allow, findings: Vec::new() };
            return Ok(Explained { title, deployment: Some(d), answer: Ok(empty) });
        }
        let turned = d.turned();
        let answer = self
            .look(|tx| gate_answer(tx, Some(d.id), &d.plan, &d.lane, &d.requester, &d.slots, &turned, &d.lists))
            .await?;
        Ok(Explained { title, deployment: Some(d), answer: Ok(answer) })
    }

    /// Runs a question on a world of its own, loading what it needs.
    pub(super) async fn look<T>(&self, ask: impl Fn(&mut Tx<'_>) -> std::result::Result<T, Stop>) -> Result<T> {
        let policy = self.policy();
        let mut world = World::default();
        let ctx = Ctx { policy: &policy, now: self.now(), next_number: 0 };
        for _ in 0..LOOKS {
            let need = match ask(&mut Tx::new(&world, ctx)) {
                Ok(found) => return Ok(found),
                Err(Stop::Need(stream)) => stream,
                Err(Stop::Broken(b)) => return Err(StoreError::Unavailable(b.to_string())),
            };
            let rows = self.deps.store.states(std::slice::from_ref(&need)).await?;
            let loaded = match rows.first() {
                Some(row) => Loaded { seq: row.seq, hash: row.hash.clone(), state: Some(parse_state(row)?) },
                None => Loaded { seq: 0, hash: String::new(), state: None },
            };
            world.put(need, loaded);
        }
        Err(StoreError::Unavailable("a question needs too many streams".into()))
    }
}

fn nothing(id: DeploymentId) -> Message {
    Message::new(
        Tone::Warning,
        vec![plain(format!("There is no {id}. ")), code("/deploy history"), plain(" lists what there was.")],
    )
}
