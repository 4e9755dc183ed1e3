//! Bounds of incidents.

/// Incidents: rounds of a ladder at most; each pages everybody again.
pub const LADDER_ROUNDS: u32 = 20;

/// Incidents: how long before one a deployment may have begun to be named as a cause, in milliseconds: a day.
pub const SUSPECT_FOR_MS: i64 = 86_400_000;

/// Incidents: events that a timeline shows.
pub const TIMELINE_EVENTS: i64 = 200;
