//! The scripted ways to people besides chat: they remember what was sent, and each can be down.

use crate::clock::{Clock as _, VirtualClock};
use crate::domain::paging::{Follow, Letter, Via};
use crate::paging::{PageError, Pager};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was taken by a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub via: Via,
    pub at: Timestamp,
    pub letter: Letter,
    /// Absent: the page itself.
    pub follow: Option<Follow>,
}

impl Taken {
    /// As whoever gets it reads it.
    #[must_use]
    pub fn text(&self) -> String {
        let about = &self.letter.subject;
        match self.follow {
            None => format!("{}\n{}", self.letter.title, self.letter.text),
            Some(Follow::Acknowledged) => format!("{about} is acknowledged"),
            Some(Follow::Resolved) => format!("{about} is resolved"),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    taken: Vec<Taken>,
    down: BTreeSet<Via>,
}

/// All of them.
#[derive(Debug)]
pub struct ScriptPagers {
    clock: Arc<VirtualClock>,
    state: Mutex<State>,
}

impl ScriptPagers {
    /// Every way works.
    #[must_use]
    pub fn new(clock: Arc<VirtualClock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While a way is down, it takes nothing.
    pub fn set_down(&self, via: Via, down: bool) {
        let mut state = self.lock();
        if down {
            state.down.insert(via)
        } else {
            state.down.remove(&via)
        };
    }

    /// Everything that was taken, oldest first.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.lock().taken.clone()
    }

    /// As the engine is given them.
    #[must_use]
    pub fn all(self: &Arc<Self>) -> BTreeMap<Via, Arc<dyn Pager>> {
        let outside = Via::ALL.into_iter().filter(|via| *via != Via::Chat);
        outside.map(|via| (via, Arc::new(One { via, of: Arc::clone(self) }) as Arc<dyn Pager>)).collect()
    }

    fn take(&self, via: Via, letter: &Letter, follow: Option<Follow>) -> Result<(), PageError> {
        let at = self.clock.now().wall;
        let mut state = self.lock();
        if state.down.contains(&via) {
            return Err(PageError::Later { what: "no answer".into(), after_ms: 0 });
        }
        state.taken.push(Taken { via, at, letter: letter.clone(), follow });
        Ok(())
    }
}

struct One {
    via: Via,
    of: Arc<ScriptPagers>,
}

#[async_trait]
impl Pager for One {
    fn via(&self) -> Via {
        self.via
    }

    async fn page(&self, letter: &Letter) -> Result<(), PageError> {
        self.of.take(self.via, letter, None)
    }

    fn follows(&self) -> bool {
        matches!(self.via, Via::Pagerduty | Via::Webhook)
    }

    async fn follow(&self, letter: &Letter, what: Follow) -> Result<(), PageError> {
        self.of.take(self.via, letter, Some(what))
    }
}
