//! Everything a job started, found through `/proc`.
//!
//! Its supervisor is a child subreaper: a process that detaches itself (its own session, its parent gone) becomes a child
//! of the supervisor and so stays in the tree that is searched here.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The living descendants of this process.
#[must_use]
pub fn descendants() -> BTreeSet<i32> {
    let parents = parents();
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    let mut found = BTreeSet::new();
    // A parent may have a greater number than its child, so one pass is not enough.
    loop {
        let before = found.len();
        found.extend(
            parents
                .iter()
                .filter(|(_, parent)| **parent == me || found.contains(*parent))
                .map(|(pid, _)| *pid)
                .collect::<Vec<_>>(),
        );
        if found.len() == before {
            return found;
        }
    }
}

/// Sends a signal to each; processes that are gone by now do not matter.
pub fn signal(pids: &BTreeSet<i32>, signal: Signal) {
    for pid in pids.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let _ = kill_process(pid, signal);
    }
}

/// Process to parent, without those that are dead and only wait to be reaped.
fn parents() -> BTreeMap<i32, i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| parent(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?).map(|parent| (pid, parent)))
        .collect()
}

/// When a process started, in the kernel's ticks since the machine did: with its number it names one process for ever.
#[must_use]
pub fn started(pid: i32) -> Option<u64> {
    start_field(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn start_field(stat: &str) -> Option<u64> {
    // The 22nd field; the third is the first one after the brackets.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// The parent in a `stat` line; the program's name in it is in brackets and may hold anything.
fn parent(stat: &str) -> Option<i32> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_lines_are_read_whatever_the_program_is_called() {
        assert_eq!(parent("12 (sh) S 7 12 12 0"), Some(7));
        assert_eq!(parent("12 (a) Z 1 (b) S 7 12"), Some(7));
        assert_eq!(parent("12 (sh) Z 7 12 12 0"), None);
        assert_eq!(parent("garbage"), None);
        let long = "12 (a) b) S 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24";
        assert_eq!((parent(long), start_field(long)), (Some(3), Some(21)));
        assert!(started(i32::try_from(std::process::id()).unwrap()).is_some());
    }
}
