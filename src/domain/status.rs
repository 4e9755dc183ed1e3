//! How others than those who work on an incident hear of it: posts in channels, mails, the status page.
//!
//! What customers read has types of its own, [`PublicPost`] and [`PublicNotice`]. Words come into them by two ways only: a person
//! typed them into a field that says who reads it, or a public template made them, which knows nothing that was typed inside
//! (`docs/adr/0016-public-words.md`).

use super::ids::{ChannelName, PersonId, Role, ServiceName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of what customers read, and of its headline.
pub const PUBLIC_TEXT_CHARS: usize = 2_000;
pub const PUBLIC_TITLE_CHARS: usize = 120;
/// Posts of one publication; that it is over is always told.
pub const PUBLIC_POSTS: usize = 100;

/// What config says about it. Severities are named as in `P0`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusPosts {
    /// Where the status of a severity is posted, besides the incidents channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub announce: BTreeMap<String, Vec<ChannelName>>,
    /// Who gets mails about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub email: BTreeMap<String, Vec<Recipient>>,
    /// Severities that are on the status page from their beginning.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub publish: BTreeSet<String>,
    /// Absent: customers are told nothing from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PagePolicy>,
    /// Those of their own; others are ours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<Template, String>,
}

impl StatusPosts {
    /// Nothing is configured.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Somebody who gets mails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Recipient {
    /// As shown before the address; empty: the address alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub address: String,
}

/// Who may tell customers, and what of the inside has a public name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagePolicy {
    /// Where it is told: [`STATUSPAGE`], [`WEBHOOK`]. Never empty.
    pub places: Vec<String>,
    /// Besides the commander and whoever has communications.
    pub roles: BTreeSet<Role>,
    /// An incident that a rollback opens, or joins, is published.
    #[serde(default)]
    pub rollbacks: bool,
    /// What customers call a service; one without a name here is never named to them.
    #[serde(default)]
    pub services: BTreeMap<ServiceName, String>,
}

/// Atlassian Statuspage, or what speaks its API.
pub const STATUSPAGE: &str = "statuspage";
/// A signed request to a machine of the organisation.
pub const WEBHOOK: &str = "webhook";

/// A text that people can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    Declared,
    Update,
    Mitigated,
    Resolved,
    Reopened,
    /// The body of every mail; it has the post of the moment in it.
    Email,
    PublicTitle,
    PublicDeclared,
    PublicUpdate,
    PublicMitigated,
    PublicResolved,
}

impl Template {
    pub const ALL: [Self; 11] = [
        Self::Declared,
        Self::Update,
        Self::Mitigated,
        Self::Resolved,
        Self::Reopened,
        Self::Email,
        Self::PublicTitle,
        Self::PublicDeclared,
        Self::PublicUpdate,
        Self::PublicMitigated,
        Self::PublicResolved,
    ];

    /// Its key in `[templates]`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Update => "update",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Email => "email",
            Self::PublicTitle => "public_title",
            Self::PublicDeclared => "public_declared",
            Self::PublicUpdate => "public_update",
            Self::PublicMitigated => "public_mitigated",
            Self::PublicResolved => "public_resolved",
        }
    }

    /// Customers read what it makes.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(
            self,
            Self::PublicTitle
                | Self::PublicDeclared
                | Self::PublicUpdate
                | Self::PublicMitigated
                | Self::PublicResolved
        )
    }
}

/// How far it is, in the words that status pages share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Investigating,
    Identified,
    Monitoring,
    Resolved,
}

impl Phase {
    pub const ALL: [Self; 4] = [Self::Investigating, Self::Identified, Self::Monitoring, Self::Resolved];
    /// Those of an incident that is not over.
    pub const OPEN: [Self; 3] = [Self::Investigating, Self::Identified, Self::Monitoring];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the word in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name().eq_ignore_ascii_case(word))
    }
}

/// One thing that customers were told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicPost {
    pub at: Timestamp,
    /// Who typed it; none: a template made it.
    pub by: Option<PersonId>,
    pub phase: Phase,
    pub text: String,
}

/// What customers are told about an incident, from the first word to `resolved`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    pub title: String,
    /// The oldest first; never empty.
    pub posts: Vec<PublicPost>,
    /// As config named them when it began.
    pub places: BTreeMap<String, Standing>,
}

/// How it stands at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// So many posts arrived, or were given up.
    pub told: usize,
    /// What the place calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where customers read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Why the next one does not arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// One post at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PublicTry {
    /// Its place in the incident's list.
    pub publication: usize,
    pub post: usize,
    pub place: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "came")]
pub enum PublicCame {
    Posted {
        #[serde(default)]
        id: Option<String>,
        #[serde(default)]
        link: Option<String>,
    },
    /// `given_up`: it is tried no more.
    Failed { why: String, given_up: bool },
}

/// A post as a status page is told it. Every word of it is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicNotice {
    /// The publication's: the same for every post of it, and for every try.
    pub key: String,
    /// Its place among the publication's posts.
    pub post: usize,
    /// Posts before it with the same phase and words.
    pub same_before: usize,
    pub title: String,
    pub phase: Phase,
    pub text: String,
    /// By its inner name, to find what stands for it there; it is not sent.
    pub service: Option<ServiceName>,
    /// As customers call it.
    pub service_name: Option<String>,
    /// 0 is the worst severity there is.
    pub rank: usize,
    /// When it was said.
    pub at: Timestamp,
    /// When it is sent.
    pub sent: Timestamp,
}

/// A mail about how an incident stands. Mails of one incident are one thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Without what stands behind the `@`; the same for every try.
    pub id: String,
    /// The id of the first mail of its thread.
    pub thread: String,
    pub to: Recipient,
    pub subject: String,
    pub text: String,
    /// It begins an urgent incident.
    pub important: bool,
    pub at: Timestamp,
}

impl Publication {
    /// Customers were told that it is over.
    #[must_use]
    pub fn over(&self) -> bool {
        self.last().is_some_and(|post| post.phase == Phase::Resolved)
    }

    #[must_use]
    pub fn last(&self) -> Option<&PublicPost> {
        self.posts.last()
    }
}

impl Standing {
    /// What came of the post with this number.
    pub fn came(&mut self, post: usize, came: &PublicCame) {
        match came {
            PublicCame::Posted { id, link } => {
                self.told = self.told.max(post + 1);
                self.id = id.clone().or(self.id.take());
                self.link = link.clone().or(self.link.take());
                self.trouble = None;
            }
            PublicCame::Failed { why, given_up } => {
                self.trouble = Some(why.clone());
                if *given_up {
                    self.told = self.told.max(post + 1);
                }
            }
        }
    }

    /// Whether that tells anything that is not known.
    #[must_use]
    pub fn is_news(&self, post: usize, came: &PublicCame) -> bool {
        match came {
            _ if post < self.told => false,
            PublicCame::Failed { why, given_up: false } => self.trouble.as_ref() != Some(why),
            _ => true,
        }
    }
}

/// Everything that was published, at every place: what is new between two states has to be told.
#[must_use]
pub fn tries(publications: &[Publication]) -> BTreeSet<PublicTry> {
    let mut out = BTreeSet::new();
    for (publication, p) in publications.iter().enumerate() {
        for place in p.places.keys() {
            let one = |post| PublicTry { publication, post, place: place.clone() };
            out.extend((0..p.posts.len()).map(one));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(why: &str, given_up: bool) -> PublicCame {
        PublicCame::Failed { why: why.into(), given_up }
    }

    #[test]
    fn what_came_of_a_post_is_told_once_and_a_later_one_keeps_the_place() {
        let mut stands = Standing::default();
        assert!(stands.is_news(0, &failed("HTTP 503", false)));
        stands.came(0, &failed("HTTP 503", false));
        assert!(!stands.is_news(0, &failed("HTTP 503", false)), "people know");
        let posted = PublicCame::Posted { id: Some("x1".into()), link: Some("https://status.example/x1".into()) };
        stands.came(0, &posted);
        assert_eq!((stands.told, stands.trouble.as_deref()), (1, None));
        assert!(!stands.is_news(0, &posted), "a receipt that comes twice");
        stands.came(1, &PublicCame::Posted { id: None, link: None });
        assert_eq!((stands.told, stands.id.as_deref()), (2, Some("x1")));
        stands.came(2, &failed("HTTP 422", true));
        assert_eq!(stands.told, 3, "what is given up does not hold up the rest");
    }

    #[test]
    fn names_are_read_back() {
        for phase in Phase::ALL {
            assert_eq!(Phase::parse(phase.name()), Some(phase));
        }
        let keys: BTreeSet<&str> = Template::ALL.into_iter().map(Template::key).collect();
        assert_eq!(keys.len(), Template::ALL.len());
        assert!(Template::ALL.into_iter().all(|t| t.is_public() == t.key().starts_with("public_")));
    }
}
