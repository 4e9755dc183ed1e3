//! War rooms: a channel of its own for the work on an incident, where config wants one. Until it is there, and wherever it
//! cannot be, the thread of the card is the war room.

use super::Incident;
use crate::domain::ids::{ChannelName, IncidentId, PersonId, PlatformName, ServiceName};
use crate::domain::response::Response;
use crate::domain::time::{Now, Span, after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What rooms are called, unless config says otherwise.
pub const ROOM_NAME: &str = "inc-{number}";
/// What a name in config may hold besides letters, digits, `-` and `_`.
pub const ROOM_WORDS: [&str; 4] = ["number", "severity", "service", "date"];
/// Characters of a name; Slack takes 80, and a number behind it must fit.
pub const ROOM_NAME_CHARS: usize = 70;
/// Names that are tried, where the first ones are taken.
const NAMES: u32 = 5;

/// What became of a room at one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "came")]
pub enum RoomCame {
    /// It is there: what it is called for ever, and what people read.
    Made { channel: ChannelName, name: ChannelName },
    /// It is not, or not any more, for this reason.
    Refused { why: String },
}

/// The rooms of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms {
    /// How often they were asked for; zero: never.
    pub asked: u32,
    /// When that was, the last time.
    pub since: Option<Now>,
    /// What they are to be called.
    pub name: String,
    /// They are put aside so long after the end; absent: never.
    pub archive: Option<Span>,
    pub at: BTreeMap<PlatformName, RoomCame>,
    /// They were put aside.
    pub closed: bool,
}

impl Rooms {
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.asked == 0
    }

    pub(super) fn ask(&mut self, name: &str, archive: Option<Span>, at: Now) {
        let name = name.to_owned();
        *self = Self { asked: self.asked + 1, since: Some(at), name, archive, at: BTreeMap::new(), closed: false };
    }

    /// It was asked for and nobody has heard what became of it.
    #[must_use]
    pub fn awaited(&self, platform: &PlatformName) -> bool {
        self.asked > 0 && !self.closed && !self.at.contains_key(platform)
    }

    /// Rooms that are there: where, and as which channel.
    pub fn open(&self) -> impl Iterator<Item = (&PlatformName, &ChannelName)> {
        self.made().filter(|_| !self.closed)
    }

    /// The same, also when they were put aside since.
    pub fn made(&self) -> impl Iterator<Item = (&PlatformName, &ChannelName)> {
        self.at.iter().filter_map(|(platform, came)| match came {
            RoomCame::Made { channel, .. } => Some((platform, channel)),
            RoomCame::Refused { .. } => None,
        })
    }

    /// The room on a platform, also when it was put aside since.
    #[must_use]
    pub fn channel(&self, platform: &PlatformName) -> Option<&ChannelName> {
        self.made().find(|(at, _)| *at == platform).map(|(_, channel)| channel)
    }

    /// What people call them.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&ChannelName> {
        let made = self.at.values().filter(|_| !self.closed);
        made.filter_map(|came| if let RoomCame::Made { name, .. } = came { Some(name) } else { None }).collect()
    }

    /// What a room may be called, the first choice first. A later room does not take the name of an earlier one.
    #[must_use]
    pub fn choices(&self) -> Vec<String> {
        let name = |n| if n == 1 { self.name.clone() } else { format!("{}-{n}", self.name) };
        (self.asked..self.asked + NAMES).map(name).collect()
    }
}

impl Incident {
    /// Whether a room is wanted that is not there, as config stands.
    #[must_use]
    pub fn wants_room(&self, response: &Response) -> bool {
        let own = response.severity(&self.severity).is_some_and(|s| s.own_channel);
        own && !self.drill && !self.status.ended() && (self.rooms.asked == 0 || self.rooms.closed)
    }

    /// Who belongs into its rooms.
    #[must_use]
    pub fn crowd(&self) -> BTreeSet<&PersonId> {
        let paged = self.climb.pages.iter().map(|page| &page.person);
        self.reporter.iter().chain(&self.joined).chain(self.duties.values()).chain(paged).collect()
    }

    /// When its rooms are put aside: some time after its end, and not before its post-mortem is reviewed.
    #[must_use]
    pub(super) fn rooms_close(&self) -> Option<Timestamp> {
        let written = self.post_mortem_due.is_none() || self.reviewed.is_some();
        let ended = self.resolved.as_ref().filter(|_| self.status.ended() && written)?;
        self.rooms.open().next()?;
        Some(after(ended.at, self.rooms.archive?))
    }
}

/// What a room is called: small letters, digits, `-` and `_`, which every platform takes. A word that is not known leaves no gap.
#[must_use]
pub fn room_name(
    template: &str,
    id: IncidentId,
    severity: &str,
    service: Option<&ServiceName>,
    day: jiff::civil::Date,
) -> String {
    let known = [
        ("{number}", id.0.to_string()),
        ("{severity}", severity.to_owned()),
        ("{service}", service.map(ToString::to_string).unwrap_or_default()),
        ("{date}", day.to_string()),
    ];
    let filled = known.iter().fold(template.to_owned(), |text, (word, value)| text.replace(word, value));
    let mut out = String::with_capacity(filled.len());
    for c in filled.to_lowercase().chars() {
        let c = if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        if c != '-' || !(out.is_empty() || out.ends_with('-')) {
            out.push(c);
        }
    }
    out.truncate(ROOM_NAME_CHARS);
    out.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_every_platform_takes() {
        let day = jiff::civil::date(2026, 1, 5);
        let name = |template: &str, service: Option<&str>| {
            room_name(template, IncidentId(7), "P0", service.map(ServiceName::new).as_ref(), day)
        };
        assert_eq!(name(ROOM_NAME, None), "inc-7");
        assert_eq!(name("inc-{number}-{service}", Some("api")), "inc-7-api");
        assert_eq!(name("inc-{number}-{service}", None), "inc-7");
        assert_eq!(name("{date}_{severity}--{service}-{number}", None), "2026-01-05_p0-7");
        assert_eq!(name("Störung {number}!", None), "st-rung-7");
        assert!(name(&format!("{}{{number}}", "x".repeat(200)), None).len() <= ROOM_NAME_CHARS);
    }

    #[test]
    fn other_names_follow_the_first() {
        let mut rooms = Rooms::default();
        assert!(rooms.is_default() && !rooms.awaited(&PlatformName::new("slack")));
        let now = Now { wall: Timestamp::UNIX_EPOCH, work: Timestamp::UNIX_EPOCH };
        rooms.ask("inc-7", None, now);
        assert_eq!(rooms.choices(), ["inc-7", "inc-7-2", "inc-7-3", "inc-7-4", "inc-7-5"]);
        assert!(rooms.awaited(&PlatformName::new("slack")) && rooms.names().is_empty());
        let made = RoomCame::Made { channel: ChannelName::new("C1"), name: ChannelName::new("inc-7-2") };
        rooms.at.insert(PlatformName::new("slack"), made);
        assert!(!rooms.awaited(&PlatformName::new("slack")) && rooms.awaited(&PlatformName::new("console")));
        assert_eq!(rooms.names().into_iter().map(ToString::to_string).collect::<Vec<_>>(), ["inc-7-2"]);
        rooms.ask("inc-7", None, now);
        assert_eq!((rooms.asked, rooms.open().count()), (2, 0));
        assert_eq!(rooms.choices(), ["inc-7-2", "inc-7-3", "inc-7-4", "inc-7-5", "inc-7-6"]);
    }
}
