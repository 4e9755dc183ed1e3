//! Bounds of incidents.

/// Incidents: rounds of a ladder at most; each pages everybody again.
pub const LADDER_ROUNDS: u32 = 20;

/// Incidents: how long before one a deployment may have begun to be named as a cause, in milliseconds: a day.
pub const SUSPECT_FOR_MS: i64 = 86_400_000;

/// Incidents: events that a timeline and a post-mortem are made of; a day of a noisy P0 has some hundred.
pub const TIMELINE_EVENTS: i64 = 5_000;

/// Incidents: marked messages that are read at once before a timeline is shown.
pub const MARK_READS: usize = 4;

/// Incidents: for how long a timeline waits for its marked messages to be read, in milliseconds; then it tells them as they were
/// read before.
pub const MARKS_READ_MS: i64 = 2_000;

/// Incidents: for how long what is said waits for a channel of its own, in milliseconds; then the thread is the war room.
pub const ROOM_WAIT_MS: i64 = 15_000;

/// Incidents: how often somebody is asked into such a channel, or it is put aside, before that is given up: over an hour.
pub const ROOM_TRIES: i64 = 20;
