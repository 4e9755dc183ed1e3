//! When something recurs: five fields of cron in a zone, by the `cron` crate behind rules of ours.
//!
//! The crate only counts local times. What is ambiguous between dialects never reaches it: weekdays are names, a step needs a
//! range, and a day of the month beside a weekday is refused. One rule settles every change of the clocks, that of rosters: a
//! slot is the first instant at which the wall clock of the zone reads its time or later. So a slot in the gap is the instant
//! right after it, once however many fall in there, and one in the fold is the first of the two.

use crate::domain::roster::first_reading;
use crate::domain::time::Span;
use crate::domain::window::{parse_weekday, zone};
use chrono::DateTime as Utc;
use cron::Schedule;
use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::str::FromStr as _;

/// Slots are at least so far apart.
pub const APART: Span = Span::mins(15);

/// Local times that are looked at for one slot: all minutes of two days, since no zone has skipped or repeated more.
const LOOKED_AT: usize = 2 * 24 * 60;
/// Missed slots that are counted.
pub const MISSED: u32 = 99;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A schedule as config has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cron {
    /// Five fields in small letters.
    text: String,
    /// IANA name or fixed offset.
    zone: String,
}

/// Why a text is no schedule, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct CronError {
    pub what: String,
    pub hint: String,
}

/// The newest slot that is due, and how many before it were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub slot: Timestamp,
    /// At most [`MISSED`].
    pub missed: u32,
    pub next: Timestamp,
}

fn wrong<T>(what: String, hint: impl Into<String>) -> Result<T, CronError> {
    Err(CronError { what, hint: hint.into() })
}

impl Cron {
    /// Reads five fields.
    ///
    /// # Errors
    /// When they are not a schedule, or one that is read differently elsewhere.
    pub fn read(text: &str, zone_name: &str) -> Result<Self, CronError> {
        let text = text.to_ascii_lowercase();
        if let Some(word) = text.trim().strip_prefix('@') {
            let five = match word {
                "hourly" => "0 * * * *",
                "daily" | "midnight" => "0 0 * * *",
                "weekly" => "0 0 * * sun",
                "monthly" => "0 0 1 * *",
                _ => "0 9 * * mon-fri",
            };
            return wrong(format!("`@{}` is not known here", short(word)), format!("write five fields: `{five}`"));
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            let hint = "write minute, hour, day of the month, month, weekday: `0 9 * * mon-fri`";
            return wrong(format!("it has {} fields instead of five", fields.len()), hint);
        };
        range("minute", minute, 0, 59, &[])?;
        range("hour", hour, 0, 23, &[])?;
        range("day of the month", day, 1, 31, &[])?;
        range("month", month, 1, 12, &MONTHS)?;
        days(weekday)?;
        if *day != "*" && *weekday != "*" {
            let hint = format!("write `*` for one of them: `{minute} {hour} {day} {month} *`");
            return wrong(
                "a day of the month and a weekday together are either to some and both to others".into(),
                hint,
            );
        }
        if zone(zone_name).is_none() {
            return wrong(format!("`{}` is not a zone", short(zone_name)), "write Asia/Riyadh or +03:00");
        }
        let cron = Self { text: fields.join(" "), zone: zone_name.to_owned() };
        match cron.schedule() {
            Some(_) => Ok(cron),
            None => wrong(format!("`{}` is not a schedule", short(&cron.text)), "write it like `0 9 * * mon-fri`"),
        }
    }

    /// Its five fields.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The zone in which its fields are meant.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// The first slot later than `at`; none when there is none before the year 2100.
    #[must_use]
    pub fn next(&self, at: Timestamp) -> Option<Timestamp> {
        self.slots(&self.schedule()?, at)
    }

    /// What is due at `now` of the slots from `armed` on; none while `armed` is ahead.
    #[must_use]
    pub fn due(&self, armed: Timestamp, now: Timestamp) -> Option<Due> {
        if armed > now {
            return None;
        }
        let schedule = self.schedule()?;
        // The newest one is looked for from near to far, so that a long outage of a frequent schedule costs little.
        let mut newest = armed;
        for hours in [1, 24, 8 * 24, 40 * 24, 400 * 24] {
            let from = crate::domain::time::after(now, Span::hours(-hours)).max(armed);
            let found = std::iter::successors(Some(from), |at| self.slots(&schedule, *at).filter(|slot| *slot <= now));
            if let Some(last) = found.skip(1).last() {
                newest = last;
                break;
            }
            if from == armed {
                break;
            }
        }
        let between =
            std::iter::successors(Some(armed), |at| self.slots(&schedule, *at).filter(|slot| *slot <= newest));
        let missed = between.skip(1).take(MISSED as usize).count();
        let next = self.slots(&schedule, now).unwrap_or(Timestamp::MAX);
        Some(Due { slot: newest, missed: u32::try_from(missed).unwrap_or(MISSED), next })
    }

    fn slots(&self, schedule: &Schedule, at: Timestamp) -> Option<Timestamp> {
        let zone = zone(&self.zone).unwrap_or(TimeZone::UTC);
        let local = zone.to_datetime(at);
        // The crate counts local times as if they were those of UTC, where every minute comes once.
        let minute = local.date().at(local.hour(), local.minute(), 0, 0).to_zoned(TimeZone::UTC).ok()?;
        let from = Utc::from_timestamp(minute.timestamp().as_second(), 0)?;
        let times = schedule.after(&from).take(LOOKED_AT);
        times.filter_map(|time| first_reading(&zone, civil(time.timestamp())?)).find(|slot| *slot > at)
    }

    /// With the second that the crate wants in front, and weekdays one by one.
    fn schedule(&self) -> Option<Schedule> {
        let (rest, weekday) = self.text.rsplit_once(' ')?;
        let (rest, month) = rest.rsplit_once(' ')?;
        let weekday = if weekday == "*" { "*".to_owned() } else { days(weekday).ok()?.join(",") };
        Schedule::from_str(&format!("0 {rest} {} {weekday}", numbered(month))).ok()
    }
}

/// Every morning at nine.
impl Default for Cron {
    fn default() -> Self {
        Self { text: "0 9 * * *".into(), zone: "UTC".into() }
    }
}

impl std::fmt::Display for Cron {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.text, self.zone)
    }
}

fn civil(second: i64) -> Option<DateTime> {
    Timestamp::from_second(second).ok().map(|at| TimeZone::UTC.to_datetime(at))
}

fn short(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// `*`, `*/5`, `7`, `1-5`, `0-30/10`, and lists of these.
fn range(what: &str, field: &str, least: u32, most: u32, names: &[&str]) -> Result<(), CronError> {
    let bad = |part: &str, hint: String| wrong(format!("`{}` is not a {what}", short(part)), hint);
    let value = |text: &str| {
        let named = names.iter().position(|n| *n == text).and_then(|n| u32::try_from(n + 1).ok());
        let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        named.or_else(|| text.parse().ok().filter(|_| digits)).filter(|n| (least..=most).contains(n))
    };
    for part in field.split(',') {
        let (span, step) = part.split_once('/').map_or((part, None), |(span, step)| (span, Some(step)));
        if step.is_some_and(|step| value_of(step).is_none_or(|n| n == 0 || n > most)) {
            return bad(part, format!("a step is a number from 1 to {most}, behind a range: `*/5`"));
        }
        match (span.split_once('-'), step) {
            (None, _) if span == "*" => {}
            (None, None) if value(span).is_some() => {}
            (None, Some(step)) if value(span).is_some() => {
                return bad(part, format!("say where it ends: `{span}-{most}/{step}`"));
            }
            (Some((from, to)), _) => match (value(from), value(to)) {
                (Some(from), Some(to)) if from <= to => {}
                (Some(_), Some(_)) => return bad(part, format!("write two ranges: `{from}-{most},{least}-{to}`")),
                _ => return bad(part, format!("it goes from {least} to {most}")),
            },
            _ => return bad(part, format!("it goes from {least} to {most}; `*` is every {what}")),
        }
    }
    Ok(())
}

fn value_of(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

/// Months by number, since names are only ours to read.
fn numbered(month: &str) -> String {
    let mut out = month.to_owned();
    for (n, name) in MONTHS.iter().enumerate() {
        out = out.replace(name, &(n + 1).to_string());
    }
    out
}

/// Weekdays by name; a range may reach over the weekend.
fn days(field: &str) -> Result<Vec<&'static str>, CronError> {
    if field == "*" {
        return Ok(WEEKDAYS.to_vec());
    }
    let mut named = [false; 7];
    for part in field.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (Some(first), Some(last)) = (day(from), day(to)) else {
            let hint = match (number(from), number(to)) {
                (Some(0 | 7), _) if from == to => "write `sun` or `sat`, whichever is meant".to_owned(),
                (Some(n), _) if from == to => {
                    format!("write `{}` or `{}`, whichever is meant", name(n.saturating_sub(1)), name(n + 5))
                }
                (Some(1), Some(5)) => "write `mon-fri`, or `sun-thu` if that is meant".to_owned(),
                _ => "write names: `mon`, `mon-fri`, `sat,sun`".to_owned(),
            };
            let numeric = number(from).or(number(to)).is_some();
            let why =
                if numeric { "; numbers of weekdays begin on Sunday to some and on Monday to others" } else { "" };
            return wrong(format!("`{}` is not a weekday{why}", short(part)), hint);
        };
        let mut n = first;
        loop {
            if let Some(slot) = named.get_mut(n) {
                *slot = true;
            }
            if n == last {
                break;
            }
            n = (n + 1) % 7;
        }
    }
    Ok(WEEKDAYS.iter().zip(named).filter(|(_, on)| *on).map(|(name, _)| *name).collect())
}

fn day(word: &str) -> Option<usize> {
    let day: Weekday = parse_weekday(word).filter(|_| word.bytes().all(|b| b.is_ascii_alphabetic()))?;
    usize::try_from(day.to_monday_zero_offset()).ok()
}

fn number(word: &str) -> Option<usize> {
    word.parse().ok().filter(|n| *n <= 7)
}

fn name(n: usize) -> &'static str {
    WEEKDAYS.get(n % 7).copied().unwrap_or("mon")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn next(cron: &str, zone: &str, from: &str, n: usize) -> Vec<String> {
        let cron = Cron::read(cron, zone).expect(cron);
        let all = std::iter::successors(cron.next(at(from)), |slot| cron.next(*slot));
        all.take(n).map(|slot| slot.to_string()).collect()
    }

    #[test]
    fn five_fields_are_read_in_their_zone() {
        assert_eq!(
            next("0 9 * * *", "+03:00", "2026-01-05T06:00:00Z", 2),
            ["2026-01-06T06:00:00Z", "2026-01-07T06:00:00Z"]
        );
        assert_eq!(next("0 9 * * *", "+03:00", "2026-01-05T05:59:59.999Z", 1), ["2026-01-05T06:00:00Z"]);
        let fridays = ["2026-01-09T06:00:00Z", "2026-01-12T06:00:00Z"];
        assert_eq!(next("0 9 * * fri-mon", "+03:00", "2026-01-08T12:00:00Z", 4)[..1], fridays[..1]);
        assert_eq!(next("0 9 * * FRI,mon", "+03:00", "2026-01-08T12:00:00Z", 2), fridays);
        let quarters = ["2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"];
        assert_eq!(next("0 0 1 jan,apr,jul,oct *", "UTC", "2025-12-31T00:00:00Z", 2), quarters);
        assert_eq!(next("0 0 1 */3 *", "UTC", "2025-12-31T00:00:00Z", 2), quarters);
        assert_eq!(next("30 10 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1), ["2028-02-29T10:30:00Z"]);
        assert!(next("0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", 1).is_empty(), "there is no such day");
    }

    #[test]
    fn what_the_clocks_skip_happens_once_right_after_and_what_comes_twice_happens_once() {
        // 02:00 to 03:00 does not exist in Berlin on 29 March 2026.
        let spring = next("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:29:00Z", 4);
        assert_eq!(
            spring,
            ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z"]
        );
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        );
        // 02:00 to 03:00 comes twice on 25 October.
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        let autumn = next("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 3);
        assert_eq!(autumn, ["2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"]);
    }

    #[test]
    fn what_others_read_differently_is_refused_with_what_to_write() {
        for (text, what, hint) in [
            ("0 9 * * 1", "`1` is not a weekday; numbers of weekdays", "write `mon` or `sun`"),
            ("0 9 * * 0", "not a weekday", "`sun` or `sat`"),
            ("0 9 * * 7", "not a weekday", "`sun` or `sat`"),
            ("0 9 * * 5", "not a weekday", "`fri` or `thu`"),
            ("0 9 * * 1-5", "`1-5` is not a weekday", "write `mon-fri`"),
            ("0 9 * * */2", "not a weekday", "names"),
            ("0 9 * * fri#1", "not a weekday", "names"),
            ("0 9 1 * mon", "a day of the month and a weekday together", "`0 9 1 * *`"),
            ("0 0 9 * * *", "6 fields", "`0 9 * * mon-fri`"),
            ("0 9 * *", "4 fields", "minute, hour"),
            ("@daily", "`@daily` is not known", "`0 0 * * *`"),
            ("5/15 * * * *", "`5/15` is not a minute", "`5-59/15`"),
            ("60 * * * *", "`60` is not a minute", "from 0 to 59"),
            ("0 24 * * *", "`24` is not a hour", "from 0 to 23"),
            ("0 22-6 * * *", "`22-6` is not a hour", "`22-23,0-6`"),
            ("0 9 L * *", "not a day of the month", "from 1 to 31"),
            ("0 9 0 * *", "not a day of the month", "from 1 to 31"),
            ("0 9 ? * *", "not a day of the month", "from 1 to 31"),
            ("*/0 * * * *", "not a minute", "a step is a number"),
            ("", "0 fields", "minute, hour"),
        ] {
            let why = Cron::read(text, "UTC").expect_err(text);
            assert!(why.what.contains(what), "{text}: {}", why.what);
            assert!(why.hint.contains(hint), "{text}: {}", why.hint);
        }
        assert!(Cron::read("0 9 * * *", "Mars/Olympus").is_err());
    }

    #[test]
    fn after_an_outage_the_newest_missed_slot_is_due_and_the_others_are_counted() {
        let cron = Cron::read("0 9 * * *", "+03:00").unwrap();
        let armed = at("2026-01-05T06:00:00Z");
        assert_eq!(cron.due(armed, at("2026-01-05T05:59:59Z")), None);
        let due = |now: &str| cron.due(armed, at(now)).map(|d| (d.slot.to_string(), d.missed, d.next.to_string()));
        let of = |slot: &str, missed, next: &str| Some((slot.to_owned(), missed, next.to_owned()));
        assert_eq!(due("2026-01-05T06:00:00Z"), of("2026-01-05T06:00:00Z", 0, "2026-01-06T06:00:00Z"));
        assert_eq!(due("2026-01-05T20:00:00Z"), of("2026-01-05T06:00:00Z", 0, "2026-01-06T06:00:00Z"));
        assert_eq!(due("2026-01-08T07:00:00Z"), of("2026-01-08T06:00:00Z", 3, "2026-01-09T06:00:00Z"));
        assert_eq!(due("2027-01-05T06:00:00Z"), of("2027-01-05T06:00:00Z", MISSED, "2027-01-06T06:00:00Z"));
        let often = Cron::read("*/15 * * * *", "UTC").unwrap();
        let late = often.due(at("2020-01-01T00:00:00Z"), at("2026-01-05T00:14:00Z")).unwrap();
        assert_eq!((late.slot.to_string().as_str(), late.missed), ("2026-01-05T00:00:00Z", MISSED));
    }
}
