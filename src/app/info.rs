//! What the console page asks: people, commands, completion, and the clock.

use crate::clock::{Clock, DemoClock};
use crate::domain::ids::{EnvironmentName, PersonId, ServiceName};
use crate::domain::policy::Policy;
use crate::domain::time::Span;
use crate::domain::window::opening;
use crate::engine::Engine;
use crate::web::{Advance, ClockView, CommandHint, ConsoleInfo, Suggestion};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The setting under which a demo's wall clock is kept.
pub(super) const CLOCK: &str = "demo_clock";

/// Value and description, as the completion popup shows them.
type Offers = Vec<(String, String)>;

pub(super) struct Info {
    pub engine: Arc<Engine>,
    /// A demo's clock can be moved.
    pub clock: Option<Arc<DemoClock>>,
    /// Versions worth offering.
    pub versions: Offers,
}

impl Info {
    fn next_opening(&self, only: Option<&EnvironmentName>) -> Option<Timestamp> {
        let policy = self.engine.policy();
        let service = policy.default_service().map_or_else(|| ServiceName::new(""), |s| s.name.clone());
        let now = self.engine.now().wall;
        let mut soonest: Option<Timestamp> = None;
        for env in policy.environments.values().filter(|e| only.is_none_or(|n| n == &e.name) && !e.windows.is_empty()) {
            let at = |t| opening(&env.windows, &policy.calendar, &service, &env.name, &BTreeSet::new(), t);
            let first = at(now);
            let opens = match (first.open, first.closes_at) {
                (true, Some(closes)) => at(closes).opens_at,
                _ => first.opens_at,
            };
            soonest = match (soonest, opens) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        soonest
    }
}

#[async_trait]
impl ConsoleInfo for Info {
    fn policy(&self) -> Arc<Policy> {
        self.engine.policy()
    }

    fn complete(&self, _person: &PersonId, text: &str) -> Vec<Suggestion> {
        let found = self.engine.completions(text, &self.versions);
        found.into_iter().map(|s| Suggestion { insert: s.insert, label: s.label, help: s.help }).collect()
    }

    fn commands(&self) -> Vec<CommandHint> {
        let hint = |e: &crate::command::Entry| CommandHint {
            name: e.name.clone(),
            usage: e.usage.first().cloned().unwrap_or_default(),
            summary: e.summary.clone(),
        };
        self.engine.catalogue().entries().iter().map(hint).collect()
    }

    fn clock(&self) -> ClockView {
        let policy = self.engine.policy();
        let (zone, pace) = (policy.zone.clone(), policy.pace);
        ClockView { now: self.engine.now().wall, zone, can_advance: self.clock.is_some(), pace }
    }

    async fn advance(&self, by: Advance) -> Result<ClockView, String> {
        let Some(clock) = &self.clock else { return Err("Only the demo's clock can be moved.".into()) };
        match by {
            Advance::Span(span) if span > Span::hours(24 * 31) => {
                return Err("The clock moves at most 31 days at once.".into());
            }
            Advance::Span(span) => clock.advance(span),
            Advance::NextOpening { environment } => {
                let at = self.next_opening(environment.as_ref()).ok_or("No window opens within a year.")?;
                if !clock.advance_to(at) {
                    return Err("It is open already.".into());
                }
            }
        }
        let wall = clock.now().wall.as_millisecond().to_string();
        self.engine.store().set_setting(CLOCK, &wall).await.map_err(|e| e.to_string())?;
        self.engine.stir();
        Ok(self.clock())
    }
}
