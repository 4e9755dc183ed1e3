//! What the inbound half remembers while it runs, each with its bound. None of it is needed after a restart.

use crate::chat::Arrival;
use crate::limits;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How an interaction was answered within its three seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// "Thinking": what is to be said replaces it.
    Deferred,
    /// With a form or a question; there is nothing more to say.
    Shown,
    /// Not at all.
    Missed,
}

/// Empty at the start of a process.
#[derive(Default)]
pub struct Memory {
    me: Mutex<String>,
    firsts: Mutex<BTreeMap<String, watch::Sender<Option<First>>>>,
    directs: Mutex<BTreeMap<String, String>>,
    unread: Mutex<BTreeSet<String>>,
}

impl Memory {
    /// Our own account; empty until it is known.
    pub fn me(&self) -> String {
        lock(&self.me).clone()
    }

    pub fn set_me(&self, me: &str) {
        if !me.is_empty() {
            me.clone_into(&mut lock(&self.me));
        }
    }

    /// An arrival is about to be kept, and will be answered at once after that. False: it was announced before.
    pub fn announce(&self, arrival: &Arrival) -> bool {
        let mut firsts = lock(&self.firsts);
        if firsts.contains_key(&arrival.id) {
            return false;
        }
        firsts.insert(arrival.id.clone(), watch::channel(None).0);
        // Ids are ordered by time, so that the oldest go first.
        while firsts.len() > limits::DISCORD_FIRSTS {
            firsts.pop_first();
        }
        true
    }

    /// It was answered.
    pub fn answered(&self, arrival: &str, first: First) {
        if let Some(told) = lock(&self.firsts).get(arrival) {
            told.send_replace(Some(first));
        }
    }

    /// How it was answered, once it is. What another process answered, or this one before a restart, is taken as deferred.
    pub async fn first(&self, arrival: &str) -> First {
        let told = lock(&self.firsts).get(arrival).map(watch::Sender::subscribe);
        let Some(mut told) = told else { return First::Deferred };
        let answered = told.wait_for(Option::is_some);
        let answered = tokio::time::timeout(Duration::from_millis(limits::DISCORD_FIRST_WAIT_MS), answered).await;
        answered.ok().and_then(Result::ok).and_then(|first| *first).unwrap_or(First::Deferred)
    }

    /// It is done with.
    pub fn forget(&self, arrival: &str) {
        lock(&self.firsts).remove(arrival);
    }

    /// The channel of direct messages with an account.
    pub fn direct(&self, account: &str) -> Option<String> {
        lock(&self.directs).get(account).cloned()
    }

    pub fn set_direct(&self, account: &str, channel: &str) {
        let mut directs = lock(&self.directs);
        if directs.len() >= limits::DISCORD_DIRECTS {
            directs.clear();
        }
        directs.insert(account.to_owned(), channel.to_owned());
    }

    /// How much is remembered: interactions being answered, direct channels, types without a meaning.
    pub fn len(&self) -> [usize; 3] {
        [lock(&self.firsts).len(), lock(&self.directs).len(), lock(&self.unread).len()]
    }

    /// Counts what could not be read, and logs each type once. Types come from outside, so only so many have a name.
    pub fn unread(&self, kind: &str) {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_ :-".contains(c);
        let mut kind: String = kind.chars().filter(|c| fits(*c)).take(limits::UNREAD_KIND_CHARS).collect();
        let mut seen = lock(&self.unread);
        if !seen.contains(&kind) && seen.len() >= limits::UNREAD_KINDS {
            "other".clone_into(&mut kind);
        }
        if seen.insert(kind.clone()) {
            tracing::warn!(name: "discord.unread", kind, "signalbox does not know what {kind} from Discord is; it is counted");
        }
        metrics::counter!("signalbox_chat_unread_total", "platform" => super::super::NAME, "kind" => kind).increment(1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::PlatformName;

    fn arrival(id: &str) -> Arrival {
        Arrival {
            platform: PlatformName::new("discord"),
            id: id.into(),
            kind: String::new(),
            lane: String::new(),
            proof: String::new(),
            body: String::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_waits_for_the_first_answer_and_not_for_ever() {
        let memory = Memory::default();
        assert_eq!(memory.first("i:1").await, First::Deferred, "from another process");
        assert!(memory.announce(&arrival("i:1")));
        let (first, ()) = tokio::join!(memory.first("i:1"), async { memory.answered("i:1", First::Shown) });
        assert_eq!(first, First::Shown);
        assert!(!memory.announce(&arrival("i:1")), "it is answered once");
        assert_eq!(memory.first("i:1").await, First::Shown, "a second delivery forgets nothing");
        memory.announce(&arrival("i:2"));
        assert_eq!(memory.first("i:2").await, First::Deferred, "an answer that never comes is not waited for");
        memory.forget("i:1");
        assert_eq!(memory.first("i:1").await, First::Deferred);
    }

    #[test]
    fn everything_remembered_is_bounded() {
        let memory = Memory::default();
        for n in 0..limits::DISCORD_FIRSTS + 1 {
            memory.announce(&arrival(&format!("i:{n:05}")));
        }
        assert_eq!(lock(&memory.firsts).len(), limits::DISCORD_FIRSTS);
        assert!(!lock(&memory.firsts).contains_key("i:00000"), "the oldest goes");
        for n in 0..=limits::DISCORD_DIRECTS {
            memory.set_direct(&n.to_string(), "1");
        }
        assert!(lock(&memory.directs).len() <= limits::DISCORD_DIRECTS);
        for n in 0..=limits::UNREAD_KINDS {
            memory.unread(&format!("NEW_{n}"));
        }
        assert_eq!(lock(&memory.unread).len(), limits::UNREAD_KINDS + 1);
        assert!(lock(&memory.unread).contains("other"));
    }
}
