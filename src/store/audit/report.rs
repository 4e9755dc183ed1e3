//! What an audit found.

use crate::domain::ids::Stream;
use crate::limits;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub streams: u64,
    pub events: u64,
    /// Hex, over all streams.
    pub head: String,
    /// The head it should have, if one was given.
    pub expected: Option<String>,
    /// The first of them; `found` counts all.
    pub problems: Vec<Problem>,
    pub found: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub stream: Stream,
    pub seq: i64,
    pub fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("was edited: its hash is not that of what it says")]
    Edited,
    #[error("does not follow the event before it: one of the two was replaced")]
    Unlinked,
    #[error("is missing: the next one is {next}")]
    Gap { next: i64 },
    #[error("is missing: the tail was cut, the state is as of {state}")]
    Cut { state: i64 },
    #[error("has no state row")]
    NoState,
    #[error("is later than the state row, which is as of {state}")]
    StateBehind { state: i64 },
    #[error("is not the one the state row was made from")]
    StateDiffers,
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

impl Report {
    /// Nothing is wrong, and the head is the expected one.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.found == 0 && self.head_is_expected()
    }

    #[must_use]
    pub fn head_is_expected(&self) -> bool {
        self.expected.as_ref().is_none_or(|e| *e == self.head)
    }

    pub(super) fn add(&mut self, stream: &Stream, seq: i64, fault: Fault) {
        self.found += 1;
        if self.problems.len() < limits::AUDIT_PROBLEMS {
            self.problems.push(Problem { stream: stream.clone(), seq, fault });
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} event {} {}", self.stream, self.seq, self.fault)
    }
}

/// As people read it, one line each.
impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        if self.found > self.problems.len() as u64 {
            writeln!(f, "and {} more", self.found - self.problems.len() as u64)?;
        }
        if let Some(expected) = self.expected.as_ref().filter(|_| !self.head_is_expected()) {
            writeln!(f, "the head should be {expected}: events were changed, added or cut since it was taken")?;
        }
        let verdict = if self.is_sound() { "sound" } else { "NOT sound" };
        writeln!(f, "{} events in {} streams, {verdict}", self.events, self.streams)?;
        write!(f, "head {}", self.head)
    }
}
