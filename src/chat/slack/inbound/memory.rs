//! What the inbound half remembers while it runs, each with its bound. None of it is needed after a restart.

use crate::chat::slack::NAME;
use crate::limits;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Empty at the start of a process.
#[derive(Default)]
pub struct Memory {
    unread: Mutex<BTreeSet<String>>,
    told: Mutex<BTreeSet<String>>,
}

impl Memory {
    /// Whether the sender of this arrival has not yet been told that it waits.
    pub fn tell_once(&self, arrival: &str) -> bool {
        let mut told = lock(&self.told);
        if told.len() >= limits::SLACK_TOLD {
            told.clear();
        }
        told.insert(arrival.to_owned())
    }

    /// It is done with.
    pub fn forget(&self, arrival: &str) {
        lock(&self.told).remove(arrival);
    }

    /// How much is remembered: types without a meaning, and arrivals whose senders were told that they wait.
    pub fn len(&self) -> [usize; 2] {
        [lock(&self.unread).len(), lock(&self.told).len()]
    }

    /// Counts what could not be read, and logs each type once. Types come from outside, so only so many have a name.
    pub fn unread(&self, kind: &str) {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_ .:-".contains(c);
        let mut kind: String = kind.chars().filter(|c| fits(*c)).take(limits::UNREAD_KIND_CHARS).collect();
        let mut seen = lock(&self.unread);
        if !seen.contains(&kind) && seen.len() >= limits::UNREAD_KINDS {
            "other".clone_into(&mut kind);
        }
        if seen.insert(kind.clone()) {
            tracing::warn!(name: "slack.unread", kind, "signalbox does not know what {kind} from Slack is; it is counted");
        }
        metrics::counter!("signalbox_chat_unread_total", "platform" => NAME, "kind" => kind).increment(1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_remembered_is_bounded() {
        let memory = Memory::default();
        for n in 0..=limits::UNREAD_KINDS + 5 {
            memory.unread(&format!("kind {n}"));
        }
        assert_eq!(lock(&memory.unread).len(), limits::UNREAD_KINDS + 1, "and one for all others");
        for n in 0..=limits::SLACK_TOLD {
            assert!(memory.tell_once(&n.to_string()));
        }
        assert!(lock(&memory.told).len() <= limits::SLACK_TOLD);
        let last = limits::SLACK_TOLD.to_string();
        assert!(!memory.tell_once(&last));
        memory.forget(&last);
        assert!(memory.tell_once(&last));
    }
}
