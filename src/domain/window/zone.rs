//! Zones by name, and the stretches of time in which a zone's clock runs evenly.

use super::stretch::Stretch;
use crate::domain::time::from_millis;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

/// The zone rules inside the binary: constant, so that a decision does not depend on the files of the machine it is made on.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone that config names: an IANA name such as `Europe/Berlin` or a fixed offset such as `+03:00`, `-0430`, `UTC+3`.
/// `None` for anything else, and for offsets that no place on earth has (beyond 14 hours).
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    if let Some(offset) = fixed(name.strip_prefix("UTC").unwrap_or(name)) {
        return Some(TimeZone::fixed(offset));
    }
    ZONES.get(name).ok()
}

fn fixed(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((h, m)) if m.len() == 2 => (h, m),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    let number =
        |s: &str| (matches!(s.len(), 1 | 2) && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse::<i32>());
    let (hours, minutes) = (number(hours)?.ok()?, number(minutes)?.ok()?);
    if minutes > 59 || hours * 60 + minutes > 14 * 60 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()
}

/// A stretch of instants in which local time is UTC plus a constant.
pub(super) struct Even {
    pub stretch: Stretch,
    /// What is added to UTC to read local time, in milliseconds.
    pub offset: i64,
}

/// Cuts `range` at each change of the zone's offset.
pub(super) fn even_stretches(zone: &TimeZone, range: Stretch) -> Vec<Even> {
    let mut parts = Vec::new();
    let first = from_millis(range.start);
    let mut start = range.start;
    let mut offset = millis(zone.to_offset(first));
    for change in zone.following(first) {
        let at = change.timestamp().as_millisecond();
        if at >= range.end {
            break;
        }
        parts.push(Even { stretch: Stretch { start, end: at }, offset });
        start = at;
        offset = millis(change.offset());
    }
    if start < range.end {
        parts.push(Even { stretch: Stretch { start, end: range.end }, offset });
    }
    parts
}

fn millis(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_iana_names_or_offsets() {
        for (name, seconds) in [
            ("+03:00", 10_800),
            ("-0430", -16_200),
            ("UTC+3", 10_800),
            ("UTC", 0),
            ("+14:00", 50_400),
            (" Asia/Riyadh ", 10_800),
            ("Asia/Kathmandu", 20_700),
        ] {
            let zone = zone(name).expect(name);
            assert_eq!(
                zone.to_offset(from_millis(0)).seconds(),
                if name.contains("Kath") { 19_800 } else { seconds },
                "{name}"
            );
        }
        for name in ["", "+", "+3:0", "+14:01", "+03:60", "+ 3", "++3", "+03:000", "+123", "UTC+", "Mars/Olympus", "é"]
        {
            assert!(zone(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_year_in_berlin_has_three_even_stretches() {
        let range = Stretch { start: 1_767_225_600_000, end: 1_798_761_600_000 };
        let parts = even_stretches(&zone("Europe/Berlin").unwrap(), range);
        assert_eq!(parts.iter().map(|p| p.offset / 3_600_000).collect::<Vec<_>>(), [1, 2, 1]);
        assert!(parts.windows(2).all(|p| p[0].stretch.end == p[1].stretch.start));
        assert_eq!((parts[0].stretch.start, parts[2].stretch.end), (range.start, range.end));
    }
}
