//! Pages: one notification of one person, by the ways they named, one after the other until one takes it (DESIGN 4.6).
//!
//! A page is part of a stream's state before anything is sent: which way is being tried, and what came of it. So it can be
//! neither forgotten nor begun after somebody has it. How a way works outside is not known here.

use super::ids::PersonId;
use super::time::{Now, Span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A way to reach a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A direct message on every chat platform that knows them.
    Chat,
    Email,
    Pagerduty,
    /// A signed request to a machine of the organisation.
    Webhook,
    /// A push to their phone.
    Ntfy,
}

impl Via {
    /// Every way there is.
    pub const ALL: [Self; 5] = [Self::Chat, Self::Email, Self::Pagerduty, Self::Webhook, Self::Ntfy];

    /// Its name in config, keys and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Email => "email",
            Self::Pagerduty => "pagerduty",
            Self::Webhook => "webhook",
            Self::Ntfy => "ntfy",
        }
    }

    /// As people read it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Email => "e-mail",
            Self::Pagerduty => "PagerDuty",
            Self::Webhook => "webhook",
            Self::Ntfy => "push",
        }
    }

    /// Reads its name, or the word that people read, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.name().eq_ignore_ascii_case(word) || v.words().eq_ignore_ascii_case(word))
    }
}

/// How much a page may disturb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Low,
    /// It wakes people.
    High,
}

/// Ways that are tried at once; it has failed when all of them have. Never empty.
pub type Step = Vec<Via>;

/// By what a person is paged, the first step first. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    pub low: Vec<Step>,
    pub high: Vec<Step>,
}

impl Default for Ways {
    fn default() -> Self {
        Self { low: vec![vec![Via::Chat]], high: vec![vec![Via::Chat]] }
    }
}

impl Ways {
    /// The ways of an urgency.
    #[must_use]
    pub fn of(&self, urgency: Urgency) -> &[Step] {
        match urgency {
            Urgency::Low => &self.low,
            Urgency::High => &self.high,
        }
    }
}

/// Somebody is paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub person: PersonId,
    /// `L1`.
    pub level: String,
    pub at: Timestamp,
    #[serde(default)]
    pub why: String,
    /// As they named them when the page began.
    #[serde(default)]
    pub ways: Vec<Step>,
    /// How many of these were begun.
    #[serde(default)]
    pub begun: usize,
    /// One for each way that was begun.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// Everybody on its level must acknowledge.
    #[serde(default)]
    pub all: bool,
    /// When this person acknowledged.
    #[serde(default)]
    pub acked: Option<Timestamp>,
    /// Nothing more of it is begun: somebody has it, or it is over.
    #[serde(default)]
    pub settled: bool,
}

/// One way that is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub via: Via,
    pub began: Now,
    /// Where it failed and why; chat has a place for each platform, other ways have one.
    #[serde(default)]
    pub failed: BTreeMap<String, String>,
    /// How long it took until it was taken.
    #[serde(default)]
    pub delivered: Option<Span>,
    /// No place of it is left to try.
    #[serde(default)]
    pub ended: bool,
    /// It may have arrived twice.
    #[serde(default)]
    pub repeat: bool,
    /// It failed, and may have arrived all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub perhaps: bool,
}

/// What came of a try at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "came")]
pub enum Came {
    Delivered {
        /// An earlier try may have arrived as well.
        #[serde(default)]
        repeat: bool,
    },
    Failed {
        why: String,
        /// It may have arrived all the same.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        perhaps: bool,
    },
}

/// Which try a receipt is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Try {
    /// The beginning of the incident it belongs to.
    pub episode: u32,
    /// The page's place in its list.
    pub page: usize,
    pub via: Via,
    /// The chat platform, or the way's own name.
    pub place: String,
    /// How many places this way has for this person.
    pub places: usize,
}

impl Page {
    /// A page that begins with its first step.
    #[must_use]
    pub fn new(person: PersonId, level: &str, why: &str, ways: &[Step], at: Now) -> Self {
        let ways = if ways.is_empty() { Ways::default().low } else { ways.to_vec() };
        let (level, why) = (level.to_owned(), why.to_owned());
        let (begun, attempts, all, acked, settled) = (0, Vec::new(), false, None, false);
        let mut page = Self { person, level, at: at.wall, why, ways, begun, attempts, all, acked, settled };
        page.begin(at);
        page
    }

    fn begin(&mut self, at: Now) {
        let Some(step) = self.ways.get(self.begun) else { return };
        self.attempts.extend(step.iter().map(|via| Attempt::new(*via, at)));
        self.begun += 1;
    }

    /// The ways that are to be tried now.
    pub fn asked(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|a| !self.settled && a.delivered.is_none() && !a.ended)
    }

    /// Whether a message by this way is still worth sending. Another platform may have taken it, which stops nobody; and where
    /// nothing else is left, it is worth it for as long as nobody has acknowledged.
    #[must_use]
    pub fn wants(&self, via: Via) -> bool {
        !self.settled && self.attempts.iter().any(|a| a.via == via && (!a.ended || self.lost()))
    }

    /// Whether something is left to try when this has failed.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.begun < self.ways.len()
    }

    /// No way has taken it, and none is left.
    #[must_use]
    pub fn lost(&self) -> bool {
        !self.has_more() && self.failed()
    }

    fn failed(&self) -> bool {
        self.attempts.iter().all(|a| a.ended && a.delivered.is_none())
    }

    /// The attempt by this way.
    #[must_use]
    pub fn by(&self, via: Via) -> Option<&Attempt> {
        self.attempts.iter().find(|a| a.via == via)
    }

    /// Whether anything has taken it.
    #[must_use]
    pub fn taken(&self) -> bool {
        self.attempts.iter().any(|a| a.delivered.is_some())
    }

    /// Whether the receipt of a try tells anything that is not known.
    #[must_use]
    pub fn is_news(&self, of: &Try, came: &Came) -> bool {
        self.by(of.via).is_some_and(|attempt| {
            let failed = attempt.ended || attempt.failed.contains_key(&of.place);
            attempt.delivered.is_none() && !(failed && matches!(came, Came::Failed { .. }))
        })
    }

    /// What came of a try. When every way of a step has failed everywhere, the next step begins in the same moment.
    pub fn came(&mut self, of: &Try, came: &Came, at: Now) {
        let Some(attempt) = self.attempts.iter_mut().find(|a| a.via == of.via) else { return };
        match came {
            Came::Delivered { repeat } => {
                if attempt.delivered.is_none() {
                    attempt.delivered = Some(Span::between(attempt.began.work, at.work));
                    attempt.repeat = *repeat;
                }
            }
            Came::Failed { why, perhaps } => {
                attempt.failed.insert(of.place.clone(), why.clone());
                attempt.perhaps |= *perhaps;
                if attempt.failed.len() < of.places || attempt.delivered.is_some() || attempt.ended {
                    return;
                }
                attempt.ended = true;
                if self.failed() && !self.settled {
                    self.begin(at);
                }
            }
        }
    }
}

impl Attempt {
    const fn new(via: Via, began: Now) -> Self {
        Self { via, began, failed: BTreeMap::new(), delivered: None, ended: false, repeat: false, perhaps: false }
    }
}

/// What a page says outside chat, with everything a way may want to show. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One page by one way: a second request with it is the same one.
    pub id: String,
    /// One incident and one person, in one of its beginnings.
    pub about: String,
    pub person: PersonId,
    /// As shown in chat.
    pub name: String,
    /// Their address or topic, where a way has one.
    pub address: Option<String>,
    /// `INC-7`.
    pub subject: String,
    /// In one line.
    pub title: String,
    /// In several, for people.
    pub text: String,
    pub severity: String,
    /// 0 is the worst severity there is.
    pub rank: usize,
    pub urgency: Urgency,
    pub level: String,
    pub why: String,
    /// When the page began.
    pub at: Timestamp,
    /// When this is sent.
    pub sent: Timestamp,
    pub link: Option<String>,
    /// An earlier try may have arrived.
    pub repeat: bool,
}

/// What became of a matter about which somebody was paged, for ways that keep it open themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    Acknowledged,
    Resolved,
}

/// People who were paged on a level that everybody must acknowledge, and have not.
#[must_use]
pub fn missing(pages: &[Page]) -> BTreeSet<&PersonId> {
    let have: BTreeSet<&PersonId> = pages.iter().filter(|p| p.acked.is_some()).map(|p| &p.person).collect();
    pages.iter().filter(|p| p.all).map(|p| &p.person).filter(|p| !have.contains(p)).collect()
}

#[cfg(test)]
mod tests;
