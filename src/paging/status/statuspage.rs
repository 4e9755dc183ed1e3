//! Atlassian Statuspage's REST API, version 1: an incident is created with `POST`, and each later post is an update by `PATCH`.
//!
//! How a component is, is said by itself and not with a post: several incidents may be about it, and the end of one is not the end
//! of the others. Services may share a component; it is as bad as the worst of them.
//!
//! The API has no idempotency key. What is ours is found by the metadata that an incident is created with, and an update by its
//! status and words among those that stand there. One request a second and token is allowed; over that it says 420 or 429.

use super::{Stands, StatusPage};
use crate::chat::Token;
use crate::domain::ids::ServiceName;
use crate::domain::status::{PublicNotice, STATUSPAGE};
use crate::http;
use crate::paging::{PageError, answer};
use async_trait::async_trait;
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Atlassian's own server.
pub const STATUSPAGE_HOME: &str = "https://api.statuspage.io";

/// Components that one answer lists at most.
const COMPONENTS: usize = 100;

/// What an account is reached with.
pub struct StatuspageSettings {
    /// The page's id.
    pub page: String,
    pub token: Token,
    /// Without a slash at its end; absent: [`STATUSPAGE_HOME`].
    pub base_url: Option<String>,
    /// Service to the id of its component.
    pub components: BTreeMap<ServiceName, String>,
}

/// One page of an account.
pub struct Statuspage {
    client: reqwest::Client,
    settings: StatuspageSettings,
}

impl Statuspage {
    #[must_use]
    pub const fn new(client: reqwest::Client, settings: StatuspageSettings) -> Self {
        Self { client, settings }
    }

    fn request(&self, method: Method, rest: &str) -> RequestBuilder {
        let base = self.settings.base_url.as_deref().unwrap_or(STATUSPAGE_HOME);
        let url = format!("{base}/v1/pages/{}/{rest}", self.settings.page);
        self.client.request(method, url).header("authorization", format!("OAuth {}", self.settings.token.expose()))
    }

    async fn ask(&self, request: RequestBuilder, harmless: bool) -> Result<Value, PageError> {
        let lost = |what: String| match harmless {
            true => PageError::Later { what, after_ms: 0 },
            false => PageError::Unknown(what),
        };
        let response = answer::ask(request, harmless, &[&self.settings.token]).await?;
        let body = http::body(response).await.map_err(|e| lost(http::why_not(&e)))?;
        serde_json::from_slice(&body.bytes).map_err(|_| lost("its answer cannot be read".into()))
    }

    /// Ours among those that are open there.
    async fn find(&self, notice: &PublicNotice) -> Result<Option<Value>, PageError> {
        let open = self.ask(self.request(Method::GET, "incidents/unresolved"), true).await?;
        let ours = |i: &&Value| i.pointer("/metadata/signalbox/key").and_then(Value::as_str) == Some(&notice.key);
        Ok(open.as_array().into_iter().flatten().find(ours).cloned())
    }

    /// Whether the page has that component.
    async fn has(&self, component: &str) -> Result<bool, PageError> {
        match self.ask(self.request(Method::GET, &format!("components/{component}")), true).await {
            Ok(_) => Ok(true),
            Err(PageError::Refused(why)) if why.starts_with("HTTP 404") => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, notice: &PublicNotice) -> Result<Stands, PageError> {
        let mut incident = update(notice);
        incident.insert("name".into(), notice.title.as_str().into());
        incident.insert("impact_override".into(), impact(notice.rank).into());
        incident.insert("metadata".into(), json!({ "signalbox": { "key": notice.key } }));
        if let Some(id) = notice.service.as_ref().and_then(|service| self.settings.components.get(service)) {
            incident.insert("component_ids".into(), json!([id]));
        }
        let request = self.request(Method::POST, "incidents").json(&json!({ "incident": incident }));
        stands(&self.ask(request, false).await?)
    }
}

#[async_trait]
impl StatusPage for Statuspage {
    fn place(&self) -> &'static str {
        STATUSPAGE
    }

    async fn tell(&self, notice: &PublicNotice, there: Option<&str>, doubt: bool) -> Result<Stands, PageError> {
        let standing = match there {
            Some(id) if doubt => Some(self.ask(self.request(Method::GET, &format!("incidents/{id}")), true).await?),
            Some(id) => Some(json!({ "id": id })),
            // A first post that was given up may have arrived after all.
            None if doubt || notice.post > 0 => self.find(notice).await?,
            None => None,
        };
        let Some(standing) = standing else { return self.create(notice).await };
        if has(&standing, notice) {
            return stands(&standing);
        }
        let Stands { id: Some(id), .. } = stands(&standing)? else {
            return Err(PageError::Refused("what stands there has no id".into()));
        };
        let update = json!({ "incident": update(notice) });
        let answer = self.ask(self.request(Method::PATCH, &format!("incidents/{id}")).json(&update), false).await?;
        stands(&answer)
    }

    async fn component(&self, service: &ServiceName, worst: &BTreeMap<ServiceName, usize>) -> Result<(), PageError> {
        let components = &self.settings.components;
        let Some(id) = components.get(service) else { return Ok(()) };
        let rank = worst.iter().filter(|(other, _)| components.get(*other) == Some(id)).map(|(_, rank)| *rank).min();
        let body = json!({ "component": { "status": rank.map_or("operational", state) } });
        let request = self.request(Method::PATCH, &format!("components/{id}")).json(&body);
        answer::send(request, true, &[&self.settings.token]).await
    }

    async fn unknown(&self) -> Result<Option<Vec<String>>, PageError> {
        let path = format!("components?per_page={COMPONENTS}");
        let there = self.ask(self.request(Method::GET, &path), true).await?;
        let there: Vec<&str> = there.as_array().into_iter().flatten().filter_map(|c| c.get("id")?.as_str()).collect();
        let mut unknown = Vec::new();
        for (service, id) in self.settings.components.iter().filter(|(_, id)| !there.contains(&id.as_str())) {
            // Of a page with more of them not all were read, so one that was not read is asked for by itself.
            if there.len() < COMPONENTS || !self.has(id).await? {
                unknown.push(format!("component {id} of {service}"));
            }
        }
        Ok(Some(unknown))
    }
}

/// What creation and update have in common.
fn update(notice: &PublicNotice) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("status".into(), notice.phase.name().into());
    out.insert("body".into(), notice.text.as_str().into());
    out
}

/// Whether the post is among the updates that stand there.
fn has(incident: &Value, notice: &PublicNotice) -> bool {
    let updates = incident.get("incident_updates").and_then(Value::as_array).into_iter().flatten();
    let same = |update: &&Value| {
        let text = |key: &str| update.get(key).and_then(Value::as_str).unwrap_or_default().trim();
        text("status") == notice.phase.name() && text("body") == notice.text.trim()
    };
    updates.filter(same).count() > notice.same_before
}

fn stands(incident: &Value) -> Result<Stands, PageError> {
    let text = |key: &str| incident.get(key).and_then(Value::as_str).map(str::to_owned);
    match text("id") {
        Some(id) => Ok(Stands { id: Some(id), link: text("shortlink") }),
        None => Err(PageError::Unknown("its answer names no incident".into())),
    }
}

const fn impact(rank: usize) -> &'static str {
    match rank {
        0 => "critical",
        1 => "major",
        _ => "minor",
    }
}

const fn state(rank: usize) -> &'static str {
    match rank {
        0 => "major_outage",
        1 => "partial_outage",
        _ => "degraded_performance",
    }
}
