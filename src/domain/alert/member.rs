//! One alert of a sender: what a word about it means, whatever came before it.

use super::Alert;
use crate::domain::time::Span;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// For how long after the end of an episode another word of its beginning counts as late. Replicas of Alertmanager repeat each
/// other within seconds, and one of them says nothing new of a group before its `group_interval` (five minutes) is over; so a
/// beginning that comes later than this is one.
pub const ECHO: Span = Span::mins(1);

/// What is known of one alert of a sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// When its newest episode began.
    pub start: Option<Timestamp>,
    /// When its sender said the newest word.
    pub said: Option<Timestamp>,
    /// The beginning of this episode was heard.
    pub fired: bool,
    /// When its end was heard.
    pub over: Option<Timestamp>,
}

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// It begins.
    Fires,
    /// It began, and its end was heard before: people hear of it all the same.
    FiredBefore,
    Ends,
    /// Known already.
    Again,
    /// Overtaken by a later word.
    Late,
}

impl Heard {
    /// As metrics count it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fires => "fires",
            Self::FiredBefore => "fired_before",
            Self::Ends => "ends",
            Self::Again => "again",
            Self::Late => "late",
        }
    }

    /// Something changes.
    #[must_use]
    pub const fn news(self) -> bool {
        matches!(self, Self::Fires | Self::FiredBefore | Self::Ends)
    }
}

/// What `alert` says of a member.
#[must_use]
pub fn hear(member: Option<&Member>, alert: &Alert, now: Timestamp) -> Heard {
    let Some(m) = member else { return if alert.firing { Heard::Fires } else { Heard::Ends } };
    let before = |a: Option<Timestamp>, b: Option<Timestamp>| matches!((a, b), (Some(a), Some(b)) if a < b);
    let unheard = alert.firing && !m.fired;
    if before(alert.start, m.start) || (!before(m.start, alert.start) && before(alert.said, m.said)) {
        return if unheard { Heard::FiredBefore } else { Heard::Late };
    }
    match (alert.firing, before(m.start, alert.start), m.over) {
        (true, true, _) => Heard::Fires,
        (false, true, _) => Heard::Ends,
        (true, false, None) => Heard::Again,
        (true, false, Some(_)) if !m.fired => Heard::FiredBefore,
        (true, false, Some(over)) => {
            let newer = before(m.said, alert.said);
            let told_apart = alert.start.is_some() || alert.said.is_some();
            if !newer && told_apart && Span::between(over, now) <= ECHO { Heard::Late } else { Heard::Fires }
        }
        (false, false, None) => Heard::Ends,
        (false, false, Some(_)) => Heard::Again,
    }
}

impl Member {
    /// The member after a word that is news.
    #[must_use]
    pub fn after(
        member: Option<&Self>,
        heard: Heard,
        start: Option<Timestamp>,
        said: Option<Timestamp>,
        at: Timestamp,
    ) -> Self {
        let new = Self { start, said, fired: false, over: None };
        let old = member.cloned().unwrap_or(new);
        // An episode without a time is the one there is.
        let begins = matches!((old.start, start), (Some(old), Some(new)) if old < new);
        let (start, said) = (old.start.max(start), old.said.max(said));
        match heard {
            Heard::Fires => Self { start, said, fired: true, over: None },
            Heard::FiredBefore => Self { start, said, fired: true, ..old },
            Heard::Ends => Self { start, said, fired: old.fired && !begins, over: Some(at) },
            Heard::Again | Heard::Late => old,
        }
    }
}
