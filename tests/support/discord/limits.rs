//! Rate limits: a bucket per route and top-level id, 50 requests a second for everything, and the ban that follows when they
//! are not respected.

use std::collections::{BTreeMap, VecDeque};

const GLOBAL_PER_SECOND: usize = 50;
/// Answers of 401, 403 and 429 that are borne in [`INVALID_MS`].
const INVALID: usize = 10_000;
const INVALID_MS: i64 = 600_000;

/// How many requests a route takes within how many milliseconds. The real figures are Discord's own and change; these are of
/// the size that its headers show.
fn budget(route: &str) -> (usize, i64) {
    match route {
        "PUT /channels/{id}/messages/{id}/reactions/{emoji}/@me"
        | "DELETE /channels/{id}/messages/{id}/reactions/{emoji}/@me" => (1, 250),
        "POST /channels/{id}/messages" | "PATCH /channels/{id}/messages/{id}" => (5, 5_000),
        "GET /channels/{id}/messages" | "GET /channels/{id}/messages/{id}" => (10, 5_000),
        "PUT /applications/{id}/guilds/{id}/commands" | "PUT /applications/{id}/commands" => (5, 20_000),
        route if route.contains("/webhooks/") => (5, 2_000),
        "POST /channels/{id}/messages/{id}/threads" => (5, 5_000),
        _ => (10, 1_000),
    }
}

#[derive(Debug)]
struct Bucket {
    used: usize,
    resets: i64,
}

/// How a bucket stands, for the headers.
#[derive(Clone, Debug)]
pub struct Standing {
    pub bucket: String,
    pub limit: usize,
    pub remaining: usize,
    pub reset_after_ms: i64,
}

/// Too many requests.
#[derive(Clone, Debug)]
pub struct Limited {
    pub after_ms: i64,
    pub global: bool,
    /// Of the resource rather than of the bot; does not count as invalid.
    pub shared: bool,
}

#[derive(Debug, Default)]
pub struct Buckets {
    buckets: BTreeMap<(String, String), Bucket>,
    global: VecDeque<i64>,
    invalid: VecDeque<i64>,
}

impl Buckets {
    /// Takes one request. `major` is the channel, server or webhook of the path.
    pub fn take(&mut self, route: &str, major: &str, now: i64) -> (Standing, Option<Limited>) {
        let interaction = route.contains("/interactions/") || route.contains("/webhooks/");
        let (limit, window) = budget(route);
        self.buckets.retain(|_, bucket| bucket.resets > now);
        let bucket = self
            .buckets
            .entry((route.to_owned(), major.to_owned()))
            .or_insert_with(|| Bucket { used: 0, resets: now + window });
        let mut limited = None;
        if bucket.used >= limit {
            limited = Some(Limited { after_ms: bucket.resets - now, global: false, shared: false });
        } else {
            bucket.used += 1;
        }
        let standing = Standing {
            bucket: name(route),
            limit,
            remaining: limit - bucket.used,
            reset_after_ms: bucket.resets - now,
        };
        if !interaction && limited.is_none() {
            self.global.retain(|at| now - at < 1_000);
            match self.global.front() {
                Some(first) if self.global.len() >= GLOBAL_PER_SECOND => {
                    limited = Some(Limited { after_ms: first + 1_000 - now, global: true, shared: false });
                }
                _ => self.global.push_back(now),
            }
        }
        (standing, limited)
    }

    /// Counts an answer of 401, 403 or 429.
    pub fn invalid(&mut self, now: i64) {
        self.invalid.push_back(now);
        while self.invalid.front().is_some_and(|at| now - at >= INVALID_MS) {
            self.invalid.pop_front();
        }
    }

    pub fn invalid_count(&self, now: i64) -> usize {
        self.invalid.iter().filter(|at| now - **at < INVALID_MS).count()
    }

    /// Shut out for what it asked before.
    pub fn banned(&self, now: i64) -> bool {
        self.invalid.len() >= INVALID && self.invalid_count(now) >= INVALID
    }
}

/// A name that says nothing, as the real ones.
fn name(route: &str) -> String {
    let hash = route.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
