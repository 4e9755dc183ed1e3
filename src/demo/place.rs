//! Which releases run in one place (a service in an environment) and what share of the traffic each has. Pure.

use serde::{Deserialize, Serialize};

/// The shares add up to 100 as long as anything runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub maintenance: bool,
    /// In the order they came.
    pub shares: Vec<Share>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub version: String,
    /// Per cent; 0 for a release that is started and waits, or that was live and stays warm.
    pub weight: u8,
    /// Since it began to take traffic.
    pub requests: u64,
    pub errors: u64,
    /// Of its latest answers all but one in twenty took at most so many microseconds; not kept.
    #[serde(skip)]
    pub p95_us: Option<u64>,
}

impl Share {
    fn new(version: &str, weight: u8) -> Self {
        Self { version: version.to_owned(), weight, requests: 0, errors: 0, p95_us: None }
    }
}

impl Place {
    /// Only this version, with all the traffic.
    #[must_use]
    pub fn with(version: &str) -> Self {
        Self { maintenance: false, shares: vec![Share::new(version, 100)] }
    }

    /// The version with the largest share; of equals the one that was there first.
    #[must_use]
    pub fn live(&self) -> Option<&Share> {
        self.shares.iter().rev().filter(|s| s.weight > 0).max_by_key(|s| s.weight)
    }

    #[must_use]
    pub fn share(&self, version: &str) -> Option<&Share> {
        self.shares.iter().find(|s| s.version == version)
    }

    /// Adds a version without traffic; whatever else has none goes. Nothing changes when it has traffic already.
    #[must_use]
    pub fn begin(mut self, version: &str) -> Self {
        if self.share(version).is_none_or(|s| s.weight == 0) {
            self.shares.retain(|s| s.weight > 0);
            self.shares.push(Share::new(version, 0));
        }
        self
    }

    /// Gives a version this share and the rest to the largest other one. At 100 that other stays warm, for the way back.
    #[must_use]
    pub fn shift(mut self, version: &str, weight: u8) -> Self {
        if self.share(version).is_none() {
            self.shares.push(Share::new(version, 0));
        }
        let others = self.shares.iter().rev().filter(|s| s.version != version);
        let other = others.max_by_key(|s| s.weight).map(|s| s.version.clone());
        let weight = if other.is_some() { weight.min(100) } else { 100 };
        self.shares.retain(|s| s.version == version || Some(&s.version) == other.as_ref());
        for share in &mut self.shares {
            share.weight = if share.version == version { weight } else { 100 - weight };
        }
        self
    }

    /// All traffic to `previous`, and nothing else runs.
    #[must_use]
    pub fn restore(mut self, previous: &str) -> Self {
        self.shares.retain(|s| s.version == previous);
        if self.shares.is_empty() {
            self.shares.push(Share::new(previous, 100));
        }
        self.shares[0].weight = 100;
        self
    }

    /// Without a version that has no traffic; one that has stays.
    #[must_use]
    pub fn without(mut self, version: &str) -> Self {
        self.shares.retain(|s| s.version != version || s.weight > 0);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(place: &Place) -> Vec<(&str, u8)> {
        place.shares.iter().map(|s| (s.version.as_str(), s.weight)).collect()
    }

    fn live(place: &Place) -> &str {
        &place.live().unwrap().version
    }

    #[test]
    fn a_release_comes_in_by_stages() {
        let place = Place::with("v1").begin("v2");
        assert_eq!(shares(&place), [("v1", 100), ("v2", 0)]);
        let place = place.shift("v2", 10);
        assert_eq!((shares(&place), live(&place)), (vec![("v1", 90), ("v2", 10)], "v1"));
        let place = place.shift("v2", 50);
        assert_eq!((shares(&place), live(&place)), (vec![("v1", 50), ("v2", 50)], "v1"));
        let place = place.shift("v2", 100);
        assert_eq!((shares(&place), live(&place)), (vec![("v1", 0), ("v2", 100)], "v2"));
        assert_eq!(shares(&place.begin("v3")), [("v2", 100), ("v3", 0)]);
    }

    #[test]
    fn restoring_works_from_everywhere_and_twice() {
        let start = Place::with("v1");
        for place in [
            start.clone(),
            start.clone().begin("v2"),
            start.clone().begin("v2").shift("v2", 10),
            start.clone().begin("v2").shift("v2", 100),
            Place::with("v2"),
            Place::default(),
        ] {
            let restored = place.restore("v1");
            assert_eq!(shares(&restored), [("v1", 100)]);
            assert_eq!(restored.clone().restore("v1"), restored);
        }
    }

    #[test]
    fn odd_orders_leave_a_sound_place() {
        let same = Place::with("v1").begin("v1").shift("v1", 10);
        assert_eq!(shares(&same), [("v1", 100)], "the only release has all");
        assert_eq!(shares(&Place::with("v1").shift("v2", 10)), [("v1", 90), ("v2", 10)]);
        assert_eq!(shares(&Place::with("v1").begin("v2").without("v2")), [("v1", 100)]);
        assert_eq!(shares(&Place::with("v1").without("v1")), [("v1", 100)]);
        let third = Place::with("v1").begin("v2").shift("v2", 10).begin("v3").shift("v3", 10);
        assert_eq!(shares(&third), [("v1", 90), ("v3", 10)]);
    }
}
