//! Bounds of rosters.

/// Rosters that are looked at after a start, those that config no longer has included.
pub const ROSTERS: i64 = 500;

/// For how long a deployment that was rolled back is named in the notes of a hand-off, in milliseconds: a week.
pub const ROLLED_BACK_FOR_MS: i64 = 7 * 86_400_000;

/// How far back and ahead calendars reach, in milliseconds: 30 and 92 days.
pub const FEED_PAST_MS: i64 = 30 * 86_400_000;
pub const FEED_AHEAD_MS: i64 = 92 * 86_400_000;
