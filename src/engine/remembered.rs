//! How much this process remembers: the length of everything in memory that comes and goes with traffic.
//!
//! Told as gauges, so that growth is seen before it hurts, and held against by the soak tests. Deliberately absent: what
//! platforms remember; each of their memories has its bound and its test.

use super::Engine;
use std::collections::BTreeMap;

impl Engine {
    /// By name. What somebody is at work on at the moment is left out.
    #[must_use]
    pub fn remembered(&self) -> BTreeMap<&'static str, usize> {
        let [held, lanes] = self.lanes.remembered();
        let mut out = BTreeMap::from([("arrivals", held), ("lanes", lanes), ("completions", self.known.len())]);
        out.extend(self.outputs.len().map(|n| ("outputs", n)));
        out.extend(self.writer.try_lock().ok().map(|cache| ("streams", cache.len())));
        out
    }

    pub(super) fn tell_remembered(&self) {
        #[expect(clippy::cast_precision_loss, reason = "a graph")]
        let gauge = |n: usize| n as f64;
        for (what, n) in self.remembered() {
            metrics::gauge!("signalbox_remembered", "what" => what).set(gauge(n));
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            metrics::gauge!("signalbox_tasks").set(gauge(runtime.metrics().num_alive_tasks()));
        }
    }
}
