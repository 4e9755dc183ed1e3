//! What signalbox remembers from before the script begins: releases that were live, written into its journal as D-0.

use super::{Result, World};
use crate::domain::environment::EnvironmentEvent;
use crate::domain::ids::{DeploymentId, EnvironmentName, ServiceName, Stream};
use crate::domain::journal::event_hash;
use crate::domain::plan::Release;
use crate::domain::time::Now;
use crate::domain::world::{Event, evolve};
use crate::store::{Batch, EventRow, StateRow, Store as _, StoreError};

impl World {
    /// The version is live there, and signalbox knows it as a good one. Later calls make earlier versions the ones before.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn was_deployed(&self, service: &str, version: &str, environment: &str) -> Result<()> {
        let now = self.now();
        self.outside.set_live(service, environment, version, now.work);
        let release = self.outside.release(service, version);
        self.remember(&ServiceName::new(service), release, &EnvironmentName::new(environment), now).await
    }

    async fn remember(
        &self,
        service: &ServiceName,
        release: Release,
        environment: &EnvironmentName,
        now: Now,
    ) -> Result<()> {
        let stream = Stream::environment(environment);
        let stands = self.store.states(std::slice::from_ref(&stream)).await?.into_iter().next();
        let (seq, previous) = stands.as_ref().map_or((0, String::new()), |s| (s.seq, s.hash.clone()));
        let corrupt = |what: String| StoreError::Corrupt { table: "states", row: stream.to_string(), what };
        let state = match &stands {
            Some(row) => Some(serde_json::from_str(&row.body).map_err(|e| corrupt(e.to_string()))?),
            None => None,
        };
        let event = Event::Environment(EnvironmentEvent::LiveChanged {
            service: service.clone(),
            release,
            deployment: DeploymentId(0),
            good: true,
        });
        let after = evolve(&stream, state, &event, now).map_err(|b| corrupt(b.what))?;
        let (seq, kind, actor, at) = (seq + 1, event.kind(), "signalbox".to_owned(), now.wall.as_millisecond());
        let body = serde_json::to_string(&event).unwrap_or_default();
        let hash = event_hash(&previous, stream.as_str(), seq, &kind, &actor, at, &body);
        let row = EventRow { stream: stream.clone(), seq, kind, actor, at, body, previous, hash: hash.clone() };
        let body = serde_json::to_string(&after).unwrap_or_default();
        let state = StateRow { stream, seq, hash, body };
        self.store.commit(&Batch { events: vec![row], states: vec![state], ..Batch::default() }).await?;
        Ok(())
    }
}
