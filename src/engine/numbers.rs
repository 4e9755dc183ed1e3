//! The read model of the delivery numbers: made from the journal, kept in memory, and brought up to date when it is asked.
//!
//! Only streams that have moved since are read. It can be lost at any time; the next question makes it again.

use super::Engine;
use crate::domain::ids::{EnvironmentName, ServiceName, Stream};
use crate::domain::message::{Message, Tone, code, plain};
use crate::domain::numbers::{Asked, Records, StatsQuery, Summary};
use crate::domain::policy::Policy;
use crate::domain::render;
use crate::domain::time::{Span, after, from_millis};
use crate::domain::window::zone;
use crate::domain::world::Event;
use crate::limits;
use crate::store::Result;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

const WEEK: Span = Span::hours(7 * 24);
const MONTH: Span = Span::hours(30 * 24);

#[derive(Default)]
pub(super) struct Model(tokio::sync::Mutex<Known>);

#[derive(Default)]
struct Known {
    records: Records,
    /// How far each stream was read.
    read: BTreeMap<Stream, i64>,
}

impl Engine {
    /// The numbers of a stretch of time.
    pub(super) async fn summary(&self, policy: &Policy, asked: Asked) -> Result<Summary> {
        let mut known = self.numbers.0.lock().await;
        self.catch_up_numbers(&mut known).await?;
        let zone = zone(&policy.zone).unwrap_or(TimeZone::UTC);
        let night = |at: jiff::Timestamp| {
            policy.response.night.as_ref().is_some_and(|night| night.holds(at.to_zoned(zone.clone()).time()))
        };
        Ok(Summary::of(&known.records, asked, &night))
    }

    /// The last `span` everywhere.
    pub(super) async fn summary_of_last(&self, policy: &Policy, span: Span) -> Result<Summary> {
        let to = self.now().wall;
        let from = after(to, Span::millis(-span.as_millis()));
        self.summary(policy, Asked { from, to, service: None, environment: None }).await
    }

    async fn catch_up_numbers(&self, known: &mut Known) -> Result<()> {
        for kind in ["deployment", "incident"] {
            let mut after = format!("{kind}/");
            loop {
                let page = self.deps.store.heads(&after, limits::STORE_PAGE).await?;
                let Some((last, ..)) = page.last() else { break };
                after = last.to_string();
                let over = last.kind() != kind;
                for (stream, seq, _) in page.iter().filter(|(stream, ..)| stream.kind() == kind) {
                    if known.read.get(stream).copied().unwrap_or(0) < *seq {
                        self.read_numbers(known, stream).await?;
                    }
                }
                if over {
                    break;
                }
            }
        }
        known.records.join();
        Ok(())
    }

    async fn read_numbers(&self, known: &mut Known, stream: &Stream) -> Result<()> {
        let mut at = known.read.get(stream).copied().unwrap_or(0);
        loop {
            let rows = self.deps.store.events(stream, at, limits::STORE_PAGE).await?;
            let Some(last) = rows.last() else { break };
            at = last.seq;
            for row in &rows {
                // What an older or newer signalbox wrote and this one cannot read counts for nothing.
                if let Ok(event) = Event::read(stream.kind(), &row.body) {
                    known.records.add(stream, from_millis(row.at), &event);
                }
            }
        }
        known.read.insert(stream.clone(), at);
        Ok(())
    }

    pub(super) async fn stats_answer(&self, query: &StatsQuery) -> Result<Message> {
        let policy = self.policy();
        let to = self.now().wall;
        let (mut span, mut service, mut environment) = (WEEK, None, None);
        for word in &query.words {
            let word = word.to_lowercase();
            match word.as_str() {
                "week" => span = WEEK,
                "month" => span = MONTH,
                name if policy.services.contains_key(name) => service = Some(ServiceName::new(name)),
                name if policy.environments.contains_key(name) => environment = Some(EnvironmentName::new(name)),
                other => {
                    let services: Vec<&str> = policy.services.keys().map(ServiceName::as_str).collect();
                    let places: Vec<&str> = policy.environments.keys().map(EnvironmentName::as_str).collect();
                    let text = format!(
                        " is neither week nor month, nor a service ({}), nor an environment ({}).",
                        services.join(", "),
                        places.join(", ")
                    );
                    return Ok(Message::new(Tone::Warning, vec![code(other), plain(text)]));
                }
            }
        }
        let from = after(to, Span::millis(-span.as_millis()));
        let summary = self.summary(&policy, Asked { from, to, service, environment }).await?;
        Ok(render::stats(&policy, &summary))
    }

    /// Tells the gauges how the last 30 days were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn measure_delivery(&self) -> Result<()> {
        let policy = self.policy();
        let summary = self.summary_of_last(&policy, MONTH).await?;
        super::told::delivery(&summary);
        Ok(())
    }
}
