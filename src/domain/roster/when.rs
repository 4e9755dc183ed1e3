//! Times as people type them, in a roster's zone: `sunday 03:10`, `for 4h`, `from fri 18:00 to mon 8am`.
//!
//! A time alone is the next one that comes. What was understood is always said back with its date.

use super::rotation::first_reading;
use super::{OVERRIDE_AHEAD, OVERRIDE_MAX};
use crate::domain::message::{Piece, code, plain};
use crate::domain::time::{Span, after};
use crate::domain::window::{parse_weekday, zone};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

const HOW: &str = "write it like 03:10, sunday 03:10, tomorrow 8am or 2026-12-24 18:00";

/// Why a time was not understood, or not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    #[error("`{0}` is not a time; {HOW}")]
    Time(String),
    #[error("Say until when: for 4h, until 08:00, or from friday 18:00 to monday 8am")]
    NoEnd,
    #[error("It ends before it begins")]
    Backwards,
    #[error("It is over already")]
    Over,
    #[error("It is longer than {OVERRIDE_MAX}; for that, change the config")]
    TooLong,
    #[error("It begins more than {OVERRIDE_AHEAD} ahead; for that, change the config")]
    TooFar,
}

impl Misread {
    /// It as people are told, without the full stop.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        match self {
            Self::Time(typed) => vec![code(typed), plain(format!(" is not a time; {HOW}"))],
            other => vec![plain(other.to_string())],
        }
    }
}

/// One instant: `at sunday 03:10`, `tomorrow`, `now`. A day alone is its beginning.
///
/// # Errors
/// When it is no time.
pub fn instant(text: &str, zone_name: &str, now: Timestamp) -> Result<Timestamp, Misread> {
    let words = words(text);
    let words = match words.first().map(String::as_str) {
        Some("at" | "on") => &words[1..],
        _ => &words[..],
    };
    Reader::new(zone_name, now).point(words, now, false).ok_or_else(|| Misread::Time(shown(text)))
}

/// A stretch of time: `for 4h`, `until 08:00`, `from fri 18:00 to mon 8am`, `from tomorrow for 1d`. It begins now when
/// nothing else is said; a day alone as its end is included whole.
///
/// # Errors
/// When it is none, or none that an override may have.
pub fn interval(text: &str, zone_name: &str, now: Timestamp) -> Result<(Timestamp, Timestamp), Misread> {
    let words = words(text);
    let words = if words.first().is_some_and(|w| w == "from") { &words[1..] } else { &words[..] };
    let is_joint = |w: &String| matches!(w.as_str(), "for" | "to" | "until" | "till" | "-" | "–");
    let joint = words.iter().position(is_joint).ok_or(Misread::NoEnd)?;
    let (begin, end) = (&words[..joint], &words[joint + 1..]);
    let reader = Reader::new(zone_name, now);
    let misread = |words: &[String]| Misread::Time(shown(&words.join(" ")));
    let from = if begin.is_empty() { now } else { reader.point(begin, now, false).ok_or_else(|| misread(begin))? };
    if end.is_empty() {
        return Err(Misread::NoEnd);
    }
    let until = if words[joint] == "for" {
        after(from, span(end).ok_or_else(|| misread(end))?)
    } else {
        reader.point(end, from, true).ok_or_else(|| misread(end))?
    };
    match () {
        () if until <= from => Err(Misread::Backwards),
        () if until <= now => Err(Misread::Over),
        () if Span::between(from, until) > OVERRIDE_MAX => Err(Misread::TooLong),
        () if Span::between(now, from) > OVERRIDE_AHEAD => Err(Misread::TooFar),
        () => Ok((from.max(now), until)),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// `4h`, `4 h`, `4 hours`, `2 days`.
fn span(words: &[String]) -> Option<Span> {
    let unit = |w: &String| match w.as_str() {
        "hours" | "hour" | "hrs" | "hr" => "h".to_owned(),
        "minutes" | "minute" | "mins" => "m".to_owned(),
        "days" | "day" => "d".to_owned(),
        "weeks" | "week" => "w".to_owned(),
        "an" | "one" | "a" => "1".to_owned(),
        _ => w.clone(),
    };
    Span::parse(&words.iter().map(unit).collect::<String>()).ok().filter(|s| *s > Span::ZERO)
}

struct Reader {
    zone: TimeZone,
    today: Date,
    now: Timestamp,
}

impl Reader {
    fn new(zone_name: &str, now: Timestamp) -> Self {
        let zone = zone(zone_name).unwrap_or(TimeZone::UTC);
        Self { today: zone.to_datetime(now).date(), zone, now }
    }

    /// The first such instant after `past`, or the day that is named.
    fn point(&self, words: &[String], past: Timestamp, end: bool) -> Option<Timestamp> {
        let (day, time) = match words {
            [one] if one == "now" => return Some(self.now),
            [one] => match (self.day(one), time(one), one.split_once('t')) {
                (Some(day), ..) => (Some(day), None),
                (None, Some(time), _) => (None, Some(time)),
                (None, None, Some((day, at))) => (Some(self.day(day)?), Some(time(at)?)),
                _ => return None,
            },
            [a, b] => match (self.day(a), self.day(b)) {
                (Some(day), None) => (Some(day), Some(time(b)?)),
                (None, Some(day)) => (Some(day), Some(time(a)?)),
                _ => return None,
            },
            [a, at, b] if at == "at" => (Some(self.day(a)?), Some(time(b)?)),
            _ => return None,
        };
        let on = |day: Date| match time {
            Some(Some(time)) => first_reading(&self.zone, day.to_datetime(time)),
            // The day's end: `24:00`, and a day alone as the end of something.
            Some(None) => self.midnight(day.tomorrow().ok()?),
            None if end => self.midnight(day.tomorrow().ok()?),
            None => self.midnight(day),
        };
        match day {
            Some(Day::On(day)) => on(day),
            Some(Day::Weekday(ahead)) => {
                let first = on(self.ahead(ahead)?)?;
                // Sunday, said on a Sunday after that hour, is the next one.
                if first > past { Some(first) } else { on(self.ahead(ahead + 7)?) }
            }
            None => {
                let from = self.zone.to_datetime(past).date();
                let days = [Some(from), from.tomorrow().ok()];
                days.into_iter().flatten().filter_map(on).find(|at| *at > past)
            }
        }
    }

    fn midnight(&self, day: Date) -> Option<Timestamp> {
        first_reading(&self.zone, day.to_datetime(Time::midnight()))
    }

    fn ahead(&self, days: i32) -> Option<Date> {
        self.today.checked_add(jiff::Span::new().days(days)).ok()
    }

    fn day(&self, word: &str) -> Option<Day> {
        match word {
            "today" | "tonight" => return Some(Day::On(self.today)),
            "tomorrow" => return self.today.tomorrow().ok().map(Day::On),
            _ => {}
        }
        if let Some(weekday) = parse_weekday(word) {
            return Some(Day::Weekday(i32::from(self.today.weekday().until(weekday))));
        }
        (word.len() == 10).then(|| word.parse().ok()).flatten().map(Day::On)
    }
}

/// A day as said.
enum Day {
    On(Date),
    /// So many days ahead, 0 to 6.
    Weekday(i32),
}

/// `03:10`, `8am`, `8:30pm`, `noon`, `8`; `Some(None)` is `24:00`.
fn time(word: &str) -> Option<Option<Time>> {
    match word {
        "noon" => return Some(Time::new(12, 0, 0, 0).ok()),
        "midnight" | "24:00" => return Some(None),
        _ => {}
    }
    let (digits, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (word, None),
    };
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "00"));
    let number = |text: &str, most: usize| {
        let digits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<i8>().ok()).flatten()
    };
    let (hour, minute) = (number(hour, 2)?, number(minute, 2).filter(|_| minute.len() == 2)?);
    let hour = match half {
        None => hour,
        Some(half) => (1..=12).contains(&hour).then(|| hour % 12 + half)?,
    };
    Time::new(hour, minute, 0, 0).ok().map(Some)
}
