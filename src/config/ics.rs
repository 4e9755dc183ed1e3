//! Holidays from iCalendar files.
//!
//! Reads whole-day events: `DTSTART;VALUE=DATE`, `DTEND` (excluded, as the format has it) or a `DURATION` in days, `RRULE`
//! with `EXDATE`, `SUMMARY`. Repetitions are expanded over [`YEARS`]. An event with a time of day is no holiday and is told
//! so by a warning. Each event is parsed by itself, so every broken one is reported with its line.

use super::context::Context;
use super::problem::Code;
use crate::domain::window::Holiday;
use crate::limits;
use icalendar::{CalendarComponent, Component as _};
use jiff::civil::Date;
use std::ops::RangeInclusive;

/// The years over which repetitions are expanded.
pub const YEARS: RangeInclusive<i16> = 2020..=2040;

/// The holidays of one file that is among the context's files.
pub fn holidays(file: usize, zone: &str, cx: &mut Context) -> Vec<Holiday> {
    let text = cx.files.get(file).map(|f| f.text.clone()).unwrap_or_default();
    if !text.lines().any(|l| l.trim().eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        let place = cx.files.whole_line(file, 1);
        cx.error(Code::BadCalendar, &place, "this is not an iCalendar file").hint("it begins with BEGIN:VCALENDAR");
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut begun: Option<u32> = None;
    let mut block = String::new();
    for (line, content) in (1u32..).zip(text.lines()) {
        let trimmed = content.trim_end();
        if trimmed.eq_ignore_ascii_case("BEGIN:VEVENT") {
            if let Some(before) = begun {
                broken(file, before, "this event has no END:VEVENT", cx);
            }
            begun = Some(line);
            block.clear();
        }
        if begun.is_some() {
            block.push_str(trimmed);
            block.push_str("\r\n");
        }
        if trimmed.eq_ignore_ascii_case("END:VEVENT")
            && let Some(first) = begun.take()
        {
            out.extend(event(&block, file, first, zone, cx));
        }
        if out.len() > limits::HOLIDAYS {
            broken(file, line, &format!("more than {} holidays", limits::HOLIDAYS), cx);
            return out;
        }
    }
    if let Some(before) = begun {
        broken(file, before, "this event has no END:VEVENT", cx);
    }
    out
}

fn broken(file: usize, line: u32, message: &str, cx: &mut Context) {
    let place = cx.files.whole_line(file, line);
    cx.error(Code::BadCalendar, &place, message);
}

/// One event's holidays; `first` is the line of its `BEGIN`.
fn event(block: &str, file: usize, first: u32, zone: &str, cx: &mut Context) -> Vec<Holiday> {
    let line_of = |property: &str| {
        let found = (first..).zip(block.lines()).find(|(_, l)| {
            l.len() > property.len()
                && l.get(..property.len()).is_some_and(|start| start.eq_ignore_ascii_case(property))
                && l[property.len()..].starts_with([':', ';'])
        });
        found.map_or(first, |(line, _)| line)
    };
    let calendar: icalendar::Calendar = match format!("BEGIN:VCALENDAR\r\n{block}END:VCALENDAR\r\n").parse() {
        Ok(calendar) => calendar,
        Err(_) => {
            broken(file, first, "this event cannot be read", cx);
            return Vec::new();
        }
    };
    let Some(CalendarComponent::Event(event)) = calendar.components.into_iter().next() else {
        broken(file, first, "this event cannot be read", cx);
        return Vec::new();
    };
    let Some(start) = event.property_value("DTSTART") else {
        broken(file, first, "this event has no DTSTART", cx);
        return Vec::new();
    };
    if start.contains('T') {
        let place = cx.files.whole_line(file, line_of("DTSTART"));
        cx.warning(Code::BadCalendar, &place, "an event with a time of day is no holiday, so it is left out")
            .hint("write DTSTART;VALUE=DATE:20261225 for a whole day, or a freeze in the config for hours");
        return Vec::new();
    }
    let Some(from) = date(start) else {
        broken(file, line_of("DTSTART"), "this is not a day", cx);
        return Vec::new();
    };
    let days = match (event.property_value("DTEND"), event.property_value("DURATION")) {
        (Some(end), _) => match date(end).filter(|end| *end > from).and_then(|end| from.until(end).ok()) {
            Some(span) => span.get_days(),
            None => {
                broken(file, line_of("DTEND"), "DTEND is the day after the last one, so it comes after DTSTART", cx);
                return Vec::new();
            }
        },
        (None, Some(duration)) => match whole_days(duration) {
            Some(days) => days,
            None => {
                broken(file, line_of("DURATION"), "a holiday lasts whole days, such as P2D", cx);
                return Vec::new();
            }
        },
        (None, None) => 1,
    };
    let starts = match event.property_value("RRULE") {
        None => vec![from],
        Some(rule) => match occurrences(from, rule) {
            Ok(starts) => starts,
            Err(why) => {
                broken(file, line_of("RRULE"), &why, cx);
                return Vec::new();
            }
        },
    };
    let mut except: Vec<Date> = Vec::new();
    for (line, l) in (first..).zip(block.lines()) {
        if l.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("EXDATE")) {
            for value in l.rsplit(':').next().unwrap_or_default().split(',') {
                match date(value.split('T').next().unwrap_or_default()) {
                    Some(day) => except.push(day),
                    None => broken(file, line, "EXDATE names no day", cx),
                }
            }
        }
    }
    let name = event.get_summary().map_or_else(|| "Holiday".to_owned(), |s| s.replace("\\,", ",").replace("\\;", ";"));
    let source = crate::domain::policy::Source {
        file: cx.files.get(file).map(|f| f.name.clone()).unwrap_or_default(),
        line: first,
    };
    starts
        .into_iter()
        .filter(|day| !except.contains(day))
        .filter_map(|from| {
            let to = from.checked_add(jiff::Span::new().days(days - 1)).ok()?;
            Some(Holiday { name: name.clone(), from, to, zone: zone.to_owned(), source: source.clone() })
        })
        .collect()
}

/// `20261225`.
fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

/// `P3D` or `P1W`, at most a year.
fn whole_days(text: &str) -> Option<i32> {
    let rest = text.trim().strip_prefix('P')?;
    let days = match (rest.strip_suffix('D'), rest.strip_suffix('W')) {
        (Some(n), _) => n.parse::<i32>().ok()?,
        (_, Some(n)) => n.parse::<i32>().ok()?.checked_mul(7)?,
        _ => return None,
    };
    (1..=366).contains(&days).then_some(days)
}

/// The days on which a repeated event begins, within [`YEARS`].
fn occurrences(from: Date, rule: &str) -> Result<Vec<Date>, String> {
    if !rule.to_ascii_uppercase().contains("FREQ=YEARLY") {
        return Err("only yearly repetition is read; write other days as events of their own".to_owned());
    }
    // The rule is evaluated at midnight in UTC, so an end given as a day must become an instant as well.
    let parts = rule.split(';').map(|part| match part.split_once('=') {
        Some((key, day)) if key.eq_ignore_ascii_case("UNTIL") && date(day).is_some() => format!("UNTIL={day}T235959Z"),
        _ => part.to_owned(),
    });
    let rule = parts.collect::<Vec<_>>().join(";");
    let text = format!("DTSTART:{:04}{:02}{:02}T000000Z\nRRULE:{rule}", from.year(), from.month(), from.day());
    let set: icalendar::rrule::RRuleSet = text.parse().map_err(|_| "this repetition cannot be read".to_owned())?;
    let found = set.all(limits::CALENDAR_REPETITIONS).dates;
    Ok(found
        .iter()
        .filter_map(|d| d.format("%Y-%m-%d").to_string().parse::<Date>().ok())
        .filter(|d| YEARS.contains(&d.year()))
        .collect())
}
