//! The turns of one layer: when each begins, and whose it is.

use super::Layer;
use crate::domain::ids::PersonId;
use crate::domain::window::zone;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A layer in its zone.
pub(super) struct Rotation<'a> {
    layer: &'a Layer,
    zone: TimeZone,
}

impl<'a> Rotation<'a> {
    /// A zone that config has let through exists; UTC stands in for one that does not, so that somebody is on call.
    pub fn new(layer: &'a Layer, zone_name: &str) -> Self {
        Self { layer, zone: zone(zone_name).unwrap_or(TimeZone::UTC) }
    }

    /// When turn `n` begins; turn 0 is that of the layer's `from`.
    pub fn begins(&self, n: i64) -> Timestamp {
        let days = n.saturating_mul(i64::from(self.layer.turn_days.max(1)));
        let end = if n < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let span = jiff::Span::new().try_days(days);
        let day = span.ok().and_then(|span| self.layer.from.date().checked_add(span).ok());
        day.and_then(|day| first_reading(&self.zone, day.to_datetime(self.layer.from.time()))).unwrap_or(end)
    }

    /// The turn that an instant belongs to.
    pub fn turn(&self, at: Timestamp) -> i64 {
        let today = self.zone.to_datetime(at).date();
        let days = self.layer.from.date().until(today).map_or(0, |span| i64::from(span.get_days()));
        let mut n = days.div_euclid(i64::from(self.layer.turn_days.max(1)));
        while self.begins(n) > at {
            n -= 1;
        }
        while self.begins(n + 1) <= at {
            n += 1;
        }
        n
    }

    /// Whose turn it is.
    pub fn person(&self, n: i64) -> Option<&'a PersonId> {
        let count = i64::try_from(self.layer.people.len()).ok().filter(|count| *count > 0)?;
        self.layer.people.get(usize::try_from(n.rem_euclid(count)).ok()?)
    }
}

/// The first instant at which a zone's clock reads `local` or later; `None` at the ends of time.
pub fn first_reading(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        // Before the skip by the later offset; the skip is what comes next.
        AmbiguousOffset::Gap { .. } => {
            let before = ambiguous.earlier().ok()?;
            zone.following(before).next().map(|skip| skip.timestamp())
        }
        _ => ambiguous.compatible().ok(),
    }
}
