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
    }
}
