//! The journal's hash chain (DESIGN 4.8).

use super::plan::hex;
use sha2::{Digest as _, Sha256};

/// The hash of an event: SHA-256 (hex) over the previous hash and every field, each preceded by its length, so that no two
/// different events have the same text.
#[must_use]
pub fn event_hash(previous: &str, stream: &str, seq: i64, kind: &str, actor: &str, at: i64, body: &str) -> String {
    let mut hash = Sha256::new();
    for part in [previous, stream, &seq.to_string(), kind, actor, &at.to_string(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// The head over all streams: SHA-256 (hex) over name, last sequence and hash of each, in name order.
#[derive(Default)]
pub struct Head(Sha256);

impl Head {
    pub fn add(&mut self, stream: &str, seq: i64, hash: &str) {
        for part in [stream, &seq.to_string(), hash] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part.as_bytes());
        }
    }

    #[must_use]
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}
