//! Bounds of status posts.

/// Channels, and recipients of mails, of one severity.
pub const STATUS_PLACES: usize = 20;

/// Tries of a mail about an incident, and of a post on a status page: a day at [`super::RETRY_MAX_MS`].
pub const STATUS_TRIES: i64 = 24 * 60;

/// Tries of a post that the status page refuses: an hour, in which somebody can mend the config.
pub const STATUS_REFUSED_TRIES: i64 = 60;

/// Tries of a post after which people are told that it does not arrive; about two seconds.
pub const STATUS_QUIET_TRIES: i64 = 4;
