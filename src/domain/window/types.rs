//! The data of windows, freezes and holidays (DESIGN 4.1). How they are evaluated is beside this file.

use crate::domain::ids::{EnvironmentName, Role, ServiceName};
use crate::domain::policy::Source;
use jiff::civil::{Date, DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A half-open local interval on named weekdays: `[10:00, 14:00)` Mon-Thu in `+03:00`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The weekdays on which it begins, in week order.
    #[serde(with = "weekdays")]
    pub days: Vec<Weekday>,
    pub from: Time,
    /// Where `to` is not after `from` it ends on the next day; `None` is midnight at the day's end.
    pub to: Option<Time>,
    /// IANA name, or a fixed offset such as `+03:00`.
    pub zone: String,
    pub source: Source,
}

/// Holidays and freezes of the whole setup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    pub holidays: Vec<Holiday>,
    pub freezes: Vec<Freeze>,
}

/// Whole local days on which environments with windows are closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    pub name: String,
    /// The first day.
    pub from: Date,
    /// The last day, included.
    pub to: Date,
    /// In which the days are counted.
    pub zone: String,
    pub source: Source,
}

/// A dated prohibition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    pub name: String,
    /// Included.
    pub from: DateTime,
    /// Excluded.
    pub to: DateTime,
    pub zone: String,
    /// Empty: all.
    pub environments: BTreeSet<EnvironmentName>,
    /// Empty: all.
    pub services: BTreeSet<ServiceName>,
    /// Holders of these may pass it by turning one key more. Empty: nobody passes.
    pub pass: BTreeSet<Role>,
    pub source: Source,
}

/// Weekdays as `mon` to `sun`, since jiff's own do not serialise.
mod weekdays {
    use jiff::civil::Weekday;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(days: &[Weekday], s: S) -> Result<S::Ok, S::Error> {
        days.iter().map(|d| super::weekday_name(*d)).collect::<Vec<_>>().serialize(s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Weekday>, D::Error> {
        Vec::<String>::deserialize(d)?
            .iter()
            .map(|n| super::parse_weekday(n).ok_or_else(|| D::Error::custom(format!("`{n}` is not a weekday"))))
            .collect()
    }
}

/// `mon` to `sun`.
#[must_use]
pub const fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

/// Reads `mon` or `Monday`, whatever the case.
#[must_use]
pub fn parse_weekday(name: &str) -> Option<Weekday> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tuesday" => Weekday::Tuesday,
        "wed" | "wednesday" => Weekday::Wednesday,
        "thu" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    })
}
