//! Bounds of alerts.

/// Bytes of one request that brings alerts; a thousand alerts of Alertmanager's have about one million.
pub const ALERT_BODY_BYTES: usize = 4 << 20;

/// How long the body of such a request may take to arrive, and how long it may wait to be stored, in milliseconds. Senders
/// give up after five to ten seconds and send again.
pub const ALERT_BODY_MS: u64 = 5_000;
pub const ALERT_KEEP_MS: u64 = 4_000;

/// Requests with alerts that are taken at the same time; more are told to come again in [`ALERT_RETRY_S`] seconds.
pub const ALERT_REQUESTS: usize = 64;
pub const ALERT_RETRY_S: u64 = 5;

/// How far the time of a signed request may be from ours, in seconds.
pub const ALERT_AGE_S: i64 = 300;

/// Signatures that one request may bring: a sender whose secret changes signs with both for a while.
pub const ALERT_SIGNATURES: usize = 10;

/// Alerts that are read of one request; a sender with more sends several.
pub const ALERTS_READ: usize = 10_000;

/// Alerts that one decision looks at. Each has a stream of its own.
pub const ALERTS_AT_ONCE: usize = 64;

/// Labels of an alert that are kept, and characters of one and of its name; of a title; of what else is said; of a link.
pub const ALERT_LABELS: usize = 32;
pub const ALERT_LABEL_CHARS: usize = 200;
pub const ALERT_TITLE_CHARS: usize = 200;
pub const ALERT_TEXT_CHARS: usize = 500;
pub const ALERT_LINK_CHARS: usize = 1_000;
