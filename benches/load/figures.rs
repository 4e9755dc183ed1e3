//! Times and how they are shown: median, p99 and the largest.

use std::time::Duration;

#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds at this share of the sorted times; 0 without any.
    pub fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len() as f64 * share) as usize;
        sorted.get(place.min(sorted.len().saturating_sub(1))).map_or(0.0, |t| t.as_secs_f64() * 1e3)
    }

    pub fn show(&self, name: &str) {
        let (n, p50, p99, max) = (self.len(), self.at(0.5), self.at(0.99), self.at(1.0));
        println!("{name:<58} {n:>7} x   p50 {p50:>8.3} ms   p99 {p99:>8.3} ms   max {max:>8.3} ms");
    }
}

/// The middle of some numbers, with the least and the largest: `12.3 [11.0..15.2]`.
pub fn middle(numbers: &[f64]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(least), Some(middle), Some(most)) => format!("{middle:.2} [{least:.2}..{most:.2}]"),
        _ => "nothing".to_owned(),
    }
}
