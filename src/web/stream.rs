//! Live updates as server-sent events.
//!
//! Each `message` event carries a message as it now is, with its revision as the event's id; a browser that reconnects
//! sends the last one and misses nothing, even over a restart. A slow reader gets the newest state of each message, never a
//! growing queue. `clock` events tell that somebody moved the clock.

use super::Shared;
use super::api::reader;
use super::reply::Refusal;
use super::shown::Shown;
use crate::domain::ids::PersonId;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};

/// How soon a browser that lost the connection comes back.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
pub(super) struct From {
    #[serde(rename = "as")]
    viewer: PersonId,
    /// The revision after which to begin; now when absent. A browser's `Last-Event-ID` comes first.
    since: Option<i64>,
}

struct Live {
    shared: Shared,
    viewer: PersonId,
    since: i64,
    changes: watch::Receiver<i64>,
    clock: watch::Receiver<u64>,
    greeted: bool,
    _permit: OwnedSemaphorePermit,
}

pub(super) async fn stream(
    State(shared): State<Shared>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let permit = shared.streams.clone().try_acquire_owned().map_err(|_| {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "Too many pages are open; close some and try again.")
    })?;
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let platform = &shared.deps.platform;
    let live = Live {
        since: last.or(from.since).unwrap_or_else(|| platform.latest()),
        changes: platform.watch(),
        clock: shared.clock_moves.subscribe(),
        greeted: false,
        viewer: from.viewer,
        _permit: permit,
        shared,
    };
    let batches = stream::unfold(live, |mut live| async {
        let events = live.next().await?;
        Some((events, live))
    });
    Ok(Sse::new(batches.flat_map(|events| stream::iter(events.into_iter().map(Ok)))).keep_alive(KeepAlive::default()))
}

impl Live {
    /// Waits until there is something to tell; `None` ends the stream.
    async fn next(&mut self) -> Option<Vec<Event>> {
        let closing = self.shared.deps.platform.closing().clone();
        if !self.greeted {
            self.greeted = true;
            return Some(vec![self.clock_event()?.retry(RETRY)]);
        }
        loop {
            self.changes.borrow_and_update();
            let events = self.changed().await?;
            if !events.is_empty() {
                return Some(events);
            }
            tokio::select! {
                () = closing.cancelled() => return None,
                changed = self.changes.changed() => changed.ok()?,
                moved = self.clock.changed() => {
                    moved.ok()?;
                    return Some(vec![self.clock_event()?]);
                }
            }
        }
    }

    async fn changed(&mut self) -> Option<Vec<Event>> {
        let entries = match self.shared.deps.platform.changes(&self.viewer, self.since).await {
            Ok(entries) => entries,
            Err(error) => {
                // Ending it makes the browser come back with the last id it saw.
                tracing::warn!(%error, "console.stream.failed: live updates end, the page reconnects");
                return None;
            }
        };
        let reader = reader(&self.shared);
        let mut events = Vec::with_capacity(entries.len());
        for entry in entries {
            let rev = entry.rev;
            self.since = rev;
            events.push(
                Event::default().id(rev.to_string()).event("message").json_data(Shown::new(entry, &reader)).ok()?,
            );
        }
        Some(events)
    }

    fn clock_event(&self) -> Option<Event> {
        Event::default().event("clock").json_data(self.shared.deps.info.clock()).ok()
    }
}
