//! What the calendar says of the days ahead, for notes.

use super::Dated;
use super::rotation::first_reading;
use crate::domain::window::{Calendar, zone};
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

/// Freezes and holidays that touch `[from, until)`, in the order in which they begin.
#[must_use]
pub fn ahead(calendar: &Calendar, from: Timestamp, until: Timestamp) -> Vec<Dated> {
    let at = |zone_name: &str, local: DateTime| first_reading(&zone(zone_name).unwrap_or(TimeZone::UTC), local);
    let freezes = calendar.freezes.iter().filter_map(|f| {
        let where_: Vec<&str> = f.environments.iter().map(|e| e.as_str()).collect();
        let of = if where_.is_empty() { String::new() } else { format!(" of {}", where_.join(", ")) };
        let (from, until) = (at(&f.zone, f.from)?, at(&f.zone, f.to)?);
        Some(Dated { what: format!("Freeze{of}: {}", f.name), from, until })
    });
    let holidays = calendar.holidays.iter().filter_map(|h| {
        let end = h.to.tomorrow().ok()?.to_datetime(Time::midnight());
        let (from, until) = (at(&h.zone, h.from.to_datetime(Time::midnight()))?, at(&h.zone, end)?);
        Some(Dated { what: format!("Holiday: {}", h.name), from, until })
    });
    let mut out: Vec<Dated> = freezes.chain(holidays).filter(|d| d.from < until && from < d.until).collect();
    out.sort_by(|a, b| (a.from, &a.what).cmp(&(b.from, &b.what)));
    out
}
