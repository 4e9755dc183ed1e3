//! The way out is never gated: an abort or a rollback that somebody may ask for is accepted, whatever else is the matter.

use super::Checker;
use signalbox::chat::{Body, Envelope};
use signalbox::domain::deployment::{Deployment, Status};
use signalbox::domain::ids::{DeploymentId, EnvironmentName, PersonId, ServiceName, Stream};
use signalbox::store::Batch;

/// What must happen in the batch that decides an envelope.
pub(super) enum WayOut {
    /// This deployment turns round or ends.
    Turns(DeploymentId, String),
    /// A new rollback begins at once.
    Begins(EnvironmentName, ServiceName, String),
}

fn turns(d: &Deployment) -> bool {
    let forward = d.run.as_ref().is_none_or(|r| !r.going_back);
    !d.status.ended() && forward && (!d.is_rollback() || d.status == Status::Awaiting || d.status == Status::Starting)
}

impl Checker {
    pub(super) fn ways_out(&self, replica: usize, batch: &Batch) -> Vec<WayOut> {
        let envelopes = batch.inbox.iter().filter_map(|row| serde_json::from_str::<Envelope>(&row.body).ok());
        envelopes.filter_map(|e| self.way_out(replica, &e)).collect()
    }

    fn way_out(&self, replica: usize, envelope: &Envelope) -> Option<WayOut> {
        let policy = &self.policies[replica];
        let who = PersonId::new(envelope.account.trim_start_matches("U-"));
        let person = policy.people.get(&who)?;
        let text = match &envelope.body {
            Body::Command { text, .. } => text.clone(),
            Body::Click { action, .. } => {
                format!("/abort {}", action.strip_prefix("abort?deployment=")?)
            }
            Body::Reaction { .. } => return None,
        };
        let holds = |roles: &std::collections::BTreeSet<_>| roles.is_empty() || !person.roles.is_disjoint(roles);
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["/abort", id, ..] => {
                let d = self.deployment(DeploymentId::parse(id)?)?;
                let env = policy.environments.get(&d.plan.environment)?;
                let may = d.requester == who || holds(&env.operators);
                (may && turns(d)).then(|| WayOut::Turns(d.id, text.clone()))
            }
            ["/rollback", service, "in", environment, rest @ ..] => {
                let env = policy.environments.get(*environment)?;
                let quick = !matches!(rest.first(), Some(&("full" | "emergency")));
                if !quick || !holds(&env.rollback.quick) {
                    return None;
                }
                let service = ServiceName::new(service);
                let track = self.environment(&env.name).track(&service);
                if let Some(running) = track.running {
                    let d = self.deployment(running)?;
                    return (turns(d) && !d.is_rollback()).then(|| WayOut::Turns(running, text.clone()));
                }
                let offered = policy.services.get(&service)?.strategies.contains_key(&env.name);
                let good = track.before.iter().any(|r| !track.quarantine.contains_key(&r.revision));
                (offered && good).then(|| WayOut::Begins(env.name.clone(), service, text.clone()))
            }
            _ => None,
        }
    }

    pub(super) fn judge_ways_out(&self, ways: &[WayOut], batch: &Batch) -> Vec<String> {
        let mut wrong = Vec::new();
        for way in ways {
            match way {
                WayOut::Turns(id, text) => {
                    let stream = Stream::deployment(*id);
                    let turned = |kind: &str| matches!(kind, "went_back" | "ended");
                    if !batch.events.iter().any(|e| e.stream == stream && turned(&e.kind)) {
                        wrong.push(format!("`{text}` does not turn {id} round"));
                    }
                }
                WayOut::Begins(env, service, text) => {
                    let begun = batch.events.iter().any(|e| {
                        let d = DeploymentId::parse(e.stream.name()).and_then(|id| self.deployment(id));
                        e.kind == "starting"
                            && d.is_some_and(|d| {
                                d.is_rollback() && d.plan.environment == *env && d.plan.service == *service
                            })
                    });
                    if !begun {
                        wrong.push(format!("`{text}` does not begin a rollback"));
                    }
                }
            }
        }
        wrong
    }
}
