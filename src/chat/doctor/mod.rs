//! What is wrong with the connection to a platform, found by asking it, with what to do about it.

#[cfg(any(feature = "discord", feature = "slack"))]
mod ask;

#[cfg(any(feature = "discord", feature = "slack"))]
pub(super) use ask::{Asked, ask, skew};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Good,
    /// It works, and should be looked at.
    Warning,
    /// Something will not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    /// What is so: `#deployments: the bot is a member`.
    pub what: String,
    /// What to do; empty when nothing is to be done.
    pub todo: String,
}

impl Finding {
    #[must_use]
    pub fn good(what: impl Into<String>) -> Self {
        Self { level: Level::Good, what: what.into(), todo: String::new() }
    }

    #[must_use]
    pub fn warning(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { level: Level::Warning, what: what.into(), todo: todo.into() }
    }

    #[must_use]
    pub fn bad(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { level: Level::Bad, what: what.into(), todo: todo.into() }
    }
}
