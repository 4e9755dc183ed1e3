//! Maintenance: times in which alerts of a service or an environment page nobody.

use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::policy::Source;
use crate::domain::time::{Span, after};
use crate::domain::window::{Window, stretches, zone};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far ahead its next begin is looked for.
const AHEAD: Span = Span::hours(15 * 24);

/// A maintenance of config: every week at these hours, or once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    pub name: String,
    pub windows: Vec<Window>,
    /// From, until, and the zone they are meant in.
    pub once: Option<(DateTime, DateTime, String)>,
    /// Empty: all, also alerts of none.
    pub services: BTreeSet<ServiceName>,
    pub environments: BTreeSet<EnvironmentName>,
    pub source: Source,
}

impl Maintenance {
    /// Whether alerts of this service and environment are meant.
    #[must_use]
    pub fn covers(&self, service: Option<&ServiceName>, environment: Option<&EnvironmentName>) -> bool {
        (self.services.is_empty() || service.is_some_and(|s| self.services.contains(s)))
            && (self.environments.is_empty() || environment.is_some_and(|e| self.environments.contains(e)))
    }

    /// Until when it lasts, when it does at this instant.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        self.stretches(now).into_iter().find(|(from, to)| *from <= now && now < *to).map(|(_, to)| to)
    }

    /// The next instant at which it begins or ends, as far as it is looked ahead.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.stretches(now).into_iter().flat_map(|(from, to)| [from, to]).filter(|at| *at > now).min()
    }

    fn stretches(&self, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let mut out = match self.windows.as_slice() {
            [] => Vec::new(),
            // A window that has begun is found by its day.
            windows => stretches(windows, after(now, Span::hours(-48)), after(now, AHEAD)),
        };
        out.extend(self.once.as_ref().and_then(|(from, to, name)| {
            let zone = zone(name).unwrap_or(TimeZone::UTC);
            let instant = |at: &DateTime| at.to_zoned(zone.clone()).ok().map(|z| z.timestamp());
            Some((instant(from)?, instant(to)?))
        }));
        out
    }
}
