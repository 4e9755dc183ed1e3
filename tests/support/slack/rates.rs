//! How often a method may be called: buckets that fill by the fake's clock.

use super::options::Rates;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// 1+ a minute: connections. Slack tolerates a small burst.
    One,
    Two,
    Three,
    Four,
    /// One a second and channel with short bursts, and several hundred a minute in the workspace.
    Post,
    /// No figure is documented: hundreds a minute.
    Special,
}

/// Calls at once, and calls a minute.
fn figures(tier: Tier) -> (f64, f64) {
    match tier {
        Tier::One => (5.0, 1.0),
        Tier::Two => (20.0, 20.0),
        Tier::Three => (50.0, 50.0),
        Tier::Four => (100.0, 100.0),
        Tier::Post | Tier::Special => (300.0, 600.0),
    }
}

/// Messages that one channel takes at once before it is held to one a second.
const POST_BURST: f64 = 4.0;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at_ms: i64,
}

#[derive(Debug, Default)]
pub struct Buckets(BTreeMap<String, Bucket>);

impl Buckets {
    /// Takes one call, or says after how many seconds to come back.
    pub fn take(&mut self, method: &str, channel: &str, tier: Tier, now_ms: i64, rates: Rates) -> Result<(), u64> {
        if rates == Rates::Off {
            return Ok(());
        }
        let (burst, minute) = figures(tier);
        let burst = if rates == Rates::NoBurst && tier != Tier::One { (burst / 10.0).max(1.0) } else { burst };
        self.fill(method, burst, minute, now_ms)?;
        if tier == Tier::Post {
            let burst = if rates == Rates::NoBurst { 1.0 } else { POST_BURST };
            self.fill(&format!("{method} {channel}"), burst, 60.0, now_ms)?;
        }
        Ok(())
    }

    fn fill(&mut self, key: &str, burst: f64, minute: f64, now_ms: i64) -> Result<(), u64> {
        let per_ms = minute / 60_000.0;
        let bucket = self.0.entry(key.to_owned()).or_insert(Bucket { left: burst, at_ms: now_ms });
        let passed = (now_ms - bucket.at_ms).max(0) as f64;
        bucket.left = (bucket.left + passed * per_ms).min(burst);
        bucket.at_ms = now_ms;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        let wait_ms = (1.0 - bucket.left) / per_ms;
        Err(((wait_ms / 1000.0).ceil() as u64).max(1))
    }
}
