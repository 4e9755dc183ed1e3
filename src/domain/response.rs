//! How the organisation answers incidents: severities, the ladders that pages climb, and rosters (DESIGN 4.5, 4.6).

use super::ids::{PersonId, Role};
use super::paging::Urgency;
use super::policy::Source;
use super::roster::Roster;
use super::status::StatusPosts;
use super::time::Span;
use super::window::zone;
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything config says about incidents. Empty: there are none to declare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The worst first.
    pub severities: Vec<Severity>,
    pub ladders: BTreeMap<String, Ladder>,
    /// The template of post-mortems; absent: ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_mortem: Option<String>,
    /// When pages are urgent whatever their severity.
    #[serde(default)]
    pub night: Option<Night>,
    /// Where people are sent from outside chat, such as the console's address.
    #[serde(default)]
    pub link: Option<String>,
    /// Asked first about every urgent incident, as a checklist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    /// What often helps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_wins: Vec<String>,
    /// What channels of their own are called, see [`super::incident::room_name`]; absent: ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_name: Option<String>,
    /// They are put aside so long after the end; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_archive: Option<Span>,
    #[serde(default)]
    pub rosters: BTreeMap<String, Roster>,
    /// Who else hears of it, and in which words.
    #[serde(default, skip_serializing_if = "StatusPosts::is_default")]
    pub status: StatusPosts,
}

/// Hours in which people sleep, in the file's zone. It may reach over midnight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Night {
    pub from: Time,
    pub to: Time,
}

impl Night {
    /// Whether this time of day is in it; its end is not.
    #[must_use]
    pub fn holds(&self, time: Time) -> bool {
        if self.from <= self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }
}

/// How bad it is, and what follows from that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severity {
    /// `P0`.
    pub name: String,
    /// What it means: `full outage`.
    pub title: String,
    /// Within this it should be acknowledged.
    pub respond: Span,
    /// So often people are told how it stands.
    pub update: Span,
    /// The ladder that it climbs; absent: nobody is paged.
    pub ladder: Option<String>,
    /// Its pages wake people also by day.
    #[serde(default)]
    pub urgent: bool,
    /// An update that is overdue goes a level up.
    pub overdue_goes_up: bool,
    /// After this, an incident that follows a deployment is reminded of the way back.
    pub rollback_reminder: Option<Span>,
    /// A post-mortem is due so long after it is resolved; absent: none is needed.
    pub post_mortem: Option<Span>,
    /// Its war room is a channel of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_channel: bool,
    pub source: Source,
}

/// Who is paged, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    pub name: String,
    /// Never empty.
    pub levels: Vec<Level>,
    /// So often all of it is gone through again, when nobody answers.
    pub repeat: u32,
    /// From the last level to the next round, and to the end.
    pub pause: Span,
    /// Its pages wake people whatever the severity.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    pub source: Source,
}

/// A rung of a ladder. Both times count from the start of the incident (or of its episode).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// `L1`, or what config calls it.
    pub name: String,
    /// Reached when nobody has acknowledged by then.
    pub after: Span,
    /// Reached by then also when somebody has, unless it is mitigated.
    pub unresolved: Option<Span>,
    /// Holders of any of these are paged.
    pub roles: BTreeSet<Role>,
    pub people: BTreeSet<PersonId>,
    /// Everybody on it must acknowledge.
    #[serde(default)]
    pub all: bool,
    /// Whoever is on call in any of these is paged.
    #[serde(default)]
    pub rosters: BTreeSet<String>,
    pub source: Source,
}

impl Ladder {
    /// Whether everybody who is on a level of `other` is on the same level of this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.levels.iter().enumerate().all(|(n, level)| {
            self.levels.get(n).is_some_and(|own| {
                own.roles.is_superset(&level.roles)
                    && own.people.is_superset(&level.people)
                    && own.rosters.is_superset(&level.rosters)
            })
        })
    }

    /// Whoever is on a level of `other` comes to the same level of this one, which is reached at the sooner of both times.
    pub fn widen(&mut self, other: &Self) {
        for (n, level) in other.levels.iter().enumerate() {
            let Some(own) = self.levels.get_mut(n) else {
                self.levels.push(level.clone());
                continue;
            };
            own.after = own.after.min(level.after);
            own.unresolved = own.unresolved.into_iter().chain(level.unresolved).min();
            own.all &= level.all;
            own.roles.extend(level.roles.iter().cloned());
            own.people.extend(level.people.iter().cloned());
            own.rosters.extend(level.rosters.iter().cloned());
        }
        self.repeat = self.repeat.max(other.repeat);
        self.pause = self.pause.min(other.pause);
        self.urgent |= other.urgent;
    }
}

impl Response {
    #[must_use]
    pub fn severity(&self, name: &str) -> Option<&Severity> {
        self.severities.iter().find(|s| s.name.eq_ignore_ascii_case(name))
    }

    /// Whether any incident gets a channel of its own.
    #[must_use]
    pub fn has_rooms(&self) -> bool {
        self.severities.iter().any(|s| s.own_channel)
    }

    /// The ladder of a severity.
    #[must_use]
    pub fn ladder_of(&self, severity: &str) -> Option<&Ladder> {
        self.ladders.get(self.severity(severity)?.ladder.as_deref()?)
    }

    /// How urgent a page about this severity is at this moment; `zone_name` is the zone of people.
    #[must_use]
    pub fn urgency(&self, severity: &str, zone_name: &str, now: Timestamp) -> Urgency {
        let by_day = self.severity(severity).is_some_and(|s| s.urgent);
        let local = || now.to_zoned(zone(zone_name).unwrap_or(TimeZone::UTC)).time();
        if by_day || self.night.as_ref().is_some_and(|night| night.holds(local())) {
            Urgency::High
        } else {
            Urgency::Low
        }
    }

    /// Whether `a` is worse than `b`; a name that config no longer knows is never worse.
    #[must_use]
    pub fn worse(&self, a: &str, b: &str) -> bool {
        let rank = |name: &str| self.severities.iter().position(|s| s.name.eq_ignore_ascii_case(name));
        match (rank(a), rank(b)) {
            (Some(a), Some(b)) => a < b,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_reaches_over_midnight() {
        let time = |h, m| Time::new(h, m, 0, 0).unwrap();
        let night = Night { from: time(22, 0), to: time(7, 0) };
        for (h, m, in_it) in
            [(21, 59, false), (22, 0, true), (0, 0, true), (6, 59, true), (7, 0, false), (12, 0, false)]
        {
            assert_eq!(night.holds(time(h, m)), in_it, "{h}:{m}");
        }
        let noon = Night { from: time(12, 0), to: time(13, 0) };
        assert!(noon.holds(time(12, 30)) && !noon.holds(time(13, 0)) && !noon.holds(time(0, 0)));
        let response = Response { night: Some(night), ..Response::default() };
        let at = |text: &str| response.urgency("P2", "+03:00", text.parse().unwrap());
        assert_eq!(at("2026-01-05T19:00:00Z"), Urgency::High, "22:00 for them");
        assert_eq!(at("2026-01-05T18:59:59Z"), Urgency::Low);
    }
}
