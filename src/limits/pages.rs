//! Bounds of pages.

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
