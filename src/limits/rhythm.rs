//! Bounds of digests, maintenance and numbers.

/// Digests and maintenance that are looked at after a start, those that config no longer has included; each.
pub const SCHEDULES: i64 = 500;

/// Places that a digest reads, and how many of them at the same time.
pub const DIGEST_PLACES: usize = 200;
pub const DIGEST_READS: usize = 8;

/// Deployments that a digest names.
pub const DIGEST_ROWS: i64 = 6;

/// How often objectives are sampled for curves, in milliseconds: a quarter of an hour.
pub const SAMPLE_EVERY_MS: i64 = 900_000;

/// Deployments that are looked through for those that a curve marks.
pub const CURVE_ROWS: i64 = 100;

/// Digests: changes of what fires that are looked through for alerts of the night, the latest; a busy night has some hundred.
pub const DIGEST_ALERT_EVENTS: i64 = 2_000;
