//! Instants and spans as the domain uses them.
//!
//! Time is always an argument. Two clocks exist because the demo lets a person move the wall clock while traffic, jobs and
//! bakes go on in real time: `wall` decides windows, expiries and follow-ups; `work` measures jobs and bakes. In production
//! and in virtual time both are the same instant.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The two instants every decision is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// What people's clocks show; moves windows, expiries and follow-ups.
    pub wall: Timestamp,
    /// What jobs and bakes are measured with; never jumps.
    pub work: Timestamp,
}

impl Now {
    /// Both clocks at the same instant.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        Self { wall: at, work: at }
    }

    /// The instant on the clock that a timer is set by.
    #[must_use]
    pub fn on(self, clock: Clock) -> Timestamp {
        match clock {
            Clock::Wall => self.wall,
            Clock::Work => self.work,
        }
    }
}

/// Which of the two clocks a timer is due by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    Wall,
    Work,
}

/// A length of time, in whole milliseconds; written `90s`, `15m`, `1h30m`, `2d` in config, commands and chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub const fn millis(ms: i64) -> Self {
        Self(ms)
    }

    #[must_use]
    pub const fn secs(s: i64) -> Self {
        Self(s * 1000)
    }

    #[must_use]
    pub const fn mins(m: i64) -> Self {
        Self(m * 60_000)
    }

    #[must_use]
    pub const fn hours(h: i64) -> Self {
        Self(h * 3_600_000)
    }

    /// From one instant to another; negative when `to` is earlier.
    #[must_use]
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        Self(to.as_millisecond() - from.as_millisecond())
    }

    /// As people say how long something took: in whole minutes, or whole seconds below one.
    #[must_use]
    pub const fn rounded(self) -> Self {
        let unit = if self.0 >= 60_000 { 60_000 } else { 1000 };
        Self(self.0 / unit * unit)
    }

    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0 / 1000
    }

    #[must_use]
    pub fn to_duration(self) -> SignedDuration {
        SignedDuration::from_millis(self.0)
    }

    /// For timeouts; a negative span is zero.
    #[must_use]
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    /// `self` shortened by a demo's pace, never under one millisecond when it was above zero.
    #[must_use]
    pub fn paced(self, pace: u32) -> Self {
        if self.0 <= 0 || pace <= 1 { self } else { Self((self.0 / i64::from(pace)).max(1)) }
    }

    /// Reads `90s`, `15m`, `1h30m`, `2d`, `250ms`. A bare number is refused, since nobody agrees on its unit.
    ///
    /// # Errors
    /// When the text is empty, has no unit, an unknown unit, or is longer than ten years.
    pub fn parse(text: &str) -> Result<Self, SpanError> {
        let text = text.trim();
        let wrong = || SpanError(text.chars().take(40).collect());
        let mut total: i64 = 0;
        let mut rest = text;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let n: i64 = rest[..digits].parse().map_err(|_| wrong())?;
            rest = &rest[digits..];
            let unit_len = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let scale = match &rest[..unit_len] {
                "ms" => 1,
                "s" | "sec" => 1000,
                "m" | "min" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "w" => 604_800_000,
                _ => return Err(wrong()),
            };
            rest = rest[unit_len..].trim_start();
            total = n.checked_mul(scale).and_then(|v| v.checked_add(total)).ok_or_else(wrong)?;
        }
        if total > 10 * 366 * 86_400_000 { Err(wrong()) } else { Ok(Self(total)) }
    }
}

/// The text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write it like 90s, 15m, 1h30m or 2d")]
pub struct SpanError(String);

impl std::fmt::Display for Span {
    /// The two largest units, as people say them: `1 h 30 min`, `45 s`, `2 d`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if ms < 1000 {
            return write!(f, "{ms} ms");
        }
        let s = ms / 1000;
        let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
        let mut left = s;
        let mut written = 0;
        for (size, name) in units {
            let n = left / size;
            left %= size;
            if n > 0 {
                write!(f, "{}{n} {name}", if written > 0 { " " } else { "" })?;
                written += 1;
                if written == 2 {
                    break;
                }
            } else if written > 0 {
                break;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        i64::deserialize(d).map(Self)
    }
}

impl std::ops::Add<Span> for Span {
    type Output = Span;
    fn add(self, rhs: Span) -> Span {
        Span(self.0.saturating_add(rhs.0))
    }
}

/// `at + span`, saturating at the ends of time instead of failing.
#[must_use]
pub fn after(at: Timestamp, span: Span) -> Timestamp {
    at.saturating_add(span.to_duration()).unwrap_or(at)
}

/// An instant from the milliseconds that the store keeps; values outside the calendar saturate.
#[must_use]
pub fn from_millis(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print() {
        for (text, ms, shown) in [
            ("90s", 90_000, "1 min 30 s"),
            ("15m", 900_000, "15 min"),
            ("1h30m", 5_400_000, "1 h 30 min"),
            ("2d", 172_800_000, "2 d"),
            ("250ms", 250, "250 ms"),
            ("1h 5s", 3_605_000, "1 h"),
        ] {
            let span = Span::parse(text).expect(text);
            assert_eq!(span.as_millis(), ms, "{text}");
            assert_eq!(span.to_string(), shown, "{text}");
        }
        for text in ["", "5", "m", "5x", "-5m", "5m3", "99999999999999999999s", "4000d"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }
}
