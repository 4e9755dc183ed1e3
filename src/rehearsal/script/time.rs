//! Times as scripts name them, in the policy's zone.

use super::problem::Problem;
use super::words::{Read, Words};
use crate::domain::time::Span;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// `Mon 2026-01-05 10:05`, `Fri 10:00` or `14:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    pub weekday: Option<Weekday>,
    pub date: Option<Date>,
    pub time: Time,
}

const DAYS: [(&str, Weekday); 7] = [
    ("Monday", Weekday::Monday),
    ("Tuesday", Weekday::Tuesday),
    ("Wednesday", Weekday::Wednesday),
    ("Thursday", Weekday::Thursday),
    ("Friday", Weekday::Friday),
    ("Saturday", Weekday::Saturday),
    ("Sunday", Weekday::Sunday),
];

impl When {
    /// # Errors
    /// When it is no time, or the weekday is not that date's.
    pub fn read(words: &mut Words) -> Read<Self> {
        let mut weekday = None;
        let mut date = None;
        if let Some(word) = words.peek() {
            let short: String = word.text.chars().take(3).collect();
            if let Some((_, day)) = DAYS.iter().find(|(name, _)| name[..3].eq_ignore_ascii_case(&short)) {
                weekday = Some((*day, word.clone()));
                words.next();
            }
        }
        if let Some(word) = words.peek().filter(|w| w.text.contains('-')).cloned() {
            let found: Result<Date, _> = word.text.parse();
            let wrong = || Problem::new(word.column, word.length, format!("`{}` is no date", word.text));
            date = Some(found.map_err(|_| wrong().hint("write it like 2026-01-05"))?);
            words.next();
        }
        let word = words.word("a time such as 10:05")?;
        let parts: Option<Vec<i8>> = word.text.split(':').map(|p| p.parse().ok()).collect();
        let time = match parts.as_deref() {
            Some([h, m]) => Time::new(*h, *m, 0, 0).ok(),
            Some([h, m, s]) => Time::new(*h, *m, *s, 0).ok(),
            _ => None,
        };
        let wrong = || Problem::new(word.column, word.length, format!("`{}` is no time", word.text));
        let time = time.ok_or_else(|| wrong().hint("write it like 10:05 or 13:59:50"))?;
        if let (Some((day, word)), Some(date)) = (&weekday, date)
            && date.weekday() != *day
        {
            let real = DAYS.iter().find(|(_, d)| *d == date.weekday()).map_or("", |(n, _)| n);
            let message = format!("{date} is not a {}", word.text);
            return Err(Problem::new(word.column, word.length, message).hint(format!("it is a {real}")));
        }
        Ok(Self { weekday: weekday.map(|(d, _)| d), date, time })
    }

    /// The first such instant after `now`; for a full date, that instant even when it is past.
    #[must_use]
    pub fn after(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let instant = |date: Date| date.to_datetime(self.time).to_zoned(zone.clone()).ok().map(|z| z.timestamp());
        if let Some(date) = self.date {
            return instant(date);
        }
        let mut date = now.to_zoned(zone.clone()).date();
        for _ in 0..15 {
            if self.weekday.is_none_or(|d| d == date.weekday())
                && let Some(at) = instant(date).filter(|at| *at > now)
            {
                return Some(at);
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }
}

/// A length of time, `15m` or `1h 30m`.
///
/// # Errors
/// When it is none.
pub fn span(words: &mut Words) -> Read<Span> {
    let mut total = Span::ZERO;
    let mut read = false;
    while let Some(word) = words.peek().filter(|w| !w.quoted && w.text.starts_with(|c: char| c.is_ascii_digit())) {
        let wrong = |e: &dyn std::fmt::Display| Problem::new(word.column, word.length, e.to_string());
        total = total + Span::parse(&word.text).map_err(|e| wrong(&e))?;
        read = true;
        words.next();
    }
    if read { Ok(total) } else { Err(words.wrong("a length of time such as 15m")) }
}
