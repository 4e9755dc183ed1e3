//! Bounds of pages, and of how else people hear of incidents.

/// How long one try of one way may take, in milliseconds. After [`PAGE_TRIES`] of them the next way is tried.
pub const PAGE_CALL_MS: u64 = 5_000;

/// Tries of one way before it counts as failed.
pub const PAGE_TRIES: i64 = 3;

/// The same for chat where nothing else is left; a platform that puts a message off is no failure at once.
pub const PAGE_CHAT_TRIES: i64 = 6;

/// A way that asks for more patience than this counts as failed, in milliseconds.
pub const PAGE_PATIENCE_MS: i64 = 10_000;

/// Tries to tell a way that keeps a matter open what became of it; about an hour.
pub const PAGE_FOLLOW_TRIES: i64 = 60;

/// Pages that are on their way at the same time; what hangs must not hold up a way back.
pub const PAGES_AT_ONCE: usize = 24;

/// Questions, and quick wins, that stand in the thread of an incident; more is a checklist.
pub const REMINDERS: usize = 12;

/// Channels, and recipients of mails, of one severity.
pub const STATUS_PLACES: usize = 20;

/// Tries of a mail about an incident, and of a post on a status page: a day at [`super::RETRY_MAX_MS`].
pub const STATUS_TRIES: i64 = 24 * 60;

/// Tries of a post that the status page refuses: an hour, in which somebody can mend the config.
pub const STATUS_REFUSED_TRIES: i64 = 60;

/// Tries of a post after which people are told that it does not arrive; about two seconds.
pub const STATUS_QUIET_TRIES: i64 = 4;
