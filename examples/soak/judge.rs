//! What was measured, and whether it grew.

use std::collections::BTreeMap;
use std::fmt;

/// Anonymous memory may grow so much in a minute of the second half: what is kept per deployment stays far below it, and the
/// allocator and SQLite's page cache come to rest in the first half of three minutes or more.
const KIB_A_MINUTE: f64 = 512.0;
/// Descriptors, sockets, threads and tasks come and go with what is under way; the second half may have so many more.
const MORE: f64 = 4.0;
/// Samples that say something about two halves.
const ENOUGH: usize = 6;

#[derive(Clone, Debug, Default)]
pub struct Sample {
    pub at_ms: i64,
    pub rss_kib: i64,
    pub anon_kib: i64,
    pub fds: i64,
    pub sockets: i64,
    pub threads: i64,
    /// `signalbox_tasks`, `signalbox_inbox_open`, and all of `signalbox_remembered`.
    pub tasks: i64,
    pub open: i64,
    pub remembered: i64,
    /// Rows that must not grow: timers, outbox, leases, settings.
    pub rows: BTreeMap<String, i64>,
}

impl Sample {
    pub fn head() -> &'static str {
        "   s  rss KiB anon KiB  fds socks threads tasks open in memory | rows"
    }

    fn numbers(&self) -> [(&'static str, i64); 5] {
        [
            ("descriptors", self.fds),
            ("sockets", self.sockets),
            ("threads", self.threads),
            ("tasks", self.tasks),
            ("open arrivals", self.open),
        ]
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>4} {:>8} {:>8} {:>4} ", self.at_ms / 1000, self.rss_kib, self.anon_kib, self.fds)?;
        write!(f, "{:>5} {:>7} {:>5} {:>4} ", self.sockets, self.threads, self.tasks, self.open)?;
        write!(f, "{:>9} |", self.remembered)?;
        self.rows.iter().try_for_each(|(table, n)| write!(f, " {table} {n}"))
    }
}

/// KiB a minute, by least squares.
fn slope(samples: &[Sample]) -> f64 {
    let points: Vec<(f64, f64)> = samples.iter().map(|s| (s.at_ms as f64 / 60_000.0, s.anon_kib as f64)).collect();
    let n = points.len() as f64;
    let (x, y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let over: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let under: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    if under == 0.0 { 0.0 } else { over / under }
}

fn mean(samples: &[Sample], of: impl Fn(&Sample) -> i64) -> f64 {
    samples.iter().map(|s| of(s) as f64).sum::<f64>() / samples.len().max(1) as f64
}

/// What grew.
pub fn judge(samples: &[Sample]) -> Vec<String> {
    if samples.len() < ENOUGH {
        return vec![format!("{} samples say nothing: let it run for longer", samples.len())];
    }
    let (first, second) = samples.split_at(samples.len() / 2);
    let mut wrong = Vec::new();
    let grows = slope(second);
    println!(
        "anonymous memory changes by {grows:.0} KiB a minute in the second half, {:.0} in the first",
        slope(first)
    );
    if grows > KIB_A_MINUTE {
        wrong.push(format!("memory grows by {grows:.0} KiB a minute, more than {KIB_A_MINUTE}"));
    }
    for (n, (what, _)) in first[0].numbers().iter().enumerate() {
        let (before, after) = (mean(first, |s| s.numbers()[n].1), mean(second, |s| s.numbers()[n].1));
        println!("{what}: {before:.1} on average in the first half, {after:.1} in the second");
        if after > before + MORE {
            wrong.push(format!("{what} grow from {before:.1} to {after:.1}"));
        }
    }
    for table in ["timers", "outbox", "leases", "settings"] {
        let of = |s: &Sample| s.rows.get(table).copied().unwrap_or(0);
        let (before, after) = (mean(first, of), mean(second, of));
        if after > before + MORE {
            wrong.push(format!("rows of {table} grow from {before:.1} to {after:.1}"));
        }
    }
    wrong
}
