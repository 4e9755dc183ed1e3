//! How services are, where customers look: as bad as the worst public incident about each, and well only when none is left.
//!
//! As with cards, what is shown is the state of the moment in which it is sent, and an older wish to show it is replaced. So the end
//! of one incident does not say that all is well while another goes on. Whoever has shown something looks once more whether it is
//! still so.

use super::Engine;
use super::chat_out::backoff;
use super::writer::parse_state;
use crate::domain::ids::{ServiceName, Stream};
use crate::domain::world::State;
use crate::limits;
use crate::paging::PageError;
use crate::store::{Claim, Result};
use std::collections::BTreeMap;

impl Engine {
    pub(super) async fn show_component(&self, claim: &Claim, place: &str, service: &ServiceName) -> Result<()> {
        let Some(page) = self.deps.outlets.pages.get(place).cloned() else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        let worst = self.worst_in_public().await?;
        let Err(error) = page.component(service, &worst).await else {
            // Services may share a component: while this was under way, another's row may have shown what is newer.
            return match self.worst_in_public().await? == worst {
                true => self.receipt_only(claim, Vec::new()).await,
                false => self.put_back(claim, 0).await,
            };
        };
        let (tries, key) = (claim.row.attempts, &claim.row.key);
        let (most, ms) = match &error {
            // What is refused stays refused until somebody mends something.
            PageError::Refused(_) => (limits::STATUS_REFUSED_TRIES, limits::RETRY_MAX_MS),
            PageError::Later { after_ms, .. } => (limits::STATUS_TRIES, backoff(tries).max(*after_ms)),
            PageError::Unknown(_) => (limits::STATUS_TRIES, backoff(tries)),
        };
        if tries >= most {
            tracing::error!(name: "component.given_up", %key, %error, "{key} is given up; the page may show {service} wrongly: {error}");
            super::status::count(place, "component_failed");
            return self.receipt_only(claim, Vec::new()).await;
        }
        tracing::warn!(name: "component.later", %key, %error, "{key} is tried again: {error}");
        // A second call is harmless, so whether this one arrived need not be known.
        self.put_back(claim, ms).await
    }

    /// Services that customers are told about now, each with the rank of the worst incident.
    async fn worst_in_public(&self) -> Result<BTreeMap<ServiceName, usize>> {
        let rows = self.deps.store.states(&[Stream::board()]).await?;
        let open: Vec<Stream> = match rows.first().map(parse_state).transpose()? {
            Some(State::Board(board)) => board.open.keys().map(|id| Stream::incident(*id)).collect(),
            _ => Vec::new(),
        };
        let policy = self.policy();
        let mut worst = BTreeMap::new();
        for row in self.deps.store.states(&open).await? {
            let State::Incident(i) = parse_state(&row)? else { continue };
            let (Some(_), Some(service)) = (i.public(), &i.service) else { continue };
            let rank = policy.response.severities.iter().position(|s| s.name == i.severity).unwrap_or(usize::MAX);
            let entry = worst.entry(service.clone()).or_insert(rank);
            *entry = rank.min(*entry);
        }
        Ok(worst)
    }
}
